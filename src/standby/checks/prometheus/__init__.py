"""`kind = "prometheus"`: what a Prometheus, or a server that speaks like one, measures and says."""

from standby.checks.prometheus.check import KIND

__all__ = ["KIND"]
