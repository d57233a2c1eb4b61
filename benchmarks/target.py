"""A server on loopback that all checks look at, in a process of its own, and a configuration full of checks of it."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 35\r\nConnection: close\r\n\r\n"
BODY = b'{"status": "ok", "version": "1.23"}'
RULES = (("down", "outcome == 'down'"), ("errors", "error_rate > 0.5"), ("slow", "latency_ms > 3000.0"))


async def _serve(port_out: Connection) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER + BODY)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    port_out.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _target(port_out: Connection) -> None:
    asyncio.run(_serve(port_out))


@contextmanager
def answering() -> Iterator[int]:
    """The port of a server that runs until the end of the block."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_target, args=(there,), daemon=True)
    server.start()
    there.close()  # so that a server that could not start is noticed
    try:
        yield here.recv()
    finally:
        server.terminate()
        server.join()


def write_config(folder: Path, port: int, checks: int, every: int) -> Path:
    """A configuration with `checks` HTTP checks every `every` seconds, two expectations and three rules each."""
    lines = ["[standby]", 'name = "soak"', 'environment = "development"', 'store = "standby.db"', 'linger = "1s"', ""]
    lines += ["[[vendor]]", 'id = "local"', 'name = "Local"', f"concurrency = {checks}", ""]
    for number in range(checks):
        lines += ["[[integration]]", f'id = "i{number}"', 'vendor = "local"', 'criticality = "high"', 'owner = "me"']
        lines += ["[[check]]", f'id = "c{number}"', f'integration = "i{number}"', 'kind = "http"']
        lines += [f'url = "http://127.0.0.1:{port}/{number}"', f'every = "{every}s"', f'timeout = "{every - 1}s"']
        lines += ['expect = ["status == 200", "latency_ms < 4000.0"]']
        for name, when in RULES:
            lines += ["[[rule]]", f'id = "{name}-{number}"', f'integration = "i{number}"', f'when = "{when}"']
            lines += ['window = "1m"', 'for = "10s"', 'severity = "warning"']
    path = folder / "config.toml"
    path.write_text("\n".join(lines) + "\n")
    return path
