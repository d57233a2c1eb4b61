"""`kind = "alertmanager"`: the alerts that are active there, those that are suppressed, and how long silences last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from standby.checks.alertmanager import answers
from standby.checks.alertmanager.answers import Silence, documented
from standby.checks.answers import Document, Reply
from standby.checks.api import Api, ApiCheck, Finding
from standby.checks.base import Kind
from standby.checks.monitors import MonitorModel, TheirAlert, endpoint, judge
from standby.config.fields import Duration
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, SECOND, format_duration
from standby.net.trouble import Trouble

Ask = Callable[[str, Sequence[tuple[str, str]]], Awaitable[Reply]]
"""Asks a path below `/api/v2`, with a query."""


class SilencedModel(MonitorModel):
    """What every monitor has whose alerts can be silenced."""

    silenced: Literal[Outcome.UP, Outcome.MAINTENANCE] = Field(
        default=Outcome.MAINTENANCE, description="what it means when somebody silenced what would else count"
    )
    ends_soon: Duration = Field(default=HOUR, description="a silence that ends within this is counted as ending soon")


class AlertmanagerModel(SilencedModel):
    """The active alerts of an Alertmanager, by severity; silenced and inhibited ones are shown and not counted."""

    kind: Literal["alertmanager"] = "alertmanager"


class AlertmanagerCheck(ApiCheck[AlertmanagerModel]):
    """Asks for alerts and silences."""

    async def look(self, api: Api) -> Finding:
        """Ask and judge. Raises Trouble."""
        url = self.model.url

        async def ask(path: str, query: Sequence[tuple[str, str]]) -> Reply:
            return api.decides(await api.shared(endpoint(url, f"/api/v2{path}"), query))

        return await look(self.model, ask, api.now)


async def look(
    model: SilencedModel, ask: Ask, now: int, read: Callable[[Document], list[TheirAlert]] = answers.alerts
) -> Finding:
    """What the alerts and silences of one Alertmanager mean at `now` (ns). Raises Trouble."""
    chosen = model.chosen()
    alerts = read(documented(await ask("/alerts", [("filter", str(matcher)) for matcher in chosen])))
    found = judge(alerts, model, silenced=Outcome(model.silenced))
    try:
        known = answers.silences(documented(await ask("/silences", [])))
    except Trouble as trouble:  # the alerts say enough to judge by
        return replace(found, message=f"{found.message}; its silences are not known: {trouble}")
    told = Silences.of([one for one in known if one.concerns(chosen)], now, model.ends_soon)
    return replace(found, message=found.message + told.said, metrics={**found.metrics, **told.metrics})


@dataclass(frozen=True, slots=True)
class Silences:
    """What the active silences say: the end of a message, and metrics."""

    said: str
    metrics: dict[str, float]

    @classmethod
    def of(cls, silences: Sequence[Silence], now: int, soon: int) -> Silences:
        """Of these silences, at `now` (ns); `soon` is how close an end must be to count (ns)."""
        active = [one for one in silences if one.state == "active"]
        ends = [(max(0, one.ends - now), one) for one in active if one.ends is not None]
        metrics = {"silences": float(len(active))}
        metrics["silences_ending_soon"] = float(sum(left <= soon for left, _ in ends))
        if not ends:
            return cls("", metrics)
        left, first = min(ends, key=lambda one: one[0])
        metrics["silence_ends_s"] = round(left / SECOND, 3)
        count = f"{len(active)} silences, the first" if len(active) > 1 else "a silence"
        shown = format_duration(max(MINUTE, left // MINUTE * MINUTE))
        return cls(f"; {count} for {shown} more: {first.line()}", metrics)


KIND = Kind("alertmanager", AlertmanagerModel, AlertmanagerCheck)
