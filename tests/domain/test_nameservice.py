from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.nameservice import Code, Said, disagreement, judge, unheard
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome

ONE = Said("r1", Code.NOERROR, ("192.0.2.1",), 60.0)
OTHER = Said("r2", Code.NOERROR, ("192.0.2.2",), 30.0)


def said(code: Code, note: str = "") -> Said:
    return Said("r3", code, note=note)


@pytest.mark.parametrize(
    ("codes", "outcome", "failure"),
    [
        ([Code.SERVFAIL], Outcome.DOWN, Failure.SERVER),
        ([Code.SERVFAIL, Code.SILENT], Outcome.DOWN, Failure.SERVER),
        ([Code.SILENT, Code.SILENT], Outcome.UNKNOWN, Failure.TIMEOUT),
        ([Code.REFUSED, Code.SILENT], Outcome.UNKNOWN, Failure.REQUEST),
        ([Code.UNREADABLE], Outcome.UNKNOWN, Failure.UNREADABLE),
    ],
)
def test_when_nobody_tells_anything(codes: list[Code], outcome: Outcome, failure: Failure) -> None:
    verdict = unheard([said(code, "no reachable authority") for code in codes])
    assert verdict is not None
    assert (verdict.outcome, verdict.failure) == (outcome, failure)
    assert "r3 says" in verdict.message
    assert "no reachable authority" in verdict.message


@pytest.mark.parametrize(
    ("voices", "same", "says"),
    [
        ([ONE, OTHER], True, "resolvers disagree: r1 says 192.0.2.1; r2 says 192.0.2.2"),
        ([ONE, OTHER], False, None),
        ([ONE, said(Code.NXDOMAIN)], False, "resolvers disagree: r1 says 192.0.2.1; r3 says NXDOMAIN"),
        ([ONE, said(Code.SERVFAIL)], True, "resolvers disagree: r1 says 192.0.2.1; r3 says SERVFAIL"),
        ([ONE, said(Code.SILENT)], True, None),
        ([ONE, Said("r2", Code.NOERROR, ("192.0.2.1",), 1.0)], True, None),
    ],
)
def test_who_says_what(voices: list[Said], same: bool, says: str | None) -> None:
    verdict = disagreement(voices, same_answers=same)
    assert (verdict and verdict.message) == says
    assert verdict is None or verdict.outcome is Outcome.DEGRADED


@pytest.mark.parametrize(
    ("voices", "wanted", "outcome", "says"),
    [
        ([ONE], [], Outcome.UP, "192.0.2.1 (ttl 60 s)"),
        ([ONE, said(Code.SILENT)], [], Outcome.UP, "192.0.2.1 (ttl 60 s); r3 says no answer"),
        ([ONE], ["192.0.2.1"], Outcome.UP, "192.0.2.1 (ttl 60 s)"),
        ([ONE], ["192.0.2.9"], Outcome.DOWN, "r1 says 192.0.2.1, not 192.0.2.9"),
        ([ONE, OTHER], ["192.0.2.1"], Outcome.DOWN, "r2 says 192.0.2.2, not 192.0.2.1"),
        ([said(Code.NXDOMAIN)], [], Outcome.DOWN, "there is no such name (NXDOMAIN)"),
        ([said(Code.NODATA)], [], Outcome.DOWN, "the name has no A record"),
    ],
)
def test_what_they_agree_on(voices: list[Said], wanted: list[str], outcome: Outcome, says: str) -> None:
    verdict = judge(voices, "A", frozenset(wanted))
    assert (verdict.outcome, verdict.message) == (outcome, says)


voices = st.builds(
    lambda name, code, answers: Said(name, code, answers if code is Code.NOERROR else ()),
    st.sampled_from(["r1", "r2", "r3"]),
    st.sampled_from(Code),
    st.sampled_from([("a",), ("b",), ("a", "b")]),
)


@given(st.lists(voices, min_size=1, max_size=5))
def test_up_only_when_all_who_speak_say_the_same_answers(heard: list[Said]) -> None:
    verdict = unheard(heard) or disagreement(heard, same_answers=True) or judge(heard, "A", frozenset())
    speak = {(one.code, one.answers) for one in heard if one.code not in (Code.SILENT, Code.REFUSED, Code.UNREADABLE)}
    agree = len(speak) == 1 and next(iter(speak))[0] is Code.NOERROR
    assert (verdict.outcome is Outcome.UP) == agree
