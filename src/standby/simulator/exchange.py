"""HTTP/1.1 on raw streams: reading requests, writing plain answers. Small on purpose: faults need the bare socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import SplitResult, parse_qsl, urlsplit

MAX_HEAD = 16_384
MAX_BODY = 1_048_576
IDLE_S = 30.0
CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower case."""

    method: str
    url: SplitResult
    headers: Mapping[str, str]
    keep_alive: bool

    @property
    def query(self) -> Mapping[str, str]:
        """The query's parameters, the last of each name."""
        return dict(parse_qsl(self.url.query, max_num_fields=100))


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `document` is sent as JSON, or as it is when it is text."""

    status: int = 200
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The document as bytes; empty without one."""
        if self.document is None:
            return b""
        text = self.document if isinstance(self.document, str) else json.dumps(self.document, ensure_ascii=False)
        return text.encode()

    @property
    def content_type(self) -> str:
        """What the body is."""
        return "text/plain; charset=utf-8" if isinstance(self.document, str) else "application/json; charset=utf-8"


class BadRequestError(Exception):
    """What came is not a request that we read."""


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request, its body read and dropped; `None` at the end. Raises BadRequestError, ConnectionError."""
    try:
        async with asyncio.timeout(IDLE_S):
            head = await reader.readuntil(CRLF + CRLF)
            request = _parse(head)
            await _drop_body(reader, request)
    except (asyncio.IncompleteReadError, TimeoutError):
        return None
    except asyncio.LimitOverrunError:
        raise BadRequestError("the header is too long") from None
    return request


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequestError("not an HTTP/1 request")
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    wish = headers.get("connection", "keep-alive" if words[2] == "HTTP/1.1" else "close")
    try:
        return Request(words[0], urlsplit(words[1]), headers, wish.lower() != "close")
    except ValueError:
        raise BadRequestError("not a URL") from None


async def _drop_body(reader: asyncio.StreamReader, request: Request) -> None:
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY:
        raise BadRequestError("send a body with a Content-Length of at most 1 MB")
    await reader.readexactly(int(length))


def head_of(answer: Answer, *, length: int | None, keep_alive: bool, extra: Mapping[str, str] | None = None) -> bytes:
    """Status line and headers; with `length` `None` the end of the connection ends the body."""
    try:
        reason = HTTPStatus(answer.status).phrase
    except ValueError:
        reason = "Unknown"
    headers: dict[str, str] = {"Content-Type": answer.content_type, **answer.headers, **(extra or {})}
    if length is not None:
        headers["Content-Length"] = str(length)
    headers["Connection"] = "keep-alive" if keep_alive and length is not None else "close"
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def send(writer: asyncio.StreamWriter, request: Request, answer: Answer) -> None:
    """A plain answer."""
    body = answer.body
    head = head_of(answer, length=len(body), keep_alive=request.keep_alive)
    writer.write(head if request.method == "HEAD" else head + body)
    await writer.drain()
