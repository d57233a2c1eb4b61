"""Events that vendors push: believed when signed, recorded before they are answered, counted."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from standby.checks.base import Tally
from standby.checks.signatures import Refused, Terms, verify
from standby.engine.clock import EngineClock
from standby.engine.inbound.counts import Counts
from standby.store.errors import StoreError

MOST_MARKS = 20_000  # calls that are known again when somebody sends them again
_LONGEST_CHALLENGE = 256

Record = Callable[[str], Awaitable[None]]
"""Record one event of a check; returns when it is on disk. Raises StoreError."""


class Hooks:
    """The webhook checks of the configuration in force. What an answer says tells a stranger nothing."""

    def __init__(self, clock: EngineClock, record: Record) -> None:
        self._clock = clock
        self._record = record
        self._terms: dict[str, Terms] = {}
        self._counts: dict[str, Counts] = {}
        self._marks: OrderedDict[tuple[str, str], bool] = OrderedDict()  # whether it is on disk

    def expect(self, terms: Mapping[str, Terms]) -> None:
        """Take the events of these checks from now on."""
        self._terms = dict(terms)
        self._counts = {check_id: self._counts.get(check_id) or Counts() for check_id in terms}

    def knows(self, check_id: str) -> bool:
        """Whether there is such a check."""
        return check_id in self._terms

    def tally(self, check_id: str) -> Tally:
        """What came of one check; nothing for one whose secret is missing."""
        counts = self._counts.get(check_id)
        return Tally() if counts is None else counts.tally(self._clock.monotonic())

    async def take(self, check_id: str, headers: Mapping[str, str], body: bytes) -> tuple[HTTPStatus, bytes]:
        """Judge one call and record it; the answer, 2xx only for what is on disk."""
        terms, counts = self._terms[check_id], self._counts[check_id]
        found = verify(terms, headers, body, self._clock.now())
        if isinstance(found, Refused):
            counts.refuse(self._clock.monotonic(), found.why)
            return HTTPStatus.UNAUTHORIZED, b""
        mark = (check_id, found.mark)
        if found.mark and mark in self._marks:
            counts.repeated += 1
            on_disk = self._marks[mark]  # the first one may still be on its way there
            return (HTTPStatus.OK, _challenge(terms, body)) if on_disk else (HTTPStatus.SERVICE_UNAVAILABLE, b"")
        return await self._accept(mark, counts, _challenge(terms, body))

    async def _accept(self, mark: tuple[str, str], counts: Counts, answer: bytes) -> tuple[HTTPStatus, bytes]:
        check_id, told = mark
        if told:
            self._marks[mark] = False
        try:
            await self._record(check_id)
        except BaseException as error:
            self._marks.pop(mark, None)  # it will be sent again, and counts then
            if isinstance(error, StoreError):
                return HTTPStatus.SERVICE_UNAVAILABLE, b""
            raise
        if told:
            self._marks[mark] = True
            while len(self._marks) > MOST_MARKS:
                self._marks.popitem(last=False)
        counts.accept(self._clock.monotonic())
        return HTTPStatus.OK, answer


def _challenge(terms: Terms, body: bytes) -> bytes:
    """What Slack wants to hear back when an address is entered there."""
    if terms.scheme != "slack" or b"url_verification" not in body:
        return b""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return b""
    said = found.get("challenge") if isinstance(found, dict) and found.get("type") == "url_verification" else None
    good = isinstance(said, str) and said.isascii() and said.isalnum() and len(said) <= _LONGEST_CHALLENGE
    return said.encode() if good and isinstance(said, str) else b""
