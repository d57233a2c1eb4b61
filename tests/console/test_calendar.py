"""What ends when, on a page of its own: the nearest first, with days left and the check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from standby.console.keys import BY_ID, Situation
from standby.console.present.calendar import calendar, entries
from standby.console.snapshot import Snapshot
from standby.domain.units import DAY, MINUTE

from . import shop
from .harness import UTF8, console, press, screen
from .test_goldens import LINUX, golden

FIGURES: Mapping[str, Mapping[str, float]] = {
    "payments-api": {"certificate_days": 3.2, "sunset_days": 41.4, "status": 200.0},
    "shipping-api": {"maintenance_in_h": 5.5, "certificate_days": 61.5},
    "sms-api": {"deprecated_days": 0.0, "certificate_days": 212.5},
    "crm-api": {"sunset_days": -12.5, "certificate_days": 21.5},
}


def dated(figures: Mapping[str, Mapping[str, float]] = FIGURES) -> Snapshot:
    night = shop.bad_night()
    states = [
        replace(row, at=shop.NOW, doc={"metrics": dict(figures.get(row.check_id, {}))}) for row in night.check_states
    ]
    return shop.snapshot(replace(night, check_states=states))


def test_the_nearest_is_first_and_what_is_past_before_it() -> None:
    rows = calendar(shop.moment(dated()), 80)
    assert [row.text[14:24].strip() for row in rows[1:]] == [
        "12 d ago", "now", "5 h", "3 d", "21 d", "41 d", "61 d", "212 d",
    ]  # fmt: skip
    assert all(len(row.text) == 80 for row in rows)
    styles = {row.cells[2].text.strip(): row.cells[2].style for row in rows[1:]}
    assert (styles["3 d"], styles["21 d"], styles["61 d"], styles["5 h"]) == (
        "down", "degraded", "figure", "maintenance",
    )  # fmt: skip


def test_a_line_for_each_date_even_of_one_check() -> None:
    ids = [row.id for row in calendar(shop.moment(dated()), 80)[1:]]
    assert len(set(ids)) == len(ids) == 8


@pytest.mark.parametrize(
    ("metrics", "found"),
    [
        (None, 0),
        ({"certificate_days": "soon", "sunset_days": None, "token_days": True}, 0),
        ({"certificate_days": float("nan"), "sunset_days": float("inf"), "token_days": 1e9}, 0),
        ({"maintenance_in_h": -1.0}, 0),
        ({"token_days": 2.5}, 1),
    ],
)
def test_figures_that_are_no_dates(metrics: object, found: int) -> None:
    row = replace(shop.check("payments"), at=shop.NOW, doc={"metrics": metrics})
    assert len(entries([row], shop.NOW)) == found


def test_a_date_does_not_move_while_its_check_tells_none() -> None:
    doc = {"metrics": {"certificate_days": 3.0}, "metrics_at": shop.NOW - DAY}
    [entry] = entries([replace(shop.check("payments"), at=shop.NOW, doc=doc)], shop.NOW)
    assert entry.due.at == shop.NOW + 2 * DAY


def test_without_dates_it_says_where_they_come_from() -> None:
    assert "no check tells of a date yet" in calendar(shop.moment(dated({})), 80)[1].text
    filtered = replace(shop.moment(dated()), filter="nothing-like-it")
    assert "esc clears the filter" in calendar(filtered, 80)[1].text


def test_the_keys_mean_the_check_behind_a_line() -> None:
    situation = Situation(dated(), "calendar", "date:payments-api@sunset_days")
    assert (situation.meant(), situation.check() is not None) == ("payments", True)
    assert BY_ID["note"].refusal(situation) is None


async def test_enter_opens_the_check_and_escape_comes_back() -> None:
    app = console(dated())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "calendar", "down", "down", "down", "open")
        assert app.frame.NAME == "record"
        assert "payments-api" in screen(app)
        await press(pilot, "back")
        assert app.frame.NAME == "calendar"
        await press(pilot, "filter")
        for letter in "sunset":
            await pilot.press(letter)
        await pilot.pause()
        assert "certificate ends" not in screen(app)
        assert "API version ends (Sunset)" in screen(app)


def test_a_date_keeps_its_place_by_the_minute() -> None:
    before = [row.text for row in calendar(shop.moment(dated()), 80)]
    later = replace(shop.moment(dated()), now=shop.NOW + MINUTE)
    assert [row.text for row in calendar(later, 80)] == before, "nothing is painted again while a minute passes"


CASES = [
    ("calendar-80x24", (80, 24), UTF8),
    ("calendar-120x40", (120, 40), UTF8),
    ("calendar-linux-80x24", (80, 24), LINUX),
    ("calendar-nocolor-80x24", (80, 24), UTF8 | {"NO_COLOR": "1"}),
]


@pytest.mark.parametrize(("name", "size", "environ"), CASES, ids=[case[0] for case in CASES])
async def test_golden(name: str, size: tuple[int, int], environ: Mapping[str, str]) -> None:
    app = console(dated(), environ=environ)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "calendar")
        shown = screen(app)
    golden(name, shown, environ)
