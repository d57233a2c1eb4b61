"""The latency sketch: its accuracy, its size, and bytes that are not its own."""

from __future__ import annotations

import contextlib
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.sketch import ACCURACY, BITS, COUNTS, LONGEST_MS, PAIRS, SHORTEST_MS, Sketch, ascending

LATENCIES = st.floats(0, LONGEST_MS)
MANY = st.lists(LATENCIES, min_size=1, max_size=100)


def sketch_of(latencies: list[float]) -> Sketch:
    sketch = Sketch()
    for latency in latencies:
        sketch.add(latency)
    return sketch


@given(MANY, st.floats(0, 1))
def test_quantiles_are_within_the_accuracy(latencies: list[float], q: float) -> None:
    exact = sorted(latencies)[max(1, math.ceil(q * len(latencies))) - 1]
    ours = sketch_of(latencies).quantile(q)
    if exact < SHORTEST_MS:
        assert ours == 0
    else:
        assert ours == pytest.approx(exact, rel=ACCURACY * 1.0001)


@given(MANY, MANY)
def test_merging_is_adding(first: list[float], second: list[float]) -> None:
    merged = sketch_of(first)
    merged.merge(sketch_of(second))
    assert merged == sketch_of([*second, *first])
    assert merged.count == len(first) + len(second)


@given(MANY)
def test_many_at_once_are_as_one_by_one(latencies: list[float]) -> None:
    sketch = Sketch()
    sketch.add_all([])
    sketch.add_all(latencies)
    assert sketch == sketch_of(latencies)
    assert sketch.count == len(latencies)


@pytest.mark.parametrize("wrong", [-1.0, math.inf, math.nan])
def test_of_many_none_is_taken_when_one_is_no_latency(wrong: float) -> None:
    sketch = Sketch()
    for latencies in ([wrong, 1.0], [1.0, wrong]):
        with pytest.raises(ValueError, match="is none"):
            sketch.add_all(latencies)
    assert sketch == Sketch()


@given(st.lists(MANY, max_size=6))
def test_merging_bytes_is_merging(groups: list[list[float]]) -> None:
    merged, at_once = Sketch(), Sketch()
    for group in groups:
        merged.merge_bytes(sketch_of(group).to_bytes())
        at_once.merge(sketch_of(group))
    assert merged == at_once
    assert merged.count == at_once.count


VERSIONS = st.sampled_from([bytes([version]) for version in (PAIRS, BITS, COUNTS)])
LOOKS_STORED = st.builds(bytes.__add__, VERSIONS, st.binary(max_size=40))


@given(
    st.lists(st.tuples(MANY, st.sampled_from([PAIRS, BITS, COUNTS])), max_size=6), st.lists(LOOKS_STORED, max_size=3)
)
def test_merging_many_is_merging_each_that_is_whole(groups: list[tuple[list[float], int]], noise: list[bytes]) -> None:
    stored = [
        sketch._encoded(version, sorted(sketch._buckets)) for one, version in groups if (sketch := sketch_of(one))
    ]
    each, at_once = sketch_of([1.0]), sketch_of([1.0])
    for data in (whole := [*noise, *stored, b""]):
        with contextlib.suppress(ValueError):
            each.merge_bytes(data)
    at_once.merge_stored(whole)
    assert at_once == each
    assert at_once.count == each.count


@given(MANY, LOOKS_STORED)
def test_damaged_bytes_change_nothing(latencies: list[float], data: bytes) -> None:
    merged = sketch_of(latencies)
    try:
        merged.merge_bytes(data)
    except ValueError:
        assert merged == sketch_of(latencies)
        assert merged.count == len(latencies)


@given(MANY, st.lists(st.floats(0, 1), max_size=5).map(sorted))
def test_several_quantiles_are_each_quantile(latencies: list[float], quantiles: list[float]) -> None:
    sketch = sketch_of(latencies)
    assert sketch.quantiles(*quantiles) == [sketch.quantile(q) for q in quantiles]
    assert Sketch().quantiles(*quantiles) == []


@given(st.lists(st.tuples(LATENCIES, st.integers(1, 2**40)), max_size=50))
def test_bytes_round_trip(entries: list[tuple[float, int]]) -> None:
    sketch = Sketch()
    for latency, count in entries:
        sketch.add(latency, count)
    again = Sketch.from_bytes(sketch.to_bytes())
    assert again == sketch
    assert again.count == sketch.count


