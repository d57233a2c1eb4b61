"""One caller's connection with bounds on everything: line length, patience, pace, and what waits to be sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from standby.domain.clock import Clock
from standby.domain.units import SECOND
from standby.link.messages import BadMessageError
from standby.link.protocol import MAX_LINE


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the engine one caller, one user and all of them together may use. Times in seconds."""

    connections: int = 256
    per_user: int = 64
    handlers: int = 16  # commands carried out at the same time
    hello_s: float = 5.0
    idle_s: float = 60.0  # a script's connection; a console's may be silent for hours
    half_line_s: float = 5.0  # from the first byte of a line to its last
    write_s: float = 5.0  # for a caller that does not read
    burst: int = 100  # commands at once, and then
    per_second: int = 50


class Connection:
    """Lines in and lines out. Breaking a bound raises TimeoutError, BadMessageError or EOFError."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, clock: Clock, limits: Limits
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._limits = limits
        self._buffer = bytearray()
        self._tokens = float(limits.burst)
        self._filled_at = clock.monotonic()
        writer.transport.set_write_buffer_limits(high=MAX_LINE)

    async def line(self, patience_s: float | None) -> bytes:
        """The next line without its end. `patience_s` is how long it may take to begin; None: for ever.

        Raises EOFError at the end, BadMessageError when it is too long, TimeoutError when it takes too long.
        """
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) >= MAX_LINE:
                raise BadMessageError(f"a line longer than {MAX_LINE} bytes")
            if self._buffer:
                await asyncio.wait_for(self._rest_of_line(), self._limits.half_line_s)
            else:
                await asyncio.wait_for(self._more(), patience_s)
        if end >= MAX_LINE:
            raise BadMessageError(f"a line longer than {MAX_LINE} bytes")
        found = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return found

    async def send(self, line: bytes) -> None:
        """Send one line. Raises TimeoutError when the caller does not read what was sent before, OSError when gone."""
        self._writer.write(line)
        await asyncio.wait_for(self._writer.drain(), self._limits.write_s)

    async def pace(self) -> None:
        """Wait until the caller may send another command: a flood waits in its own socket buffer."""
        now = self._clock.monotonic()
        rate = self._limits.per_second
        earned = max(0, now - self._filled_at) / SECOND * rate
        self._tokens = min(float(self._limits.burst), self._tokens + earned) - 1.0
        self._filled_at = now
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens / rate)

    def abort(self) -> None:
        """End it now, whatever is still unsent to a caller that does not read."""
        if self._writer.transport.get_write_buffer_size() == 0:
            self._writer.close()
        else:
            self._writer.transport.abort()

    async def _rest_of_line(self) -> None:
        while b"\n" not in self._buffer and len(self._buffer) < MAX_LINE:
            await self._more()

    async def _more(self) -> None:
        data = await self._reader.read(4096)
        if not data:
            raise EOFError
        self._buffer += data
