"""Our sketch beside ddsketch, whose idea it is: the same values at every rank, added or merged."""

from __future__ import annotations

import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.sketch import ACCURACY, LONGEST_MS, SHORTEST_MS, Sketch

GROUPS = st.lists(st.lists(st.floats(SHORTEST_MS, LONGEST_MS), min_size=1, max_size=30), min_size=1, max_size=4)


@given(GROUPS)
def test_both_tell_the_same_at_every_rank(groups: list[list[float]]) -> None:
    ours, theirs = Sketch(), DDSketch(ACCURACY)
    for group in groups:
        our_part, their_part = Sketch(), DDSketch(ACCURACY)
        for latency in group:
            our_part.add(latency)
            their_part.add(latency)
        ours.merge_bytes(our_part.to_bytes())
        theirs.merge(their_part)
    count = ours.count
    assert theirs.count == count
    for place in range(count):
        told = ours.quantile((place + 0.5) / count)  # ranks: ours from ceil(q * count), theirs from q * (count - 1)
        peer = theirs.get_quantile_value(min(1.0, (place + 0.5) / max(1, count - 1)))
        assert told == pytest.approx(peer, rel=(1 + ACCURACY) / (1 - ACCURACY) - 1 + 1e-9)
