"""`standby failover plan`, `run` and `back`: the typed word, live progress, exit codes; no engine, nothing kept.

The engine is played by a function that writes what an engine would have written before it answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tests.cli.failovers import opened, planned, taken

from standby.cli import switching
from standby.cli.follow import GIVEN_UP_AFTER, follow
from standby.cli.main import main
from standby.domain.failover import RunState, StepState
from standby.domain.units import SECOND
from standby.engine.clock import SystemClock
from standby.link.protocol import Command, CommandKind, Receipt, Status
from standby.store.failovers import FailoverRow
from standby.store.reader import Reader
from standby.store.rows import Batch
from standby.store.writer import Writer


@dataclass
class Played:
    """An engine that plans one run and, on the right word, takes it through `then`, one row after the other."""

    store: Path
    then: Sequence[FailoverRow] = ()
    word: str = "Payments -> spare"
    heard: list[Command] = field(default_factory=list)
    run: FailoverRow | None = None
    planned: int = 0

    def send_once(self, _paths: object, command: Command, _timeout: float) -> Receipt:
        self.heard.append(command)
        answers = {
            CommandKind.FAILOVER_PLAN: self._plan,
            CommandKind.FAILOVER_RUN: self._run,
            CommandKind.FAILOVER_CANCEL: self._cancel,
        }
        return answers[command.kind](command)

    def _plan(self, command: Command) -> Receipt:
        self.planned += 1
        self.run = replace(self.run or planned(SystemClock().now()), command=command.id, id=6 + self.planned)
        self.write(self.run)
        blocked = self.run.state is RunState.BLOCKED
        return Receipt(command.id, Status.REFUSED if blocked else Status.DONE, "blocked" if blocked else "run 7")

    def _run(self, command: Command) -> Receipt:
        if command.args["confirm"] != self.word:
            return Receipt(command.id, Status.REFUSED, "the word was not typed")
        for row in self.then:
            self.write(row)
        return Receipt(command.id, Status.DONE, "run 7")

    def _cancel(self, command: Command) -> Receipt:
        assert self.run is not None
        self.write(replace(self.run, state=RunState.CANCELLED, ended_at=1, result="dropped by alice"))
        return Receipt(command.id, Status.DONE)

    def write(self, row: FailoverRow) -> None:
        async def commit() -> None:
            writer = await Writer.open(self.store, now=SystemClock().now())
            await writer.begin_term(_engine())
            await writer.commit(Batch(durable=True, failovers=[row]))
            await writer.close()

        asyncio.run(commit())

    @property
    def kinds(self) -> list[str]:
        return [command.kind.value for command in self.heard]


def _engine() -> Any:
    from standby.store.rows import EngineRow

    now = SystemClock().now()
    return EngineRow(0, "service", 4711, "web-1", "ops", "0.1.0", "d1", now, now)


class Terminal(StringIO):
    """Standard input of a person who types these lines."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    async def begin() -> None:
        await (await opened(tmp_path / "standby.db", SystemClock().now())).close()

    asyncio.run(begin())
    engine = Played(tmp_path / "standby.db")
    monkeypatch.setattr(switching, "send_once", engine.send_once)
    monkeypatch.setattr(sys, "stdin", StringIO())
    return engine


def ask(engine: Played, *words: str) -> int:
    return main(["--store", str(engine.store), "failover", *words])


def ended(state: RunState, result: str = "so it went") -> FailoverRow:
    now = SystemClock().now()
    run = planned(now, state=state, started_by="alice", ended_at=now, result=result)
    return replace(run, steps=taken(run, now))


