"""Every kind that this build knows, for whoever reads a configuration."""

from __future__ import annotations

from standby.checks import registry as checks
from standby.config.entries import Kinds
from standby.directors import registry as directors


def kinds() -> Kinds:
    """The models of all checks and directors."""
    return Kinds(checks=checks.models(), directors=directors.models())
