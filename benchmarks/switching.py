"""A real HAProxy, two backends that can be killed, an engine with a route over them, and a client that counts.

python -m benchmarks.switching NAME PORT     one backend
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from benchmarks.processes import binary, end, free_port, start, wait_for_port
from standby.engine.clock import SystemClock
from standby.link.client import send_once
from standby.link.paths import link_paths
from standby.link.protocol import Command, CommandKind, Receipt, Status
from standby.store.failovers import FailoverRow
from standby.store.reader import Reader

RATE = 200
ANSWER_S = 0.02  # what a backend needs for one answer
TARGETS = ("acme", "spare")
_PATIENCE_S = 20.0
_FORCE = "rate=a benchmark; soaked=a benchmark"  # neither moves anything faster


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the client: instants of the monotonic clock, seconds, and who answered; "" when nobody did."""

    began: float
    ended: float
    by: str


class Shop:
    """Everything in one folder with a short path. `stop` ends it all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._haproxy = binary("haproxy", "haproxy")
        self._ports = {name: free_port() for name in TARGETS}
        self.port = free_port()
        self._backends: dict[str, subprocess.Popen[bytes]] = {}
        self._running: list[subprocess.Popen[bytes]] = []
        self._store = folder / "standby.db"

    def begin(self) -> None:
        """Start all of it, and return when a plan is possible."""
        for name in TARGETS:
            self.revive(name)
        folder = self._folder
        (folder / "routes.map").write_text("pay be_acme\n")
        proxy = folder / "haproxy.cfg"
        proxy.write_text(_HAPROXY.format(folder=folder, port=self.port, **self._ports))
        log = folder / "haproxy.log"
        self._running.append(start([self._haproxy, "-W", "-f", str(proxy)], log))
        wait_for_port(self.port, self._running[-1], log)
        path = folder / "config.toml"
        path.write_text(_config(folder, self.port, self._ports))
        path.chmod(0o600)
        self._running.append(start([sys.executable, "-m", "standby", "--config", str(path), "engine"], folder / "log"))

    def stop(self) -> None:
        """End everything that still runs."""
        for process in [*reversed(self._running), *self._backends.values()]:
            end(process)

    def kill(self, name: str) -> None:
        """A backend dies as a process does."""
        self._backends[name].kill()
        self._backends[name].wait()

    def revive(self, name: str) -> None:
        """Start a backend."""
        port, log = self._ports[name], self._folder / f"{name}.log"
        self._backends[name] = start([sys.executable, "-m", "benchmarks.switching", name, str(port)], log)
        wait_for_port(port, self._backends[name], log)

    def armed(self, to: str) -> FailoverRow:
        """A plan to move traffic there, asked for until nothing speaks against it. Raises TimeoutError."""
        deadline, receipt = time.monotonic() + _PATIENCE_S, None
        while time.monotonic() < deadline:
            command, receipt = self._ask(CommandKind.FAILOVER_PLAN, route="pay", to=to, force=_FORCE)
            if receipt.status is Status.DONE:
                return self._run(command=command)
            time.sleep(0.1)
        raise TimeoutError(f"no plan to {to}: {receipt.reason if receipt else 'nobody was asked'}")

    def type_word(self, run: FailoverRow) -> Receipt:
        """Start the run, by a connection of its own, as the command line does."""
        return self._ask(CommandKind.FAILOVER_RUN, run=run.id, confirm=f"pay -> {run.target}")[1]

    def ended(self, run: FailoverRow) -> FailoverRow:
        """The run at its end. Raises TimeoutError."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            now = self._run(number=run.id)
            if now.state.ended:
                return now
            time.sleep(0.02)
        raise TimeoutError(f"run {run.id} did not end")

    def _run(self, *, number: int | None = None, command: str | None = None) -> FailoverRow:
        with contextlib.closing(Reader(self._store)) as reader:
            run = reader.failover(id=number, command=command)
        if run is None:
            raise LookupError(f"there is no run {number or command}")
        return run

    def _ask(self, kind: CommandKind, **args: str | int) -> tuple[str, Receipt]:
        command = Command(uuid.uuid4().hex, kind, args, SystemClock().now(), origin="benchmark")
        return command.id, send_once(link_paths(self._store), command, 10.0)


