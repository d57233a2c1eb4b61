"""One question for all checks that ask the same: a page with 300 components is read once, whoever watches them.

Where a server marks its answers (`ETag`, `Last-Modified`) the next question says which one is known, and `304` means
that it still holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import httpx

from standby.checks import body as bodies
from standby.domain.clock import Clock
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.trouble import Trouble

MOST = 256
"""Answers that are remembered; the oldest goes first."""

Document = Any
"""What JSON holds. Untrusted: look before you take."""


@dataclass(frozen=True)
class Reply:
    """One answer, read to its end. `status` is HTTP's; `at` (ns since 1970) is when it came or was confirmed."""

    status: int
    headers: httpx.Headers
    content: bytes
    at: int

    @cached_property
    def text(self) -> str:
        """The body as text, by its byte order mark, its charset or UTF-8."""
        return bodies.text_of(self.content, self.headers.get("content-type", ""))

    @cached_property
    def document(self) -> Document:
        """The body's JSON whatever its label says. Raises Trouble (`unknown`) that tells what it is instead."""
        found = bodies.parsed(self.content, self.headers.get("content-type", ""))
        if isinstance(found, str) and found == self.text:
            raise Trouble(Failure.UNREADABLE, f"the answer is {bodies.instead(self.text)}, not JSON", Outcome.UNKNOWN)
        return found


Ask = Callable[[Mapping[str, str]], Awaitable[Reply]]
"""Asks with these headers beside the others."""


class Answers:
    """The newest good answer to each question. Belongs to one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, Reply] = {}
        self._asking: dict[str, asyncio.Task[Reply]] = {}

    async def get(self, question: str, ask: Ask, *, max_age: int) -> Reply:
        """The answer that is known when it is younger than `max_age` ns, else a new one. Raises what `ask` does.

        Who asks while somebody else is asking waits for that answer. `question` tells questions apart: the address and
        whatever else makes a difference, secrets only as a digest.
        """
        known = self._known.get(question)
        if known is not None and 0 <= self._clock.now() - known.at < max_age:
            return known
        asking = self._asking.get(question)
        if asking is None:
            asking = asyncio.create_task(self._ask(question, ask, known), name=clean(f"ask {question}", 80))
            self._asking[question] = asking
            asking.add_done_callback(lambda task: self._asked(question, task))
        return await asyncio.shield(asking)  # one asker's time may run out: the others still wait

    def forget(self) -> None:
        """Know no answer any more: the next question is asked, however young the last answer is."""
        self._known.clear()

    async def close(self) -> None:
        """Stop asking."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _ask(self, question: str, ask: Ask, known: Reply | None) -> Reply:
        reply = await ask(_marks(known))
        if reply.status == 304 and known is not None:
            reply = replace(known, at=reply.at)
        if reply.status == 200:
            self._known.pop(question, None)
            self._known[question] = reply
            while len(self._known) > MOST:
                del self._known[next(iter(self._known))]
        return reply

    def _asked(self, question: str, task: asyncio.Task[Reply]) -> None:
        self._asking.pop(question, None)
        if not task.cancelled():
            task.exception()  # heard by whoever waits; nobody may be left


def _marks(known: Reply | None) -> dict[str, str]:
    """What says to the server which answer is known."""
    if known is None:
        return {}
    pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
    return {ask: known.headers[mark] for ask, mark in pairs if known.headers.get(mark)}
