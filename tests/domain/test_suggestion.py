"""Which other setting would have spoken less and missed nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.suggestion import EARLY_NS, LATEST_NS, Effect, Span, Tried, choose, longer, stricter
from standby.domain.units import DAY, HOUR, MINUTE, SECOND


@pytest.mark.parametrize(
    ("name", "number", "upward", "whole", "found"),
    [
        ("latency_ms", 800.0, True, False, ["1000.0", "1200.0", "1600.0", "2400.0"]),
        ("latency_ms", 800.0, True, True, ["1000", "1200", "1600", "2400"]),
        ("metrics.queue", 3, True, True, ["4", "5", "6", "9"]),
        ("metrics.days", 30.0, False, True, ["24", "20", "15", "10"]),
        ("error_rate", 0.05, True, False, ["0.0625", "0.075", "0.1", "0.15"]),
        ("error_rate", 0.9, True, False, ["0.95"]),
        ('checks["api"].error_rate', 0.9, True, False, ["0.95"]),
        ("availability", 0.99, False, False, ["0.9875", "0.985", "0.98", "0.97"]),
        ("metrics.zero", 0.0, True, False, []),
    ],
)
def test_numbers_go_towards_silence_in_steps(
    name: str, number: float, upward: bool, whole: bool, found: list[str]
) -> None:
    assert stricter(name, number, upward=upward, whole=whole) == found


@given(
    st.sampled_from(["latency_ms", "error_rate", "availability"]),
    st.floats(0.001, 1e6),
    st.booleans(),
    st.booleans(),
)
def test_every_number_is_more_silent_than_the_one_before(name: str, number: float, upward: bool, whole: bool) -> None:
    start = float(int(number)) if whole else number
    found = [float(text) for text in stricter(name, start, upward=upward, whole=whole)]
    chain = [start, *found]
    assert chain == sorted(chain, reverse=not upward)
    assert len(set(chain)) == len(chain)


def test_spans_only_get_longer() -> None:
    assert longer(2 * MINUTE, (MINUTE, 2 * MINUTE, 5 * MINUTE)) == [5 * MINUTE]


NOISE: list[Span] = [(n * HOUR, n * HOUR + MINUTE) for n in range(40)]
TROUBLE: Span = (50 * HOUR, 52 * HOUR)
PRESENT = [*NOISE, TROUBLE]


def test_the_nearest_of_those_that_are_quiet_enough_is_chosen() -> None:
    quiet, quieter = [*NOISE[:2], TROUBLE], [TROUBLE]
    tried = [Tried("mild", 0, PRESENT[5:]), Tried("near", 1, quiet), Tried("far", 3, quieter)]
    assert choose(PRESENT, tried, [TROUBLE]) == Effect("near", 3, 41, 1, 0)


def test_nothing_that_misses_an_incident_is_chosen() -> None:
    assert choose(PRESENT, [Tried("deaf", 1, NOISE[:3])], [TROUBLE]) is None


@pytest.mark.parametrize(("later", "chosen"), [(LATEST_NS, True), (LATEST_NS + 1, False)])
def test_an_incident_may_be_told_a_little_later(later: int, chosen: bool) -> None:
    effect = choose(PRESENT, [Tried("slow", 1, [(TROUBLE[0] + later, TROUBLE[1])])], [TROUBLE])
    assert effect == (Effect("slow", 1, 41, 1, later) if chosen else None)


def test_an_incident_that_the_rule_does_not_tell_of_now_needs_not_be_told() -> None:
    effect = choose(PRESENT, [Tried("near", 1, [TROUBLE])], [TROUBLE, (90 * HOUR, 91 * HOUR)])
    assert effect is not None
    assert effect.incidents == 1


def test_alerts_that_are_joined_into_one_without_end_are_not_less() -> None:
    joined = [(NOISE[0][0], NOISE[-1][1])]
    assert choose(NOISE, [Tried("endless", 1, joined)], []) is None
    burst = [(n * 4 * MINUTE, n * 4 * MINUTE + MINUTE) for n in range(10)]
    assert choose(burst, [Tried("one", 1, [(0, 38 * MINUTE)])], []) == Effect("one", 1, 10, 0, 0)


def test_an_alert_that_fires_for_hours_already_tells_of_no_incident() -> None:
    assert choose(PRESENT, [Tried("old", 1, [(TROUBLE[0] - HOUR, TROUBLE[1])])], [TROUBLE]) is None


@pytest.mark.parametrize("fired", [PRESENT[:38], PRESENT[:39], PRESENT])
def test_a_setting_that_changes_little_is_not_worth_it(fired: list[Span]) -> None:
    assert choose(PRESENT, [Tried("same", 1, fired)], []) is None


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (
            Effect("k", 3, 41, 5, 0),
            "would have fired 3 times rather than 41, missing none of the 5 incidents",
        ),
        (
            Effect("k", 1, 41, 1, 3 * MINUTE),
            "would have fired 1 time rather than 41, not missing the incident, told 3 min later at most",
        ),
        (
            Effect("k", 0, 41, 0, 20 * SECOND),
            "would have fired 0 times rather than 41, and there was no incident to miss",
        ),
    ],
)
def test_the_effect_is_one_sentence(effect: Effect, said: str) -> None:
    assert str(effect) == said


@given(
    st.lists(st.integers(0, 30 * DAY), min_size=1, max_size=40, unique=True),
    st.lists(st.lists(st.booleans(), min_size=40, max_size=40), max_size=5),
    st.lists(st.integers(0, 39), max_size=5),
)
def test_what_is_chosen_never_misses_what_was_told(starts: list[int], kept: list[list[bool]], taken: list[int]) -> None:
    present = [(at, at + SECOND) for at in sorted(starts)]
    incidents = [present[place % len(present)] for place in taken]
    tried = [
        Tried(str(number), number, [span for span, keep in zip(present, one, strict=False) if keep])
        for number, one in enumerate(kept)
    ]
    effect = choose(present, tried, incidents)
    if effect is not None:
        fired = tried[int(effect.key)].fired
        assert effect.fired == len(fired) <= effect.before - 3
        for start, end in incidents:
            assert any(start - EARLY_NS <= at <= end for at, _ in fired)
