"""`kind = "newrelic"`: what a NRQL query gives, which issues are open, how entities are."""

from standby.checks.newrelic.check import KIND, NewRelicCheck, NewRelicModel

__all__ = ["KIND", "NewRelicCheck", "NewRelicModel"]
