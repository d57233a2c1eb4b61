"""Whether our own network is there: some targets that are never all gone at once, unless we are.

When a check fails in transport the targets are tried before anybody believes it, so that the results just before the
blindness was established page nobody either (uptime-kuma#774: hundreds of messages). Without targets the guard is off.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import MILLISECOND, SECOND
from standby.engine.clock import EngineClock, Timer
from standby.engine.polling.lag import NOISE_NS
from standby.net.resolver import Resolver
from standby.net.trouble import ResolveError

ROUND_S = 0.8  # two rounds and the pause between them stay below the 2 s that a result may be held
PAUSE_NS = 250 * MILLISECOND
SEEING_EVERY_NS = 15 * SECOND
BLIND_EVERY_NS = 2 * SECOND

TRANSPORT = frozenset(
    {Failure.RESOLVE, Failure.REFUSED, Failure.UNREACHABLE, Failure.TIMEOUT, Failure.RESET, Failure.TLS}
)
"""Failures that a missing network of ours can cause."""

Knock = Callable[[str, int], Awaitable[bool]]
"""Whether anything answers at a host and port; bounded in time; never raises but CancelledError."""


class Late(Protocol):
    """What the guard needs of `lag.LagMeter`."""

    def late_between(self, start: int, end: int) -> int:
        """How long the loop stood still."""
        ...


def suspicious(observation: Observation) -> bool:
    """Whether our own network might be the cause."""
    return observation.outcome in {Outcome.DOWN, Outcome.UNKNOWN} and observation.failure in TRANSPORT


def parse_target(text: str) -> tuple[str, int]:
    """Host and port of `tcp://host:port`. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme != "tcp" or not parts.hostname or not parts.port:
        raise ValueError(f'{text!r} is no reference target; write one like "tcp://192.0.2.1:53"')
    return parts.hostname, parts.port


def knocker(resolver: Resolver) -> Knock:
    """Tries a TCP connection. A refusal is an answer: the way there and back exists."""

    async def knock(host: str, port: int) -> bool:
        try:
            async with asyncio.timeout(ROUND_S):
                place = (await resolver.addresses(host, port))[0]
                _, writer = await asyncio.open_connection(place.ip, place.port)
        except ConnectionRefusedError:
            return True
        except (OSError, TimeoutError, ResolveError):
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True

    return knock


class Guard:
    """Tries the targets now and then, and when asked. `on_blind` and `on_back` are called at each change."""

    def __init__(
        self,
        clock: EngineClock,
        late: Late,
        *,
        on_blind: Callable[[], None],
        on_back: Callable[[], None],
        knock: Knock,
    ) -> None:
        self.blind = False
        self.back_at = 0  # monotonic: when the last blindness ended; runs begun before it are void
        self._targets: Sequence[tuple[str, int]] = ()
        self._clock = clock
        self._late = late
        self._on_blind = on_blind
        self._on_back = on_back
        self._knock = knock
        self._looking: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._stopped = False

    @property
    def on(self) -> bool:
        """Whether there are targets at all."""
        return bool(self._targets)

    def watch(self, targets: Sequence[str]) -> None:
        """These are the targets from now on (`tcp://host:port`)."""
        self._targets = [parse_target(text) for text in targets]
        if not self._targets and self.blind:
            self._change(blind=False)
        self._plan()

    def begin_blind(self) -> None:
        """An engine before this one was blind when it ended: so are we, until a target answers."""
        self.blind = True
        self._look()

    async def confirm(self) -> bool:
        """Whether we are blind, found out now: within 2 s. Many may ask at the same time."""
        if not self._targets or self._stopped:
            return False
        await asyncio.shield(self._look())
        return self.blind

    async def stop(self) -> None:
        """Try nothing any more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    def _look(self) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._rounds(), name="reference targets")
        return self._looking

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._targets and not self._stopped:
            pause = BLIND_EVERY_NS if self.blind else SEEING_EVERY_NS
            self._timer = self._clock.call_at(self._clock.monotonic() + pause, self._periodic)

    def _periodic(self) -> None:
        self._look()

    async def _rounds(self) -> None:
        """Two rounds: one lost packet blinds nobody. A look during which we stood still ourselves says nothing."""
        started = self._clock.monotonic()
        reachable = await self._any_answers()
        if not reachable and not self.blind:
            await self._clock.sleep_until(self._clock.monotonic() + PAUSE_NS)
            reachable = await self._any_answers()
        late = self._late.late_between(started, self._clock.monotonic())
        if reachable:
            self._change(blind=False)
        elif late <= 10 * NOISE_NS:
            self._change(blind=True)
        self._plan()

    async def _any_answers(self) -> bool:
        tries = [asyncio.ensure_future(self._knock(host, port)) for host, port in self._targets]
        try:
            for answer in asyncio.as_completed(tries):
                if await answer:
                    return True
            return not tries
        finally:
            for one in tries:
                one.cancel()
            await asyncio.gather(*tries, return_exceptions=True)

    def _change(self, *, blind: bool) -> None:
        if blind == self.blind:
            return
        self.blind = blind
        if blind:
            self._on_blind()
        else:
            self.back_at = self._clock.monotonic()
            self._on_back()
