from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks.conftest import Look
from checks.loopback import Authority, sends, serving
from servers import Postgres, postgres
from standby.checks.base import Context
from standby.checks.sql.check import SqlModel
from standby.checks.sql.rows import cell, instant
from standby.config.secrets import Secrets
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER, region TEXT, total REAL, at TEXT)")
        for number, (region, minutes) in enumerate([("eu", 5), ("eu", 30), ("us", 200)]):
            at = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)
            connection.execute("INSERT INTO orders VALUES (?, ?, 9.5, ?)", (number, region, at.isoformat()))
    connection.close()
    return path


@pytest.mark.parametrize(
    ("keys", "outcome", "failure", "says"),
    [
        ({"query": "SELECT count(*) FROM orders"}, Outcome.UP, None, "3"),
        ({"query": "SELECT count(*) FROM orders", "expect": ["value >= 5"]}, Outcome.DOWN, Failure.EXPECTATION,
         "value >= 5: value is 3"),
        ({"query": "SELECT region, count(*) AS n FROM orders GROUP BY region", "prefer": ["values.n > 1"]},
         Outcome.DEGRADED, Failure.EXPECTATION, "values.n is 1 (region:us)"),
        ({"query": "SELECT max(at) AS newest FROM orders", "time": "newest", "max_age": "10m"}, Outcome.UP, None,
         "the newest is 5m old"),
        ({"query": "SELECT max(at) AS newest FROM orders", "time": "newest", "max_age": "2m"}, Outcome.DOWN,
         Failure.STALE, "older than 2m"),
        ({"query": "SELECT max(at) AS newest FROM orders", "time": "newest", "expect": ["age_s < 60"]}, Outcome.DOWN,
         Failure.EXPECTATION, "age_s < 60: age_s is "),
        ({"query": "SELECT max(at) FROM orders WHERE id > 9", "max_age": "2m"}, Outcome.DOWN, Failure.DATA,
         "the query gives nothing"),
        ({"query": "SELECT 1 FROM orders WHERE id > 9", "absent": "up"}, Outcome.UP, None, "the query gives nothing"),
        ({"query": "SELECT count(*) FROM orders", "max_age": "2m"}, Outcome.UNKNOWN, Failure.DATA, "max_age needs"),
        ({"query": "SELECT count(*) FROM orders", "time": "at"}, Outcome.UNKNOWN, Failure.REQUEST, "no column at"),
        ({"query": "SELECT * FROM orders", "max_rows": 2}, Outcome.UNKNOWN, Failure.TOO_LARGE, "more than 2 rows"),
        ({"query": "SELECT nope FROM orders"}, Outcome.UNKNOWN, Failure.REQUEST, "no such column: nope"),
        ({"query": "SELECT 1; SELECT 2"}, Outcome.UNKNOWN, Failure.REQUEST, "one statement at a time"),
        ({"query": "DELETE FROM orders"}, Outcome.UNKNOWN, Failure.REQUEST, "readonly"),
        ({"query": "ATTACH '/tmp/elsewhere.db' AS x"}, Outcome.UNKNOWN, Failure.REQUEST, "not authorized"),
        ({"query": "SELECT length(randomblob(90000000))"}, Outcome.UNKNOWN, Failure.REQUEST, "too big"),
    ],
)  # fmt: skip
async def test_sqlite(
    look: Look, shop: Path, keys: dict[str, object], outcome: Outcome, failure: Failure | None, says: str
) -> None:
    seen = await look("sql", database=str(shop), **keys)
    assert (seen.outcome, seen.failure) == (outcome, failure), seen.message
    assert says in seen.message
    with sqlite3.connect(shop) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (3,)
    connection.close()


async def test_figures_become_metrics(look: Look, shop: Path) -> None:
    query = "SELECT count(*) AS value, max(at) AS newest FROM orders"
    seen = await look("sql", database=str(shop), query=query, time="newest")
    assert seen.message == "3; the newest is 5m old"
    assert seen.metrics["value"] == 3.0
    assert seen.metrics["age_s"] == pytest.approx(300, abs=10)


async def test_a_query_without_end_is_stopped(look: Look, shop: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    seen = await look("sql", database=str(shop), query=endless, timeout="500ms")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.TIMEOUT)
    assert seen.message == "the query takes too long: stopped"


async def test_a_file_that_is_no_database_is_our_own_trouble(look: Look, tmp_path: Path) -> None:
    seen = await look("sql", database=str(tmp_path / "gone.db"), query="SELECT 1")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.INTERNAL)
    (tmp_path / "text.db").write_text("no database at all" * 100)
    seen = await look("sql", database=str(tmp_path / "text.db"), query="SELECT * FROM orders")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.INTERNAL)
    assert not (tmp_path / "gone.db").exists()


@pytest.mark.parametrize(
    ("held", "ns"),
    [
        ("2026-11-25T06:00:00+01:00", 1_795_582_800 * SECOND),
        ("2026-11-25 05:00:00", 1_795_582_800 * SECOND),
        (1_795_582_800, 1_795_582_800 * SECOND),
        (Decimal("1795582800123"), 1_795_582_800_123_000_000),
        ("yesterday", None),
        (-5, None),
        (None, None),
    ],
)
def test_what_a_cell_says_of_time(held: object, ns: int | None) -> None:
    assert instant(cell(held)) == ns


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"database": "a.db", "dsn": "env:DSN"},
        {"dsn": "postgresql://reader:password@host/shop"},
        {"database": "a.db", "expect": ["rows > 5"]},
    ],
)
def test_what_cannot_be_meant_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        SqlModel.model_validate({"id": "c", "integration": "i", "query": "SELECT 1", **keys})
    assert "reader:password" not in refused.value.errors()[0]["msg"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, trusted: Authority) -> Iterator[Postgres]:
    folder = tmp_path_factory.mktemp("pg")
    made = trusted.ca.issue_cert("localhost")
    pem, key = folder / "cert.pem", folder / "key.pem"
    made.private_key_pem.write_to_path(str(key))
    for blob in made.cert_chain_pems:
        blob.write_to_path(str(pem), append=True)
    with postgres(pem, key) as running:
        running.do(
            "CREATE TABLE orders (id int, region text, total numeric, at timestamptz);"
            "INSERT INTO orders VALUES (1, 'eu', 9.5, now() - interval '5 min'), (2, 'us', 1, now() - interval '1 h')"
        )
        yield running


