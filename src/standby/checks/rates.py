"""Our own limit on how often we ask, for each credential and host: the vendor never has to say no."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable

from standby.domain.bucket import Bucket, Rate, full, parse_rate, take, told
from standby.domain.clock import Clock
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND
from standby.net.phases import TRACE
from standby.net.trouble import Trouble

_MOST = 4_096


class Rates:
    """The buckets in use. Belongs to one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], Bucket] = {}

    async def permit(self, text: str, host: str, credentials: Iterable[str], patience: int) -> None:
        """Wait for one permit of the rate `text`, at most `patience` ns: what is waited is not latency.

        All who ask `host` with the same credentials at the same rate share it. Raises Trouble, `unknown`, when it
        would take longer.
        """
        rate = parse_rate(text)
        wait = self._take((text, host, _digest(credentials)), rate, patience)
        if wait > patience:
            raise Trouble(
                Failure.RATE_LIMITED,
                f"our own limit of {text} to {host} is used up: the next in {told(wait)}",
                Outcome.UNKNOWN,
                retry_after_s=wait / SECOND,
            )
        if wait:
            before = self._clock.monotonic()
            await asyncio.sleep(wait / SECOND)
            trace = TRACE.get()
            if trace is not None:
                trace.excuse(self._clock.monotonic() - before)

    def _take(self, key: tuple[str, str, str], rate: Rate, patience: int) -> int:
        now = self._clock.monotonic()
        known = self._buckets.pop(key) if key in self._buckets else full(rate, now)
        bucket, wait = take(known, rate, now, patience)
        self._buckets[key] = bucket  # the newest last: the oldest goes first
        while len(self._buckets) > _MOST:
            del self._buckets[next(iter(self._buckets))]
        return wait


def _digest(credentials: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(credentials).encode()).hexdigest()
