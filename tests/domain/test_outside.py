"""Somebody else's alert: who it is, how loud, for how long a word holds, where to look at it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.outcome import Severity
from standby.domain.outside import (
    LONGEST_LEASE_NS,
    Origin,
    began,
    fingerprint,
    from_json,
    lease,
    link,
    loudness,
    steady,
    tidied,
    to_json,
)
from standby.domain.units import DAY, MINUTE, SECOND

NOW = 1_795_608_000 * SECOND


@given(st.dictionaries(st.text(), st.text(), max_size=6))
def test_a_fingerprint_knows_no_order(labels: dict[str, str]) -> None:
    assert fingerprint(labels) == fingerprint(dict(reversed(labels.items())))


def test_long_values_that_look_alike_are_still_two_alerts() -> None:
    one, two = {"path": "x" * 400 + "1"}, {"path": "x" * 400 + "2"}
    assert tidied(one) == tidied(two)
    assert fingerprint(one) != fingerprint(two)


@pytest.mark.parametrize(
    ("ends_at", "otherwise", "held"),
    [
        (NOW + 4 * MINUTE, None, 4 * MINUTE),
        (NOW + 1000 * DAY, None, LONGEST_LEASE_NS),
        (NOW - MINUTE, None, SECOND),
        (None, 5 * MINUTE, 5 * MINUTE),
        (None, None, None),
    ],
)
def test_a_word_holds_to_its_end(ends_at: int | None, otherwise: int | None, held: int | None) -> None:
    assert lease(ends_at, NOW, otherwise) == held


@pytest.mark.parametrize(
    ("before", "given_", "kept"),
    [(None, 240, 240), (240, 239, 240), (240, 181, 240), (240, 179, 179), (240, 301, 301), (240, None, None)],
)
def test_a_lease_that_moves_a_little_is_no_news(before: int | None, given_: int | None, kept: int | None) -> None:
    assert steady(before, given_) == kept


def test_nothing_begins_in_the_future() -> None:
    assert began(NOW + 1, NOW) == NOW
    assert began(None, NOW) == NOW
    assert began(NOW - 5, NOW) == NOW - 5


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://a.test/x?y=1", True),
        ("javascript:alert(1)", False),
        ("https://a.test/\x1b[2J", False),
        ("https://a.test/a b", False),
        ("https://a.test/" + "x" * 2_000, False),
    ],
)
def test_a_link_is_an_address_or_nothing(text: str, kept: bool) -> None:
    assert link(text) == (text if kept else "")


@pytest.mark.parametrize("origin", [Origin("prom", "ab"), Origin("prom", "ab", "http://x.test", 5 * MINUTE)])
def test_an_origin_is_read_back(origin: Origin) -> None:
    assert from_json(json.loads(json.dumps(to_json(origin)))) == origin


@pytest.mark.parametrize(
    "doc", [{}, {"source": "x"}, {"source": 1, "fingerprint": "x"}, {"source": "", "fingerprint": "x"}]
)
def test_what_is_no_origin_is_none(doc: dict[str, object]) -> None:
    assert from_json(doc) is None


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        ({"severity": "PAGE"}, Severity.CRITICAL),
        ({"severity": "ticket"}, Severity.INFO),
        ({"severity": "??", "priority": "p1"}, Severity.CRITICAL),
        ({"severity": "none"}, Severity.INFO),
        ({}, Severity.WARNING),
    ],
)
def test_how_loud_an_alert_is(labels: dict[str, str], severity: Severity) -> None:
    assert loudness(labels, {"ticket": Severity.INFO}) is severity