async def ask(look: Look, context: Context, dsn: str, query: str, **keys: object) -> Observation:
    context.secrets = Secrets(environ={"DSN": dsn})
    return await look("sql", dsn="env:DSN", query=query, **keys)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("query", "keys", "outcome", "failure", "says"),
    [
        ("SELECT count(*) FROM orders", {"expect": ["value == 2"]}, Outcome.UP, None, "2"),
        ("SELECT max(at), sum(total) FROM orders", {"max_age": "10m"}, Outcome.UP, None, "10.5; the newest is 5m"),
        ("SELECT max(at) FROM orders", {"max_age": "2m"}, Outcome.DOWN, Failure.STALE, "older than 2m"),
        ("SELECT region, total FROM orders", {"expect": ["value > 5"]}, Outcome.DOWN, Failure.EXPECTATION, "region:us"),
        ("SELECT generate_series(1, 9000000000)", {}, Outcome.UNKNOWN, Failure.TOO_LARGE, "more than 100 rows"),
        ("SELECT pg_sleep(60)", {"timeout": "1s"}, Outcome.UNKNOWN, Failure.TIMEOUT, "the query takes too long"),
        ("SELECT nope FROM orders", {}, Outcome.UNKNOWN, Failure.REQUEST, 'column "nope" does not exist'),
        ("DELETE FROM orders", {}, Outcome.UNKNOWN, Failure.REQUEST, "gives no rows"),
        ("DELETE FROM orders RETURNING 1", {}, Outcome.UNKNOWN, Failure.REQUEST, "read-only"),
        ("SELECT setval('counted', 9)", {}, Outcome.UNKNOWN, Failure.REQUEST, "does not exist"),
        ("SELECT 1; SELECT 2", {}, Outcome.UNKNOWN, Failure.REQUEST, "multiple commands"),
        ("SELECT pg_read_file('/etc/passwd')", {}, Outcome.UNKNOWN, Failure.CREDENTIALS, "permission denied"),
    ],
)
async def test_postgres(
    look: Look, context: Context, server: Postgres, query: str, keys: dict[str, object], outcome: Outcome,
    failure: Failure | None, says: str,
) -> None:  # fmt: skip
    seen = await ask(look, context, server.dsn, query, **keys)
    assert (seen.outcome, seen.failure) == (outcome, failure), seen.message
    assert says in seen.message
    assert server.do("SELECT count(*) FROM orders") == "2"


@pytest.mark.servers
async def test_postgres_credentials_and_names(look: Look, context: Context, server: Postgres) -> None:
    seen = await ask(look, context, server.dsn.replace("s3cr3t", "wr0ng"), "SELECT 1")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.CREDENTIALS), seen.message
    assert "wr0ng" not in seen.message
    seen = await ask(look, context, server.dsn.replace("/shop", "/nope"), "SELECT 1")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REQUEST), seen.message


@pytest.mark.servers
async def test_postgres_leaves_no_session_behind(look: Look, context: Context, server: Postgres) -> None:
    for _ in range(3):
        await ask(look, context, server.dsn, "SELECT 1")
    await ask(look, context, server.dsn, "SELECT pg_sleep(60)", timeout="300ms")
    assert server.do("SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader' AND state <> 'idle'") == "0"


@pytest.mark.servers
async def test_postgres_tls_is_verified(look: Look, context: Context, server: Postgres, trusted: Authority) -> None:
    dsn = server.dsn.replace("127.0.0.1", "localhost")
    seen = await ask(look, context, dsn, "SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                     verify=str(trusted.pem), expect=["value == 1"])  # fmt: skip
    assert seen.outcome is Outcome.UP, seen.message
    seen = await ask(look, context, server.dsn, "SELECT 1", verify=str(trusted.pem))  # a name that is not in it
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.TLS), seen.message


@pytest.mark.parametrize("dsn", ["mysql://u:s3cr3t-token@h/d", "not one s3cr3t-token", "postgresql://[s3cr3t-token"])
async def test_a_dsn_that_is_none_is_not_shown(look: Look, context: Context, dsn: str) -> None:
    seen = await ask(look, context, dsn, "SELECT 1")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.INTERNAL)
    assert "s3cr3t" not in seen.message


async def test_no_postgres_there(look: Look, context: Context) -> None:
    async with serving(sends(b"", stay=True), read=False) as silent:
        dsn = f"postgresql://u:p@127.0.0.1:{silent.port}/d"
        seen = await ask(look, context, dsn, "SELECT 1", timeout="400ms")
        assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.TIMEOUT), seen.message
    seen = await ask(look, context, dsn, "SELECT 1")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REFUSED)
    async with serving(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"), read=False) as other:
        seen = await ask(look, context, f"postgresql://u:p@127.0.0.1:{other.port}/d", "SELECT 1", timeout="1s")
    assert seen.outcome is Outcome.UNKNOWN
