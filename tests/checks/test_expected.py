from __future__ import annotations

import datetime as dt
import os
import sqlite3
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks.conftest import SLOT
from checks.loopback import RealClock
from checks.payloads import document, vendor
from standby.checks.base import Context, observe
from standby.checks.expected import ExpectedCheck, ExpectedModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, SECOND

SEVEN = int(dt.datetime(2026, 11, 25, 7, tzinfo=dt.UTC).timestamp()) * SECOND


class Still(RealClock):
    """07:00 UTC on Wednesday, 25 November 2026."""

    def now(self) -> int:
        return SEVEN


async def see(context: Context, count: dict[str, object], **keys: object) -> Observation:
    context.clock = Still()
    row = {"id": "c", "integration": "i", "at_least": 3, "by": "06:00", "count": count, **keys}
    return await observe(ExpectedCheck(ExpectedModel.model_validate(row)), context, SLOT)


@pytest.mark.parametrize(
    ("query", "outcome", "count"),
    [
        ("SELECT count(*) FROM sent", Outcome.DOWN, 2.0),
        ("SELECT * FROM sent", Outcome.DOWN, 2.0),
        ("SELECT sum(n) FROM sent", Outcome.UP, 9.0),
        ("SELECT sum(n) FROM sent WHERE n > 10", Outcome.DOWN, 0.0),
    ],
)
async def test_a_query_counts(context: Context, tmp_path: Path, query: str, outcome: Outcome, count: float) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE sent (n INTEGER)")
        connection.execute("INSERT INTO sent VALUES (4), (5)")
    connection.close()
    seen = await see(context, {"sql": {"database": str(tmp_path / "shop.db"), "query": query}})
    assert (seen.outcome, seen.metrics["count"]) == (outcome, count), seen.message
    assert seen.failure is (Failure.DATA if outcome is Outcome.DOWN else None)
    assert seen.metrics["left_s"] == -3600.0


@pytest.mark.parametrize(
    ("answer", "rows", "outcome", "says"),
    [
        ({"sent": 40_000}, "body.sent", Outcome.UP, "40,000 of 3 by 06:00"),
        ({"sent": "2"}, "body.sent", Outcome.DOWN, "2 of 3 by 06:00: 1 short, 1h late"),
        ({"sent": [1, 2, 3]}, "body.sent", Outcome.UP, "3 of 3"),
        ({"sent": None}, "body.sent", Outcome.UNKNOWN, "body.sent is neither a number nor a list"),
        ({}, "body.sent", Outcome.UNKNOWN, "neither"),
    ],
)
async def test_an_answer_counts(context: Context, answer: object, rows: str, outcome: Outcome, says: str) -> None:
    async with vendor({"/campaign": document(answer)}) as acme:
        seen = await see(context, {"http": {"url": acme.url + "/campaign", "rows": rows}})
    assert seen.outcome is outcome
    assert says in seen.message


async def test_new_files_count(context: Context, tmp_path: Path) -> None:
    for name, hours in (("a.csv", 1), ("b.csv", 6), ("c.csv", 8), ("d.txt", 1)):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, ns=(SEVEN - hours * HOUR, SEVEN - hours * HOUR))
    seen = await see(context, {"files": {"folder": str(tmp_path), "name": "*.csv"}})
    assert (seen.outcome, seen.metrics["count"]) == (Outcome.DOWN, 2.0)


async def test_lines_of_a_table_count_and_zones_matter(context: Context, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id\n1\n2\n")
    count: dict[str, object] = {"csv": {"file": str(tmp_path / "orders.csv")}}
    assert (await see(context, count)).outcome is Outcome.DOWN
    before = await see(context, count, zone="America/New_York", by="02:30")
    assert before.outcome is Outcome.UP
    assert "30m until 02:30" in before.message
    assert (await see(context, count, days=["thu"])).message == "2 of 3; none is due on wed"


async def test_what_cannot_be_counted_is_unknown(context: Context, tmp_path: Path) -> None:
    seen = await see(context, {"csv": {"file": str(tmp_path / "gone.csv")}})
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.INTERNAL)


@pytest.mark.parametrize(
    "keys",
    [
        {"by": "6:00"},
        {"by": "24:00"},
        {"zone": "Mars/Base"},
        {"zone": "../etc/passwd"},
        {"days": []},
        {"days": ["someday"]},
        {"at_least": 0},
        {"count": {}},
        {"count": {"csv": {"file": "a"}, "files": {"folder": "b", "name": "*"}}},
    ],
)
def test_what_cannot_be_meant_is_refused(keys: dict[str, object]) -> None:
    row = {"id": "c", "integration": "i", "at_least": 3, "by": "06:00", "count": {"csv": {"file": "a"}}, **keys}
    with pytest.raises(ValidationError):
        ExpectedModel.model_validate(row)
