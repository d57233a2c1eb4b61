"""The simulated batch job: it calls a heartbeat URL of ours each time it has run, unless a fault keeps it from it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from urllib.parse import urlsplit

from standby.simulator.faults import Fault, FaultKind

CALL_S = 3.0
_FAILS = frozenset({FaultKind.ERRORS, FaultKind.SCHEMA, FaultKind.ENCODING, FaultKind.MALFORMED})
_LOOPBACK = ("127.0.0.1", "localhost")


class JobError(ValueError):
    """A job that cannot be: one line with the mend."""


class Job:
    """Calls `url` (POST) every `every_ns`; with `errors` on, `url`/fail; with any other fault it is silent."""

    def __init__(self, party: str, url: str, every_ns: int) -> None:
        """Raises JobError: only plain HTTP on loopback is called."""
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in _LOOPBACK or every_ns < 100_000_000:
            raise JobError(f"a simulated job calls http://127.0.0.1:PORT/... at most 10 times a second, not {url!r}")
        self.party = party
        self._host, self._port, self._path = parts.hostname, parts.port or 80, parts.path or "/"
        self._every_ns = every_ns
        self._due = 0
        self._call: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a call is under way."""
        return self._call is not None and not self._call.done()

    def tick(self, now: int, faults: Sequence[Fault]) -> None:
        """Call when it is due; `now` is monotonic nanoseconds. A call still under way is not doubled."""
        if now < self._due or self.busy:
            return
        self._due = now + self._every_ns
        kinds = {fault.kind for fault in faults}
        if kinds and not kinds & _FAILS:
            return
        self._call = asyncio.create_task(self._post(self._path + ("/fail" if kinds else "")))

    def close(self) -> None:
        """Stop calling."""
        if self._call is not None:
            self._call.cancel()

    async def _post(self, path: str) -> None:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CALL_S):
                reader, writer = await asyncio.open_connection(self._host, self._port)
                try:
                    writer.write(head.encode())
                    await writer.drain()
                    await reader.read(4096)
                finally:
                    writer.close()
