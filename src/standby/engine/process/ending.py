"""Why an engine ends by itself: somebody asked for a replacement, or a newer engine took the store."""

from __future__ import annotations

import asyncio

from standby.store.errors import StoreError


class Ending:
    """`why` is empty while nobody asked."""

    def __init__(self) -> None:
        self.why = ""
        self._fenced: StoreError | None = None
        self._come = asyncio.Event()

    def ask(self, why: str) -> None:
        """End, for this reason."""
        self.why = why
        self._come.set()

    def fenced(self, error: StoreError) -> None:
        """A newer engine holds the store: end, and let whoever waits know."""
        self._fenced = error
        self._come.set()

    async def wait(self, stop: asyncio.Event) -> None:
        """Return once `stop` is set or the end was asked for. Raises StoreError of kind `fenced`."""
        waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(self._come.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._fenced is not None:
            raise self._fenced
