"""What each rule did, on a page of its own; one rule with the difference that another setting would be."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from standby.console import suggesting
from standby.console.app import ConsoleApp
from standby.console.keys import BY_ID, Situation
from standby.console.present.header import header
from standby.console.present.moment import Moment
from standby.console.present.review import rule, rules
from standby.console.snapshot import Book, Snapshot, Suggested
from standby.domain.outcome import Severity
from standby.domain.review import Firing, Review, figures
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.link.protocol import CommandKind, Status

from . import shop
from .harness import UTF8, FakeSession, StillFeed, console, press, screen
from .test_goldens import LINUX, golden
from .test_silencing import types

RULES: Mapping[str, Mapping[str, Any]] = {
    f"{integration}/{name}": {
        "id": name,
        "integration": integration,
        "when": when,
        "window_ns": MINUTE,
        "for_ns": 0,
        "keep_firing_for_ns": 2 * MINUTE,
        "severity": "warning",
    }
    for integration, name, when in (
        ("payments", "payments-slow", "latency_ms > 800.0 && throughput > 1.0"),
        ("payments", "payments-errors", "error_rate > 0.05"),
        ("shipping", "shipping-flaps", "outcome == 'down'"),
        ("sms", "down", "outcome == 'down'"),
        ("weather", "down", "outcome == 'down'"),
    )
}
REVIEWS = {
    "payments/payments-slow": Review(
        "payments/payments-slow",
        "team-checkout",
        shop.NOW - 200 * DAY,
        shop.NOW - 3 * DAY,
        shop.NOW - 93 * DAY,
        "anna",
        "still fits",
    ),
    "payments/payments-errors": Review(
        "payments/payments-errors", "team-checkout", shop.NOW - DAY, shop.NOW + 41 * DAY
    ),
    "shipping/shipping-flaps": Review("shipping/shipping-flaps", "", shop.NOW - DAY, None),
}
SLOW = Suggested(
    done=True,
    text="would have fired 3 times rather than 41, missing none of the 2 incidents, told 60 s later at most",
    diff=(
        "--- a/conf.d/payments.toml",
        "+++ b/conf.d/payments.toml",
        "@@ -12,4 +12,5 @@",
        ' id = "payments-slow"',
        '-when = "latency_ms > 800.0 && throughput > 1.0"   # as the shop can bear',
        '+when = "latency_ms > 1200.0 && throughput > 1.0"   # as the shop can bear',
    ),
    change={"key": "when", "value": "1200.0", "at": 13},
    digest="0123456789abcdef",
)


def fired(rule: str, at: int, lasted: int, acked_after: int | None = None) -> Firing:
    start = shop.NOW - 80 * DAY + at
    taken = None if acked_after is None else start + acked_after
    return Firing(rule, Severity.WARNING, start, start + lasted, taken)


def book() -> Book:
    firings = [fired("payments/payments-slow", n * DAY, 90 * SECOND, 4 * MINUTE if n > 39 else None) for n in range(41)]
    firings += [fired("payments/payments-errors", n * 9 * DAY, HOUR, 3 * MINUTE) for n in range(7)]
    firings += [fired("shipping/shipping-flaps", n * 20 * MINUTE, 8 * MINUTE, MINUTE) for n in range(12)]
    firings += [fired("sms/down", n * 12 * DAY, 2 * HOUR, 40 * SECOND) for n in range(4)]
    return Book(figures(RULES, firings), RULES, loaded=True)


def kept(**changed: Any) -> Snapshot:
    return shop.snapshot(**{"reviews": REVIEWS, "book": book(), **changed})


class Library(StillFeed):
    """A store whose rules did what a test says."""

    async def book(self) -> Book:
        return book()


async def offers(_: str) -> Suggested:
    return SLOW


async def offers_nothing(_: str) -> Suggested:
    return Suggested(done=True)


def opened(environ: Mapping[str, str] = UTF8, **changed: Any) -> ConsoleApp:
    return console(kept(), feed=Library(), environ=environ, **{"suggest": offers, **changed})


@pytest.mark.parametrize(
    ("name", "size", "environ", "actions"),
    [
        ("rules-80x24", (80, 24), UTF8, ("rules",)),
        ("rules-120x40", (120, 40), UTF8, ("rules",)),
        ("rules-linux-80x24", (80, 24), LINUX, ("rules",)),
        ("rules-nocolor-80x24", (80, 24), UTF8 | {"NO_COLOR": "1"}, ("rules",)),
        ("rule-80x24", (80, 24), UTF8, ("rules", "open")),
        ("rule-120x40", (120, 40), UTF8, ("rules", "open", "tune")),
        ("rule-linux-80x24", (80, 24), LINUX, ("rules", "open")),
    ],
)
async def test_golden_of_the_rules(
    name: str, size: tuple[int, int], environ: Mapping[str, str], actions: tuple[str, ...]
) -> None:
    app = opened(environ)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for action in actions:
            await press(pilot, action)
            await pilot.pause()
        shown = screen(app)
    golden(name, shown, environ)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_every_line_is_as_wide_as_the_screen(width: int) -> None:
    assert {len(row.text) for row in rules(shop.moment(kept()), width)} == {width}


def test_what_is_not_read_yet_or_cannot_be_is_said() -> None:
    assert "reading the store" in rules(shop.moment(kept(book=Book())), 80)[1].text
    failed = Book(failed="the store is gone", loaded=True)
    assert "failed: the store is gone" in rules(shop.moment(kept(book=failed)), 80)[1].text
    assert "no rule is known here yet" in rules(shop.moment(kept(book=Book(loaded=True))), 80)[1].text
    filtered = replace(shop.moment(kept()), filter="nothing-like-it")
    assert "esc clears the filter" in rules(filtered, 80)[1].text


def test_the_header_counts_what_is_due() -> None:
    assert " 1 to review " in header(shop.moment(kept()), 120).text
    assert "to review" not in header(shop.moment(kept(reviews={})), 120).text


async def typed(app: ConsoleApp, text: str, *actions: str) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "rules")
        for action in actions:
            await pilot.pause()
            await press(pilot, action)
        await types(pilot, text)


async def test_the_word_has_the_engine_write_what_is_shown() -> None:
    session = FakeSession()
    await typed(opened(session=session), "apply", "open", "tune")
    assert [(one.kind, dict(one.args)) for one in session.commands] == [
        (
            CommandKind.RULE_TUNE,
            {
                "rule": "payments/payments-slow",
                "key": "when",
                "value": "1200.0",
                "at": 13,
                "digest": "0123456789abcdef",
            },
        )
    ]


@pytest.mark.parametrize(
    ("status", "shown"),
    [(Status.DONE, "the engine was asked to write it"), (Status.REFUSED, "config.toml may not be written")],
)
async def test_what_was_asked_for_is_not_offered_again(status: Status, shown: str) -> None:
    app = opened(session=FakeSession(status, "config.toml may not be written by this user"))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "rules")
        await pilot.pause()
        await press(pilot, "open")
        await pilot.pause()
        await press(pilot, "tune")
        await types(pilot, "apply")
        await pilot.pause()
        assert shown in screen(app).partition("─" * 20)[2].splitlines()[1]
        assert app.frame.situation().offered is False


async def test_another_word_writes_nothing() -> None:
    session = FakeSession()
    await typed(opened(session=session), "yes", "open", "tune")
    assert session.commands == []


async def test_who_has_looked_says_so() -> None:
    session = FakeSession()
    await typed(opened(session=session), "still fits", "reviewed")
    [one] = session.commands
    assert (one.kind, dict(one.args)) == (
        CommandKind.RULE_REVIEWED,
        {"rule": "payments/payments-slow", "note": "still fits"},
    )


async def test_without_a_better_setting_there_is_nothing_to_write() -> None:
    session = FakeSession()
    app = opened(session=session, suggest=offers_nothing)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "rules")
        await pilot.pause()
        await press(pilot, "open")
        await pilot.pause()
        assert "nothing that can be tried speaks less" in screen(app)
        await press(pilot, "tune")
        assert "no other setting is offered for it" in screen(app)


def test_the_keys_mean_the_rule_and_its_integration() -> None:
    chosen = Situation(kept(), "rules", "rule:payments/payments-slow")
    assert (chosen.rule(), chosen.meant()) == ("payments/payments-slow", "payments")
    assert BY_ID["tune"].enabled(chosen) == "open a rule first; 8 lists them"
    assert BY_ID["reviewed"].enabled(replace(chosen, selected=None)) == "select a rule first; 8 lists them"
    assert BY_ID["filter"].enabled(chosen) is None


@pytest.mark.parametrize(
    "out",
    [b"", b"[]", b"{}", b'{"suggestions": 3}', b'{"suggestions": [{"text": "x"}]}', b"[" * 100_000, b"\xff"],
)
def test_what_is_no_suggestion_is_said_not_raised(out: bytes) -> None:
    assert suggesting.read(out) == Suggested(
        done=True, failed="standby rules suggest said something else than was asked"
    )


def test_a_suggestion_is_read_as_it_was_said() -> None:
    change = {"key": "when", "value": "1200.0", "at": 13}
    doc = {"text": SLOW.text, "diff": "\n".join(SLOW.diff), "change": change, "digest": SLOW.digest}
    assert suggesting.read(json.dumps({"suggestions": [doc]}).encode()) == SLOW
    assert suggesting.read(b'{"suggestions": []}') == Suggested(done=True)


async def test_what_the_program_says_when_it_fails_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = [sys.executable, "-c", "import sys; sys.exit('standby: there is no [[rule]] down')"]
    monkeypatch.setattr(suggesting, "_command", lambda *_: fails)
    found = await suggesting.suggest(tmp_path / "config.toml", tmp_path / "standby.db", "sms/down")
    assert found == Suggested(done=True, failed="there is no [[rule]] down")


class NoStore(StillFeed):
    """A store that the first engine is still making."""

    async def book(self) -> Book:
        return Book(failed="the store is gone", loaded=True)


async def test_before_the_first_engine_has_made_the_store_nothing_has_failed() -> None:
    app = console(Snapshot(), feed=NoStore())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "rules")
        await pilot.pause()
        assert "reading the store" in screen(app)


def test_a_new_rule_says_for_how_long_it_was_watched() -> None:
    age = Review("weather/down", "ops", shop.NOW - 5 * MINUTE, shop.NOW + 90 * DAY)
    judged = figures(RULES, [], new={"weather/down"})
    snapshot = kept(reviews={"weather/down": age}, book=Book(judged, RULES, loaded=True))
    told = [row.text for row in rule(Moment(snapshot, shop.NOW), 120, "weather/down", Suggested())]
    assert any("not once in the 5m that it is in force" in text for text in told)
    assert not any("take it out" in text for text in told)
    old = [row.text for row in rule(Moment(snapshot, shop.NOW), 120, "sms/down", Suggested())]
    assert any("not once in 90 days" in text for text in old)


def test_rules_of_templates_are_named_and_counted() -> None:
    known = {**RULES, "sms/slow": {**RULES["sms/down"], "id": "slow", "template": True}}
    judged = figures(known, [fired("sms/slow", 0, HOUR)])
    snapshot = kept(book=Book(judged, known, silent=41, loaded=True))
    listed = rules(Moment(snapshot, shop.NOW), 80)
    assert listed[-1].text.strip() == "41 rules of templates have not fired; standby rules list shows them"
    assert listed[-1].id is None
    assert "41 rules" not in rules(Moment(snapshot, shop.NOW, filter="sms"), 80)[-1].text
    one = " ".join(row.text.strip() for row in rule(Moment(snapshot, shop.NOW), 80, "sms/slow", Suggested()))
    assert "from      a template, by how critical the integration is" in one
    assert "once in 90 days" in one
    looked = Situation(snapshot, "rules", "rule:sms/slow")
    assert BY_ID["reviewed"].enabled(looked) == "sms/slow is of a template: nobody has to look at it"
