"""The history screen: axes, shades, events and readings by tables; keys on the app; the CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from standby.console.export import write_somewhere
from standby.console.feed import Feed
from standby.console.keys import BY_ID, Situation
from standby.console.present import axis, chart
from standby.console.present.cells import Row
from standby.console.present.glyphs import plain as plain_cells
from standby.console.present.history import View, page
from standby.console.present.reading import by_phase, more, reading
from standby.console.snapshot import Past, Wanted
from standby.domain.availability import Tally
from standby.domain.baseline import Series as Learned
from standby.domain.history import Column, History, Hole, Latency, Mark, Outage, PhaseTimes
from standby.domain.units import DAY, HOUR, MINUTE, parse_instant
from standby.store.baselines import latency_of
from standby.store.history_csv import HEAD, rows

from . import shop
from .harness import StillFeed, console, press, row, screen, shows

T0 = parse_instant("2026-11-22T00:00:00+00:00")


def latency(p50: float, p95: float | None = None, p99: float | None = None) -> Latency:
    return Latency(100, p50 / 2, p50, 2 * p50, p50, p95 or p50, p99 or p95 or p50)


def column(number: int, **changed: object) -> Column:
    """The hour `number` after T0, all 100 looks good."""
    start = T0 + number * HOUR
    given_ = {"tally": Tally(100), "expected": 100.0, "seen": 100.0, "latency": latency(100.0)}
    return Column(start, start + HOUR, **(given_ | changed))  # type: ignore[arg-type]


def silent(number: int, **changed: object) -> Column:
    return column(number, **({"tally": Tally(), "seen": 0.0, "latency": None} | changed))


def history(*columns: Column, **changed: object) -> History:
    given_ = {"columns": columns, "whole": columns[0]}
    return History(columns[0].start, columns[-1].end, HOUR, **(given_ | changed))  # type: ignore[arg-type]


SCALES = [
    ([100.0], [310.0], 12, ["0", "100 ms", "200 ms", "300 ms", "400 ms"]),
    ([100.0], [100.0], 4, ["0", "100 ms"]),
    ([0.5], [0.9], 9, ["0", "500 µs", "1 ms"]),
    ([900.0], [2_600.0], 12, ["0", "1 s", "2 s", "3 s"]),
    ([], [], 12, ["0", "500 µs", "1 ms"]),
    ([10.0, 12.0, 11.0], [900.0], 21, ["10 ms", "20 ms", "50 ms", "100 ms", "200 ms", "500 ms", "1 s"]),
    ([10.0, 12.0, 11.0], [90_000.0], 9, ["10 ms", "1 s", "100 s"]),
]


@pytest.mark.parametrize(("usual", "highest", "lines", "ticks"), SCALES)
def test_ticks_are_round_figures(usual: list[float], highest: list[float], lines: int, ticks: list[str]) -> None:
    found = axis.scale(usual, highest, lines)
    assert [axis.tick(tick) for tick in found.ticks] == ticks
    assert found.logarithmic is (ticks[0] != "0")


@given(st.lists(st.floats(0.001, 1e8), min_size=1, max_size=20), st.floats(1, 1000), st.integers(1, 60))
def test_a_scale_holds_every_value_in_order(usual: list[float], factor: float, lines: int) -> None:
    highest = [value * factor for value in usual]
    scale = axis.scale(usual, highest, lines)
    places = [scale.place(value) for value in sorted([*usual, *highest])]
    assert places == sorted(places)
    assert 0 <= places[0] <= places[-1] <= 1
    assert scale.high >= max(highest) * (1 - 1e-6)
    assert len(scale.ticks) <= lines // 3 + 3
    assert all(cell_len(axis.tick(tick)) <= 6 for tick in scale.ticks if tick < 1e6)


TIMES = [
    ("an hour on 61 cells", HOUR, 61, UTC, ["22 Nov", "00:10", "00:20"]),
    ("a day on 73 cells", DAY, 73, UTC, ["22 Nov", "03:00", "06:00"]),
    ("a day on 144 cells", DAY, 144, UTC, ["22 Nov", "02:00", "04:00"]),
    ("a week", 7 * DAY, 56, UTC, ["Sun 22", "Mon 23", "Tue 24"]),
    ("a month", 30 * DAY, 60, UTC, ["23 Nov", "28 Nov", "03 Dec"]),
    ("half an hour off", DAY, 73, timezone(timedelta(hours=5, minutes=30)), ["06:00", "09:00", "12:00"]),
    ("a quarter off", DAY, 73, timezone(timedelta(hours=5, minutes=45)), ["06:00", "09:00", "12:00"]),
]


@pytest.mark.parametrize(("span", "cells", "zone", "labels"), [one[1:] for one in TIMES], ids=[one[0] for one in TIMES])
def test_times_are_round_in_the_readers_zone(span: int, cells: int, zone: tzinfo, labels: list[str]) -> None:
    found = axis.times(T0, T0 + span, span / cells, zone)
    assert [label for _, label in found][: len(labels)] == labels
    assert all(T0 <= at < T0 + span for at, _ in found)


def test_a_day_with_25_hours_has_its_midnights_where_they_are() -> None:
    try:
        zone = ZoneInfo("Europe/Berlin")
    except ZoneInfoNotFoundError:
        pytest.skip("this system knows no time zones (Debian: apt install tzdata)")
    start = parse_instant("2026-10-23T00:00:00+02:00")
    found = axis.times(start, start + 5 * DAY, 5 * DAY / 60, zone)
    assert [at for at, _ in found] == [
        parse_instant(f"2026-10-{day}T00:00:00{offset}")
        for day, offset in ((23, "+02:00"), (24, "+02:00"), (25, "+02:00"), (26, "+01:00"), (27, "+01:00"))
    ]


def drawn(shown: History, lines: int = 4, cursor: int = -1) -> list[str]:
    """The chart's lines without their labels."""
    return [line.text[7:] for line in chart.latencies(chart.Plot(shown, 7 + len(shown.columns), lines, cursor))[0]]


