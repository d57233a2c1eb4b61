"""Work that may hang where nothing can cancel it: a dead network disk, a locked database. One thread a look."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

T = TypeVar("T")


class Apart(Generic[T]):
    """The thread of one check. While one look hangs the next is refused, so that threads do not pile up."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._busy = threading.Event()
        self.thread: threading.Thread | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, which runs in a thread. Raises what it raises, and Trouble while another still runs."""
        if self._busy.is_set():
            raise Trouble(Failure.INTERNAL, f"{self._what}: the look before this one still hangs", Outcome.UNKNOWN)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            if done.cancelled():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)  # type: ignore[arg-type]  # without an error there is a result

        def working() -> None:
            result, trouble = None, None
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - handed to whoever waits
                trouble = error
            self._busy.clear()
            try:
                loop.call_soon_threadsafe(settle, result, trouble)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return

        # A daemon: one that hangs holds up no exit.
        self._busy.set()
        self.thread = threading.Thread(target=working, name=f"look-{self._what}", daemon=True)
        self.thread.start()
        return await done