@given(st.binary(max_size=40) | LOOKS_STORED)
def test_hostile_bytes_are_refused_or_harmless(data: bytes) -> None:
    try:
        sketch = Sketch.from_bytes(data)
    except ValueError:
        return
    assert data == sketch._encoded(data[0], sorted(sketch._buckets))  # each version has one encoding for one sketch


@given(MANY, st.sampled_from([PAIRS, BITS, COUNTS]))
def test_every_version_is_read_and_the_shortest_written(latencies: list[float], version: int) -> None:
    sketch = sketch_of(latencies)
    stored = sketch._encoded(version, sorted(sketch._buckets))
    assert Sketch.from_bytes(stored) == sketch
    assert len(sketch.to_bytes()) <= len(stored)
    assert ascending(stored, 100) == ascending(sketch.to_bytes(), 100)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes([COUNTS + 1]),
        bytes([BITS]),
        bytes([BITS, 7]),  # a bucket without a value
        bytes([BITS, 7, 0]),
        bytes([BITS, 7, 0, 1]),  # a longer way to write 1
        bytes([BITS, 7, 2]),  # the last bucket is empty
        bytes([BITS, 0xF6, 0x04, 0x81]),  # buckets beyond the last
        bytes([BITS, 0xFF, 0xFF, 0x7F, 1]),
        bytes([COUNTS]),
        bytes([COUNTS, 7]),
        bytes([COUNTS, 7, 0, 1]),  # the first bucket is empty
        bytes([COUNTS, 7, 1, 0]),
        bytes([COUNTS, 0xF6, 0x04, 1, 1]),
        bytes([PAIRS, 0]),  # a bucket without a count
        bytes([PAIRS, 0, 0]),  # a count of nothing
        bytes([PAIRS, 0x80, 0x00, 1]),  # a longer way to write 0
        bytes([PAIRS, 0xFF, 0x7F, 1]),  # a bucket beyond the last
        bytes([PAIRS, 0, *[0xFF] * 9, 1]),  # a number that never ends
        bytes([PAIRS, *[0, *[0xFF] * 8, 0x7F] * 2]),  # more values than can be counted
        bytes([PAIRS, *[0, 1] * 700]),  # more buckets than there are
        bytes([PAIRS]) + b"\xff" * 1_000_000,
    ],
)
def test_damage_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="latency sketch"):
        Sketch.from_bytes(data)


def test_its_size_is_bounded_and_a_minute_is_small() -> None:
    sketch = Sketch()
    for exponent in range(-400, 1_000):
        sketch.add(min(1e300, 1.02**exponent))
    assert len(sketch.to_bytes()) < 1_400
    seeded = random.Random(1)
    minute = sketch_of([seeded.lognormvariate(4, 0.3) for _ in range(12)])
    assert len(minute.to_bytes()) <= 10
    hour = sketch_of([seeded.lognormvariate(4, 0.3) for _ in range(720)])
    assert len(hour.to_bytes()) <= 100


@pytest.mark.parametrize("latency", [-0.001, math.nan, math.inf])
def test_what_is_no_latency_is_refused(latency: float) -> None:
    sketch = Sketch()
    with pytest.raises(ValueError, match="no latency"):
        sketch.add(latency)
    assert sketch.count == 0


def test_an_empty_sketch_has_no_quantile() -> None:
    assert Sketch().quantile(0.5) is None
    assert Sketch.from_bytes(Sketch().to_bytes()) == Sketch()


def test_a_quantile_lies_in_0_to_1() -> None:
    with pytest.raises(ValueError, match="no quantile"):
        sketch_of([1.0]).quantile(95)


@given(st.lists(st.floats(0, 1e6), max_size=40))
def test_every_value_is_found_again_in_order(latencies: list[float]) -> None:
    sketch = Sketch()
    for latency in latencies:
        sketch.add(latency)
    found = ascending(sketch.to_bytes(), 40)
    assert found == sketch.quantiles(*((place + 0.5) / len(latencies) for place in range(len(latencies))))


def test_more_values_than_are_wanted_are_none() -> None:
    sketch = Sketch()
    sketch.add(1.0, 2**62)
    assert ascending(sketch.to_bytes(), 60_000) is None
