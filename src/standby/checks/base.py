"""What every kind of check is: a model, a way to look, and what it may use while it looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from standby.checks.answers import Answers
from standby.checks.rates import Rates
from standby.config.models import CheckModel
from standby.config.secrets import SecretError, Secrets
from standby.domain.announced import Announced
from standby.domain.calendar import DIGITS
from standby.domain.clock import Clock
from standby.domain.observation import NO_METRICS, NO_PHASES, Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration
from standby.net.certificates import days_left
from standby.net.phases import TRACE, Trace
from standby.net.resolver import Resolver
from standby.net.transport import Transports
from standby.net.trouble import Trouble

MESSAGE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class HeartbeatSignals:
    """The newest of each signal of one heartbeat check, ns since 1970; `created` is when the check was first known."""

    created: int
    last_success: int | None = None
    last_start: int | None = None
    last_fail: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The calls of one webhook check: accepted in the last minute; refused in the last ten and in the last one, with
    the newest reason; sent again, since the start."""

    last_minute: int = 0
    refused: int = 0
    refused_last_minute: int = 0
    repeated: int = 0
    why: str = ""


@dataclass
class Context:
    """What checks may use. Belongs to one event loop; `close()` it when no observation runs any more.

    `connect_to` maps (host, port) to where it really is, like curl's `--connect-to`, and `places` the names of sockets
    and files that directors use to theirs; both may change while in use. `extra_ca` is a PEM file of authorities that
    are trusted beside the system's. `pings` gives the signals of a heartbeat or webhook check by its id, `tallies` the
    calls of a webhook check; without them these checks are `unknown`. Relative paths of a check start from
    `base`, the folder of the configuration.
    """

    clock: Clock
    secrets: Secrets
    connect_to: Mapping[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    extra_ca: Path | None = None
    base: Path = field(default_factory=Path)
    pings: Callable[[str], HeartbeatSignals] | None = None
    tallies: Callable[[str], Tally] | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    resolver: Resolver = field(init=False)
    transports: Transports = field(init=False)
    answers: Answers = field(init=False)
    rates: Rates = field(init=False)

    def __post_init__(self) -> None:
        self.answers = Answers(self.clock)
        self.rates = Rates(self.clock)
        self.resolver = Resolver(self.connect_to)
        self.transports = Transports(self.resolver, self.extra_ca, self.base)

    async def close(self) -> None:
        """Close every connection and let the resolver's threads end."""
        await self.answers.close()
        await self.transports.close()
        self.resolver.close()


class Check(Protocol):
    """One way of looking at an integration."""

    @property
    def model(self) -> CheckModel:
        """What the user wrote."""
        ...

    async def run(self, context: Context, slot: int) -> Observation:
        """Look once. May raise Trouble, SecretError or anything else: call it through `observe`."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of check. A module of `standby.checks` that has one as `KIND` is found by the registry."""

    name: str
    model: type[CheckModel]
    check: Callable[[Any], Check]


async def observe(check: Check, context: Context, slot: int) -> Observation:
    """Look once, within the check's timeout. Never raises, except CancelledError: a fault of ours is `unknown`."""
    model = check.model
    trace = Trace(context.clock)
    token = TRACE.set(trace)
    limit = asyncio.timeout(model.timeout / SECOND)
    try:
        async with limit:
            return await check.run(context, slot)
    except Trouble as trouble:
        return _troubled(model, context, slot, trace, trouble)
    except SecretError as error:
        return _troubled(model, context, slot, trace, _ours(f"a secret cannot be read: {error}"))
    except Exception as error:  # noqa: BLE001 - the promise of this function: one check's fault stays its own
        if limit.expired() and isinstance(error, TimeoutError):
            return _troubled(model, context, slot, trace, _late(model, trace))
        return _troubled(model, context, slot, trace, _ours(f"a fault of ours: {type(error).__name__}: {error}"))
    finally:
        TRACE.reset(token)


def observation(
    model: CheckModel,
    context: Context,
    slot: int,
    outcome: Outcome,
    message: str,
    *,
    failure: Failure | None = None,
    latency_ms: float | None = None,
    metrics: Mapping[str, float] = NO_METRICS,
    retry_after_s: float | None = None,
    announced: tuple[Announced, ...] | None = None,
) -> Observation:
    """An observation that ends now, its message cleaned and without secrets, its phases those of the running trace."""
    trace = TRACE.get()
    return Observation(
        check_id=model.id,
        slot=slot,
        at=context.clock.now(),
        outcome=outcome,
        message=clean(context.secrets.redact(message), MESSAGE_LIMIT),
        failure=failure,
        latency_ms=latency_ms,
        phases=trace.phases() if trace is not None else NO_PHASES,
        metrics=metrics,
        retry_after_s=retry_after_s,
        announced=announced,
    )


def _ours(message: str) -> Trouble:
    return Trouble(Failure.INTERNAL, message, Outcome.UNKNOWN)


def _late(model: CheckModel, trace: Trace) -> Trouble:
    """Out of time; a resolver that does not answer says nothing about the third party."""
    limit = format_duration(model.timeout)
    if trace.current == "resolve":
        return Trouble(Failure.RESOLVE, f"the resolver did not answer within {limit}", Outcome.UNKNOWN)
    doing = f", {trace.doing}" if trace.current is not None else ""
    return Trouble(Failure.TIMEOUT, f"no answer within {limit}{doing}")


def _troubled(model: CheckModel, context: Context, slot: int, trace: Trace, trouble: Trouble) -> Observation:
    trace.enter(None)
    outcome = model.unanswered if trouble.outcome is Outcome.DOWN else trouble.outcome
    return observation(
        model,
        context,
        slot,
        outcome,
        str(trouble),
        failure=trouble.failure,
        metrics=certificate_metrics(trace, context.clock.now()),
        retry_after_s=trouble.retry_after_s,
    )


def certificate_metrics(trace: Trace, now: int) -> dict[str, float]:
    """`certificate_days`, when a certificate was seen, even one that verification refused."""
    if trace.certificate is None:
        return {}
    days = days_left(trace.certificate, now)
    return {} if days is None else {"certificate_days": round(days, DIGITS)}
