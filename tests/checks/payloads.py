"""Recorded payloads of real vendors, read where they lie, and a server that answers with them.

They are in `../shared/fixtures` from the repository, or in `$STANDBY_SHARED/fixtures`; a test skips without them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from checks.loopback import Server, serving


def fixtures() -> Path:
    """Where the payloads are, or would be."""
    shared = os.environ.get("STANDBY_SHARED")
    return (Path(shared) if shared else Path(__file__).resolve().parents[3] / "shared") / "fixtures"


def payload(name: str) -> bytes:
    """A recording as it was served: `github/summary.json`."""
    path = fixtures() / name
    if not path.is_file():
        pytest.skip(f"{path} is not here; set STANDBY_SHARED to the folder that holds fixtures/")
    return path.read_bytes()


def named(pattern: str) -> list[str]:
    """The names of recordings: `statuspage/*-components.json`. Empty when they are not here."""
    return sorted(str(path.relative_to(fixtures())) for path in fixtures().glob(pattern))


@dataclass(frozen=True)
class Answered:
    """What a vendor answers: a status, headers and a body."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def document(found: object, status: int = 200, **headers: str) -> Answered:
    """A JSON answer; `retry_after="3"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answered(json.dumps(found).encode(), status, {"Content-Type": "application/json", **named})


def capture(name: str) -> Answered:
    """A recorded exchange `{"request": ..., "response": {"status", "headers", "body"}}` as an answer."""
    response = json.loads(payload(name))["response"]
    body = response.get("body")
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else b""
    left = ("content-length", "transfer-encoding", "content-encoding", "connection")
    headers = {key: str(value) for key, value in response.get("headers", {}).items() if key.lower() not in left}
    return Answered(content, response["status"], headers)


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Vendor:
    """A running one: where it is and what it was asked."""

    server: Server
    asked: list[Asked]

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def host(self) -> tuple[str, int]:
        """For `connect_to`."""
        return ("127.0.0.1", self.server.port)


@contextlib.asynccontextmanager
async def vendor(answers: Mapping[str, Answered | list[Answered]]) -> AsyncIterator[Vendor]:
    """Answers by path (`/api/v1/query`) or by `METHOD /path`; of a list one after the other, the last for ever.

    What nobody mentions is 404 with a plain text.
    """
    asked: list[Asked] = []
    turns: dict[str, int] = {}

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, *lines = server.requests[-1].decode("latin-1").split("\r\n")
        method, target, _ = head.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        parts = urlsplit(target)
        asked.append(Asked(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body))
        key = f"{method} {parts.path}" if f"{method} {parts.path}" in answers else parts.path
        found = answers.get(key, Answered(b"404 page not found\n", 404, {"Content-Type": "text/plain"}))
        if isinstance(found, list):
            turn = turns[key] = turns.get(key, -1) + 1
            found = found[min(turn, len(found) - 1)]
        sent = {"Content-Length": str(len(found.body)), "Connection": "close", **found.headers}
        if found.status in (204, 304):
            del sent["Content-Length"]
        said = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        writer.write(f"HTTP/1.1 {found.status} Said\r\n{said}\r\n".encode("latin-1") + found.body)
        await writer.drain()

    async with serving(handler) as server:
        yield Vendor(server, asked)
