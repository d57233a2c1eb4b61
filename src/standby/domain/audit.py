"""The append-only log: each entry's hash binds all its fields and the entry before."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol

GENESIS = bytes(32)
"""The hash before the first entry."""

_VERSION = b"standby audit 1\0"


class Entry(Protocol):
    """One entry as it was stored. Numbers run 1, 2, 3...; `at` is nanoseconds since 1970 UTC."""

    @property
    def no(self) -> int: ...
    @property
    def at(self) -> int: ...
    @property
    def actor(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def command(self) -> str | None: ...
    @property
    def hash(self) -> bytes: ...


def chain(
    previous: bytes,
    *,
    no: int,
    at: int,
    actor: str,
    origin: str,
    kind: str,
    subject: str,
    message: str,
    command: str | None,
) -> bytes:
    """The 32 bytes of an entry's hash: SHA-256 over the previous hash and every field, each with its length."""
    digest = sha256(_VERSION)
    for value in (previous, no, at, actor, origin, kind, subject, message, command):
        digest.update(_encoded(value))
    return digest.digest()


def verify(entries: Iterable[Entry], previous: bytes = GENESIS, first: int = 1) -> int | None:
    """The number of the first entry that was changed, removed, added or moved; `None` when all hold.

    `entries` come in their order. For a missing entry it is the number that should stand there. Entries cut off at the
    end cannot be seen from inside: compare the last hash with a copy kept elsewhere.
    """
    expected = first
    for entry in entries:
        if entry.no != expected or entry.hash != _hash(previous, entry):
            return expected
        previous, expected = entry.hash, expected + 1
    return None


def _hash(previous: bytes, entry: Entry) -> bytes:
    return chain(
        previous,
        no=entry.no,
        at=entry.at,
        actor=entry.actor,
        origin=entry.origin,
        kind=entry.kind,
        subject=entry.subject,
        message=entry.message,
        command=entry.command,
    )


def _encoded(value: bytes | int | str | None) -> bytes:
    """A tag, the length in eight bytes, the value: no two different lists of fields give the same bytes."""
    if value is None:
        tag, data = b"n", b""
    elif isinstance(value, bytes):
        tag, data = b"b", value
    elif isinstance(value, int):
        tag, data = b"i", b"%d" % value
    else:
        tag, data = b"s", value.encode("utf-8", "surrogatepass")
    return tag + len(data).to_bytes(8) + data
