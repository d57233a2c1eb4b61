from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.conftest import Look
from checks.payloads import Answered, document, vendor
from standby.checks.reconcile import ReconcileModel
from standby.checks.sources import of_csv, of_objects
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

CSV = "order,total,email\n1,10.00,anna@a.test\n2,5.00,bo@b.test\n3,7.00,cy@c.test\n"


def table(folder: Path, text: str = CSV, name: str = "orders.csv") -> dict[str, object]:
    (folder / name).write_text(text)
    return {"name": "warehouse", "csv": {"file": str(folder / name)}}


def shop(folder: Path) -> dict[str, object]:
    path = folder / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (n INTEGER, total REAL, email TEXT)")
        for row in [(1, 10, "anna@a.test"), (2, 5.0, "bo@b.test"), (3, 7, "cy@c.test")]:
            connection.execute("INSERT INTO orders VALUES (?, ?, ?)", row)
    connection.close()
    return {"name": "shop", "sql": {"database": str(path), "query": 'SELECT n AS "order", total, email FROM orders'}}


async def test_a_database_and_a_file_that_agree(look: Look, tmp_path: Path) -> None:
    seen = await look("reconcile", left=shop(tmp_path), right=table(tmp_path), key=["order"])
    assert (seen.outcome, seen.message) == (Outcome.UP, "3 rows of shop, 3 of warehouse agree")
    assert seen.metrics["missing"] == seen.metrics["different"] == 0.0


@pytest.mark.parametrize(
    ("text", "keys", "outcome", "says"),
    [
        (CSV.replace("5.00", "5.01"), {}, Outcome.DOWN, "1 different: 2 (total 5 / 5.01) (of 3 rows of shop"),
        (CSV.replace("5.00", "5.01"), {"tolerances": {"total": 0.01}}, Outcome.UP, "agree"),
        (CSV.replace("5.00", "5.01"), {"tolerances": {"total": "0.1%"}}, Outcome.DOWN, "different"),
        (CSV.replace("5.00", "9"), {"compare": ["email"]}, Outcome.UP, "agree"),
        (CSV.replace("bo@", "mo@"), {}, Outcome.DOWN, "2 (email b•••@••• / m•••@•••)"),
        (CSV + "3,7.00,cy@c.test\n", {}, Outcome.DOWN, "1 there twice: 3"),
        (CSV.replace("3,7.00,cy@c.test\n", ""), {}, Outcome.DOWN, "1 in shop but not in warehouse: 3"),
        (CSV + "4,1,x@x.test\n", {}, Outcome.DOWN, "1 in warehouse but not in shop: 4"),
        (CSV + "4,1,x@x.test\n", {"allow": {"extra": 1}}, Outcome.UP, "within what is allowed: 1 in warehouse"),
        (CSV + "4,1,x@x.test\n", {"allow": {"extra": "25%"}}, Outcome.UP, "within"),
        (CSV + "4,1,x@x.test\n", {"allow": {"extra": "24%"}}, Outcome.DOWN, "1 in warehouse"),
    ],
)
async def test_what_is_wrong(
    look: Look, tmp_path: Path, text: str, keys: dict[str, object], outcome: Outcome, says: str
) -> None:
    seen = await look("reconcile", left=shop(tmp_path), right=table(tmp_path, text), key=["order"], **keys)
    assert seen.outcome is outcome, seen.message
    assert says in seen.message
    assert "@b.test" not in seen.message
    assert seen.failure is (Failure.DATA if outcome is Outcome.DOWN else None)


