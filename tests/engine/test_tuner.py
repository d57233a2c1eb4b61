"""Changing one setting of a rule: recorded before the file is written, refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from standby.config.edit import edit_rule
from standby.config.load import load
from standby.engine.deeds import Deed, Person, RefusedError
from standby.engine.rules.tuner import Tuner
from standby.engine.timeline import Timeline
from standby.link.protocol import Command, CommandKind, NotNowError

from .fakeclock import FakeClock
from .test_contracts import Log
from .world import KINDS, config, rule

ALICE = Person("alice", "unix:alice")
WHEN = "latency_ms > 800.0"


class Desk:
    """A configuration, a log, and somebody who wants another setting."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        head = '[standby]\nname = "test"\nenvironment = "development"\n'
        self.file.write_text(head + config(rules=rule(WHEN, more="# kept")))
        self.before = self.file.read_text()
        self.config = load(self.file, KINDS)
        self.log = Log()
        self.digest = self.shown({"for": "5m"})

    def shown(self, keys: dict[str, str]) -> str:
        return edit_rule(self.config, self.config.rules[0], keys).digest

    async def wants(self, **args: Any) -> Deed:
        given = {"rule": "payments/r", "key": "for", "value": "5m", "digest": self.digest, **args}
        tuner = Tuner(Timeline(FakeClock()), self.log, lambda: self.config, lambda: KINDS)  # type: ignore[arg-type]
        return await tuner.tune(Command("c1", CommandKind.RULE_TUNE, given, 0), ALICE)


async def test_the_file_changes_after_it_was_written_down(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    deed = await desk.wants()
    assert deed.answer == 'for = "5m" in config.toml; taken over within seconds'
    [line] = desk.log.lines
    assert (line.actor, line.kind, line.subject, line.message) == (
        "alice", "tune", "rule:payments/r", 'sets for = "5m" in config.toml',
    )  # fmt: skip
    assert desk.file.read_text() == desk.before.replace('for = "0s"', 'for = "5m"', 1)


async def test_a_number_of_the_condition_changes(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.wants(key="when", value="1200.0", at=13, digest=desk.shown({"when": "latency_ms > 1200.0"}))
    assert load(desk.file, KINDS).rules[0].when == "latency_ms > 1200.0"
    assert "# kept" in desk.file.read_text()


async def test_the_same_wish_again_finds_it_done(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.wants()
    again = await desk.wants()
    assert again.answer == 'for = "5m" in config.toml is so already'
    assert len(desk.log.lines) == 1


async def test_what_cannot_be_written_down_is_not_done(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.log.fails = True
    with pytest.raises(NotNowError):
        await desk.wants()
    assert desk.file.read_text() == desk.before


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({"rule": "nothing"}, "there is no rule nothing"),
        ({"rule": "payments/no-data"}, "there is no rule payments/no-data"),
        ({"key": "severity"}, "severity of a rule is not changed"),
        ({"key": "when", "value": "true", "at": 13}, "true cannot stand at 13 of latency_ms > 800.0"),
        ({"value": "6m"}, "config.toml would not change as it was shown; look at it again"),
        ({"digest": "0" * 32}, "config.toml would not change as it was shown; look at it again"),
    ],
)
async def test_what_is_not_meant_is_refused(tmp_path: Path, args: dict[str, Any], reason: str) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(RefusedError, match=reason):
        await desk.wants(**args)
    assert (desk.file.read_text(), desk.log.lines) == (desk.before, [])


async def test_a_condition_that_was_rewritten_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    """The engine has not read the file again yet, or cannot: its condition is not the one of the difference."""
    desk = Desk(tmp_path)
    theirs = desk.before.replace(WHEN, "latency_ms > 800.0 && throughput > 2.0")
    desk.file.write_text(theirs)
    now = load(desk.file, KINDS)
    shown = edit_rule(now, now.rules[0], {"when": "latency_ms > 1200.0 && throughput > 2.0"}).digest
    with pytest.raises(RefusedError, match="would not change as it was shown"):
        await desk.wants(key="when", value="1200.0", at=13, digest=shown)
    assert desk.file.read_text() == theirs


async def test_a_configuration_that_is_broken_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    broken = desk.before.replace('vendor = "acme"', 'vendor = "nobody"')
    desk.file.write_text(broken)
    digest = desk.shown({"for": "5m"})
    with pytest.raises(RefusedError, match=r"the change would not load: .*there is no vendor"):
        await desk.wants(digest=digest)
    assert desk.file.read_text() == broken
