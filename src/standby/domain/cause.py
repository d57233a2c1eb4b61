"""Who has to act: the cause behind an observation, in the words that an alert says and the action that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome


class Cause(StrEnum):
    """Whose trouble it is."""

    OUTAGE = "their outage"
    DEGRADATION = "their degradation"
    MAINTENANCE = "their maintenance"
    CREDENTIALS = "our credentials"
    QUOTA = "our quota"
    REQUEST = "our request"
    MONITOR = "the monitor itself"
    PATH = "the path between"
    OURSELVES = "ourselves"


ACTIONS: Mapping[Cause, str] = MappingProxyType(
    {
        Cause.OUTAGE: "move traffic to the standby; open a ticket with the vendor",
        Cause.DEGRADATION: "watch it; be ready to move traffic to the standby",
        Cause.MAINTENANCE: "wait for its end; move traffic to the standby if it cannot wait",
        Cause.CREDENTIALS: "renew or unlock our key at the vendor; moving traffic does not help",
        Cause.QUOTA: "ask less, or have the vendor raise our limit",
        Cause.REQUEST: "mend what we send: the vendor refuses it",
        Cause.MONITOR: "look at the monitor or status page that we ask; it tells nothing of the vendor now",
        Cause.PATH: "look at name service, network and proxies between us before calling the vendor",
        Cause.OURSELVES: "look at the machine that Standby runs on",
    }
)
"""What to do first, one line."""

_BY_FAILURE: Mapping[Failure, Cause] = MappingProxyType(
    {
        Failure.SERVER: Cause.OUTAGE,
        Failure.CREDENTIALS: Cause.CREDENTIALS,
        Failure.RATE_LIMITED: Cause.QUOTA,
        Failure.QUOTA: Cause.QUOTA,
        Failure.REQUEST: Cause.REQUEST,
        Failure.REDIRECT: Cause.REQUEST,
        Failure.RESOLVE: Cause.PATH,
        Failure.UNREACHABLE: Cause.PATH,
        Failure.TIMEOUT: Cause.PATH,
        Failure.TLS: Cause.PATH,
        Failure.RESET: Cause.PATH,
        Failure.UNREADABLE: Cause.PATH,
        Failure.OWN_DELAY: Cause.OURSELVES,
        Failure.BLIND: Cause.OURSELVES,
        Failure.INTERNAL: Cause.OURSELVES,
    }
)


_UNHEARD = frozenset(
    {Failure.SERVER, Failure.REFUSED, Failure.TIMEOUT, Failure.RESET, Failure.PROTOCOL, Failure.TOO_LARGE}
)
"""There was somebody to ask, and no answer came from them."""


def cause(outcome: Outcome, failure: Failure | None, *, stated: bool = False) -> Cause | None:
    """Whose trouble an observation shows; None when it shows none, or leaves it open.

    `stated`: a monitor or a page was asked about the third party, so that its silence is its own trouble, not theirs.
    """
    if outcome is Outcome.UP:
        return None
    if stated and failure in _UNHEARD:
        return Cause.MONITOR
    if failure is not None and failure in _BY_FAILURE:
        return _BY_FAILURE[failure]
    if outcome is Outcome.MAINTENANCE:
        return Cause.MAINTENANCE
    if outcome is Outcome.DEGRADED:
        return Cause.DEGRADATION
    return Cause.OUTAGE if outcome is Outcome.DOWN else None


def whose(believed: Iterable[tuple[Outcome, Failure | None, bool]]) -> Cause | None:
    """Whose trouble the worst of several checks shows; each as `cause` takes it."""
    worst = max(believed, key=lambda one: one[0].badness, default=None)
    if worst is None:
        return None
    outcome, failure, stated = worst
    return cause(outcome, failure, stated=stated)
