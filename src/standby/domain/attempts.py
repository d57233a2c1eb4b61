"""Soft and hard states: how many looks in a row it takes before an outcome is believed (Nagios, Icinga: S48)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from standby.domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Settled:
    """What is believed of one check, and what speaks against it.

    `outcome` is settled (hard) since `since`; `raw` is the last observation's. `attempt` counts the observations in a
    row that were worse than `outcome` (0: none, the state is hard), unknown ones left out; `unknowns` counts the
    unknown ones in a row.
    """

    outcome: Outcome
    since: int
    raw: Outcome
    attempt: int = 0
    unknowns: int = 0

    @property
    def soft(self) -> bool:
        """Whether something speaks against the outcome: look again at the retry interval."""
        return self.attempt > 0


def step(settled: Settled | None, outcome: Outcome, now: int, attempts: int) -> tuple[Settled, bool]:
    """What is believed after one more observation, and whether the settled outcome changed.

    Better or maintenance: believed at once. Worse: believed the `attempts`th time in a row, counting on when degraded
    turns into down or back. Unknown: neither counts toward worse nor resets it; `attempts` unknowns in a row make the
    outcome unknown, whatever it was. Without a state before (`None`) the outcome was unknown. `attempts` is at least 1.
    """
    before = settled if settled is not None else Settled(Outcome.UNKNOWN, now, outcome)
    if outcome is Outcome.UNKNOWN:
        return _unknown(before, now, attempts)
    if outcome is before.outcome:
        if not before.attempt and not before.unknowns:
            return before, False
        return Settled(outcome, before.since, outcome), False
    if _at_once(before.outcome, outcome) or before.attempt + 1 >= attempts:
        return Settled(outcome, now, outcome), True
    return replace(before, raw=outcome, attempt=before.attempt + 1, unknowns=0), False


def _unknown(before: Settled, now: int, attempts: int) -> tuple[Settled, bool]:
    after = replace(before, raw=Outcome.UNKNOWN, unknowns=before.unknowns + 1)
    if after.unknowns < attempts or before.outcome is Outcome.UNKNOWN:
        return after, False
    return replace(after, outcome=Outcome.UNKNOWN, since=now), True


def _at_once(settled: Outcome, outcome: Outcome) -> bool:
    """Good news and announced work need no second look; from unknown and maintenance only `up` is good news."""
    if outcome in {Outcome.UP, Outcome.MAINTENANCE}:
        return True
    return settled is Outcome.DOWN and outcome is Outcome.DEGRADED
