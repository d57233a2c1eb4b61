"""Who was told and who is next, on the screen and on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from standby.cli.main import main
from standby.console.snapshot import Snapshot
from standby.domain.escalation import Escalation, Stage
from standby.domain.outcome import AlertState
from standby.domain.units import MINUTE, SECOND
from standby.link.protocol import CommandKind
from standby.store.escalations import EscalationRow, Fate, NotificationRow
from standby.store.rows import Batch
from standby.store.writer import Writer

from . import shop
from .harness import UTF8, FakeSession, console, press, row, screen
from .test_goldens import LINUX, golden

POLICY = {
    "id": "payments", "repeat": 1, "fallback": ["boss"],
    "levels": [
        {"targets": ["carl"], "respond_within_ns": 5 * MINUTE},
        {"targets": ["anna", "hook"], "respond_within_ns": 5 * MINUTE},
        {"targets": ["bert"], "respond_within_ns": 10 * MINUTE},
    ],
}  # fmt: skip
PEOPLE = [{"id": name, "name": name.capitalize()} for name in ("anna", "bert", "boss", "carl")]


def told(number: int, target: str, state: Fate, fate: str, **changed: object) -> NotificationRow:
    row = NotificationRow(
        id=number, key=f"1.0.0.1.firing.{target}.mail", escalation=1, alerts=(1,), integration="payments",
        severity="critical", kind="firing", target=target, channel="hook" if target == "hook" else "mail",
        address=f"{target}@shop.test", level=1, loop=0, episode=0, next_at=shop.NOW - 95 * SECOND,
        created_at=shop.NOW - 95 * SECOND, done_at=shop.NOW - 94 * SECOND, fate=fate, state=state, attempts=1,
        subject="[shop-eu production] FIRING critical: Payments", text="what: it fails",
    )  # fmt: skip
    return replace(row, **changed)  # type: ignore[arg-type]


ACTIVE = EscalationRow(1, Escalation("payments", level=1, next_at=shop.NOW + 192 * SECOND), (0,))
TOLD = (
    told(1, "anna", Fate.SENT, "250 2.0.0 Ok: queued as 4F2"),
    told(2, "hook", Fate.PENDING, "503 Service Unavailable", attempts=3, next_at=shop.NOW + 9 * SECOND, done_at=None),
)


def night(*rows: EscalationRow, notifications: tuple[NotificationRow, ...] = TOLD) -> Snapshot:
    doc = {**shop.config().doc, "people": PEOPLE, "policies": [POLICY]}
    config = replace(shop.config(), doc=doc)
    return shop.snapshot(replace(shop.bad_night(), config=config, escalations=rows, notifications=notifications))


CASES = [
    ("escalation-80x24", (80, 24), UTF8),
    ("escalation-120x40", (120, 40), UTF8),
    ("escalation-200x60", (200, 60), UTF8),
    ("escalation-nocolor-80x24", (80, 24), UTF8 | {"NO_COLOR": "1"}),
    ("escalation-linux-80x24", (80, 24), LINUX),
]


@pytest.mark.parametrize(("name", "size", "environ"), CASES, ids=[case[0] for case in CASES])
async def test_golden(name: str, size: tuple[int, int], environ: Mapping[str, str]) -> None:
    app = console(night(ACTIVE), environ=environ)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "escalation")
        shown = screen(app)
    golden(name, shown, environ)


async def test_the_next_deadline_runs_down_each_second() -> None:
    app = console(night(ACTIVE))
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "escalation")
        assert "next Bert in 3:12" in row(app, "#1 Payments")
        app.setup.clock.step(SECOND)  # type: ignore[attr-defined]
        app.poll()
        await pilot.pause()
        assert "next Bert in 3:11" in row(app, "#1 Payments")
        assert "again in 0:08" in row(app, "503 Service")


async def test_a_line_of_who_was_told_acknowledges_the_alert() -> None:
    session = FakeSession()
    app = console(night(ACTIVE), session=session)
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "escalation", "down", "ack")
        assert [(one.kind, one.args["alert"]) for one in session.commands] == [(CommandKind.ACK, 1)]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (Escalation("payments", level=2, loop=1, next_at=shop.NOW + MINUTE), "then exhausted, Boss in 1:00"),
        (Escalation("payments", level=2, loop=0, next_at=shop.NOW + MINUTE), "next Carl in 1:00"),
        (Escalation("payments", level=2, stage=Stage.EXHAUSTED), "exhausted: nobody answered"),
        (Escalation("gone", next_at=shop.NOW + MINUTE), "next level in 1:00"),
    ],
)
async def test_each_stage_has_its_words(state: Escalation, said: str) -> None:
    app = console(night(EscalationRow(1, state)))
    async with app.run_test(size=(140, 24)) as pilot:
        await press(pilot, "escalation")
        assert said in row(app, "#1 Payments")


async def test_what_has_no_policy_and_what_somebody_has() -> None:
    app = console(night(notifications=()))
    async with app.run_test(size=(140, 24)) as pilot:
        await press(pilot, "escalation")
        assert "nobody is told: no policy" in row(app, "#1 Payments")
        assert "ben has it" in row(app, "#2 Shipping")


async def test_the_command_line_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = tmp_path / "standby.db"
    writer = await Writer.open(db, now=shop.NOW)
    await writer.begin_term(shop.engine())
    doc = {**shop.config().doc, "people": PEOPLE, "policies": [POLICY]}
    alerts = [shop.alert(1), shop.alert(9, state=AlertState.RESOLVED, resolved_at=shop.NOW)]
    await writer.commit(
        Batch(config=replace(shop.config(), doc=doc), alerts=alerts, escalations=[ACTIVE], notifications=TOLD)
    )
    await writer.close()
    assert main(["--store", str(db), "escalation", "--json"]) == 0
    [one] = json.loads(capsys.readouterr().out)
    assert (one["alert"], one["level"], one["passed"], one["next"]["what"]) == (1, 2, [1], "next Bert in")
    assert one["next"]["at"] == "2026-11-23T03:13:36.000Z"
    assert [(entry["who"], entry["state"]) for entry in one["told"]] == [("anna", "sent"), ("hook", "pending")]
    assert "anna@shop.test" not in json.dumps(one)
    main(["--store", str(db), "alerts", "--json"])
    [alert] = json.loads(capsys.readouterr().out)
    assert alert["next"] == {"what": "next Bert", "at": "2026-11-23T03:13:36.000Z"}
    assert main(["--store", str(db), "escalation"]) == 0
    assert "250 2.0.0 Ok" in capsys.readouterr().out
