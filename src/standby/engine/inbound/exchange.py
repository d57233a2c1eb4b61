"""One call to us and its answer, whatever it is about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus


class Unread(Exception):  # noqa: N818 - a verdict
    """The body of a call cannot be had: its length is not said, too large, or it does not come."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a call: path without query, names of headers in lower case. `body(most)` reads the rest, whole, at
    most so many bytes; raises Unread."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Callable[[int], Awaitable[bytes]]
    query: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said back. Without a body it is the phrase of the status."""

    status: HTTPStatus
    body: bytes | None = None
    kind: str = "text/plain"
    more: Mapping[str, str] | None = None  # headers

    def wire(self, *, head_only: bool = False) -> bytes:
        """As bytes of HTTP/1.1; the connection ends with it."""
        body = f"{self.status.phrase}\n".encode() if self.body is None else self.body
        lines = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            f"Content-Type: {self.kind}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            "Cache-Control: no-store",
            *(f"{name}: {value}" for name, value in (self.more or {}).items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + (b"" if head_only else body)
