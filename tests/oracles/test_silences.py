"""`domain.silence` against Alertmanager: what matches, when, what may be changed in place; and how two words about one
alert are one (`domain.outside`)."""

from __future__ import annotations

from typing import Any

import pytest

from standby.domain.matchers import Matcher, parse_matcher
from standby.domain.outside import Word, merged
from standby.domain.silence import Silence, SilenceState, may_become
from standby.domain.units import SECOND

from .loader import Case, cases

FILE = "b_silences_alertmanager"
LONG_AGO = -(10**9)


def matchers(texts: list[str]) -> list[Matcher]:
    found = []
    for text in texts:
        name, sign, value = text.split(" ", 2)
        found.append(parse_matcher(f'{name}{sign}"{value}"'))
    return found


def silence(begin: float | None, end: float | None) -> Silence:
    """Of seconds around now; what is not said is long over."""
    starts, ends = (LONG_AGO if at is None else at for at in (begin, end))
    return Silence(1, [[Matcher("foo", "bar")]], round(starts * SECOND), round(ends * SECOND))


@pytest.mark.parametrize("case", cases(FILE))
def test_as_alertmanager(case: Case) -> None:
    kind = case["kind"]
    if kind == "silence_matches":
        sets = [matchers(one) for one in case["matcher_sets_ORed"]]
        assert Silence(1, sets, 0, 1).matches(case["labels"]) is case["expected"]
    elif kind == "state_in":
        state = silence(case["starts_at"], case["ends_at"]).state(case["now"] * SECOND)
        assert (state in {SilenceState(one) for one in case["states"]}) is case["expected"]
    elif kind == "can_update_in_place":
        old, new = (silence(one["starts_at"], one["ends_at"]) for one in (case["old"], case["new"]))
        assert may_become(old, new, case["now"] * SECOND) is case["expected"]
    elif kind == "notifies_with_silence":
        muted = Silence(1, [matchers(case["silence_matchers"])], 0, 9).mutes(case["labels"], 5)
        assert (not muted) is case["expected"]
    else:
        found = [silence(*one) for one in case["silences"]]
        muted = any(one.mutes(case["labels"], case["at"] * SECOND) for one in found)
        assert muted is case["expected"]


def word(doc: dict[str, Any]) -> Word:
    times = (doc[key] * SECOND for key in ("starts_at", "ends_at", "updated_at"))
    return Word(*times, doc["ends_at_is_timeout"])


@pytest.mark.parametrize("case", cases(FILE, "alert_merge_cases"))
def test_two_words_about_one_alert(case: Case) -> None:
    older, newer, now = word(case["older"]), word(case["newer"]), case["now"] * SECOND
    assert merged(older, newer, now) == word(case["expected"])
    assert merged(newer, older, now) == word(case["expected"])