@pytest.mark.parametrize(
    ("text", "keys", "failure", "says"),
    [
        ("order,total\n", {}, Failure.DATA, "warehouse has 0 rows, fewer than 1"),
        ("", {}, Failure.UNREADABLE, "warehouse: the CSV is empty"),
        ("order,total\n1,2\n2", {}, Failure.UNREADABLE, "line 3 of the CSV has 1 values, not 2: is it complete?"),
        ("number,total\n1,2\n", {}, Failure.REQUEST, "warehouse has no column order, only number, total"),
        (CSV, {"max_rows": 2}, Failure.TOO_LARGE, "more than 2 rows (max_rows)"),
    ],
)
async def test_what_proves_nothing_is_unknown(
    look: Look, tmp_path: Path, text: str, keys: dict[str, object], failure: Failure, says: str
) -> None:
    seen = await look("reconcile", left=shop(tmp_path), right=table(tmp_path, text), key=["order"], **keys)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert says in seen.message


@pytest.mark.parametrize(
    ("answer", "keys", "outcome", "says"),
    [
        (document({"data": [{"id": n, "sum": {"value": v}} for n, v in ((1, 10), (2, 5), (3, "7.00"))]}), {},
         Outcome.UP, "agree"),
        (document({"data": []}), {"min_rows": 0}, Outcome.DOWN, "3 in shop but not in stock: 1, 2, 3"),
        (document({"orders": []}), {}, Outcome.UNKNOWN, "stock: body.data is no list in the answer"),
        (document({"data": ["x"]}), {}, Outcome.UNKNOWN, "something else than objects"),
        (document({"message": "bad key s3cr3t-token"}, 401), {}, Outcome.UNKNOWN, "stock: our credentials are refused"),
        (Answered(b"<html>", 200), {}, Outcome.UNKNOWN, "not JSON"),
    ],
)  # fmt: skip
async def test_a_list_of_an_api(
    look: Look, tmp_path: Path, answer: Answered, keys: dict[str, object], outcome: Outcome, says: str
) -> None:
    async with vendor({"/orders": answer}) as acme:
        columns = {"order": "id", "total": "sum.value"}
        headers = {"Authorization": "Bearer env:TOKEN"}
        http = {"url": acme.url + "/orders", "rows": "body.data", "columns": columns, "headers": headers}
        right = {"name": "stock", "http": http}
        seen = await look("reconcile", left=shop(tmp_path), right=right, key=["order"], **keys)
    assert seen.outcome is outcome, seen.message
    assert says in seen.message
    assert "s3cr3t" not in seen.message
    assert acme.asked[0].headers["authorization"] == "Bearer s3cr3t-token"


async def test_csv_of_an_address(look: Look, tmp_path: Path) -> None:
    async with vendor({"/orders": Answered(CSV.encode(), 200, {"Content-Type": "text/csv"})}) as acme:
        right = {"http": {"url": acme.url + "/orders", "format": "csv"}}
        seen = await look("reconcile", left=shop(tmp_path), right=right, key=["order"])
    assert seen.outcome is Outcome.UP, seen.message


@pytest.mark.parametrize(
    "keys",
    [
        {"left": {}},
        {"key": []},
        {"tolerances": {"total": "much"}},
        {"tolerances": {"total": -1}},
        {"tolerances": {"total": 1}, "compare": ["email"]},
        {"allow": {"missing": "few"}},
        {"left": {"csv": {"file": "a"}, "http": {"url": "https://a.test"}}},
        {"left": {"http": {"url": "https://a.test", "rows": "orders"}}},
    ],
)
def test_what_cannot_be_meant_is_refused(keys: dict[str, object]) -> None:
    sides = {"left": {"csv": {"file": "a"}}, "right": {"csv": {"file": "b"}}, "key": ["id"]}
    with pytest.raises(ValidationError):
        ReconcileModel.model_validate({"id": "c", "integration": "i", **sides, **keys})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=5), st.text(max_size=200))
def test_any_document_is_rows_or_trouble(found: list[object], text: str) -> None:
    for read in (lambda: of_objects(json.loads(json.dumps(found)), {"a": "b.c"}, 3), lambda: of_csv(text, ",", {}, 3)):
        try:
            rows = read()
        except Trouble:
            continue
        assert all(len(row) == len(rows.columns) for row in rows.rows)
