"""`kind = "hubspot"`: whether an account answers, and how long its calls last."""

from standby.checks.hubspot.check import KIND, HubSpotCheck, HubSpotModel

__all__ = ["KIND", "HubSpotCheck", "HubSpotModel"]
