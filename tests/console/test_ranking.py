"""The order of alerts is carried on from snapshot to snapshot, and is the one that sorting all of them gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.console.present import alerts as feed
from standby.console.present.ranking import matching, muted, place_of, rank, ranked, tally, up_to
from standby.console.widgets.grid import Grid
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import AlertState, Severity
from standby.domain.units import SECOND
from standby.store.rows import AlertRow

from . import shop
from .harness import console, press

MUTE = Mute(MuteKind.SILENCE, "4", None, "x")
ROWS = st.builds(
    shop.alert,
    st.integers(1, 12),
    state=st.sampled_from(AlertState),
    severity=st.sampled_from(Severity),
    since=st.integers(0, 5),
    resolved_at=st.integers(0, 5),
    mutes=st.sampled_from([(), (MUTE,)]),
    summary=st.sampled_from(["one", "two"]),
)
STEPS = st.lists(st.tuples(st.lists(ROWS, max_size=6), st.sets(st.integers(1, 12), max_size=4)), max_size=8)


@given(STEPS)
def test_what_changes_step_by_step_is_ordered_counted_and_found_as_all_at_once(
    steps: list[tuple[list[AlertRow], set[int]]],
) -> None:
    known: Mapping[int, AlertRow] = {}
    estate = shop.snapshot().estate
    for changed, gone in steps:
        rows = {**known, **{row.id: row for row in changed}}
        known = {number: row for number, row in rows.items() if number not in gone}
        found = ranked(known)
        assert list(found) == sorted(known.values(), key=rank)
        firing = [row for row in known.values() if row.state is AlertState.FIRING]
        acked = sum(row.state is AlertState.ACKNOWLEDGED for row in known.values())
        assert tally(known) == (sum(not row.mutes for row in firing), sum(map(muted, firing)), acked)
        assert list(matching(known, estate, ["two"])) == [row for row in found if row.summary == "two"]
        assert [place_of(found, row) for row in found] == list(range(len(found)))
        assert all(row.state is AlertState.RESOLVED for row in found[up_to(found, AlertState.RESOLVED) :])


def test_a_filter_finds_names_of_the_estate_that_is_in_force() -> None:
    known = {1: shop.alert(1)}
    named = shop.snapshot().estate
    other = replace(named, integrations={"payments": replace(named.integrations["payments"], name="Cards")})
    assert len(matching(known, named, ["cards"])) == 0
    assert len(matching(known, other, ["cards"])) == 1


def test_an_alert_of_before_has_no_place() -> None:
    one = shop.alert(1)
    assert place_of(ranked({1: replace(one, summary="another")}), one) == -1
    assert place_of((), None) == -1


async def test_of_thousands_of_alerts_only_the_lines_in_sight_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    cells = feed._cells

    def counted(moment: object, alert: AlertRow, sent: object) -> object:
        made.append(alert.id)
        return cells(moment, alert, sent)  # type: ignore[arg-type]

    monkeypatch.setattr(feed, "_cells", counted)
    known = {number: shop.alert(number, since=shop.NOW - number * SECOND) for number in range(1, 5_001)}
    app = console(shop.snapshot(alerts=known))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "alerts")
        made.clear()
        app.frame.paint()
        assert 0 < len(made) <= 24
        grid = app.frame.current
        assert isinstance(grid, Grid)
        assert grid.selected == "alert:5000"
        await press(pilot, "down", "down")
        assert grid.selected == "alert:4998"
        await press(pilot, "bottom")
        assert grid.selected == "alert:1"
        assert len(made) < 200
