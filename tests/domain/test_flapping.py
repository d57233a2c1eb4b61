"""Flapping: what counts, what is left out, when it begins and ends."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.flapping import RESULTS, STEADY, Flapping, Turn, from_json, step, to_json
from standby.domain.outcome import Outcome

OUTCOMES = st.lists(st.sampled_from(Outcome), max_size=60)


@given(OUTCOMES)
def test_as_reckoned_from_the_list_of_results(outcomes: list[Outcome]) -> None:
    flapping, flaps = STEADY, False
    decided: list[Outcome | None] = [None]
    for outcome in outcomes:
        flapping, turn = step(flapping, outcome)
        decided += [outcome] if outcome.decided else []
        changed = [here is not before for before, here in pairwise(decided)][-RESULTS:]
        weights = [0.8 + 0.02 * place for place in range(RESULTS - len(changed), RESULTS)]
        percent = sum(weight for weight, one in zip(weights, changed, strict=True) if one) * 100 / RESULTS
        before, flaps = flaps, percent > (25 if flaps else 30) + 1e-9
        assert flapping.percent == pytest.approx(percent)
        assert flapping.flaps is flaps
        assert turn is (None if flaps is before else Turn.BEGAN if flaps else Turn.ENDED)
        assert from_json(json.loads(json.dumps(to_json(flapping)))) == flapping


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.MAINTENANCE])
def test_what_says_nothing_is_left_out(outcome: Outcome) -> None:
    flapping, _ = step(STEADY, Outcome.UP)
    assert step(flapping, outcome) == (flapping, None)


@pytest.mark.parametrize(
    "doc", [None, [], {}, {"last": "up"}, {"last": "so-so", "changes": 1}, {"last": [], "changes": 1}]
)
def test_what_is_not_ours_is_steady(doc: object) -> None:
    assert from_json(doc) == STEADY


def test_a_history_that_is_too_long_is_cut() -> None:
    assert from_json({"last": "up", "changes": 1 << 40}) == Flapping(Outcome.UP)
