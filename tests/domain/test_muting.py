"""Reasons survive the store, and nothing in it makes an alert quieter than somebody meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.muting import MOST_MUTES, Mute, MuteKind, from_json, to_json

MUTES = (
    Mute(MuteKind.SILENCE, "7", 1_700_000_000_000_000_000, "alice: the bank is at work"),
    Mute(MuteKind.DEPENDENCY, "network", None, "because network is down"),
)


def test_reasons_are_read_back_as_they_were_written() -> None:
    assert from_json(json.loads(json.dumps(to_json(MUTES)))) == MUTES


@pytest.mark.parametrize(
    "doc", [None, {}, "x", 1, [None], ["silence"], [{}], [{"kind": "later"}], [{"kind": None}], [[["silence"]]]]
)
def test_what_is_no_reason_keeps_nothing_quiet(doc: object) -> None:
    assert from_json(doc) == ()


@pytest.mark.parametrize("until", [-1, True, "soon", 1.5, None])
def test_an_end_that_is_no_instant_is_open(until: object) -> None:
    [mute] = from_json([{"kind": "silence", "by": "7", "until": until}])
    assert mute.until is None


def test_there_are_not_more_than_a_person_can_read() -> None:
    assert len(from_json(to_json(MUTES * MOST_MUTES))) == MOST_MUTES


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "by", "until", "why"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(JSON)
def test_no_document_is_too_strange(doc: Any) -> None:
    for mute in from_json(doc):
        assert isinstance(mute.kind, MuteKind)
        assert mute.until is None or mute.until >= 0
