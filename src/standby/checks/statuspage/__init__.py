"""Status pages of vendors: forms told from their documents, one normal form, one judgement."""

from __future__ import annotations

from standby.checks.statuspage.check import KIND

__all__ = ["KIND"]
