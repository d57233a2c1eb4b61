"""Contracts in files: learned ones, JSON Schemas, operations of OpenAPI documents; and what is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checks.payloads import fixtures, named, payload
from standby.checks.contract.contract import Contract, ContractError, read
from standby.checks.contract.learn import Learner, learned

OPENAPI = {
    "openapi": "3.0.3",
    "paths": {
        "/v1/balance": {
            "get": {
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/B"}}}}}
            }
        },
        "/v1/none": {"post": {"responses": {"204": {"description": "nothing"}}}},
    },
    "components": {
        "schemas": {
            "B": {
                "type": "object",
                "required": ["amount", "memo"],
                "properties": {
                    "amount": {"type": "integer"},
                    "memo": {"type": "string", "nullable": True},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/B"}},
                },
            }
        }
    },
}


def written(folder: Path, found: object, name: str = "contract.json") -> Path:
    path = folder / name
    path.write_text(found if isinstance(found, str) else json.dumps(found))
    return path


def test_a_learned_contract_comes_back_from_its_file(tmp_path: Path) -> None:
    learner = Learner()
    learner.add({"a": 1})
    contract = Contract(learner.schema(), 1, 8, "2026-11-25T10:00:00Z")
    again = read(written(tmp_path, contract.text()))
    assert again == contract
    assert [str(one) for one in again.drifts({}, 2)] == ["body.a: is gone"]


def test_a_json_schema_is_a_contract(tmp_path: Path) -> None:
    contract = read(written(tmp_path, {"type": "object", "properties": {"n": {"minimum": 3}}}))
    assert [str(one) for one in contract.drifts({"n": 1}, 5)] == ["body.n: 1 is less than the minimum of 3"]


def test_an_operation_of_an_openapi_document_is_a_contract(tmp_path: Path) -> None:
    contract = read(written(tmp_path, OPENAPI), "GET /v1/balance")
    assert not contract.drifts({"amount": 1, "memo": None, "parts": [{"amount": 2, "memo": "x"}], "more": 1}, 9)
    assert [str(one) for one in contract.drifts({"amount": 1.5, "memo": "", "parts": [{"memo": ""}]}, 9)] == [
        "body.amount: a number instead of a whole number",
        "body.parts[].amount: is gone",
    ]


@pytest.mark.parametrize(
    ("found", "operation", "says"),
    [
        ("{", None, "is no JSON"),
        ([], None, "holds no object; write a JSON Schema, or learn one"),
        ({"type": 5}, None, "is no JSON Schema"),
        ({"$ref": "https://elsewhere.test/schema.json"}, None, "outside of its file"),
        (OPENAPI, None, 'name an operation of it: operation = "GET'),
        (OPENAPI, "GET /v2", "has no operation GET /v2; it has GET /v1/balance, POST /v1/none"),
        (OPENAPI, "POST /v1/none", "says nothing of the JSON"),
        ({"a": 1}, "GET /", "is no OpenAPI document"),
        ({"standby_contract": 1}, None, "without a schema; learn it again"),
    ],
)
def test_what_is_no_contract_is_told_in_one_line(tmp_path: Path, found: Any, operation: str | None, says: str) -> None:
    with pytest.raises(ContractError) as caught:
        read(written(tmp_path, found), operation)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_yaml_document_and_one_that_is_none(tmp_path: Path) -> None:
    answer = "{200: {content: {application/json: {schema: {type: object, required: [a]}}}}}"
    text = f"paths:\n  /x:\n    get:\n      responses: {answer}\n"
    contract = read(written(tmp_path, text, "spec.yaml"), "GET /x")
    assert [str(one) for one in contract.drifts({}, 2)] == ["body.a: is gone"]
    with pytest.raises(ContractError, match="is no YAML"):
        read(written(tmp_path, "a: [", "spec.yml"), "GET /x")


def test_no_file_yet() -> None:
    with pytest.raises(FileNotFoundError):
        read(Path("/nowhere/contract.json"))


@pytest.mark.parametrize(
    ("spec", "operation", "answer"),
    [
        ("prometheus/openapi-3.1-trimmed.yaml", "GET /query", None),
        ("stripe/openapi-balance-events-trimmed.yaml", "GET /v1/balance", None),
        ("datadog/openapi-v1-trimmed.yaml", "GET /api/v1/validate", {"valid": True}),
        ("hubspot/account-info-v3-openapi.json", "GET /account-info/v3/details", None),
    ],
)
def test_vendors_own_documents_are_contracts(spec: str, operation: str, answer: object) -> None:
    payload(spec)
    contract = read(fixtures() / spec, operation)
    if answer is not None:
        assert not contract.drifts(answer, 10)
    assert contract.drifts("<html>", 6), "a page of HTML breaks every one of them"


@pytest.mark.parametrize("name", named("statuspage/*-components.json")[:8] or ["absent"])
def test_a_page_learned_once_obeys_itself(name: str) -> None:
    document = json.loads(payload(f"statuspage/{name}" if name == "absent" else name))
    learner = Learner()
    learner.add(document)
    contract = Contract(learner.schema(), 1, 10)
    assert not contract.drifts(document, 10)


HALF = json.loads('"\\ud800"')  # half of a character, as JSON may write it


def nested(depth: int) -> object:
    found: object = "x"
    for _ in range(depth):
        found = {"in": [found]}
    return found


@pytest.mark.parametrize(
    ("schema", "document", "says"),
    [
        ({"type": "string"}, {HALF: 1}, "half a character"),
        ({"properties": {"name": {"pattern": "x"}}}, {"name": HALF}, "half a character"),
        ({"type": "string"}, nested(300), "nested too deeply"),
    ],
)
def test_an_answer_that_no_contract_can_be_held_against(schema: dict[str, object], document: object, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        Contract(schema).drifts(document, 1)


@pytest.mark.parametrize(
    ("document", "says"),
    [(nested(200), "nested too deeply"), ({HALF: 1}, "what was learned is no JSON Schema"), (nested(25), None)],
)
def test_an_answer_that_nothing_can_be_learned_from(document: object, says: str | None) -> None:
    if says is None:
        assert learned([(document, 9)], "today").drifts(document, 9) == []
        return
    with pytest.raises(ContractError, match=says):
        learned([(document, 9)], "today")


def test_a_document_of_an_api_that_is_nested_too_deeply(tmp_path: Path) -> None:
    answer = {"content": {"application/json": {"schema": nested(400)}}}
    path = tmp_path / "api.json"
    path.write_text(json.dumps({"paths": {"/v1": {"get": {"responses": {"200": answer}}}}}))
    with pytest.raises(ContractError, match="nested too deeply"):
        read(path, "GET /v1")
