"""Every kind of check that takes a secret: the third party says back all that it hears, in each of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.loopback import RealClock
from security.canaries import Gossip, leaks, third_parties, value
from standby.checks.base import Context, observe
from standby.checks.registry import build, models
from standby.config.secrets import Secrets

IN_A_CONFIGURATION = {"http", "tcp", "command", "heartbeat", "webhook"}
"""Looked at by a whole engine in test_canary."""
KINDS: dict[str, dict[str, Any]] = {
    "alertmanager": {"url": "§", "headers": {"X-Key": "env:HEADER"}},
    "datadog": {"url": "§", "api_key": "env:HEADER", "app_key": "env:LONG", "tags": ["a:b"]},
    "domain": {"server": "§", "domain": "acme.example", "headers": {"X-Key": "env:HEADER"}},
    "expected": {"count": {"http": {"url": "§", "headers": {"X-Key": "env:HEADER"}}}, "at_least": 1, "by": "00:01"},
    "grafana": {"url": "§", "token": "env:HEADER", "headers": {"X-Key": "env:LONG"}},
    "hubspot": {"url": "§", "token": "env:HEADER"},
    "newrelic": {"url": "§", "api_key": "env:HEADER", "issues": True, "account": 1},
    "prometheus": {"url": "§", "query": "up", "headers": {"Authorization": "Bearer env:HEADER", "X-Key": "env:LONG"}},
    "reconcile": {
        "left": {"http": {"url": "§", "headers": {"X-Key": "env:LONG"}}},
        "right": {"http": {"url": "§", "headers": {"X-Key": "env:HEADER"}}},
        "key": ["id"],
    },
    "salesforce": {"org": "§", "client_id": "env:HEADER", "client_secret": "env:BODY", "about": "limits"},
    "sql": {"dsn": "env:DSN", "query": "SELECT 1 AS one"},
    "statuspage": {"url": "§", "headers": {"X-Key": "env:LONG", "Authorization": "Basic env:BASIC"}},
    "weather": {
        "url": "§", "source": "openweathermap", "latitude": 1.0, "longitude": 1.0, "api_key": "env:HEADER",
        "headers": {"X-Key": "env:LONG"},
    },
}  # fmt: skip
PLACES = ("", "/cut", "/garbage", "/moved")


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    with third_parties() as found:
        yield dict(found)


def _takes_a_secret(kind: str) -> bool:
    schema = json.dumps(models()[kind].model_json_schema())
    return any(sign in schema for sign in ('"headers":', '"env":', '"send":', "(env|file|keyring|cmd)"))


def test_no_kind_that_takes_a_secret_is_left_out() -> None:
    assert {kind for kind in models() if _takes_a_secret(kind)} <= {*KINDS, *IN_A_CONFIGURATION}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_it_says_has_no_secret(kind: str, place: str, ports: dict[str, int], tmp_path: Path) -> None:
    environ = {name: value(name) for name in ("HEADER", "LONG", "BODY", "BASIC")}
    environ["DSN"] = f"postgresql://shop:{value('HEADER')}@127.0.0.1:{ports['tcp']}/shop"
    keys = json.loads(
        json.dumps(KINDS[kind], ensure_ascii=False).replace("§", f"http://127.0.0.1:{ports['web']}{place}")
    )
    model = models()[kind].model_validate(
        {"id": "x", "integration": "x", "kind": kind, "every": "5s", "timeout": "2s", **keys}
    )
    context = Context(RealClock(), Secrets(tmp_path, environ=environ), base=tmp_path)
    Gossip.heard.clear()
    try:
        seen = await observe(build(model), context, 0)
    finally:
        await context.close()
    assert leaks(seen.message) == []
    assert leaks(repr(seen)) == []
    assert kind == "sql" or leaks("".join(Gossip.heard))  # it did send one