async def client(port: int, seconds: float, meanwhile: Callable[[], None], at: float) -> tuple[list[Asked], float]:
    """POST `RATE` times a second, each at its own time however slow the others are; `meanwhile` runs in a thread `at`
    seconds later. Every request, and when `meanwhile` began (monotonic, seconds).

    POST, because a client repeats a GET by itself when its connection breaks, and a loss would not be seen.
    """
    asked: list[Asked] = []
    called = 0.0

    async def ask(session: aiohttp.ClientSession) -> None:
        began, by = time.monotonic(), ""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with session.post(f"http://127.0.0.1:{port}/", data=b"order") as answer:
                text = await answer.text()
                by = text if answer.status == 200 else ""
        asked.append(Asked(began, time.monotonic(), by))

    async def act() -> None:
        nonlocal called
        await asyncio.sleep(at)
        called = time.monotonic()
        await asyncio.to_thread(meanwhile)

    timeout, connector = aiohttp.ClientTimeout(total=3), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session, asyncio.TaskGroup() as group:
        group.create_task(act())
        start_at = time.monotonic()
        for number in range(round(seconds * RATE)):
            await asyncio.sleep(max(0.0, start_at + number / RATE - time.monotonic()))
            group.create_task(ask(session))
    return asked, called


def first_answer(asked: Sequence[Asked], by: str, after: float) -> float:
    """Seconds from an instant until the first answer of `by` was there. Raises ValueError when it never was."""
    return min(one.ended for one in asked if one.by == by and one.ended > after) - after


def _config(folder: Path, port: int, ports: dict[str, int]) -> str:
    director = {
        "kind": "haproxy",
        "socket": f"unix:{folder}/admin.sock",
        "map": f"{folder}/routes.map",
        "entry": "pay",
        "lower": True,
    }
    written = ", ".join(f"{key} = {json.dumps(value)}" for key, value in director.items())
    targets = "".join(_TARGET.format(name=name, port=target) for name, target in ports.items())
    return _CONFIG.format(port=port, director=f"{{ {written} }}") + targets


_CONFIG = """
[standby]
name = "switching"
environment = "development"
store = "standby.db"

[[vendor]]
id = "local"
name = "Local"

[[integration]]
id = "pay"
vendor = "local"
criticality = "critical"
owner = "me"
rto = "5m"

[[check]]
id = "path"
integration = "pay"
kind = "http"
url = "http://127.0.0.1:{port}/"
every = "5s"
timeout = "1s"
expect = ["status == 200"]

[[route]]
id = "pay"
integration = "pay"
primary = "acme"
verify = "path"
cool_down = "0s"
soak = "0s"
director = {director}
"""
_TARGET = """
[[route.target]]
id = "{name}"
place = "be_{name}"
check = "{name}"
answers = "text == '{name}'"

[[check]]
id = "{name}"
integration = "pay"
kind = "http"
url = "http://127.0.0.1:{port}/"
every = "500ms"
timeout = "400ms"
attempts = 1
"""
_HAPROXY = """
global
    stats socket {folder}/admin.sock mode 600 level admin expose-fd listeners
    hard-stop-after 1s
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend shop
    bind 127.0.0.1:{port}
    use_backend %[str(pay),map({folder}/routes.map)]
backend be_acme
    server s1 127.0.0.1:{acme}
backend be_spare
    server s1 127.0.0.1:{spare} disabled
"""


def _backend(name: str, port: int) -> None:
    async def answer(_request: web.Request) -> web.Response:
        await asyncio.sleep(ANSWER_S)
        return web.Response(text=name)

    application = web.Application()
    application.router.add_route("*", "/", answer)
    web.run_app(application, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    _backend(sys.argv[1], int(sys.argv[2]))
