"""One store over many deaths: engines and senders that are killed, and what must be true of the store afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import Engines, until
from standby.link.dial import WELCOME_S
from standby.link.holder import held_by
from standby.link.messages import command_message, encode
from standby.link.protocol import VERSION, Command, CommandKind
from standby.link.spool import Spool

from .forks import Forks, gone, kill


@dataclass
class World:
    """`receipts` are what senders were told; `asked` every command that ever left a sender."""

    folder: Path
    seed: int
    receipts: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Command] = field(default_factory=dict)
    pending: list[Command] = field(default_factory=list)  # sent at least once, without a receipt
    kept: set[str] = field(default_factory=set)  # of which a person was told that it is kept

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.engines = Engines(self.folder)
        self.forks = Forks()
        self.spool = Spool(self.engines.paths, self.folder / "state")
        self.alert = 0

    def close(self) -> None:
        self.forks.close()
        self.engines.close()

    # ------------------------------------------------------------ processes

    def engine(self) -> int:
        """A new engine's pid; it may not listen yet."""
        return self.forks.fork({"do": "engine", "config": str(self.engines.config), "log": str(self.folder / "log")})

    def sender(self, commands: list[Command]) -> int:
        """A program that sends these one after the other; its pid."""
        for command in commands:
            self.asked[command.id] = command
        order = {
            "do": "send",
            "store": str(self.engines.store),
            "state": str(self.folder / "state"),
            "said": str(self.folder / "said"),
            "commands": [command_message(command) for command in commands],
        }
        return self.forks.fork(order)

    def kill(self, pid: int) -> None:
        """kill -9, and wait until it is gone."""
        kill(pid)

    def stop(self, pid: int) -> None:
        """SIGTERM, and wait until it is gone."""
        os.kill(pid, signal.SIGTERM)
        until(lambda: gone(pid), "an end")
        assert held_by(self.engines.paths.lock) is None

    def listens(self) -> bool:
        """Whether an engine takes callers."""
        with socket.socket(socket.AF_UNIX) as sock:
            return sock.connect_ex(str(self.engines.paths.sock)) == 0

    # ------------------------------------------------------------ commands

    def wish(self) -> Command:
        """Any command that people send, with an id of its own."""
        kind = self.random.choice([CommandKind.ACK, CommandKind.ACK, CommandKind.UNACK, CommandKind.NOTE])
        number = len(self.asked)
        args: dict[str, Any] = {"alert": self.alert}
        if kind is CommandKind.NOTE:
            args["text"] = f"note {number}"
            if self.random.random() < 0.5:
                args = {"integration": "gone", "text": f"note {number}"}
        command = Command(f"command-{self.seed}-{number:06d}", kind, args, number, origin="kill test")
        self.asked[command.id] = command
        return command

    def talk(self, deadline: threading.Event, answered: Callable[[], None]) -> None:
        """Send what is pending and then new wishes, each after the receipt of the one before, until hung up upon.

        `answered` is called at once after each receipt.
        """
        with contextlib.suppress(OSError), self._connected(deadline) as (sock, lines):
            while not deadline.is_set():
                if not self.pending:
                    self.pending.append(self.wish())
                command = self.pending[0]
                sock.sendall(encode(command_message(command)))
                line = lines.readline()
                if not line:
                    return
                answered()
                answer = json.loads(line)
                assert answer["command"] == command.id
                self.told(command.id, answer["status"])
                self.pending.pop(0)

    def told(self, command_id: str, status: str) -> None:
        """A receipt: the same one every time."""
        first = self.receipts.setdefault(command_id, status)
        assert first == status, f"{command_id} was answered {first}, then {status}"

    @contextlib.contextmanager
    def _connected(self, deadline: threading.Event) -> Any:
        while not deadline.is_set():
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(WELCOME_S)
                try:
                    sock.connect(str(self.engines.paths.sock))
                except OSError:
                    deadline.wait(0.002)
                    continue
                hello = {"type": "hello", "role": "cli", "version": VERSION, "host": "h", "tty": "t"}
                sock.sendall(encode(hello))
                lines = sock.makefile("rb")
                if lines.readline():
                    yield sock, lines
                    return
        raise OSError("no engine in time")

    # ------------------------------------------------------------ what must be true

    def check(self) -> None:
        """Every command that has a receipt is in the store once, none is there twice, and the log is whole."""
        with self.engines.reading() as reader:
            verdict = reader.verify_audit()
        assert verdict.ok, verdict.text
        with contextlib.closing(sqlite3.connect(f"file:{self.engines.store}?mode=ro", uri=True)) as store:
            store.execute("BEGIN")  # one moment: what was sent before a death may still be carried out
            alerts = store.execute("SELECT id, acked_by FROM alert WHERE state <> 'resolved'").fetchall()
            stored = dict(store.execute("SELECT command, status FROM receipt"))
            deeds = store.execute("SELECT command, kind FROM audit WHERE command IS NOT NULL ORDER BY no").fetchall()
        assert [number for number, _ in alerts] == [self.alert], alerts
        assert stored.keys() <= self.asked.keys(), stored.keys() - self.asked.keys()
        for command_id, status in self.receipts.items():
            assert stored.get(command_id) == status, (
                f"{command_id} was answered {status}, stored {stored.get(command_id)}"
            )
        done = {command_id for command_id, status in stored.items() if status == "done"}
        counted = Counter(command_id for command_id, _ in deeds)
        assert counted == Counter(done), counted - Counter(done)  # each once, and no other
        self._check_alert(deeds, acknowledged=alerts[0][1] is not None)

    def _check_alert(self, deeds: list[tuple[str, str]], *, acknowledged: bool) -> None:
        """The alert is as the log says that it was left."""
        last = ""
        for _, kind in deeds:
            last = kind if kind in ("ack", "unack") else last
        assert acknowledged == (last == "ack"), f"the last deed was {last!r}"
