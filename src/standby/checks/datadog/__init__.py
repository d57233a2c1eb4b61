"""`kind = "datadog"`: what monitors say, what a metric query gives, or whether the keys are valid."""

from standby.checks.datadog.check import KIND, DatadogCheck, DatadogModel

__all__ = ["KIND", "DatadogCheck", "DatadogModel"]