def test_shades_tell_the_percentiles_without_colour() -> None:
    shown = history(column(0, latency=latency(100, 200, 400)), column(1, latency=latency(150, 150, 150)))
    plot = chart.Plot(shown, 9, 4, 0)
    assert [line.text[7:] for line in chart.latencies(plot)[0]] == ["░ ", "░ ", "▒▂", "▆█"]
    plain = [glyph for line in chart.latencies(plot)[0] for glyph in plain_cells(line.cells[1:2])]
    assert [cell.text for cell in plain] == ["'", "'", ":", "+"]


BANDS = [
    ("in the middle", (120.0, 280.0), ["┤", "│", "┃", "┃", "┤"], 5),
    ("narrower than a line", (101.0, 101.5), ["┤", "│", "│", "┃", "┤"], 5),
    ("above all that was seen: the scale grows", (700.0, 900.0), ["┫", "┃", "│", "│", "┤"], 5),
    ("down to nothing", (-50.0, 90.0), ["┤", "│", "│", "│", "┫"], 5),
    ("nothing learned", None, ["┤", "│", "│", "│", "┤"], 5),
]


@pytest.mark.parametrize(("band", "edges", "lines"), [one[1:] for one in BANDS], ids=[one[0] for one in BANDS])
def test_the_axis_is_thick_where_values_are_usual(
    band: tuple[float, float] | None, edges: list[str], lines: int
) -> None:
    shown = history(column(0, latency=latency(100, 200, 400)))
    found = chart.latencies(chart.Plot(shown, 9, lines, 0, band))[0]
    assert [line.text[6] for line in found] == edges
    assert {cell.text[6] for line in found for cell in plain_cells(line.cells[:1])} <= {"#", "|", "+"}


USUAL = [
    ("unusual", {}, True, "▲ unusual: payments latency_ms 720 ms, usual for Mon 04:09: 130 ms ± 90"),
    ("usual", {"since": None, "text": "usual for Mon 04:09: 130 ms ± 90, from 6 weeks"}, True, "usual for Mon 04:09"),
    (
        "learning",
        {"since": None, "low": None, "high": None, "text": "still learning, 0 of 7 days"},
        False,
        "still learning, 0 of 7 days",
    ),
    ("of another hour", {"at": shop.NOW - 3 * HOUR}, False, ""),
]


@pytest.mark.parametrize(("changed", "drawn_", "told"), [one[1:] for one in USUAL], ids=[one[0] for one in USUAL])
def test_it_says_what_is_usual_now(changed: dict[str, object], drawn_: bool, told: str) -> None:
    past = shop.past(usual=shop.learned(**changed))
    assert past.wanted is not None
    found = page(shop.moment(shop.snapshot(past=past)), 80, 24, View(past.wanted))
    text = "\n".join(line.text for line in found)
    assert told in text
    assert any(line.text[6:7] in "┃┫" for line in found) is drawn_
    assert ("unusual" in text) is told.startswith("▲")
    assert len(found) == 24


