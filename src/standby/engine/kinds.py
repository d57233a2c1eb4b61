"""Every kind that this build knows, for whoever reads a configuration."""

from __future__ import annotations

from standby.checks import registry as checks
from standby.config.entries import Kinds
from standby.directors import registry as directors
from standby.notify import registry as channels


def kinds() -> Kinds:
    """The models of all checks, directors and channels."""
    return Kinds(checks=checks.models(), directors=directors.models(), channels=channels.models())