def test_a_plan_is_shown_with_what_to_type(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(played, "plan", "pay", "--to", "spare") == 0
    out = capsys.readouterr().out
    assert "step 2/2 map payments -> be_spare (traffic moves here)" in out
    assert out.splitlines()[-1].endswith("type: Payments -> spare")
    assert dict(played.heard[0].args) == {"route": "pay", "to": "spare"}
    assert played.heard[0].not_after == played.heard[0].made_at + 120 * SECOND


def test_a_blocked_plan_is_refused_and_nothing_is_asked(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    played.run = planned(SystemClock().now(), state=RunState.BLOCKED, ended_at=1, result="healthy: spare is down")
    assert ask(played, "plan", "pay", "--json") == 5
    assert json.loads(capsys.readouterr().out)["state"] == "blocked"
    assert ask(played, "run", "pay", "--confirm", "Payments -> spare") == 5
    assert "is blocked" in capsys.readouterr().err
    assert played.kinds == ["failover-plan", "failover-plan"]


@pytest.mark.parametrize(
    ("state", "code"), [(RunState.SUCCEEDED, 0), (RunState.ROLLED_BACK, 6), (RunState.PARTIALLY_FAILED, 7)]
)
def test_the_exit_code_says_how_it_ended(
    played: Played, capsys: pytest.CaptureFixture[str], state: RunState, code: int
) -> None:
    played.then = [ended(state)]
    assert ask(played, "run", "pay", "--confirm", "Payments -> spare", "--json") == code
    captured = capsys.readouterr()
    assert json.loads(captured.out)["state"] == state.value
    assert "armed for" in captured.err


def test_each_step_is_told_while_it_is_taken(played: Played) -> None:
    run = planned(SystemClock().now(), state=RunState.EXECUTING, started_by="alice")
    rows = [replace(run, steps=[taken(run, 5, StepState.INTENT)[0], run.steps[1]]), ended(RunState.SUCCEEDED)]
    played.write(run)

    class Pause:
        """Between two looks the engine gets one step further."""

        def wait(self, _seconds: float) -> None:
            played.write(rows.pop(0))

    said: list[str] = []
    reader = Reader(played.store)
    followed = follow(reader, SystemClock(), run, said.append, Pause())  # type: ignore[arg-type]
    reader.close()
    assert followed.run.state is RunState.SUCCEEDED
    assert [line[14:] for line in said] == [
        "step 1/2 raise be_spare/gw1: begun (ready)",
        "step 1/2 raise be_spare/gw1: done (ready)",
        "step 2/2 map payments -> be_spare (traffic moves here): done (be_spare)",
        "run 7 succeeded: so it went",
    ]


def test_a_person_types_the_word_and_may_mistype_it(
    played: Played, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("payment -> spare\nPayments -> spare\n"))
    played.then = [ended(RunState.SUCCEEDED)]
    assert ask(played, "run", "pay") == 0
    assert played.kinds == ["failover-plan", "failover-run", "failover-run"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "the word was not typed" in captured.err


@pytest.mark.parametrize("typed", ["", "\n", "x\ny\nz\n"])
def test_without_the_word_the_plan_is_dropped(played: Played, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert ask(played, "run", "pay") == 5
    assert played.kinds[-1] == "failover-cancel"


def test_a_script_must_give_the_word_and_the_right_one(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(played, "run", "pay") == 5
    assert "--confirm 'Payments -> spare'" in capsys.readouterr().err
    assert ask(played, "run", "pay", "--confirm", "yes") == 5
    assert played.kinds == ["failover-plan", "failover-cancel", "failover-plan", "failover-run", "failover-cancel"]


def test_back_goes_to_the_primary(played: Played) -> None:
    assert ask(played, "back", "pay", "--confirm", "no") == 5
    assert played.heard[0].args["to"] == "acme"
    assert ask(played, "back", "mail") == 2


def test_overrides_are_sent_with_their_reasons(played: Played) -> None:
    ask(played, "plan", "pay", "--force", "cool-down=vendor; says so", "--force", "drift=known")
    assert played.heard[0].args["force"] == "cool-down=vendor, says so; drift=known"
    assert ask(played, "plan", "pay", "--force", "cool-down") == 2
    assert len(played.heard) == 1


def test_who_may_only_look_sends_nothing(played: Played) -> None:
    assert main(["--store", str(played.store), "--read-only", "failover", "run", "pay", "--confirm", "x"]) == 5
    assert played.heard == []


def test_a_run_whose_receipt_was_lost_is_read_from_the_store(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine died after it had begun: what it wrote counts, not that nobody answered."""
    played.then = [ended(RunState.ROLLED_BACK)]
    answered = played.send_once

    def lost(paths: object, command: Command, timeout: float) -> Receipt:
        receipt = answered(paths, command, timeout)
        return replace(receipt, status=Status.UNREACHABLE, reason="the engine hung up")

    monkeypatch.setattr(switching, "send_once", lost)
    assert ask(played, "run", "pay", "--confirm", "Payments -> spare") == 6
    assert played.kinds == ["failover-plan", "failover-run"]


@pytest.mark.parametrize("verb", ["plan", "run", "back"])
def test_without_an_engine_it_is_refused_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))

    async def begin() -> None:
        await (await opened(tmp_path / "standby.db", SystemClock().now())).close()

    asyncio.run(begin())
    assert main(["--store", str(tmp_path / "standby.db"), "failover", verb, "pay"]) == 5
    error = capsys.readouterr().err
    assert error.startswith("standby: failover ")
    assert " refused: " in error
    assert error.count("\n") == 1
    assert not [path for path in state.rglob("*") if path.is_file()]


class Hours:
    """A clock that a test sets."""

    def __init__(self, now: int) -> None:
        self.at = now

    def now(self) -> int:
        return self.at


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (RunState.EXECUTING, "no engine has come to go on with it"),
        (RunState.ARMED, "it was never started"),
    ],
)
def test_watching_ends_when_nobody_goes_on_with_the_run(played: Played, state: RunState, said: str) -> None:
    run = planned(SystemClock().now(), state=state)
    played.write(run)
    clock = Hours(SystemClock().now())
    lines: list[str] = []

    class Pause:
        """The engine is dead and time passes."""

        def wait(self, _seconds: float) -> None:
            clock.at += GIVEN_UP_AFTER // 3

    reader = Reader(played.store)
    followed = follow(reader, clock, run, lines.append, Pause())  # type: ignore[arg-type]
    reader.close()
    assert followed.given_up.startswith(said)
    assert lines == ["no engine is alive; the next engine goes on with run 7"]
