"""One store, one receiver of webhooks and one port that opens and closes, over many deaths of the engine."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from processes import Engines, until
from standby.domain.escalation import Stage
from standby.domain.observation import Failure
from standby.domain.outcome import AlertState
from standby.domain.units import parse_instant
from standby.link.protocol import Command, CommandKind, Status
from standby.store.escalations import DOUBT, Fate, NotificationRow
from standby.store.rows import AlertRow

from .forks import Forks, gone, kill

CALLS = frozenset({"firing", "exhausted"})
_CONFIG = """
[alerting]
group_wait = "0s"
ack_lease = "0s"

[[integration]]
id = "shop"
vendor = "v"
criticality = "critical"
policy = "shop"

[[check]]
id = "shop-tcp"
integration = "shop"
kind = "tcp"
host = "127.0.0.1"
port = {port}
every = "100ms"
flapping = false
timeout = "80ms"
attempts = 1

[[channel]]
id = "hook"
kind = "webhook"
url = "http://127.0.0.1:{receiver}/"

[[person]]
id = "anna"
reach = [{{ channel = "hook", to = "anna" }}]

[[person]]
id = "bert"
reach = [{{ channel = "hook", to = "bert" }}]

[[policy]]
id = "shop"

[[policy.level]]
targets = ["anna", "hook"]
respond_within = "700ms"

[[policy.level]]
targets = ["bert"]
respond_within = "1h"
"""


@dataclass(frozen=True)
class Told:
    """One message as it arrived; `begun` is when its sender began to send it (its wall ns). In which order those of
    two senders are read, one of them dead, says nothing."""

    begun: int
    key: str
    kind: str
    alert: int
    to: str


class Receiver(ThreadingHTTPServer):
    """Takes webhooks, each after a moment, so that a kill may come between its arrival and our answer."""

    daemon_threads = True

    def __init__(self, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.told: list[Told] = []
        self.random = random.Random(seed)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that dies hangs up: that is the test."""


