"""Beside blackbox_exporter, Prometheus and Alertmanager doing the same on the same machine."""

from benchmarks.peers.measure import run

__all__ = ["run"]
