"""What rules may ask about what is usual, and the one answer of an engine that has not learned anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from standby.domain.window import Window

if TYPE_CHECKING:
    from standby.engine.rules.watches import Watch

Figures = Mapping[str, Any]
"""By metric: `latency_ms`, `error_rate`, `throughput`, and in `metrics` by name. What is not known is left out."""


class Learned(Protocol):
    """Asked at every look that a rule with `usual` or `deviation` makes, so it only looks things up."""

    def usual(self, checks: Sequence[str]) -> Figures:
        """What these checks, pooled, usually say at this time of this day."""
        ...

    def deviation(self, checks: Sequence[str], window: Window, metrics: Mapping[str, float]) -> Figures:
        """How far the window and the newest metrics are from that, in robust standard deviations; with a sign."""
        ...

    def unusual(self, watch: Watch) -> bool | None:
        """Whether something of a watch's checks is; None when it cannot be told."""
        ...

    def say(self, watch: Watch) -> str:
        """What is unusual of them, one line."""
        ...


class Nothing:
    """Nothing is learned yet."""

    def usual(self, checks: Sequence[str]) -> Figures:  # noqa: ARG002
        """Nothing."""
        return {}

    def deviation(self, checks: Sequence[str], window: Window, metrics: Mapping[str, float]) -> Figures:  # noqa: ARG002
        """Nothing."""
        return {}

    def unusual(self, watch: Watch) -> bool | None:  # noqa: ARG002
        """Who knows nothing finds nothing."""
        return None

    def say(self, watch: Watch) -> str:  # noqa: ARG002
        """Nothing."""
        return ""