class _Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        [alert] = body["alerts"]
        told = Told(parse_instant(body["at"]), body["key"], body["kind"], alert["id"], body["to"])
        self.server.told.append(told)
        threading.Event().wait(self.server.random.choice((0.0, 0.0, 0.02, 0.1)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as its base calls it
        """Nothing: pytest shows what matters."""


@dataclass
class Telling:
    folder: Path
    seed: int
    asked: int = 0
    taken: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.receiver = Receiver(self.seed)
        self.shop = socket.create_server(("127.0.0.1", 0))
        self.port = self.shop.getsockname()[1]
        self.engines = Engines(self.folder)
        self.engines.write_config(_CONFIG.format(port=self.port, receiver=self.receiver.port))
        self.forks = Forks()
        self.pid = self._engine()

    def close(self) -> None:
        kill(self.pid)
        self.forks.close()
        self.engines.close()
        self.shop.close()
        self.receiver.shutdown()
        self.receiver.server_close()

    def _engine(self) -> int:
        return self.forks.fork({"do": "engine", "config": str(self.engines.config), "log": str(self.folder / "log")})

    def die(self) -> None:
        """kill -9 wherever the engine has come to, and the next one."""
        threading.Event().wait(self.random.choice((0.0, 0.05, 0.2, 0.5)) * self.random.random())
        kill(self.pid)
        self.pid = self._engine()

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        until(lambda: gone(self.pid), "an end")

    # ------------------------------------------------------------ one trouble

    def round(self) -> None:
        """A trouble from its beginning to its end: engines die while people are told, take it, and are told the end."""
        self.shop.close()
        closed = time.time_ns()
        until(lambda: self.refused_after(closed), "a look that is refused")
        until(self.firing, "an alert that fires")  # on a busy machine perhaps one of before, which now goes on
        alert = self.firing()
        if self.random.random() < 0.8:
            self.die()
        if self.random.random() < 0.5:
            self.take(alert)
        elif self.random.random() < 0.5:
            until(lambda: "bert" in self.told_of(alert, "firing"), "the second level")
        if self.random.random() < 0.5:
            self.die()
        self.shop = socket.create_server(("127.0.0.1", self.port))
        until(lambda: self.row(alert).state is AlertState.RESOLVED, "the alert's end")
        if self.random.random() < 0.5:
            self.die()
        until(lambda: self.settled(alert), f"the end of what is said about alert {alert}")
        self.check(alert)

    def take(self, alert: int) -> None:
        """Acknowledge it, however many engines that takes."""
        self.asked += 1
        command = Command(f"take-{self.seed}-{self.asked:06d}", CommandKind.ACK, {"alert": alert}, 1, origin="test")

        def taken() -> bool:
            return self.engines.ask(command, 2.0).status is Status.DONE

        if self.random.random() < 0.5:
            asking = threading.Thread(target=taken)
            asking.start()
            self.die()
            asking.join(10)
        until(taken, "a receipt")
        self.taken.add(alert)

    # ------------------------------------------------------------ what is so

    def refused_after(self, instant: int) -> bool:
        """Whether the newest look found the port closed and was begun after this instant, wall ns."""
        if not self.engines.store.exists():
            return False
        with self.engines.reading() as reader:
            found = reader.observations("shop-tcp", 1)
        return bool(found) and found[0].failure is Failure.REFUSED and found[0].at > instant

    def firing(self) -> int:
        """The alert of the shop that fires; 0 while there is none."""
        with self.engines.reading() as reader:
            rows = reader.alerts(50, open_only=True, integration="shop")
        return max((row.id for row in rows if row.state is AlertState.FIRING), default=0)

    def row(self, alert: int) -> AlertRow:
        with self.engines.reading() as reader:
            found = reader.alert(alert)
        assert found is not None
        return found

    def rows(self, alert: int) -> list[NotificationRow]:
        with self.engines.reading() as reader:
            return reader.notifications(alert)

    def settled(self, alert: int) -> bool:
        return not any(row.open for row in self.rows(alert))

    def told_of(self, alert: int, kind: str) -> set[str]:
        return {one.to for one in list(self.receiver.told) if one.alert == alert and one.kind == kind}

    # ------------------------------------------------------------ what must be true

    def check(self, alert: int) -> None:
        """Nobody who had to know was forgotten; nothing came twice without being told; nothing came too late."""
        told = [one for one in self.receiver.told if one.alert == alert]
        rows = {(row.kind, row.address): row for row in self.rows(alert)}
        self._each_has_a_fate(told, rows)
        came = Counter((one.kind, one.to) for one in told)
        for place, count in came.items():
            row = rows[place]
            assert count <= row.attempts, f"{place} came {count} times in {row.attempts} tries"
            assert count == 1 or DOUBT in row.fate, f"{place} came {count} times and nobody says so: {row.fate}"
        keys = defaultdict(set)
        for one in told:
            keys[one.kind, one.to].add(one.key)
        assert all(len(found) == 1 for found in keys.values()), keys
        called = {one.to for one in told if one.kind in CALLS}
        know = self.told_of(alert, "resolved")
        assert know >= called, f"of {called} only {know} know: {rows}"
        self._nothing_too_late(told, alert)

    def _each_has_a_fate(self, told: list[Told], rows: dict[tuple[str, str], NotificationRow]) -> None:
        for name in ("anna", ""):
            assert ("firing", name) in rows, f"nobody ever meant to tell {name or 'the channel'}: {rows}"
        arrived = {(one.kind, one.to) for one in told}
        for place, row in rows.items():
            assert row.state in {Fate.SENT, Fate.CANCELLED}, (place, row.state, row.fate)
            assert row.state is not Fate.SENT or place in arrived, f"{place} is called sent and never came"
        assert arrived <= rows.keys(), f"said without a row: {arrived - rows.keys()}"

    def _nothing_too_late(self, told: list[Told], alert: int) -> None:
        # By the engine's clock: what was begun before the acknowledgement may be on its way for as long as it takes.
        taken = self.row(alert).acked_at
        assert (taken is not None) == (alert in self.taken), "an acknowledgement was lost, or made up"
        for one in told:
            if one.kind in CALLS:
                assert taken is None or one.begun <= taken, f"{one.to} was called for what somebody had"
                mine = [other.begun for other in told if other.kind == "resolved" and other.to == one.to]
                assert not mine or one.begun < min(mine), f"{one.to} was called after the end"

    def check_all(self) -> None:
        """The log is whole and no escalation is left open."""
        with self.engines.reading() as reader:
            verdict, changes = reader.verify_audit(), reader.changes(0)
        assert verdict.ok, verdict.text
        shop = {row.id for row in changes.alerts if row.integration == "shop"}
        left = [row for row in changes.escalations if shop & set(row.log.alerts) and row.state.stage is not Stage.ENDED]
        assert not left, left
