"""Salesforce: Trust status by instance, REST limits, and My Trust Center behind the same face."""

from __future__ import annotations

from standby.checks.salesforce.check import KIND

__all__ = ["KIND"]
