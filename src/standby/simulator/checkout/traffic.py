"""The shop's customers: a few payments a second, each answered or lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from standby.domain.clock import Clock
from standby.domain.units import SECOND

EVERY_S = 0.2
PATIENCE_S = 3.0
LATELY_NS = 10 * SECOND
NOWHERE = "nowhere"
_MOST_WAITING = 50
_LINE = 65_536
_BODY = b'{"amount": 4990, "currency": "eur", "source": "tok_visa"}'
_ASK = (
    b"POST /charges HTTP/1.1\r\nHost: pay.shop.test\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


@dataclass(slots=True)
class Tally:
    """Requests answered and lost, by the gateway that had them; `lately` holds when and whether the last ones were."""

    answered: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    lately: deque[tuple[int, bool]] = field(default_factory=lambda: deque(maxlen=1000))

    def count(self, gateway: str, *, good: bool, now: int) -> None:
        """One more; `now` is monotonic nanoseconds."""
        (self.answered if good else self.lost)[gateway] += 1
        self.lately.append((now, good))

    def document(self, now: int) -> Mapping[str, object]:
        """The counts since the start, and how many were lost in the last ten seconds."""
        lately = sum(1 for at, good in self.lately if not good and now - at < LATELY_NS)
        names = sorted(self.answered.keys() | self.lost.keys())
        by = {name: {"answered": self.answered[name], "lost": self.lost[name]} for name in names}
        answered, lost = self.answered.total(), self.lost.total()
        return {"answered": answered, "lost": lost, "lost_lately": lately, "by": by}


class Traffic:
    """Sends a request every fifth of a second, however long the others take, and counts them."""

    def __init__(self, port: int, clock: Clock) -> None:
        self.tally = Tally()  # may be replaced: then counting begins anew
        self._port = port
        self._clock = clock
        self._waiting: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                if len(self._waiting) < _MOST_WAITING:
                    task = asyncio.create_task(self.one())
                    self._waiting.add(task)
                    task.add_done_callback(self._waiting.discard)
                await asyncio.sleep(EVERY_S)
        finally:
            waiting = list(self._waiting)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def one(self) -> None:
        """One payment."""
        status, gateway, tally = 0, NOWHERE, self.tally
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE_S):
                status, gateway = await self._ask()
        tally.count(gateway, good=200 <= status < 300, now=self._clock.monotonic())

    async def _ask(self) -> tuple[int, str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=_LINE)
        try:
            writer.write(_ASK)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            await reader.readexactly(min(int(headers.get("content-length", "0")), _LINE))
            return int(first.split(" ")[1]), headers.get("x-gateway", NOWHERE)
        finally:
            writer.transport.abort()