OF_LATENCY = [
    ("all checks together", ["check:a", "check:b", "integration:payments"], "integration:payments"),
    ("the only check", ["check:a"], "check:a"),
    ("two checks, not yet together", ["check:a", "check:b"], None),
    ("nothing", [], None),
]


@pytest.mark.parametrize(("subjects", "chosen"), [one[1:] for one in OF_LATENCY], ids=[one[0] for one in OF_LATENCY])
def test_the_band_of_a_chart_is_of_what_it_draws(subjects: list[str], chosen: str | None) -> None:
    rows_ = [shop.learned(series=Learned(one, metric)) for one in subjects for metric in ("error_rate", "latency_ms")]
    found = latency_of(rows_)
    assert (found.series if found else None) == (Learned(chosen, "latency_ms") if chosen else None)


def test_the_least_is_seen_and_the_most_fills_the_height() -> None:
    lines = drawn(history(column(0, latency=latency(0.2, 0.2, 500)), column(1, latency=latency(1000))))
    assert lines == [" █", " █", "░█", "▁█"]


def test_silence_is_hatched_and_named_when_there_is_room() -> None:
    shown = history(*[silent(number) for number in range(12)], column(12))
    lines = drawn(shown, 5, cursor=12)
    assert lines[0] == "╱" * 12 + "█"
    assert "╱ no data ╱" in "\n".join(lines)
    assert "no data" not in "\n".join(drawn(history(silent(0), silent(1), column(2))))


def test_what_is_looked_at_seldom_is_not_silent() -> None:
    assert "╱" not in "".join(drawn(history(column(0), silent(1, expected=0.3))))


@pytest.mark.parametrize(
    ("one", "sign"),
    [
        (column(0), "·"),
        (column(0, tally=Tally(1000, 1)), "▁"),
        (column(0, tally=Tally(100, 3)), "▃"),
        (column(0, tally=Tally(100, 30)), "▆"),
        (column(0, tally=Tally(100, 100)), "█"),
        (silent(0), "╱"),
        (silent(0, tally=Tally(unknown=9)), "╱"),
        (silent(0, tally=Tally(maintenance=9)), "m"),
        (silent(0, expected=0.5), " "),
    ],
)
def test_errors_by_height(one: Column, sign: str) -> None:
    assert chart.errors(chart.Plot(history(one), 8, 4, 0)).text[7:] == sign


