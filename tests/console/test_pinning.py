"""Pinning a contract from the screen: the file is named, the word makes it."""

from __future__ import annotations

from dataclasses import replace

from standby.console.app import ConsoleApp
from standby.console.keys import BY_ID, Situation
from standby.console.snapshot import Snapshot
from standby.link.protocol import CommandKind

from . import shop
from .harness import FakeSession, console, press, screen
from .test_silencing import types


def agreed(*names: str) -> Snapshot:
    """The shop, with a contract on each of these checks."""
    known = shop.config()
    checks = [
        {**one, "contract": f"contracts/{one['id']}.json"} if one["id"] in names else one for one in known.doc["checks"]
    ]
    config = replace(known, doc={**known.doc, "checks": checks})
    return shop.snapshot(replace(shop.bad_night(), config=config))


async def pinned(typed: str) -> tuple[FakeSession, ConsoleApp, str]:
    session = FakeSession()
    app = console(agreed("payments-api"), session=session)
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "open")
        await press(pilot, "pin")
        asked = screen(app)
        await types(pilot, typed)
        return session, app, asked


async def test_the_word_pins_it() -> None:
    session, _, asked = await pinned("pin")
    assert "now goes into contracts/payments-api.json; type pin" in asked
    assert [(one.kind, dict(one.args)) for one in session.commands] == [
        (CommandKind.CONTRACT_PIN, {"check": "payments-api"})
    ]


async def test_another_word_pins_nothing() -> None:
    session, _, _ = await pinned("yes")
    assert session.commands == []


def test_it_says_why_it_cannot() -> None:
    enabled = BY_ID["pin"].enabled
    without = Situation(agreed(), "overview", selected="integration:payments")
    assert enabled(without) == "no check of Payments has a contract"
    assert enabled(replace(without, snapshot=agreed("payments-api"))) is None
    nothing = replace(without, selected=None)
    assert enabled(nothing) == "select an integration with a check that has a contract first"
