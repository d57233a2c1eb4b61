from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.attribution import Around, Side, Sight, attribute
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE

NOW = 1_700_000_000_000_000_000
UP = Sight("api", Outcome.UP, NOW)
DOWN = Sight("api", Outcome.DOWN, NOW, Failure.EXPECTATION)
LOST = Sight("api", Outcome.DOWN, NOW, Failure.TIMEOUT)
KEY = Sight("api", Outcome.UNKNOWN, NOW, Failure.CREDENTIALS)
PAGE_UP = Sight("page", Outcome.UP, NOW, stated=True)
PAGE_DOWN = Sight("page", Outcome.DEGRADED, NOW + 6 * MINUTE, Failure.STATED, stated=True)
PAGE_EARLY = Sight("page", Outcome.DOWN, NOW - 2 * MINUTE, Failure.STATED, stated=True)
PAGE_MUTE = Sight("page", Outcome.UNKNOWN, NOW, Failure.CREDENTIALS, stated=True)
PAGE_LOST = Sight("page", Outcome.UNKNOWN, NOW, Failure.SERVER, stated=True)
WORKS = Sight("page", Outcome.MAINTENANCE, NOW, Failure.STATED, stated=True)
CALM = Around(others=8, others_bad=1)


@pytest.mark.parametrize(
    ("sights", "around", "says"),
    [
        ([], CALM, None),
        ([UP, PAGE_UP], CALM, None),
        ([UP], Around(blind=True), None),
        ([UP, PAGE_MUTE], CALM, "us: page: our credentials"),
        ([UP, PAGE_LOST], CALM, "not clear: page: the monitor itself"),
        ([DOWN, PAGE_LOST], CALM, "them: we measure it: api"),
        ([DOWN], Around(blind=True), "us: our own network is gone"),
        ([DOWN], CALM, "them: we measure it: api"),
        ([DOWN, PAGE_UP], CALM, "them: we measure it: api; page says all is well"),
        ([DOWN, PAGE_DOWN], CALM, "them: page says degraded; we measure it too, and saw it 6m before"),
        ([DOWN, PAGE_EARLY], CALM, "them: page says down; we measure it too, and saw it 2m after"),
        ([UP, PAGE_DOWN], CALM, "them: page says degraded; we measure nothing of it"),
        ([UP, WORKS], CALM, "them: page says maintenance; we measure nothing of it"),
        ([KEY, PAGE_DOWN], CALM, "not clear: page says degraded; but what we measure is our credentials: api"),
        ([KEY], CALM, "us: our credentials: api"),
        ([KEY, DOWN], CALM, "them: we measure it: api, api"),
        ([LOST], CALM, "between us: api: no way there, or none back"),
        ([LOST, PAGE_UP], CALM, "between us: api: no way there, or none back; page says all is well"),
        ([LOST], Around(others=8, others_bad=4),
         "us: 4 of 8 other integrations are bad as well; look at our side first"),
        ([LOST], Around(others=2, others_bad=2), "between us: api: no way there, or none back"),
        ([LOST], Around(others=8, others_bad=1, neighbours=[("crm", "aws")]),
         "them: crm on aws fails too; we measure api"),
        ([DOWN] * 5, CALM, "them: we measure it: api, api, api and 2 more"),
    ],
)  # fmt: skip
def test_them_or_us(sights: Sequence[Sight], around: Around, says: str | None) -> None:
    found = attribute(sights, around)
    assert (None if found is None else str(found)) == says


def test_the_lead_is_told_as_time() -> None:
    found = attribute([DOWN, PAGE_DOWN], CALM)
    assert found is not None
    assert found.lead == 6 * MINUTE


SIGHTS = st.builds(
    Sight,
    check=st.sampled_from(["a", "b"]),
    outcome=st.sampled_from(Outcome),
    since=st.integers(0, NOW),
    failure=st.none() | st.sampled_from(Failure),
    stated=st.booleans(),
)


@given(st.lists(SIGHTS, max_size=6), st.booleans(), st.integers(0, 9), st.integers(0, 9))
def test_nobody_is_blamed_for_nothing(sights: list[Sight], blind: bool, others: int, bad: int) -> None:
    found = attribute(sights, Around(blind, others, min(bad, others)))
    if all(one.outcome is Outcome.UP for one in sights):
        assert found is None
    if found is not None and found.side is Side.THEM:
        assert any(one.outcome is not Outcome.UP for one in sights)
    assert found is None or all(found.reasons)
