"""`[[maintenance]]`: what it covers, when, in which zone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from standby.config.diff import diff
from standby.config.show import as_toml, shown
from standby.domain.units import HOUR, parse_instant

from .kinds import GOOD, complaints, line_of, loaded

RECURRING = """
[[maintenance]]
id = "patch-day"
vendors = ["acme-pay"]
zone = "Europe/Berlin"
weekdays = ["tuesday#2"]
times = ["22:00-24:00"]
reason = "patches"
"""
ONCE = """
[[maintenance]]
id = "move"
integrations = ["payments"]
zone = "UTC"
from = "2026-12-05T20:00:00+01:00"
to = "2026-12-06T04:00:00+01:00"
"""
DOCS = Path(__file__).parents[2] / "docs" / "silences.md"


def at(text: str) -> int:
    return parse_instant(text)


def test_the_example_of_the_docs_is_taken(tmp_path: Path) -> None:
    [example] = re.findall(r"```toml\n(.*?)```", DOCS.read_text(), re.S)
    patch, move = loaded(tmp_path, GOOD + example.replace('acme"]', 'acme-pay"]')).maintenance
    assert patch.occurrences(at("2026-11-25T00:00:00Z"), 1) == [
        (at("2026-12-08T21:00:00Z"), at("2026-12-08T23:00:00Z"))
    ]
    assert move.once == (at("2026-12-05T19:00:00Z"), at("2026-12-06T03:00:00Z"))


def test_what_it_covers(tmp_path: Path) -> None:
    [one] = loaded(
        tmp_path, GOOD + RECURRING + 'integrations = ["inventory"]\nmatch = ["severity!=critical"]\n'
    ).maintenance
    assert one.covers("payments", "acme-pay", {"severity": "info"})
    assert one.covers("inventory", "stockroom", {})
    assert not one.covers("payments", "acme-pay", {"severity": "critical"})
    assert not one.covers("other", "stockroom", {"severity": "info"})
    [one] = loaded(tmp_path, GOOD + RECURRING.replace("vendors = [", 'match = ["owner=ann"] #')).maintenance
    assert one.covers("other", "stockroom", {"owner": "ann"})


def test_an_hour_that_comes_twice_is_inside_both_times(tmp_path: Path) -> None:
    text = RECURRING.replace("weekdays", "#").replace("22:00-24:00", "02:00-03:00")
    [one] = loaded(tmp_path, GOOD + text).maintenance
    begin = at("2026-10-25T00:00:00Z")
    assert one.next_change(begin - 1) == begin
    assert one.next_change(begin) == begin + 2 * HOUR
    assert not one.is_on(at("2026-03-29T01:00:00Z")), "it is left out in spring"


def test_one_that_is_once_is_over_some_day(tmp_path: Path) -> None:
    [one] = loaded(tmp_path, GOOD + ONCE).maintenance
    begin, end = at("2026-12-05T19:00:00Z"), at("2026-12-06T03:00:00Z")
    assert [one.is_on(when) for when in (begin - 1, begin, end - 1, end)] == [False, True, True, False]
    assert [one.next_change(when) for when in (begin - 1, begin, end)] == [begin, end, None]
    assert one.occurrences(begin + HOUR, 5) == [(begin + HOUR, end)]
    assert one.occurrences(end, 5) == []


def test_a_change_is_told_and_shown_as_written(tmp_path: Path) -> None:
    old, new = loaded(tmp_path), loaded(tmp_path, GOOD + RECURRING + ONCE)
    assert old.digest != new.digest
    assert diff(old, new).lines == ("maintenance patch-day added", "maintenance move added")
    assert loaded(tmp_path, as_toml({"standby": shown(new)["standby"], **shown(new)})).maintenance == new.maintenance


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('zone = "Europe/Berlin"\n', "", "zone: is missing"),
        ("Europe/Berlin", "Europe/Bonn", 'zone: there is no zone "Europe/Bonn"; write one like'),
        ("Europe/Berlin", "../etc", 'zone: there is no zone "../etc"'),
        ("tuesday#2", "tuesday#9", 'weekdays[0]: "tuesday#9": 9 is not the how-manieth'),
        ("22:00-24:00", "22:00-02:00", 'times[0]: "22:00-02:00" ends before it begins; write two'),
        ("acme-pay", "acme-pya", 'vendors[0]: there is no vendor "acme-pya"; did you mean "acme-pay"?'),
        ('vendors = ["acme-pay"]', 'match = ["a b"]', "match[0]: "),
        ('vendors = ["acme-pay"]', "", "covers nothing; write vendors, integrations or match"),
        ("reason =", 'from = "2026-12-05T20:00:00Z"\nreason =', "is both once and recurring"),
        ('weekdays = ["tuesday#2"]\ntimes = ["22:00-24:00"]', "", "does not say when; write both from and to"),
        ("patches", "a\\nb", "reason: "),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = GOOD + RECURRING.replace(old, new)
    [line] = complaints(tmp_path, text)
    assert said in line
    assert "maintenance[patch-day]" in line
    assert int(line.split(":")[1]) >= line_of(text, "[[maintenance]]")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-12-06T04:00:00+01:00", "2026-12-06T04:00:00", "to: '2026-12-06T04:00:00' is not an instant"),
        ("2026-12-06T04", "2026-12-05T04", "ends before it begins; write a to that is after from"),
        ('to = "2026-12-06T04:00:00+01:00"', "", "does not say when"),
        ('"2026-12-06T04:00:00+01:00"', "2026-12-06T04:00:00+01:00", "to: a date or time is not text"),
    ],
)
def test_what_is_wrong_with_once_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    [line] = complaints(tmp_path, GOOD + ONCE.replace(old, new))
    assert said in line


def test_two_of_one_id_are_refused(tmp_path: Path) -> None:
    [line] = complaints(tmp_path, GOOD + ONCE + ONCE)
    assert "maintenance[move].id: is taken already" in line
