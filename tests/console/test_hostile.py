"""Text of a third party is text: whatever it holds, nothing executes and nothing reaches the terminal raw."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from standby.console.present import alerts, header, integrations, log, review
from standby.console.present.detail import detail
from standby.console.present.footer import info
from standby.console.present.record import record
from standby.console.snapshot import Book, Pane, Snapshot, Suggested
from standby.domain.outcome import Outcome
from standby.domain.review import Figures, Overlap, Review
from standby.store.rows import Batch
from standby.store.writer import Writer

from . import shop
from .harness import StillFeed, console, press, screen
from .terminal import terminal

HOSTILE = {
    "markup": "[@click=app.exit()]CLICK[/] [bold red on white]red[/] [/health] [ERROR] $text [b",
    "escape": "\x1b[2J\x1b[31mred\x1b]0;title\x07 \x1b[6n\x1bc",
    "osc52": "\x1b]52;c;ZXZpbA==\x07 and \x1b]8;;http://evil.test\x1b\\link\x1b]8;;\x1b\\",
    "c1": "\x9b31m \x9d52;c;ZXZpbA==\x9c \x90q\x9c \x85 \x84",
    "bidi": "user \u202egnp.exe\u202c \u2066x\u2069 \u200f \u061c",
    "long": "A" * 10_000,
    "wide": "二" * 400 + "👩‍👩‍👧‍👦" * 40 + "e" + "\u0301" * 300,
    "breaks": "a\nb\r\nc\td\x00e\u2028f\x0bg\x0ch",
    "lone": "\ud800\udfff\ufeff",
}
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
# What Textual and rich may send: cursor moves, colours, modes, questions about the terminal.
_OURS = re.compile(rb"\x1b\[[?>=<]?[0-9;:]*\$?[A-Za-z]|\x1b\[<u|[\r\n]")


def _poisoned(text: str) -> tuple[Snapshot, Pane]:
    night = shop.bad_night()
    config = shop.config(integrations=(("payments", text, text, "critical"), ("crm", "CRM", text, "low")))
    doc = {**config.doc, "name": text, "environment": text}
    doc["checks"] = [{**check, "target": text, "kind": text} for check in doc["checks"]]
    changes = replace(
        night,
        config=replace(config, doc=doc),
        engine=shop.engine(trouble=text, kind=text, user=text),
        check_states=[replace(row, message=text) for row in night.check_states],
        integration_states=[replace(row, message=text) for row in night.integration_states],
        alerts=[replace(one, summary=text, rule=text, acked_by=text, acked_from=text) for one in night.alerts],
        audits=[replace(one, actor=text, origin=text, kind=text, message=text) for one in night.audits],
    )
    pane = Pane(
        "payments",
        [replace(shop.observation("payments", 0, Outcome.DOWN, text), metrics={text: 1.0})],
        list(changes.alerts),
        list(changes.audits),
        failed="",
        loaded=True,
    )
    key = f"payments/{text}"
    rules = {key: {"when": text, "severity": text, "window_ns": text, "for_ns": -1}}
    book = Book([Figures(key, 9, 1, told=9, overlap=Overlap(text, 0.9))], rules, loaded=True)
    reviews = {key: Review(key, text, 0, 1, 1, text, text)}
    return shop.snapshot(changes, store_trouble=text, book=book, reviews=reviews), pane


def _offered(text: str) -> Suggested:
    return Suggested(done=True, text=text, diff=(text, f"+{text}"), change={"key": text})


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("width", [37, 80, 200])
def test_presenters_give_only_printable_cells(text: str, width: int) -> None:
    given, pane = _poisoned(text)
    moment = shop.moment(replace(given, pane=pane), filter="")
    rows = [
        *integrations.panes(moment, width), *alerts.feed(moment, width), *log.log(moment, width),
        *detail(moment, width, "payments"), *header.notices(moment, width), header.header(moment, width, text),
        *record(moment, width, "alert:1"), *record(moment, width, "audit:1"),
        *record(moment, width, "check:payments-api"),
        *review.rules(moment, width), *review.rule(moment, width, f"payments/{text}", _offered(text)),
        info(moment, width, f"rule:payments/{text}"),
        info(moment, width, "integration:payments"), info(moment, width, "alert:1"),
    ]  # fmt: skip
    for row in rows:
        assert not _UNSAFE.search(row.text)
        assert len(row.text) < 20 * width  # letters that combine take no cells, but not for ever


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_every_screen_survives(text: str) -> None:
    given, pane = _poisoned(text)
    app = console(replace(given, pane=pane), feed=StillFeed(pane))
    async with app.run_test(size=(120, 40)) as pilot:
        for actions in (
            ("open", "next_pane", "next_pane", "open"),
            ("alerts",),
            ("log", "open"),
            ("help",),
            ("palette",),
        ):
            await press(pilot, *actions)
            shown = screen(app)
            assert not _UNSAFE.search(shown.replace("\n", ""))
            await pilot.press("escape")
            await press(pilot, "overview")
        assert app.return_code is None


async def _fill(path: Path) -> None:
    """A store whose rows never went through the door: as a damaged one, or another version's."""
    writer = await Writer.open(path, now=shop.NOW)
    await writer.begin_term(shop.engine())
    text = " ".join(HOSTILE[name] for name in ("markup", "escape", "osc52", "c1", "bidi", "breaks", "long"))
    given, pane = _poisoned(text)
    night = shop.bad_night()
    await writer.commit(
        Batch(
            durable=True,
            config=given.config,
            observations=list(pane.observations),
            check_states=[replace(row, message=text) for row in night.check_states],
            integration_states=[replace(row, message=text) for row in night.integration_states],
            alerts=[replace(one, summary=text, rule=text) for one in night.alerts],
            audits=[replace(one, actor=text, message=text) for one in night.audits],
        )
    )
    await writer.close()


async def test_nothing_raw_reaches_a_real_terminal(tmp_path: Path) -> None:
    await _fill(tmp_path / "standby.db")
    with terminal(tmp_path, "--read-only", size=(120, 40)) as shown:
        shown.shows("[@click=app.exit()]CLICK[/]")
        for key, words in (("\r", "detail"), ("\t\t\r", "record"), ("2", "alerts"), ("3", "log"), ("?", "help")):
            shown.press(key)
            shown.until(lambda words=words: f"  {words} " in shown.text.splitlines()[0], f"the screen {words}")
            shown.silence(0.2)
        shown.press("1")
        shown.shows("[@click=app.exit()]CLICK[/]")
        shown.press("q")
        assert shown.ends() == 0
        painted = shown.raw
    assert b"\x1b]" not in painted, "no operating system command: title, link, clipboard"
    assert b"ZXZpbA" not in painted
    rest = _OURS.sub(b"", painted)
    assert b"\x1b" not in rest, rest[max(0, rest.find(b"\x1b") - 40) :][:80]
    assert not _UNSAFE.search(rest.decode())