def test_events_are_laid_on_the_time_axis() -> None:
    def mark(hour: float, kind: str) -> Mark:
        return Mark(T0 + int(hour * HOUR), kind, "ana", "alert:1", "")

    shown = history(
        *[column(number) for number in range(8)],
        outages=[
            Outage(T0 - HOUR, T0 + HOUR // 2),
            Outage(T0 + 2 * HOUR, T0 + 5 * HOUR + 1),
            Outage(T0 + 7 * HOUR, None),
        ],
        marks=[mark(2.5, "fired"), mark(3.1, "ack"), mark(4.2, "failover-moved"), mark(4.5, "ack"), mark(6, "note")],
    )
    assert chart.events(chart.Plot(shown, 15, 4, 0)).text[7:] == "━ ▼✓⇄━ ▼"
    assert chart.event_columns(shown) == [0, 2, 3, 4, 7]


READINGS = [
    (column(0), "errors 0% of 100  coverage 100%", "nothing else happened"),
    (column(0, tally=Tally(200, 3)), "errors 1.5% of 200", "nothing else happened"),
    (silent(0), "p50 –  p95 –  p99 –  errors – of 0  coverage 0.0%", "no data"),
    (silent(0, tally=Tally(unknown=5)), "coverage 0.0%", "no data: all was unknown"),
    (silent(0, tally=Tally(maintenance=100), seen=100.0), "coverage 100%", "maintenance 100 times"),
    (silent(0, expected=0.5), "coverage –", "nothing else happened"),
]


@pytest.mark.parametrize(("one", "figures", "happened"), READINGS)
def test_the_cursor_reads_a_column(one: Column, figures: str, happened: str) -> None:
    first, second = reading(history(one), 0, 120, UTC)
    assert first.text.startswith(" 00:00–01:00  p50 ")
    assert figures in first.text
    assert second.text.strip() == happened


def test_the_cursor_tells_what_happened_there() -> None:
    shown = history(
        column(0),
        silent(1),
        outages=[Outage(T0 - 20 * MINUTE, T0 + 20 * MINUTE, 5 * MINUTE), Outage(T0 + 90 * MINUTE, None)],
        holes=[Hole(T0 + 80 * MINUTE, None, "engine away")],
        marks=[
            Mark(T0 + 5 * MINUTE, "ack", "ana", "alert:12", "calling"),
            Mark(T0 + 9 * MINUTE, "told", "engine", "alert:12", "level 1"),
        ],
    )
    told = "▼ was down 40m from 21 Nov 23:40, 5m of it unseen  ✓ 00:05 ana ack #12: calling"
    assert reading(shown, 0, 160, UTC)[1].text.strip() == told
    assert reading(shown, 1, 160, UTC)[1].text.strip() == "▼ down for 30m from 01:30  no data: engine away since 01:20"
    narrow, rest = reading(shown, 0, 60, UTC)[1].text.strip(), more(shown, 0, 60, UTC)
    assert f"{narrow}  {rest}" == told  # nothing is lost, nothing is told twice
    assert rest == "✓ 00:05 ana ack #12: calling"
    assert more(shown, 0, 160, UTC) == ""


@given(
    width=st.integers(20, 220),
    height=st.integers(1, 70),
    cursor=st.none() | st.integers(-DAY, 2 * DAY),
    columns=st.lists(
        st.builds(
            column,
            st.just(0),
            tally=st.builds(Tally, st.integers(0, 100), st.integers(0, 100), maintenance=st.integers(0, 3)),
            expected=st.floats(0, 500),
            latency=st.none() | st.builds(latency, st.floats(0, 1e8)),
        ),
        min_size=1,
        max_size=200,
    ),
)
def test_every_line_is_as_wide_as_the_screen(
    width: int, height: int, cursor: int | None, columns: Sequence[Column]
) -> None:
    placed = [replace(one, start=T0 + n * HOUR, end=T0 + (n + 1) * HOUR) for n, one in enumerate(columns)]
    past = Past(Wanted("payments", "24h", HOUR), history(*placed), T0)
    view = View(Wanted("payments", "24h", HOUR), None if cursor is None else T0 + cursor)
    rows_ = page(shop.moment(shop.snapshot(past=past)), width, height, view)
    assert {cell_len(line.text) for line in rows_} == {width}


def cells(rows_: Sequence[Row]) -> list[tuple[object, ...]]:
    return [line.cells for line in rows_]


def test_a_cursor_that_moves_repaints_two_columns() -> None:
    past = shop.past(columns=113)
    moment = shop.moment(shop.snapshot(past=past))
    assert past.wanted is not None
    before, after = (page(moment, 120, 37, View(past.wanted, shop.NOW - back * HOUR)) for back in (3, 4))
    changed = [
        sum(one != other for one, other in zip(old, new, strict=True))
        for old, new in zip(cells(before)[:-2], cells(after)[:-2], strict=True)
    ]
    assert max(changed) == 2, "only the reading below is another"


# -- the app -----------------------------------------------------------------------------------------------------------


async def test_keys_move_the_cursor_and_change_the_window() -> None:
    feed = StillFeed()
    app = console(feed=feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "history")
        assert "03:00–03:20" in screen(app)
        await press(pilot, "left")
        assert "02:40–03:00" in screen(app)
        await press(pilot, "far_left")
        assert "23:20–23:40" in screen(app)
        await press(pilot, "event_before")
        assert "21:20–21:40" in screen(app)
        assert "failover-moved" in screen(app)
        await press(pilot, "event_after")
        assert "03:00–03:20" in screen(app), "where the outage that lasts began"
        await press(pilot, "top")
        assert "└▲" in screen(app)
        await press(pilot, "right", "longer", "longer")
        assert "[30d]" in screen(app)
        assert [wanted.window for wanted in feed.asked] == ["24h", "7d", "30d"]
        await press(pilot, "longer", "shorter", "bottom")
        assert "[7d]" in screen(app)
        await press(pilot, "shorter", "shorter", "shorter")
        assert "[1h]" in screen(app)
        await press(pilot, "back")
        assert "history" not in row(app, "shop-eu")


async def test_another_size_is_read_again() -> None:
    feed = StillFeed()
    app = console(feed=feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "history")
        await pilot.resize_terminal(200, 40)
        await pilot.pause()
        app.poll()
        await pilot.pause()
        assert [wanted.step for wanted in feed.asked] == [20 * MINUTE, 10 * MINUTE]


async def test_it_is_read_again_each_minute() -> None:
    feed = StillFeed()
    app = console(feed=feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "history")
        app.poll()
        await pilot.pause()
        assert len(feed.asked) == 1
        app.setup.clock.step(MINUTE)  # type: ignore[attr-defined]
        app.poll()
        await pilot.pause()
        assert len(feed.asked) == 2


async def test_what_cannot_be_read_says_why() -> None:
    app = console(feed=StillFeed(failed="store s.db is gone; start an engine"))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "history")
        assert "failed: store s.db is gone" in screen(app)


