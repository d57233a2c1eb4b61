"""`kind = "alertmanager"`: the alerts and silences of an Alertmanager."""

from standby.checks.alertmanager.check import KIND, look

__all__ = ["KIND", "look"]
