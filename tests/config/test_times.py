"""`[[time_interval]]`, and the routes that name them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from standby.config.diff import diff
from standby.config.show import as_toml, shown
from standby.domain.units import parse_instant

from .kinds import GOOD, complaints, line_of, loaded

NIGHT = """
[[time_interval]]
id = "night"
zone = "Europe/Berlin"
times = ["22:00-24:00", "00:00-06:00"]
reason = "people sleep"
"""
ROUTE = """
[[alerting.route]]
match = ["severity=warning"]
quiet = ["night"]

[[alerting.route.route]]
active = ["night"]
"""
DOCS = Path(__file__).parents[2] / "docs" / "alerting.md"


def test_the_example_of_the_docs_is_taken(tmp_path: Path) -> None:
    [example] = [one for one in re.findall(r"```toml\n(.*?)```", DOCS.read_text(), re.S) if "time_interval" in one]
    config = loaded(tmp_path, GOOD + example)
    assert set(config.interval_by_id) == {"night", "office"}


def test_a_route_has_them_and_those_in_it_inherit(tmp_path: Path) -> None:
    config = loaded(tmp_path, GOOD + NIGHT + ROUTE)
    [route] = config.alerting.tree().routes
    assert (route.options.quiet, route.options.active) == (("night",), ())
    [within] = route.routes
    assert (within.options.quiet, within.options.active) == (("night",), ("night",))
    assert config.interval_by_id["night"].interval.contains(parse_instant("2026-11-26T23:00:00+01:00"))


def test_a_change_is_told_and_shown_as_written(tmp_path: Path) -> None:
    old, new = loaded(tmp_path), loaded(tmp_path, GOOD + NIGHT)
    assert old.digest != new.digest
    assert diff(old, new).lines == ("time_interval night added",)
    assert loaded(tmp_path, as_toml({"standby": shown(new)["standby"], **shown(new)})).intervals == new.intervals


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('zone = "Europe/Berlin"\n', "", "time_interval[night].zone: is missing"),
        ("Europe/Berlin", "Europe/Bonn", 'time_interval[night].zone: there is no zone "Europe/Bonn"'),
        ('times = ["22:00-24:00", "00:00-06:00"]', "", "time_interval[night]: does not say when; write times"),
        ("22:00-24:00", "22:00-06:00", 'time_interval[night].times[0]: "22:00-06:00" ends before it begins'),
        ("times =", "time =", "time_interval[night].time: "),
        ('quiet = ["night"]', 'quiet = ["nigth"]', 'alerting.route[0].quiet[0]: there is no time interval "nigth"'),
        ('active = ["night"]', 'active = ["day"]', 'route[0].route[0].active[0]: there is no time interval "day"'),
        ('quiet = ["night"]', 'quiet = "night"', "alerting.route[0].quiet: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = GOOD + (NIGHT + ROUTE).replace(old, new)
    found = complaints(tmp_path, text)
    assert said in found[0]
    assert int(found[0].split(":")[1]) >= line_of(text, "[[time_interval]]")


def test_two_of_one_id_are_refused(tmp_path: Path) -> None:
    [line] = complaints(tmp_path, GOOD + NIGHT + NIGHT)
    assert "time_interval[night].id: is taken already" in line
