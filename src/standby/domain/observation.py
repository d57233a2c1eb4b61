"""One run of one check: when, what it saw, how long each phase took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from standby.domain.announced import Announced
from standby.domain.outcome import Outcome

NO_METRICS: Mapping[str, float] = MappingProxyType({})


class Failure(StrEnum):
    """Why an observation is not `up`: the cause, told apart so that a person knows whom to call."""

    RESOLVE = "resolve"  # the name has no address, or the resolver did not answer
    REFUSED = "refused"  # nothing listens
    UNREACHABLE = "unreachable"  # no way there
    TIMEOUT = "timeout"  # no answer within the check's timeout
    TLS = "tls"  # handshake or certificate
    RESET = "reset"  # the connection ended in the middle
    PROTOCOL = "protocol"  # an answer that is not what its protocol says
    REDIRECT = "redirect"  # too many, or to a place not allowed
    TOO_LARGE = "too_large"  # more decoded bytes than the cap
    RATE_LIMITED = "rate_limited"  # 429: we ask too often
    EXPECTATION = "expectation"  # an answer that breaks an expectation
    EXIT = "exit"  # a command's exit code
    STATED = "stated"  # a status page or a monitor says so
    CREDENTIALS = "credentials"  # our key is refused, or may not do this
    SERVER = "server"  # they say that they cannot answer now: 5xx
    QUOTA = "quota"  # what we may use in this day or month is used up
    REQUEST = "request"  # what we ask is refused: wrong, moved or gone
    UNREADABLE = "unreadable"  # an answer of another form than theirs: a login page, words of a proxy
    STALE = "stale"  # data older than they should be
    CONTRACT = "contract"  # an answer of another form than agreed or learned
    DATA = "data"  # an answer in form, with wrong data in it
    MISSED = "missed"  # a heartbeat that did not come
    OWN_DELAY = "own_delay"  # this process was late: says nothing about the vendor
    BLIND = "blind"  # our own network is gone: says nothing about the vendor
    INTERNAL = "internal"  # a fault of ours


@dataclass(frozen=True, slots=True)
class Phases:
    """Where the time of one exchange went, in milliseconds; `None` where the phase did not happen."""

    resolve: float | None = None
    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    transfer: float | None = None


NO_PHASES = Phases()


@dataclass(frozen=True, slots=True)
class Observation:
    """What one run of a check saw.

    `slot` is the instant it was scheduled for and `at` the instant it ended, both integer nanoseconds since 1970 UTC.
    `message` is one clean line (see `text.clean`); `latency_ms` is the whole exchange in milliseconds.
    """

    check_id: str
    slot: int
    at: int
    outcome: Outcome
    message: str = ""
    failure: Failure | None = None
    latency_ms: float | None = None
    phases: Phases = NO_PHASES
    metrics: Mapping[str, float] = field(default_factory=lambda: NO_METRICS)
    retry_after_s: float | None = None  # what the third party asked us to wait before the next run
    announced: tuple[Announced, ...] | None = None  # work that the vendor announces; `None`: it was not asked