def test_while_another_window_is_read_the_old_one_stays() -> None:
    past = shop.past()
    shown = page(shop.moment(shop.snapshot(past=past)), 80, 21, View(Wanted("payments", "7d", 3 * HOUR)))
    assert "loading" in shown[0].text
    assert "[7d]" in shown[0].text
    assert len(shown) == 21
    other = page(shop.moment(shop.snapshot(past=past)), 80, 21, View(Wanted("crm", "24h", 20 * MINUTE)))
    assert "no data yet: reading the store" in other[1].text


@pytest.mark.parametrize("name", ["left", "right", "far_left", "event_after", "longer", "shorter", "export"])
def test_elsewhere_the_keys_say_where_they_work(name: str) -> None:
    assert BY_ID[name].refusal(Situation(shop.snapshot())) == "only in a history: open one with H"


def test_a_history_is_of_an_integration() -> None:
    assert BY_ID["history"].refusal(Situation(shop.snapshot(), selected="audit:3"))
    assert BY_ID["history"].refusal(Situation(shop.snapshot(), selected="alert:1")) is None


async def test_a_real_store_is_read_and_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.fill(tmp_path / "s" / "standby.db")
    monkeypatch.chdir(tmp_path)
    feed = Feed(tmp_path / "s" / "standby.db", shop.FakeClock())
    app = console(feed=feed)
    async with app.run_test(size=(120, 30)) as pilot:
        await press(pilot, "history")
        await shows(app, pilot, "[1h]")  # no more is known yet
        await press(pilot, "longer")
        await shows(app, pilot, "[24h]", "p50 130 ms", "read now")
        assert "errors 30% of 30" in screen(app)
        assert "▲ unusual: payments latency_ms 720 ms" in screen(app)
        await pilot.resize_terminal(240, 30)  # room for the path of the file
        for name in ("payments-24h-2026-11-23T031024Z.csv", "payments-24h-2026-11-23T031024Z-2.csv"):
            await press(pilot, "export")
            await shows(app, pilot, f"1441 rows written to {tmp_path / name}")
    feed.close()
    with (tmp_path / name).open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert tuple(found[0]) == HEAD
    assert {line["of"] for line in found} == {"integration:payments"}
    assert sum(int(line["count"]) for line in found) == 30
    assert sum(int(line["failures"]) for line in found) == 9


def test_a_file_is_never_written_over_and_a_full_folder_is_passed_by(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.write_text("a file, no folder")
    first = write_somewhere([closed, tmp_path / "open"], "x", [["a"]])
    second = write_somewhere([tmp_path / "open"], "x", [["b"]])
    assert (first.name, second.name) == ("x.csv", "x-2.csv")
    assert first.read_text(encoding="utf-8").splitlines()[1] == "a"
    with pytest.raises(OSError, match="closed"):
        write_somewhere([closed / "under"], "x", [])


def test_rows_of_a_file_leave_empty_what_is_not_known() -> None:
    full, empty = rows(history(column(0, tally=Tally(200, 3, 2, 1, 4)), silent(1)), "check:api")
    assert full == (
        "2026-11-22T00:00:00.000Z", "check:api", "200", "3", "2", "1", "4", "0.985000", "1.0000",
        "100.000", "100.000", "100.000", "50.000", "100.000", "200.000",
    )  # fmt: skip
    assert empty[2:] == ("0", "0", "0", "0", "0", "", "0.0000", "", "", "", "", "", "")


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (80, " p50/p95/p99  connect 12/14/20 ms  first_byte 340 ms/1.2 s/2.0 s"),
        (50, " p95  connect 14 ms  first_byte 1.2 s"),
        (30, " p95  connect 14 ms"),
    ],
)
def test_the_time_by_phase_is_one_line_at_any_width(width: int, told: str) -> None:
    phases = {"connect": PhaseTimes(9, 12, 14, 20), "first_byte": PhaseTimes(9, 340, 1200, 2000)}
    (found,) = by_phase(history(column(0), phases=phases), width)
    assert found.text.rstrip() == told
    assert by_phase(history(column(0)), width) == []
