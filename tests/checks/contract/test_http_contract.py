"""An http check holds its answers against a contract, and hears what the vendor announces to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checks.conftest import SLOT, Look
from checks.payloads import Answered, document, vendor
from standby.checks.base import Context, observe
from standby.checks.contract.contract import Contract
from standby.checks.contract.learn import Learner
from standby.checks.registry import build, models
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome

GOOD = {"id": "a", "amount": 3, "lines": [{"sku": "x"}]}


@pytest.fixture
def pinned(tmp_path: Path, context: Context) -> Path:
    learner = Learner()
    learner.add(GOOD)
    context.base = tmp_path
    path = tmp_path / "contract.json"
    path.write_text(Contract(learner.schema(), 1, 40).text())
    return path


async def seen(look: Look, answer: Answered, **keys: object) -> Observation:
    async with vendor({"/v1": answer}) as acme:
        return await look("http", url=acme.url + "/v1", contract={"file": "contract.json"}, **keys)


@pytest.mark.usefixtures("pinned")
async def test_an_answer_that_keeps_its_contract(look: Look) -> None:
    one = await seen(look, document(GOOD))
    assert (one.outcome, one.message) == (Outcome.UP, "status 200 Said")
    assert (one.metrics["contract_breaks"], one.metrics["contract_additions"]) == (0, 0)


@pytest.mark.usefixtures("pinned")
async def test_a_broken_contract_is_degraded_and_says_what(look: Look) -> None:
    one = await seen(look, document({"id": "a", "lines": [{"sku": 1}], "new": 1}))
    assert (one.outcome, one.failure) == (Outcome.DEGRADED, Failure.CONTRACT)
    assert one.message == (
        "the contract is broken: body.amount: is gone; body.lines[].sku: a whole number instead of text"
    )
    assert (one.metrics["contract_breaks"], one.metrics["contract_additions"]) == (2, 1)


@pytest.mark.usefixtures("pinned")
async def test_an_addition_is_information(look: Look) -> None:
    one = await seen(look, document({**GOOD, "currency": "EUR"}))
    assert (one.outcome, one.failure) == (Outcome.UP, None)
    assert one.message == "status 200 Said; more than the contract says: body.currency: is new"


@pytest.mark.usefixtures("pinned")
async def test_a_page_instead_of_a_document_breaks_it(look: Look) -> None:
    one = await seen(look, Answered(b"<html>Sign in</html>"))
    assert one.message == "the contract is broken: body: text instead of an object"


@pytest.mark.usefixtures("pinned")
async def test_what_is_down_says_that_it_is_down(look: Look) -> None:
    assert (await seen(look, document({"error": 1}, 503))).message == "status 503 Said"
    one = await seen(look, document({"id": "a"}), expect=["body.amount == 3"])
    assert (one.outcome, one.failure) == (Outcome.DOWN, Failure.EXPECTATION)


async def test_a_changed_file_counts_from_the_next_look(look: Look, pinned: Path) -> None:
    async with vendor({"/v1": document(GOOD)}) as acme:
        keys = {"url": acme.url + "/v1", "contract": {"file": "contract.json"}}
        assert (await look("http", **keys)).outcome is Outcome.UP
        pinned.write_text(json.dumps({"type": "array"}))
        assert (await look("http", **keys)).outcome is Outcome.DEGRADED
        pinned.write_text("{")
        bad = await look("http", **keys)
        assert (bad.outcome, "no contract:" in bad.message, "is no JSON" in bad.message) == (Outcome.UP, True, True)
        pinned.unlink()
        assert (await look("http", **keys)).message == "status 200 Said"


@pytest.mark.usefixtures("pinned")
async def test_the_last_step_of_a_transaction_is_held_against_it(look: Look) -> None:
    async with vendor({"/login": document({"token": "t"}), "/v1": document({"id": "a"})}) as acme:
        steps = [{"url": acme.url + "/login"}, {"url": acme.url + "/v1"}]
        one = await look("http", step=steps, contract={"file": "contract.json"})
    assert (one.outcome, one.failure) == (Outcome.DEGRADED, Failure.CONTRACT)
    assert one.message.startswith("step 2: the contract is broken: body.")
    assert one.metrics["contract_breaks"] == 2


@pytest.mark.usefixtures("pinned")
async def test_what_is_unchanged_is_still_broken(context: Context) -> None:
    row = {"id": "c", "integration": "i", "kind": "http", "every": "60s", "timeout": "5s", "conditional": True}
    answers = [document({"id": "a"}, etag='"1"'), Answered(b"", 304, {"ETag": '"1"'})]
    async with vendor({"/v1": answers}) as acme:
        check = build(models()["http"].model_validate(
            {**row, "url": acme.url + "/v1", "contract": {"file": "contract.json"}}
        ))  # fmt: skip
        first = await observe(check, context, SLOT)
        second = await observe(check, context, SLOT)
    assert (second.outcome, second.metrics["contract_breaks"]) == (first.outcome, first.metrics["contract_breaks"])
    assert second.outcome is Outcome.DEGRADED


async def test_what_the_vendor_announces_to_end_is_a_date(look: Look) -> None:
    headers = {"sunset": "Fri, 01 Jan 2100 00:00:00 GMT", "warning": '299 - "use v3"'}
    async with vendor({"/v1": Answered(b"{}", 200, headers)}) as acme:
        one = await look("http", url=acme.url + "/v1")
    assert one.outcome is Outcome.UP
    assert one.message.startswith("status 200 Said; sunsets in ")
    assert one.message.endswith(" days; use v3")
    assert one.metrics["sunset_days"] > 20_000
