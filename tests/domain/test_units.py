"""Durations and instants, there and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.units import (
    DAY,
    HOUR,
    MILLISECOND,
    MINUTE,
    SECOND,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
)


@given(st.integers(0, 36_600 * 86_400_000))
def test_durations_round_trip(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds * MILLISECOND)) == milliseconds * MILLISECOND


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("500ms", 500 * MILLISECOND),
        ("10s", 10 * SECOND),
        ("5m", 5 * MINUTE),
        ("2h", 2 * HOUR),
        ("30d", 30 * DAY),
        ("1m30s", 90 * SECOND),
        ("90s", 90 * SECOND),
        ("0s", 0),
    ],
)
def test_durations_are_read(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        "-5s",
        "5 s",
        "5S",
        "1.5s",
        "5us",
        "٣s",
        "5s\n",
        "9" * 39 + "s",
        "9" * 5_000 + "s",
        "1s" * 21,
        "s" * 100_000,
        "1000000d",
        5,
        None,
        b"5s",
    ],
)
def test_what_is_no_duration_says_so(text: object) -> None:
    with pytest.raises(ValueError, match=r"duration|hundred years") as caught:
        parse_duration(text)
    assert len(str(caught.value)) < 160
    assert str(caught.value).isprintable()


@given(st.text(max_size=50))
def test_a_duration_is_read_or_refused(text: str) -> None:
    try:
        read = parse_duration(text)
    except ValueError:
        return
    assert read == parse_duration(format_duration(read))


@pytest.mark.parametrize(("ns", "text"), [(90 * SECOND, "1m30s"), (-5, "0s"), (999, "0s"), (DAY + 1, "1d")])
def test_durations_are_written(ns: int, text: str) -> None:
    assert format_duration(ns) == text


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_instants_round_trip(milliseconds: int) -> None:
    text = format_instant(milliseconds * MILLISECOND)
    assert len(text) == len("2026-11-23T03:10:00.250Z")
    assert parse_instant(text) == milliseconds * MILLISECOND


@given(st.datetimes(timezones=st.timezones()))
def test_instants_of_any_offset_are_read(at: datetime) -> None:
    expected = (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) if 1 < at.year < 9999 else None
    if expected is None:
        return
    whole = (expected.days * 86_400 + expected.seconds) * SECOND + expected.microseconds * 1_000
    assert parse_instant(at.isoformat()) == whole


@pytest.mark.parametrize(
    "text", ["", "now", "2026-11-23", "2026-11-23T03:10:00", "2026-13-23T03:10:00Z", "x" * 100_000]
)
def test_what_is_no_instant_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="is not an instant") as caught:
        parse_instant(text)
    assert len(str(caught.value)) < 160


@pytest.mark.parametrize("ns", [2**63 - 1 + 10**21, -(10**20), 10**30])
def test_an_instant_out_of_all_calendars_is_a_question_mark(ns: int) -> None:
    assert format_instant(ns) == "?"
