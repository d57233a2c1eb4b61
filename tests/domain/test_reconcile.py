from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.reconcile import EXACT, MOST_EXAMPLES, Row, Terms, Tolerance, Value, compare, same

TERMS = Terms(("id",), {"total": EXACT})
AT = datetime(2026, 11, 25, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "right", "tolerance", "agree"),
    [
        (1, "1", EXACT, True),
        (1, 1.0, EXACT, True),
        ("10.00", Decimal(10), EXACT, True),
        ("007", "7", EXACT, False),
        ("007", 7, EXACT, False),
        (0.1, "0.1", EXACT, True),
        ("1e3", "1000", EXACT, False),
        (" paid ", "paid", EXACT, True),
        ("Paid", "paid", EXACT, False),
        (None, None, EXACT, True),
        (None, "", EXACT, False),
        (None, 0, EXACT, False),
        (10, 10.01, Tolerance(absolute=Decimal("0.01")), True),
        (10, 10.02, Tolerance(absolute=Decimal("0.01")), False),
        (1000, 1001, Tolerance(share=Decimal("0.001")), True),
        (1000, 1002, Tolerance(share=Decimal("0.001")), False),
        (float("nan"), float("nan"), EXACT, True),
        (float("nan"), 1, EXACT, False),
        (AT, "2026-11-25T06:00:00+01:00", EXACT, True),
        (AT, AT.astimezone(timezone(timedelta(hours=5))), EXACT, True),
        (AT, AT + timedelta(seconds=3), Tolerance(seconds=3.0), True),
        (AT, AT + timedelta(seconds=4), Tolerance(seconds=3.0), False),
        (AT, "yesterday", EXACT, False),
    ],
)
def test_what_is_the_same(left: Value, right: Value, tolerance: Tolerance, agree: bool) -> None:
    assert same(left, right, tolerance) is agree
    assert same(right, left, tolerance) is agree


def test_each_sort_of_difference_is_counted_and_named() -> None:
    left: list[Row] = [{"id": 1, "total": 10}, {"id": 2, "total": 5}, {"id": 3, "total": 7}, {"id": 3, "total": 7}]
    right: list[Row] = [{"id": "1", "total": "10.00"}, {"id": "3", "total": "8"}, {"id": "9", "total": "1"}]
    found = compare(left, right, TERMS)
    assert (found.left, found.right, found.larger) == (4, 3, 4)
    assert (found.missing, found.extra, found.duplicate, found.different) == (1, 1, 1, 1)
    assert found.examples == {"missing": ["2"], "extra": ["9"], "duplicate": ["3"], "different": ["3 (total 7 / 8)"]}


def test_keys_of_several_columns_and_personal_ones() -> None:
    terms = Terms(("shop", "email"), {"phone": EXACT})
    left: list[Row] = [{"shop": "eu", "email": "anna@a.test", "phone": "+46701234567"}]
    right: list[Row] = [{"shop": "eu", "email": "anna@a.test", "phone": "+46709999999"}]
    assert compare(left, right, terms).examples == {"different": ["eu a•••@••• (phone •••67 / •••99)"]}
    right = [{"shop": "us", "email": "anna@a.test", "phone": "+46701234567"}]
    found = compare(left, right, terms)
    assert (found.missing, found.extra) == (1, 1)


def test_only_the_first_examples_are_kept() -> None:
    found = compare([{"id": n} for n in range(100)], [], TERMS)
    assert found.missing == 100
    assert found.examples["missing"] == [str(n) for n in range(MOST_EXAMPLES)]


rows = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(0, 12), "total": st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["a", "1", "2.0"]))}
    ),
    max_size=25,
)


@given(rows, rows)
def test_like_the_plainest_way_to_count(left: list[Row], right: list[Row]) -> None:
    found, back = compare(left, right, TERMS), compare(right, left, TERMS)
    ours = {row["id"]: row for row in reversed(left)}
    theirs = {row["id"]: row for row in reversed(right)}
    assert found.missing == len(ours.keys() - theirs.keys())
    assert found.extra == len(theirs.keys() - ours.keys())
    assert found.duplicate == len(left) - len(ours) + len(right) - len(theirs)
    both = ours.keys() & theirs.keys()
    assert found.different == sum(not same(ours[key]["total"], theirs[key]["total"], EXACT) for key in both)
    assert (back.missing, back.extra, back.different) == (found.extra, found.missing, found.different)


@given(rows)
def test_nothing_is_wrong_with_a_list_held_against_itself_but_its_duplicates(left: list[Row]) -> None:
    found = compare(left, list(reversed(left)), Terms(("id", "total"), {}))
    assert (found.missing, found.extra, found.different) == (0, 0, 0)
