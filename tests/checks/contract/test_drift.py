"""A contract learned from good answers: what obeys it, and how what does not is told."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.checks.contract.contract import Contract
from standby.checks.contract.learn import Learner

WORDS = ("open", "paid", "refunded")


def order(number: int) -> dict[str, Any]:
    return {
        "id": f"ord_{number:04d}",
        "status": WORDS[number % 3],
        "total": 12.5 + number,
        "lines": [{"sku": f"S{number}", "count": 1, "note": None if number % 2 else "gift"}],
        "customer": {"mail": f"anna{number}@shop.test", "vip": False},
    }


def learned(*documents: object) -> Contract:
    learner = Learner()
    for document in documents:
        learner.add(document)
    return Contract(learner.schema(), learner.count, 400)


ORDERS = learned(*map(order, range(20)))


def told(change: Any) -> list[str]:
    document = copy.deepcopy(order(7))
    change(document)
    return [f"{'!' if one.breaking else '+'} {one}" for one in ORDERS.drifts(document, 300)]


def test_what_it_was_learned_from_obeys_it() -> None:
    assert all(not ORDERS.drifts(order(number), 300) for number in range(40))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.pop("total"), ["! body.total: is gone"]),
        (lambda d: d["customer"].pop("vip"), ["! body.customer.vip: is gone"]),
        (lambda d: d.update(total="12.5"), ["! body.total: text instead of a number"]),
        (lambda d: d.update(total=None), ["! body.total: null where it never was"]),
        (lambda d: d.update(lines={}), ["! body.lines: an object instead of a list"]),
        (lambda d: d.update(status="disputed"),
         ['! body.status: new value "disputed", known are open, paid, refunded']),
        (lambda d: d.update(currency="EUR"), ["+ body.currency: is new"]),
        (lambda d: (d.update(currency="EUR"), d.pop("id")), ["! body.id: is gone", "+ body.currency: is new"]),
        (lambda d: d.update(lines=[{"sku": 1, "count": 1, "note": None}] * 12),
         ["! body.lines[].sku: a whole number instead of text (12 times)"]),
        (lambda d: d.update(id="something else entirely"), []),
        (lambda d: d["lines"].clear(), []),
    ],
)  # fmt: skip
def test_drift_is_told_as_people_read_it(change: Any, says: list[str]) -> None:
    assert told(change) == says


def test_an_answer_of_another_form_altogether() -> None:
    assert [str(one) for one in ORDERS.drifts("<html>", 6)] == ["body: text instead of an object"]
    assert [str(one) for one in ORDERS.drifts([], 2)] == ["body: a list instead of an object"]


def test_a_much_larger_body_is_told_and_breaks_nothing() -> None:
    [one] = ORDERS.drifts(order(1), 9_000)
    assert (str(one), one.breaking) == ("body: has 9000 bytes, at most 400 before", False)


def test_an_object_whose_keys_are_data_is_a_map() -> None:
    days = [{f"2026-{month:02d}-{day:02d}": day for day in range(1, 10)} for month in range(1, 13)]
    contract = learned(*({"days": one} for one in days))
    assert not contract.drifts({"days": {"2027-01-01": 3}}, 20)
    assert [str(one) for one in contract.drifts({"days": []}, 20)] == ["body.days: a list instead of an object"]


def test_words_are_listed_only_once_they_were_seen_often() -> None:
    few = learned(*({"status": word} for word in WORDS))
    assert not few.drifts({"status": "disputed"}, 20)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(JSON, min_size=1, max_size=6), JSON)
def test_whatever_was_learned_from_obeys_and_nothing_raises(documents: list[Any], other: Any) -> None:
    contract = learned(*documents)
    for document in documents:
        assert not contract.drifts(document, 10)
    for one in contract.drifts(other, 10):
        assert one.place.startswith("body")
        assert one.what
