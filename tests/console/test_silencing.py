"""A silence in an Alertmanager from the screen: asked step by step, shown whole, made by the typed word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from standby.console.app import ConsoleApp
from standby.console.keys import BY_ID, Situation
from standby.console.snapshot import Snapshot
from standby.domain.units import HOUR, SECOND
from standby.link.protocol import CommandKind

from . import shop
from .harness import UTF8, FakeSession, console, press, row, screen
from .test_goldens import LINUX, golden

TEXT = 'alertname="CheckoutErrors", vendor=~"acme|parcel"'
COMMENT = "Acme Pay maintenance, their ticket 4711; told by phone at 03:05, back by five says their duty manager"


def watched(*names: str) -> Snapshot:
    """The shop, with a check of kind alertmanager for each of these ids on payments."""
    known = shop.config()
    more = [
        {"id": name, "integration": "payments", "kind": "alertmanager", "every_ns": 60 * SECOND,
         "timeout_ns": 10 * SECOND, "target": "https://alertmanager.shop.test"}
        for name in names
    ]  # fmt: skip
    doc = {**known.doc, "checks": [*known.doc["checks"], *more]}
    return shop.snapshot(replace(shop.bad_night(), config=replace(known, doc=doc)))


async def types(pilot: Pilot[int], text: str) -> None:
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    app.prompt_paste(text)
    await pilot.press("enter")
    await pilot.pause()


async def asked(pilot: Pilot[int], lasts: str = "", comment: str = COMMENT) -> None:
    """To the page with the whole wish."""
    await press(pilot, "silence_there")
    await types(pilot, TEXT)
    await types(pilot, lasts)
    await types(pilot, comment)


async def test_the_whole_wish_is_shown_and_the_word_makes_it() -> None:
    session = FakeSession()
    app = console(watched("am"), session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "open")
        await asked(pilot)
        shown = " ".join(screen(app).split())
        for part in (
            'alertname="CheckoutErrors"',
            'vendor=~"acme|parcel"',
            "(in 2h)",
            COMMENT,
            "alertmanager.shop.test",
        ):
            assert part in shown
        assert not session.commands
        await types(pilot, "silence")
        [command] = session.commands
        assert command.kind is CommandKind.SILENCE_THERE
        assert command.args == {"check": "am", "matchers": TEXT, "ends": shop.NOW + 2 * HOUR, "comment": COMMENT}
        assert "silenced in Alertmanager: am" in screen(app)
        assert app.frame.NAME == "detail"


@pytest.mark.parametrize("typed", ["", "yes", "silenc"])
async def test_without_the_word_nothing_is_silenced(typed: str) -> None:
    session = FakeSession()
    app = console(watched("am"), session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await asked(pilot)
        await types(pilot, typed)
        assert "nothing was silenced" in screen(app)
    assert not session.commands


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (["critical"], "is not a matcher"),
        (['job="a  b"'], "without double spaces"),
        ([TEXT, "soon"], "is not a duration"),
        ([TEXT, "", ""], "a silence without a reason"),
    ],
)
async def test_what_cannot_be_read_is_said(answers: list[str], said: str) -> None:
    session = FakeSession()
    app = console(watched("am"), session=session)
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "silence_there")
        for text in answers[:-1]:
            await types(pilot, text)
        for letter in answers[-1]:  # a paste would lose double spaces
            app.prompt_key(letter, letter)
        await pilot.press("enter")
        await pilot.pause()
        assert said in row(app, said)
    assert not session.commands


@pytest.mark.parametrize(
    ("names", "selected", "reason"),
    [
        ((), "integration:payments", "no check of kind alertmanager looks at Payments"),
        (("am",), "integration:crm", "no check of kind alertmanager looks at CRM"),
        (("am",), "audit:1", "select an integration with a check of kind alertmanager first"),
        (("am", "am2"), "integration:payments", "select one of its checks first: am, am2"),
        (("am",), "integration:payments", None),
        (("am", "am2"), "check:am2", None),
        (("am",), "alert:1", None),
    ],
)
def test_the_key_says_why_it_does_nothing(names: tuple[str, ...], selected: str, reason: str | None) -> None:
    assert BY_ID["silence_there"].refusal(Situation(watched(*names), selected=selected)) == reason


CASES = [("silence-80x24", (80, 24), UTF8), ("silence-linux-80x24", (80, 24), LINUX)]


@pytest.mark.parametrize(("name", "size", "environ"), CASES, ids=[case[0] for case in CASES])
async def test_golden(name: str, size: tuple[int, int], environ: Mapping[str, str]) -> None:
    app = console(watched("am"), environ=environ)
    async with app.run_test(size=size) as pilot:
        await asked(pilot)
        shown = screen(app)
    golden(name, shown, environ)
