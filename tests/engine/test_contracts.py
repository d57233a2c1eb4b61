"""Pinning a contract: from what was learned, recorded before the file is written, refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from standby.checks.base import Check
from standby.checks.contract.agreed import Agreed
from standby.checks.contract.pinned import ContractModel
from standby.checks.contract.study import NEEDED
from standby.checks.http.check import HttpCheck
from standby.checks.http.model import HttpModel
from standby.checks.presets.base import Verdict
from standby.domain.outcome import Outcome
from standby.engine.contracts import Contracts
from standby.engine.deeds import Person, RefusedError
from standby.engine.timeline import Timeline
from standby.link.protocol import Command, CommandKind, NotNowError
from standby.store.errors import StoreError
from standby.store.rows import AuditRow

from .fakeclock import FakeClock

GOOD = {"id": "a", "status": "paid"}
NEW = {"id": "a", "status": "paid", "fee": 3}
UP = Verdict(Outcome.UP, "status 200")
ALICE = Person("alice", "unix:alice")
PIN = Command("c1", CommandKind.CONTRACT_PIN, {"check": "api"}, 0)


class Log:
    """A recorder that keeps what it is given, or cannot."""

    def __init__(self) -> None:
        self.lines: list[AuditRow] = []
        self.fails = False

    async def submit(self, audits: list[AuditRow]) -> int:
        if self.fails:
            raise StoreError("full", "the disk is full")
        self.lines += audits
        return 1


def check(**keys: Any) -> HttpCheck:
    contract = ContractModel(file=Path("contracts/api.json"))
    given: dict[str, Any] = {"contract": contract, **keys}
    return HttpCheck(HttpModel(id="api", integration="i", url="http://127.0.0.1/", **given))


def contracts(base: Path, log: Log, *checks: Check) -> Contracts:
    known = {one.model.id: one for one in checks}
    return Contracts(Timeline(FakeClock()), log, known.get, lambda: base)  # type: ignore[arg-type]


def hears(agreed: Agreed, base: Path, document: object, times: int) -> None:
    for _ in range(times):
        agreed.hold(UP, document, 40, base)


async def test_what_was_learned_is_pinned_and_holds_from_then_on(tmp_path: Path) -> None:
    one, log = check(), Log()
    hears(one.agreed, tmp_path, GOOD, NEEDED)
    deed = await contracts(tmp_path, log, one).pin(PIN, ALICE)
    assert deed.answer == f"contracts/api.json is pinned, learned from {NEEDED} answers"
    assert json.loads((tmp_path / "contracts/api.json").read_text())["answers"] == NEEDED
    assert [line.message for line in log.lines] == ["pins contracts/api.json: there was none"]
    broken, _ = one.agreed.hold(UP, {"id": "a"}, 40, tmp_path)
    assert broken.outcome is Outcome.DEGRADED


async def test_a_drift_is_accepted_when_it_was_seen_often_enough(tmp_path: Path) -> None:
    one, log = check(), Log()
    granter = contracts(tmp_path, log, one)
    hears(one.agreed, tmp_path, GOOD, NEEDED)
    await granter.pin(PIN, ALICE)
    hears(one.agreed, tmp_path, GOOD, 1)
    with pytest.raises(RefusedError, match="needs no new pin"):
        await granter.pin(PIN, ALICE)
    hears(one.agreed, tmp_path, NEW, NEEDED - 1)
    with pytest.raises(RefusedError, match=f"{NEEDED - 1} of {NEEDED}"):
        await granter.pin(PIN, ALICE)
    hears(one.agreed, tmp_path, NEW, 1)
    await granter.pin(PIN, ALICE)
    assert "fee" in log.lines[-1].message
    said, _ = one.agreed.hold(UP, NEW, 40, tmp_path)
    assert said == UP


async def test_nothing_is_written_that_is_not_recorded(tmp_path: Path) -> None:
    one, log = check(), Log()
    hears(one.agreed, tmp_path, GOOD, NEEDED)
    log.fails = True
    with pytest.raises(NotNowError):
        await contracts(tmp_path, log, one).pin(PIN, ALICE)
    assert not (tmp_path / "contracts").exists()


async def test_the_vendors_own_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "contracts/api.json"
    path.parent.mkdir()
    path.write_text('{"type": "object", "required": ["total"]}')
    one = check()
    hears(one.agreed, tmp_path, GOOD, NEEDED)
    with pytest.raises(RefusedError, match="written by hand"):
        await contracts(tmp_path, Log(), one).pin(PIN, ALICE)


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "contracts").write_text("a file where a folder has to be")
    one = check()
    hears(one.agreed, tmp_path, GOOD, NEEDED)
    with pytest.raises(RefusedError, match=r"contracts/api\.json"):
        await contracts(tmp_path, Log(), one).pin(PIN, ALICE)


async def test_a_check_without_a_contract_has_none_to_pin(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="has no contract"):
        await contracts(tmp_path, Log(), check(contract=None)).pin(PIN, ALICE)
    with pytest.raises(RefusedError, match="has no contract"):
        await contracts(tmp_path, Log()).pin(PIN, ALICE)
