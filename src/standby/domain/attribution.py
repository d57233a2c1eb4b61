"""Them or us? One judgement about an integration out of everything that is known, with its reasons and the lead.

What our own checks measure and what a vendor (or a monitor of somebody else) states are weighed apart: a page that says
"all is well" while we measure an outage is late, not right; a page that tells of an outage that we do not feel is still
a warning. Before the vendor is blamed, our own side is asked: network, credentials, requests, others that fail alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from standby.domain.cause import Cause, cause
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND, format_duration

KIND = "judgement"
"""The kind of its lines in the log, whose subject is `integration:ID`."""
OVER = "nothing is wrong any more"
"""What such a line says at the end."""
CROWD = 3
"""So many other integrations, and half of them bad at once: then the fault is more likely ours than everybody's."""
_BAD = frozenset({Outcome.DOWN, Outcome.DEGRADED})
_OURS = frozenset({Cause.CREDENTIALS, Cause.QUOTA, Cause.REQUEST, Cause.OURSELVES})


class Side(StrEnum):
    """Where the fault is, as far as can be told."""

    THEM = "them"
    US = "us"
    BETWEEN = "between us"
    OPEN = "not clear"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one check believes, and since when (ns since 1970). `stated`: somebody says so, it is not measured."""

    check: str
    outcome: Outcome
    since: int
    failure: Failure | None = None
    stated: bool = False

    @property
    def cause(self) -> Cause | None:
        """Whose trouble it shows alone."""
        return cause(self.outcome, self.failure, stated=self.stated)


@dataclass(frozen=True, slots=True)
class Around:
    """What else is known: whether our own network is gone, the other integrations and those of them that are bad.

    `neighbours` are bad integrations of other vendors that stand on the same ground (a cloud), with its name.
    """

    blind: bool = False
    others: int = 0
    others_bad: int = 0
    neighbours: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Where the fault is and why. `lead` is how long before their own statement we saw it, ns; below zero: after it."""

    side: Side
    reasons: Sequence[str]
    lead: int | None = None

    def __str__(self) -> str:
        """`them: acme-status says degraded; we measure it too, and saw it 6m before`."""
        return f"{self.side}: {'; '.join(self.reasons)}"


def surroundings(
    integration: str,
    bad: Mapping[str, bool],
    vendors: Mapping[str, str],
    grounds: Mapping[str, Sequence[str]],
    *,
    blind: bool,
) -> Around:
    """What is around an integration. By integration: whether it is bad, its vendor, and what that vendor runs on."""
    others = [name for name in bad if name != integration]
    neighbours = [
        (name, ground)
        for name in others
        if bad[name] and vendors.get(name) != vendors.get(integration)
        for ground in grounds.get(name, ())
        if ground in grounds.get(integration, ())
    ]
    return Around(blind, len(others), sum(bad[name] for name in others), neighbours)


def attribute(sights: Sequence[Sight], around: Around) -> Judgement | None:
    """The judgement over all checks of one integration; None when nothing is wrong with it."""
    measured = [one for one in sights if not one.stated and (one.outcome in _BAD or one.cause is not None)]
    stated = [one for one in sights if one.stated and one.outcome in {*_BAD, Outcome.MAINTENANCE}]
    if not measured and not stated:
        return _unasked(sights)
    if measured and around.blind:
        return Judgement(Side.US, ["our own network is gone"])
    if stated:
        return _admitted(measured, stated)
    well = [one.check for one in sights if one.stated and one.outcome is Outcome.UP]
    return _measured(measured, well, around)


def _unasked(sights: Sequence[Sight]) -> Judgement | None:
    """Nothing is bad; perhaps only because whoever would say so cannot be asked."""
    mute = [one for one in sights if one.stated and one.cause is not None]
    if not mute:
        return None
    return Judgement(Side.US if mute[0].cause in _OURS else Side.OPEN, [f"{_named(mute)}: {mute[0].cause}"])


def _admitted(measured: Sequence[Sight], stated: Sequence[Sight]) -> Judgement:
    first = min(stated, key=lambda one: one.since)
    says = f"{_named(stated)} says {first.outcome}"
    if not measured:
        return Judgement(Side.THEM, [says, "we measure nothing of it"])
    ours = [one for one in measured if one.cause in _OURS]
    if len(ours) == len(measured):
        return Judgement(Side.OPEN, [says, f"but what we measure is {ours[0].cause}: {_named(ours)}"])
    lead = first.since - min(one.since for one in measured)
    when = "before" if lead >= 0 else "after"
    return Judgement(Side.THEM, [says, f"we measure it too, and saw it {_span(lead)} {when}"], lead)


def _measured(measured: Sequence[Sight], well: Sequence[str], around: Around) -> Judgement:
    names, causes = _named(measured), {one.cause for one in measured}
    late = [f"{', '.join(well)} says all is well"] if well else []
    if causes <= _OURS:
        return Judgement(Side.US, [f"{measured[0].cause}: {names}"])
    if around.others >= CROWD and around.others_bad * 2 >= around.others:
        crowd = f"{around.others_bad} of {around.others} other integrations are bad as well"
        return Judgement(Side.US, [crowd, "look at our side first", *late])
    if around.neighbours:
        there = ", ".join(name for name, _ in around.neighbours[:3])
        return Judgement(Side.THEM, [f"{there} on {around.neighbours[0][1]} fails too", f"we measure {names}", *late])
    if causes <= {Cause.PATH, *_OURS}:
        return Judgement(Side.BETWEEN, [f"{names}: no way there, or none back", *late])
    return Judgement(Side.THEM, [f"we measure it: {names}", *late])


def _named(sights: Sequence[Sight]) -> str:
    named = ", ".join(one.check for one in sights[:3])
    return f"{named} and {len(sights) - 3} more" if len(sights) > 3 else named


def _span(ns: int) -> str:
    return format_duration(max(abs(ns) // SECOND, 1) * SECOND)
