from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.checks.perfdata import MAX_METRICS, parse_output, parse_perfdata
from standby.domain.text import clean


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("", {}),
        ("test=123456", {"test": 123456.0}),
        ("'hello world'=123456", {"hello world": 123456.0}),
        ("'it''s'=1", {"it's": 1.0}),
        ("testA=123456 testB=123456", {"testA": 123456.0, "testB": 123456.0}),
        ("testA=1   testB=2  ", {"testA": 1.0, "testB": 2.0}),
        ("test=123456B;1000;2000;3000;4000", {"test": 123456.0}),
        ("test=1.5KB", {"test": 1536.0}),
        ("test=2MB b=1GB c=1TB", {"test": 2 * 1024.0**2, "b": 1024.0**3, "c": 1024.0**4}),
        ("time=12ms;;;0 t2=3us t3=0.5s", {"time": 0.012, "t2": 3e-6, "t3": 0.5}),
        ("load=12%;80;90;0;100 hits=77c", {"load": 12.0, "hits": 77.0}),
        ("x=-1.5e3 y=+2 z=.5", {"x": -1500.0, "y": 2.0, "z": 0.5}),
        ("x=U;1;2 y=1", {"y": 1.0}),
        ("x=1,23456", {}),  # Icinga: invalid; it could mean two things
        ("x=1furlong y=1", {"y": 1.0}),
        ("x=1;10:20;@30:40;~:5 y=2", {"x": 1.0, "y": 2.0}),
        ("/=2643MB;5948;5958;0;5968", {"/": 2643 * 1024.0**2}),
        ("'C:\\ %'=17%", {"C:\\ %": 17.0}),
        ("a=b=3", {"a=b": 3.0}),
        ("test::a=3 b=4", {"test::a": 3.0, "test::b": 4.0}),
        ("x=1e999 y=1", {"y": 1.0}),
        ("x= y=1", {"y": 1.0}),
        ("garbage y=1", {"y": 1.0}),
    ],
)
def test_performance_data(text: str, metrics: dict[str, float]) -> None:
    assert parse_perfdata(text) == pytest.approx(metrics)


def test_first_line_and_data_of_every_later_line() -> None:
    output = parse_output(
        "DISK OK - free space: / 3326 MB | /=2643MB\n/ 15272 MB (77%);\n/boot 68 MB | /boot=68MB\n/home=69MB"
    )
    assert output.line == "DISK OK - free space: / 3326 MB"
    assert set(output.metrics) == {"/", "/boot", "/home"}


def test_the_line_is_cleaned() -> None:
    assert parse_output("\x1b[31mred\x1b]52;c;aGk=\x07 \u202eline").line == "red line"


@given(st.text(max_size=2000))
def test_nothing_a_plugin_prints_is_an_error(text: str) -> None:
    output = parse_output(text)
    assert len(output.metrics) <= MAX_METRICS
    assert all(math.isfinite(value) for value in output.metrics.values())
    assert clean(output.line) == output.line


def test_a_flood_of_metrics_is_cut() -> None:
    assert len(parse_perfdata(" ".join(f"m{n}=1" for n in range(5000)))) == MAX_METRICS


def test_binary_units_have_two_names() -> None:
    assert parse_perfdata("a=2MiB;3;4 b=2MB c=1KiB") == {"a": 2.0 * 1024**2, "b": 2.0 * 1024**2, "c": 1024.0}
