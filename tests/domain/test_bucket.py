from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.bucket import Rate, full, parse_rate, take
from standby.domain.units import DAY, MINUTE, SECOND


@pytest.mark.parametrize(
    ("text", "count", "per"),
    [("100/m", 100, MINUTE), ("5/s", 5, SECOND), ("40000/d", 40_000, DAY), ("100/10s", 100, 10 * SECOND)],
)
def test_rates_as_written(text: str, count: int, per: int) -> None:
    assert parse_rate(text) == Rate(count, per)


@pytest.mark.parametrize("text", ["", "100", "0/m", "100/", "100/0s", "-1/s", "1.5/s", "1/w", "1 / m", "9" * 9 + "/s"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="is not a rate; write one like"):
        parse_rate(text)


@given(
    st.builds(Rate, st.integers(1, 60), st.sampled_from([SECOND, 10 * SECOND, MINUTE])),
    st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=150),
)
def test_never_more_than_the_rate_in_any_span(rate: Rate, pauses: list[int]) -> None:
    now, bucket, used = 0, full(rate, 0), []
    for pause in pauses:
        now += pause
        bucket, wait = take(bucket, rate, now, 10**18)
        used.append(now + wait)
    assert used == sorted(used)
    for first in used:  # 2 ns: instants are whole
        assert sum(first <= at < first + rate.per - 2 for at in used) <= rate.count


@given(st.builds(Rate, st.integers(1, 1000), st.just(MINUTE)))
def test_whoever_asks_at_its_pace_never_waits_long(rate: Rate) -> None:
    bucket = full(rate, 0)
    for number in range(200):
        bucket, wait = take(bucket, rate, round(number * rate.spacing), 10**18)
        assert wait <= 200


def test_who_is_not_patient_takes_nothing() -> None:
    rate = Rate(1, MINUTE)
    bucket, wait = take(full(rate, 0), rate, 0, 0)
    assert wait == 0
    for _ in range(3):
        bucket, wait = take(bucket, rate, 30 * SECOND, SECOND)
        assert wait == 30 * SECOND
    assert take(bucket, rate, MINUTE, SECOND)[1] == 0
    assert take(bucket, rate, 0, SECOND)[1] > 0  # a clock that went back gives nothing away
