"""What a granted wish is made of, whoever grants it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from standby.engine.recorder import Recorder
from standby.link.protocol import NotNowError, Status
from standby.store.errors import StoreError
from standby.store.failovers import FailoverRow
from standby.store.rows import AuditRow


class RefusedError(Exception):
    """The wish is not granted: the reason, one line."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, and from where."""

    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done for a wish, and what is stored of it in one transaction with the receipt.

    `kind`, `subject` and `message` are the audit line, `also` further ones; `undo` is called when it cannot be stored,
    `done` once it is. A wish that was looked into and refused (`status`) leaves its traces too.
    """

    kind: str
    subject: str
    message: str
    undo: Callable[[], None] = lambda: None
    answer: str = ""
    also: Sequence[tuple[str, str, str]] = ()
    failovers: Sequence[FailoverRow] = ()
    done: Callable[[], None] = lambda: None
    status: Status = Status.DONE


async def write_down(recorder: Recorder, wish: AuditRow) -> None:
    """Have a wish on disk before it is carried out. Raises NotNowError when it cannot be: then nothing is done."""
    try:
        await recorder.submit(audits=[wish])
    except StoreError as error:
        raise NotNowError(f"it cannot be recorded, so it was not done: {error}") from None
