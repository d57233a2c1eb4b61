"""Dead-man switches: a batch job calls us; silence is the news (healthchecks: S61).

All instants come from one clock, the one that the engine stamps the signals with (see `alerting` for which).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from standby.domain.outcome import Outcome
from standby.domain.units import SECOND, format_duration, format_instant


class Beat(StrEnum):
    """Where in its rhythm a job is."""

    NEW = "new"  # never called
    UP = "up"
    GRACE = "grace"  # late, within the grace
    STARTED = "started"  # running
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the signals say. `changes_at` is when silence alone would change it, `None` when it would not."""

    outcome: Outcome
    beat: Beat
    message: str
    changes_at: int | None = None


def judge(
    *,
    period: int,
    grace: int,
    now: int,
    created: int,
    last_success: int | None = None,
    last_start: int | None = None,
    last_fail: int | None = None,
) -> Verdict:
    """Judge a job by the newest of each of its signals (ns; `None` when there was none).

    Boundaries are inclusive: exactly at the due time it is late, exactly at due time plus grace it is down. A start
    without an end within the grace is down, a failure is down until the next success, a start alone proves nothing. A
    job that never called is unknown until `period + grace` after `created`, then down.
    """
    verdict = _ended(period, grace, now, created, last_success, last_fail)
    ended = max((at for at in (last_success, last_fail) if at is not None), default=None)
    if last_start is None or (ended is not None and ended >= last_start):
        return verdict
    deadline = last_start + grace
    if now >= deadline:
        message = f"started {_ago(last_start, now)} ago and did not end within {format_duration(grace)}"
        return Verdict(Outcome.DOWN, Beat.DOWN, message)
    if verdict.changes_at is not None:
        deadline = min(deadline, verdict.changes_at)
    message = f"running for {_ago(last_start, now)}; {verdict.message}"
    return Verdict(verdict.outcome, Beat.STARTED, message, deadline)


def _ended(period: int, grace: int, now: int, created: int, last_success: int | None, last_fail: int | None) -> Verdict:
    if last_fail is not None and (last_success is None or last_fail >= last_success):
        return Verdict(Outcome.DOWN, Beat.DOWN, f"reported a failure at {format_instant(last_fail)}")
    due = (created if last_success is None else last_success) + period
    if last_success is None:
        if now >= due + grace:
            return Verdict(Outcome.DOWN, Beat.DOWN, "never called")
        return Verdict(Outcome.UNKNOWN, Beat.NEW, "has not called yet", due + grace)
    if now < due:
        return Verdict(Outcome.UP, Beat.UP, f"called {_ago(last_success, now)} ago", due)
    late = f"last called {_ago(last_success, now)} ago, expected every {format_duration(period)}"
    if now < due + grace:
        return Verdict(Outcome.UP, Beat.GRACE, f"late: {late}", due + grace)
    return Verdict(Outcome.DOWN, Beat.DOWN, late)


def _ago(at: int, now: int) -> str:
    return format_duration(max(0, now - at) // SECOND * SECOND)
