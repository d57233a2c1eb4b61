"""What several resolvers say about one name, taken together, and whose trouble it is when they say no or disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome

_SHOWN = 4  # answers of one resolver in a message


class Code(StrEnum):
    """How a resolver answered."""

    NOERROR = "NOERROR"
    NODATA = "NODATA"  # the name exists, not with this type of record
    NXDOMAIN = "NXDOMAIN"
    SERVFAIL = "SERVFAIL"  # it could not get an answer from the name's own servers, or not a valid one
    REFUSED = "REFUSED"  # it does not answer us
    SILENT = "no answer"
    UNREADABLE = "nothing readable"


_DECIDED = (Code.NOERROR, Code.NODATA, Code.NXDOMAIN)


@dataclass(frozen=True, slots=True)
class Said:
    """What one resolver said: `answers` cleaned and sorted, `ttl` in seconds, `note` its own words for a failure."""

    resolver: str
    code: Code
    answers: tuple[str, ...] = ()
    ttl: float | None = None
    note: str = ""

    @property
    def shown(self) -> str:
        """`192.0.2.1, 192.0.2.2`, `NXDOMAIN`, `SERVFAIL (DNSSEC bogus)`."""
        if self.code is Code.NOERROR:
            more = ["…"] if len(self.answers) > _SHOWN else []
            return ", ".join([*self.answers[:_SHOWN], *more])
        return f"{self.code} ({self.note})" if self.note else self.code.value


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it means for the name; `message` is one line."""

    outcome: Outcome
    message: str
    failure: Failure | None = None


def unheard(said: Sequence[Said]) -> Verdict | None:
    """The verdict when no resolver could tell anything about the name; None when one could.

    SERVFAIL by every resolver that answers at all is the name's own servers; silence is the path.
    """
    if any(one.code in _DECIDED for one in said):
        return None
    who = _each(said)
    if any(one.code is Code.SERVFAIL for one in said):
        return Verdict(Outcome.DOWN, f"the name's own servers give no valid answer: {who}", Failure.SERVER)
    if any(one.code is Code.REFUSED for one in said):
        return Verdict(Outcome.UNKNOWN, f"no resolver answers us: {who}", Failure.REQUEST)
    if any(one.code is Code.UNREADABLE for one in said):
        return Verdict(Outcome.UNKNOWN, f"no resolver can be understood: {who}", Failure.UNREADABLE)
    return Verdict(Outcome.UNKNOWN, f"no resolver answers: {who}", Failure.TIMEOUT)


def disagreement(said: Sequence[Said], *, same_answers: bool) -> Verdict | None:
    """`degraded`, and who says what, when resolvers contradict each other; None when they do not.

    Without `same_answers` only the kind of answer counts: names that answer by place give each resolver its own.
    """
    heard = [one for one in said if one.code in _DECIDED or one.code is Code.SERVFAIL]
    voices = {(one.code, one.answers if same_answers else ()) for one in heard}
    if len(voices) < 2:
        return None
    return Verdict(Outcome.DEGRADED, f"resolvers disagree: {_each(heard)}", Failure.DATA)


def judge(said: Sequence[Said], record: str, wanted: frozenset[str]) -> Verdict:
    """The verdict on what resolvers agree on. `wanted`: exactly these answers; empty takes any."""
    heard = [one for one in said if one.code in _DECIDED]
    first = heard[0]
    quiet = [one for one in said if one not in heard]
    note = f"; {_each(quiet)}" if quiet else ""
    if first.code is Code.NXDOMAIN:
        return Verdict(Outcome.DOWN, f"there is no such name (NXDOMAIN){note}", Failure.EXPECTATION)
    if first.code is Code.NODATA:
        return Verdict(Outcome.DOWN, f"the name has no {record} record{note}", Failure.EXPECTATION)
    wrong = [one for one in heard if wanted and set(one.answers) != wanted]
    if wrong:
        should = ", ".join(sorted(wanted)[:_SHOWN])
        message = f"{wrong[0].resolver} says {wrong[0].shown}, not {should}{note}"
        return Verdict(Outcome.DOWN, message, Failure.EXPECTATION)
    ttl = f" (ttl {first.ttl:.0f} s)" if first.ttl is not None else ""
    return Verdict(Outcome.UP, f"{first.shown}{ttl}{note}")


def _each(said: Sequence[Said]) -> str:
    return "; ".join(f"{one.resolver} says {one.shown}" for one in said)
