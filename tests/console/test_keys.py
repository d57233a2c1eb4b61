"""The action table, and what is made of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from standby.console.app import ConsoleApp
from standby.console.deeds import Deeds
from standby.console.edit import EditLine
from standby.console.keys import ACTIONS, BY_ID, GROUPS, Situation, cheatsheet, conflicts, shown_keys
from standby.console.present.footer import Hint, keys
from standby.console.present.pages import Entry, help_rows
from standby.console.prompt import Prompt
from standby.console.snapshot import Link
from standby.domain.outcome import AlertState
from standby.link.protocol import Welcome

from . import shop
from .harness import console, screen

CHEATSHEET = Path(__file__).parents[2] / "docs" / "keys.md"


def test_no_key_means_two_things() -> None:
    assert conflicts() == []
    assert conflicts([ACTIONS[0], replace(ACTIONS[1], keys=ACTIONS[0].keys)]) == ["a: ack and ack_note"]


def test_every_action_is_carried_out_explained_and_bound() -> None:
    deeds = Deeds(console())
    assert set(deeds._deeds) == set(BY_ID)
    assert {binding.id for binding in ConsoleApp.BINDINGS} == set(BY_ID)
    for action in ACTIONS:
        assert action.help
        assert action.group in GROUPS
        assert len(action.help) <= 50, "help fits an 80-column screen"


def test_the_cheatsheet_is_fresh() -> None:
    if os.environ.get("STANDBY_UPDATE"):
        CHEATSHEET.write_text(cheatsheet(), encoding="utf-8")
    assert CHEATSHEET.read_text(encoding="utf-8") == cheatsheet(), "STANDBY_UPDATE=1 writes it again"
    for action in ACTIONS:
        assert action.help in cheatsheet()


CASES = [
    ("ack", "integration:payments", None),
    ("ack", "alert:1", None),
    ("ack", "alert:2", "#2 is acknowledged by ben already"),
    ("ack", "integration:crm", None),  # another one fires: it is asked about
    ("unack", "integration:shipping", None),
    ("unack", "integration:payments", "nothing is acked here"),
    ("note", "integration:crm", None),
    ("note", "audit:3", "select an integration or an alert first"),
    ("open", None, "nothing is selected"),
]


@pytest.mark.parametrize(("action", "selected", "reason"), CASES)
def test_a_key_says_why_it_does_nothing(action: str, selected: str | None, reason: str | None) -> None:
    assert BY_ID[action].refusal(Situation(shop.snapshot(), selected=selected)) == reason


def test_nothing_fires() -> None:
    quiet = shop.snapshot(alerts={3: shop.alert(3, state=AlertState.RESOLVED)})
    assert BY_ID["ack"].refusal(Situation(quiet, selected="integration:payments")) == "no alert is firing"


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.acts], ids=lambda action: action.id)
def test_whoever_may_only_look_cannot_act(action: object) -> None:
    action_ = BY_ID[action.id]  # type: ignore[attr-defined]
    read_only = Situation(shop.snapshot(read_only=True), selected="integration:payments")
    assert "read-only" in (action_.refusal(read_only) or "")
    denied = Link(welcome=Welcome(1, "service", 1, "eve", may_act=False, refusal="join group ops"))
    assert action_.refusal(Situation(shop.snapshot(link=denied))) == "you may look, not act: join group ops"


def test_keys_are_shown_as_people_write_them() -> None:
    assert shown_keys(BY_ID["help"]) == "? f1"
    assert shown_keys(BY_ID["palette"]) == ": ctrl+p"


@pytest.mark.parametrize(
    ("text", "at", "key", "after"),
    [
        ("abc", 3, "backspace", ("ab", 2)),
        ("abc", 0, "backspace", ("abc", 0)),
        ("abc", 1, "delete", ("ac", 1)),
        ("abc", 3, "left", ("abc", 2)),
        ("abc", 0, "end", ("abc", 3)),
        ("abc", 2, "ctrl+u", ("c", 0)),
        ("abc", 1, "ctrl+k", ("a", 1)),
        ("one two", 7, "ctrl+w", ("one ", 4)),
        ("one", 3, "ctrl+w", ("", 0)),
    ],
)
def test_editing_keys(text: str, at: int, key: str, after: tuple[str, int]) -> None:
    changed = EditLine(text, at).key(key)
    assert changed is not None
    assert (changed.text, changed.at) == after


def test_pasted_control_sequences_do_not_stay() -> None:
    pasted = EditLine("see ", 4).typed("\x1b]52;c;ZXZpbA==\x07call\n\x1b[31mthem\u202e")
    assert "\x1b" not in pasted.text
    assert "\u202e" not in pasted.text
    assert "call" in pasted.text
    assert len(EditLine().typed("x" * 10_000).text) == 500


def test_a_prompt_submits_once_and_gives_up_on_escape() -> None:
    got: list[str] = []
    prompt = Prompt("note", got.append, EditLine())
    typed = prompt.key("h", "h")
    assert typed is not None
    assert typed.key("enter", "\r") is None
    assert got == ["h"]
    assert typed.key("escape", None) is None
    assert got == ["h"]
    assert typed.key("f5", None) is typed


def test_a_question_takes_only_its_own_key_for_yes() -> None:
    got: list[str] = []
    assert Prompt("sure?", got.append, yes="y").key("enter", "\r") is None
    assert got == []
    Prompt("sure?", got.append, yes="y").key("y", "y")
    assert got == [""]


def test_no_label_runs_into_what_its_key_does() -> None:
    rows = help_rows([Entry(one.id, "k", one.label, one.help, one.group) for one in ACTIONS], 120)
    told = ["".join(cell.text for cell in row.cells) for row in rows]
    assert all(any(f"{one.label} " in text and f" {one.help}" in text for text in told) for one in ACTIONS)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_help_page_cuts_no_reason(width: int) -> None:
    why = "select one of its checks first: payments-api, payments-balance, payments-path"
    rows = help_rows([Entry(one.id, "k", one.label, one.help, one.group, why) for one in ACTIONS], width)
    told = " ".join(" ".join(cell.text.strip() for cell in row.cells if cell.text.strip()) for row in rows)
    assert all(f"{one.help} (now: {why})" in " ".join(told.split()) for one in ACTIONS)


async def test_the_palette_says_in_full_what_its_list_cuts() -> None:
    app = console(shop.snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon", *"exclude", "down")
        await pilot.pause()
        shown = screen(app)
    assert "exclude: not now: select the alert of the trouble, or an unusual series" in shown


@pytest.mark.parametrize(
    ("width", "shown"),
    [(40, " esc back  / filter  ? help  q quit"), (35, " esc back  ? help  q quit"), (20, " esc back  ? help")],
)
def test_keys_that_do_nothing_give_way_first(width: int, shown: str) -> None:
    hints = [Hint("esc", "back"), Hint("/", "filter", able=False), Hint("?", "help"), Hint("q", "quit")]
    assert keys(hints, width).text.rstrip() == shown


@pytest.mark.parametrize("screen_name", ["record", "rule", "failover"])
def test_what_is_open_already_says_so(screen_name: str) -> None:
    situation = Situation(shop.snapshot(), screen_name, "rule:payments/down")
    assert BY_ID["open"].enabled(situation) == "this is all of it; esc goes back"


@pytest.mark.parametrize(
    ("screen_name", "selected", "first"),
    [
        ("rules", "rule:payments/down", "reviewed"),
        ("quiet", "silence:1", "silence"),
        ("detail", "usual:learning", "back"),
        ("overview", "integration:payments", "ack"),
    ],
)
def test_the_keys_of_what_is_selected_come_first(screen_name: str, selected: str, first: str) -> None:
    app = console(shop.snapshot())
    assert app.hints(Situation(shop.snapshot(), screen_name, selected))[0].label == first
