"""A silence from the screen, of ours or in an Alertmanager: asked step by step, shown all along, made by a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from standby.console.app import ConsoleApp
from standby.console.keys import Situation
from standby.console.present.silence import Wish, silence
from standby.console.silencing import prefilled
from standby.console.snapshot import Snapshot
from standby.domain.matchers import Matcher, parse_matchers
from standby.domain.outside import Origin
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
    """To the page with the whole wish at an Alertmanager."""
    await press(pilot, "silence")
    await pilot.press("2")
    await types(pilot, TEXT)
    await types(pilot, lasts)
    await types(pilot, comment)


def labelled(*numbers: int, **labels: str) -> Snapshot:
    """The bad night with labels on its alerts, and more firing ones of payments."""
    night = shop.bad_night()
    more = [shop.alert(number) for number in numbers]
    alerts = [
        replace(one, labels={"alertname": one.rule, "integration": one.integration, "vendor": "acme", **labels})
        for one in (*night.alerts, *more)
    ]
    return shop.snapshot(replace(night, alerts=alerts))


async def test_the_alerts_of_a_line_are_kept_quiet_here() -> None:
    session = FakeSession()
    app = console(labelled(7, 8), session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "alerts", "silence")
        assert 'hide alerts with: alertname="payments-errors", integration="payments"' in row(app, "hide alerts")
        assert "It hides 3 open alerts, of which 3 fire and nobody has:" in screen(app), "before anything is asked"
        await types(pilot, "")
        assert "for how long (at most 7d): 2h" in row(app, "for how long")
        await types(pilot, "")
        await types(pilot, "Acme moves its data centre")
        shown = screen(app)
        for part in ('alertname="payments-errors"', "05:10:24 (in 2h)", "ana", "Acme moves its data centre"):
            assert part in shown
        assert not session.commands
        await types(pilot, "silence")
        [command] = session.commands
        assert command.kind is CommandKind.SILENCE
        assert command.args == {
            "matchers": 'alertname="payments-errors", integration="payments"',
            "ends": shop.NOW + 2 * HOUR,
            "comment": "Acme moves its data centre",
        }
        assert "silenced: alertname=" in screen(app)
        assert app.frame.NAME == "alerts"


async def test_what_it_would_hide_follows_what_is_typed() -> None:
    app = console(labelled())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "silence")
        await pilot.press("ctrl+u")
        app.prompt_paste('vendor="acme"')
        await pilot.pause()
        assert "It hides 3 open alerts, of which 1 fires and nobody has:" in screen(app)
        app.prompt_paste(', alertname="other"')
        await pilot.pause()
        assert "It hides no open alert now; 1 open of Payments has other labels" in screen(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.frame.NAME == "overview"
        assert "nothing was silenced" in screen(app)


def test_of_many_the_first_lines_are_shown_and_the_rest_is_counted() -> None:
    moment = shop.moment(labelled(*range(10, 60)))
    wish = Wish("payments", matchers=parse_matchers("integration=payments"))
    rows = [one.text.rstrip() for one in silence(moment, 80, 20, wish)]
    assert len(rows) == 20
    assert " It hides 51 open alerts, of which 51 fire and nobody has:" in rows
    firing = sum("! firing" in one for one in rows)
    assert rows[-1] == f"  and {51 - firing} more"


PREFILLED = [
    ("integration:payments", 'integration="payments"'),
    ("check:payments-api", 'integration="payments"'),  # no alert is told apart by its check
    ("alert:1", 'alertname="payments-errors", integration="payments"'),
    ("audit:1", ""),
    (None, ""),
]


@pytest.mark.parametrize(("selected", "written"), PREFILLED)
def test_it_begins_with_what_the_cursor_is_on(selected: str | None, written: str) -> None:
    assert prefilled(Situation(labelled(), selected=selected)) == written


def test_a_check_that_alerts_are_told_apart_by_is_named() -> None:
    known = labelled(check="payments-api")
    assert prefilled(Situation(known, selected="check:payments-api")) == 'integration="payments", check="payments-api"'


def test_what_somebody_else_pushed_is_matched_by_all_its_labels_but_how_bad_it_is() -> None:
    labels = {"alertname": "X", "instance": 'a"b,c', "severity": "critical", "source": "am", "long": "x" * 600}
    one = shop.alert(9, "am", labels=labels, origin=Origin("am", "ab12", "", None))
    found = prefilled(Situation(shop.snapshot(alerts={9: one}), selected="alert:9"))
    assert parse_matchers(found) == (Matcher("alertname", "X"), Matcher("instance", 'a"b,c'), Matcher("source", "am"))


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
        assert app.frame.NAME == "overview"
    assert not session.commands


@pytest.mark.parametrize(
    ("place", "answers", "said"),
    [
        ("2", ["critical"], "is not a matcher"),
        ("2", ['job="a  b"'], "without double spaces"),
        ("2", [TEXT, "soon"], "is not a duration"),
        ("2", [TEXT, "2h", ""], "a silence without a reason"),
        ("1", ['vendor=~".*"'], "keeps everything quiet"),
        ("1", [""], "without matchers"),
        ("1", ["vendor=acme", "8d"], "a silence is for 7d at most"),
        ("1", ["vendor=acme", "0s"], "ends before it begins"),
    ],
)
async def test_what_cannot_be_is_said_and_asked_again(place: str, answers: list[str], said: str) -> None:
    session = FakeSession()
    app = console(watched("am"), session=session)
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "silence")
        await pilot.press(place)
        for text in answers:
            await pilot.press("ctrl+u")
            for letter in text:  # a paste would lose double spaces
                app.prompt_key(letter, letter)
            await pilot.press("enter")
        await pilot.pause()
        assert said in row(app, said)
        assert app.prompt is not None
        assert app.prompt.text is not None
        assert app.prompt.text.text == answers[-1], "it is there to be mended"
    assert not session.commands


PLACES = [
    ((), "integration:payments", "hide alerts with"),
    (("am",), "integration:crm", "hide alerts with"),
    (("am",), "integration:payments", "silence 1: our own alerts  2: at the Alertmanager of am  other keys"),
    (("am", "am2"), "check:am2", "silence 1: our own alerts  2: at the Alertmanager of am2  other keys"),
    (("am", "am2"), "alert:1", "2: at the Alertmanager of am  3: at the Alertmanager of am2"),
]


@pytest.mark.parametrize(("names", "selected", "asks"), PLACES)
async def test_it_asks_where_only_when_there_is_an_alertmanager(
    names: tuple[str, ...], selected: str, asks: str
) -> None:
    app = console(watched(*names))
    async with app.run_test(size=(120, 24)) as pilot:
        app.deeds.do("silence", Situation(app.snapshot, selected=selected))
        await pilot.pause()
        assert app.prompt is not None
        assert asks in app.prompt.label
        await pilot.press("escape")
        await pilot.pause()
        assert app.frame.NAME == "overview"


CASES = [
    ("silence-80x24", (80, 24), UTF8),
    ("silence-linux-80x24", (80, 24), LINUX),
]
HERE = [("silence-here-80x24", (80, 24)), ("silence-here-120x40", (120, 40))]


@pytest.mark.parametrize(("name", "size", "environ"), CASES, ids=[case[0] for case in CASES])
async def test_golden(name: str, size: tuple[int, int], environ: Mapping[str, str]) -> None:
    app = console(watched("am"), environ=environ)
    async with app.run_test(size=size) as pilot:
        await asked(pilot)
        shown = screen(app)
    golden(name, shown, environ)


@pytest.mark.parametrize(("name", "size"), HERE, ids=[case[0] for case in HERE])
async def test_golden_of_our_own(name: str, size: tuple[int, int]) -> None:
    app = console(labelled(*range(10, 30)))
    async with app.run_test(size=size) as pilot:
        await press(pilot, "silence")
        await types(pilot, "")
        await types(pilot, "")
        await types(pilot, "Acme moves its data centre")
        shown = screen(app)
    golden(name, shown)
