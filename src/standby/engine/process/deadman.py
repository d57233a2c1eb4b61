"""Somebody watches the watcher: `heartbeat_url` is called each minute while polling and storing work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from standby.config.secrets import SecretError, Secrets
from standby.domain.text import clean
from standby.domain.units import MINUTE, SECOND
from standby.engine.clock import EngineClock, Timer

EVERY_NS = MINUTE
FIRST_AFTER_NS = 5 * SECOND
WITHIN_S = 10.0
_PATIENCE = 3  # failures in a row before it is called trouble

Call = Callable[[], Awaitable[None]]
"""Call the URL once; returns when it was answered. Of what it raises only `UnansweredError` may be quoted: a library's
own errors can hold the URL, and the URL is a secret."""


class UnansweredError(Exception):
    """The call was not answered as it should: why, in words that anybody may read."""


def caller(secrets: Secrets, reference: str) -> Call:
    """A call of the URL that `reference` names."""

    async def call() -> None:
        import aiohttp

        try:
            url = (await secrets.aresolve(reference)).get_secret_value()
        except SecretError as error:
            raise UnansweredError(str(error)) from None
        async with aiohttp.ClientSession(trust_env=True) as session, session.get(url, max_redirects=3) as response:
            if response.status >= 400:
                raise UnansweredError(f"status {response.status}")

    return call


class DeadMan:
    """Calls, and never waits for the answer in anybody's way. Silent while `works` says no: that is its message."""

    def __init__(self, clock: EngineClock, works: Callable[[], bool]) -> None:
        self.trouble = ""
        self.calls = 0  # that were answered
        self._clock = clock
        self._works = works
        self._call: Call | None = None
        self._failures = 0
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None

    def watch(self, call: Call | None) -> None:
        """Call this from now on; `None` turns it off."""
        was_on = self._call is not None
        self._call = call
        if call is None:
            self._disarm()
            self.trouble = ""
        elif not was_on:
            self._arm(FIRST_AFTER_NS)

    async def stop(self) -> None:
        """Call no more."""
        self._call = None
        self._disarm()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, after: int) -> None:
        self._timer = self._clock.call_at(self._clock.monotonic() + after, self._turn)

    def _turn(self) -> None:
        self._arm(EVERY_NS)
        under_way = self._task is not None and not self._task.done()
        if self._call is not None and self._works() and not under_way:
            self._task = asyncio.create_task(self._once(self._call), name="heartbeat_url")

    async def _once(self, call: Call) -> None:
        try:
            async with asyncio.timeout(WITHIN_S):
                await call()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not disturb the polling
            self._failures += 1
            if self._failures >= _PATIENCE:
                said = clean(str(error), 120) if isinstance(error, UnansweredError) else type(error).__name__
                self.trouble = f"heartbeat_url does not answer ({said}): nobody would notice this engine's death"
            return
        self.calls += 1
        self._failures, self.trouble = 0, ""
