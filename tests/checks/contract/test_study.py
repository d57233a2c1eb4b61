"""A contract is learned out of the answers that come anyway, until what is pinned fits again."""

from __future__ import annotations

import pytest

from standby.checks.contract.contract import ContractError
from standby.checks.contract.study import NEEDED, Study

GOOD = {"id": "a", "status": "paid"}
OTHER = {"id": 7, "status": "paid"}


def heard(*documents: object, fits: bool = False) -> Study:
    study = Study()
    for document in documents:
        study.hear(document, 40, fits=fits)
    return study


def test_so_many_answers_make_a_contract() -> None:
    study = heard(*[GOOD] * NEEDED)
    contract = study.contract("2026-11-25T00:00:00Z")
    assert (contract.answers, contract.most_bytes) == (NEEDED, 40)
    assert contract.drifts(GOOD, 40) == []
    assert any(one.breaking for one in contract.drifts(OTHER, 40))


@pytest.mark.parametrize(("count", "said"), [(0, "needs no new pin"), (7, f"7 of {NEEDED} good answers")])
def test_too_few_make_none(count: int, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        heard(*[GOOD] * count).contract("now")


def test_an_answer_that_fits_makes_all_that_was_learned_void() -> None:
    study = heard(*[OTHER] * NEEDED)
    study.hear(GOOD, 40, fits=True)
    with pytest.raises(ContractError, match="needs no new pin"):
        study.contract("now")


def test_it_is_learned_from_the_first_and_says_how_the_newest_differs_from_before() -> None:
    old = heard(*[GOOD] * NEEDED).contract("then")
    study = heard(*[OTHER] * (NEEDED * 3))
    assert study.contract("now").answers == NEEDED
    assert [str(one) for one in study.drifts(old) if one.breaking]
    assert study.drifts(None) == []


def test_what_no_contract_can_be_held_against_says_so() -> None:
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    with pytest.raises(ContractError, match="cannot be learned"):
        heard(deep).contract("now")
