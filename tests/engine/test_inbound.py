"""Alerts that others push, over real sockets on a fake clock: recorded before answered, one alert each, leases."""

from __future__ import annotations

import json
from typing import Any

import pytest

from standby.domain.outcome import AlertState, Severity
from standby.domain.units import HOUR, MINUTE, SECOND, format_instant
from standby.engine.inbound.door import MAX_BODY
from standby.link.protocol import CommandKind, Status
from standby.store.errors import StoreError
from standby.store.rows import AlertRow, Batch

from .conftest import Make
from .test_escalations import PEOPLE, POLICY
from .test_heartbeats import call
from .world import DOWN, World, config

SOURCES = """
[[source]]
id = "prom"
kind = "alertmanager"
token = "env:TOKEN"
integration = "label:service"
most = 3
severity = { sev9 = "critical" }

[[source]]
id = "script"
kind = "json"
open = true
"""
LISTEN = 'listen = "127.0.0.1:0"'
TARGETS = LISTEN + '\nreference_targets = ["tcp://192.0.2.1:53"]'
BEARER = "Authorization: Bearer t0ken-of-the-backup-job\r\n"
JSON = "Content-Type: application/json\r\n"
API = "/api/v2/alerts"


async def push(
    w: World, body: object, path: str = API, *, headers: str = JSON + BEARER, method: str = "POST"
) -> tuple[int, str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(raw)}\r\n{headers}\r\n".encode()
    answer = await call(w.engine._ears.receiver.port, head + raw)
    await w.clock.rest()
    top, _, rest = answer.partition(b"\r\n\r\n")
    return int(top.split(b" ")[1]), rest.decode()


def posted(w: World, name: str = "HighCPU", *, lease: int | None = 4 * MINUTE, **labels: str) -> dict[str, Any]:
    """As a Prometheus sends it."""
    now = w.clock.now()
    found: dict[str, Any] = {
        "labels": {"alertname": name, "severity": "critical", **labels},
        "annotations": {"summary": f"{name} is above 90 %", "runbook": "x"},
        "startsAt": format_instant(now - MINUTE),
        "generatorURL": "http://prom.test:9090/graph?g0.expr=cpu&g0.tab=1",
    }
    return found if lease is None else {**found, "endsAt": format_instant(now + lease)}


async def pushed(world: Make, settings: str = LISTEN) -> World:
    return await world(config(rules=SOURCES), settings)


def told(w: World) -> list[AlertRow]:
    return [row for row in w.changes().alerts if row.origin is not None]


async def test_an_alert_is_on_disk_before_it_is_answered(world: Make) -> None:
    w = await pushed(world)
    assert await push(w, [posted(w, service="payments")]) == (200, "")
    (row,) = told(w)
    assert (row.integration, row.rule, row.severity) == ("payments", "HighCPU", Severity.CRITICAL)
    assert (row.state, row.summary) == (AlertState.FIRING, "HighCPU is above 90 %")
    assert row.since == w.clock.now() - MINUTE
    assert row.labels["source"] == "prom"
    assert (row.labels["vendor"], row.labels["service"]) == ("acme", "payments")
    assert row.origin is not None
    assert row.origin.link.startswith("http://prom.test:9090/graph")
    assert w.audits("fired")


async def test_what_the_store_does_not_take_is_not_answered_200_and_not_doubled_when_it_comes_again(
    world: Make,
) -> None:
    w = await pushed(world)
    w.store.fail = StoreError("full", "the disk is full")
    code, _ = await push(w, [posted(w)])
    assert code == 503
    assert "the store does not take it" in w.engine.trouble
    w.store.fail = None
    await w.until(lambda: bool(told(w)))
    assert (await push(w, [posted(w)]))[0] == 200
    assert len(told(w)) == 1


async def test_the_same_again_while_the_first_is_on_its_way_waits_for_the_disk(world: Make) -> None:
    w = await pushed(world)
    waited: list[int] = []

    async def meanwhile(batch: Batch) -> None:
        if batch.alerts and not waited:
            waited.append(0)
            w.store.meanwhile = None
            w.store.fail = StoreError("full", "the disk is full")

    w.store.meanwhile = meanwhile
    assert (await push(w, [posted(w)]))[0] == 503
    assert (await push(w, [posted(w)]))[0] == 503  # said again, and still not on disk


async def test_said_again_it_is_one_alert_and_nothing_is_written(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w)])
    await w.pass_time(10 * SECOND)
    (before,) = told(w)
    for _ in range(5):
        await w.pass_time(MINUTE)
        w.store.commits.clear()
        assert (await push(w, [posted(w)]))[0] == 200
        assert not [batch for batch in w.store.commits if batch.alerts]
    (row,) = told(w)
    assert (row.id, row.state, row.since) == (before.id, AlertState.FIRING, before.since)


async def test_an_alert_that_is_not_sent_again_resolves_at_its_end(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w)])
    await w.pass_time(4 * MINUTE - 5 * SECOND)
    assert told(w)[0].state is AlertState.FIRING
    await w.pass_time(10 * SECOND)
    assert told(w)[0].state is AlertState.RESOLVED
    assert "prom has not said it again for 4m" in w.audits("resolved")[-1].message


async def test_one_without_an_end_has_alertmanagers_five_minutes(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w, lease=None)])
    await w.pass_time(5 * MINUTE - 5 * SECOND)
    assert told(w)[0].state is AlertState.FIRING
    await w.pass_time(10 * SECOND)
    assert told(w)[0].state is AlertState.RESOLVED


async def test_an_end_that_is_said_ends_it_and_what_comes_back_is_another_alert(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w)])
    await w.pass_time(MINUTE)
    assert (await push(w, [posted(w, lease=-SECOND) | {"startsAt": format_instant(w.clock.now() - HOUR)}]))[0] == 200
    assert told(w)[0].state is AlertState.RESOLVED
    assert "prom says that it is over" in w.audits("resolved")[-1].message
    await push(w, [posted(w)])
    assert [row.state for row in told(w)] == [AlertState.RESOLVED, AlertState.FIRING]


async def test_an_end_of_what_we_never_heard_of_is_nothing(world: Make) -> None:
    w = await pushed(world)
    assert (await push(w, [posted(w, lease=-SECOND)]))[0] == 200
    assert not told(w)


async def test_what_maps_to_no_integration_stands_under_its_source(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w, service="unheard-of", severity="sev9", source="theirs")])
    (row,) = told(w)
    assert (row.integration, row.severity) == ("prom", Severity.CRITICAL)
    assert (row.labels["source"], row.labels["exported_source"]) == ("prom", "theirs")
    assert row.labels["integration"] == "prom"
    assert row.labels["severity"] == "sev9"


async def test_the_time_in_which_nobody_could_be_heard_counts_for_no_lease(world: Make) -> None:
    w = await pushed(world, TARGETS)
    await push(w, [posted(w)])
    await w.pass_time(3 * MINUTE)
    w.network = False
    await w.until(lambda: w.live("blind"))
    await w.pass_time(10 * MINUTE)
    assert told(w)[0].state is AlertState.FIRING
    w.network = True
    await w.until(lambda: not w.live("blind"))
    await w.pass_time(4 * MINUTE - 20 * SECOND)  # whole again, not what was left of it
    assert told(w)[0].state is AlertState.FIRING
    await w.pass_time(30 * SECOND)
    assert told(w)[0].state is AlertState.RESOLVED


async def test_a_pushed_alert_fires_and_resolves_while_we_are_blind(world: Make) -> None:
    w = await pushed(world, TARGETS)
    w.network = False
    await w.until(lambda: w.live("blind"))
    await push(w, [posted(w)])
    assert told(w)[0].state is AlertState.FIRING
    await push(w, [posted(w, lease=-SECOND) | {"startsAt": format_instant(w.clock.now() - HOUR)}])
    assert told(w)[0].state is AlertState.RESOLVED


async def test_after_a_kill_every_lease_is_whole(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w, service="payments"), posted(w, "Other", lease=None)])
    await w.pass_time(3 * MINUTE)
    await w.ask(CommandKind.ACK, alert=told(w)[0].id)
    await w.die()
    await w.clock.advance(30 * MINUTE)
    await w.start()
    await w.pass_time(4 * MINUTE - 5 * SECOND)
    assert [row.state for row in told(w)] == [AlertState.ACKNOWLEDGED, AlertState.FIRING]
    await push(w, [posted(w, service="payments")])
    assert len(told(w)) == 2
    await w.pass_time(2 * MINUTE)
    assert [row.state for row in told(w)] == [AlertState.ACKNOWLEDGED, AlertState.RESOLVED]


async def test_a_process_that_stood_still_gives_everybody_time_to_say_it_again(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w)])
    w.clock.block(10 * MINUTE)  # stopped and continued: what was sent meanwhile waits unread
    await w.pass_time(SECOND)
    assert told(w)[0].state is AlertState.FIRING


async def test_a_step_of_the_wall_clock_ends_nothing(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w)])
    w.clock.step(2 * HOUR)
    await w.pass_time(3 * MINUTE)
    assert told(w)[0].state is AlertState.FIRING


async def test_it_can_be_acknowledged_noted_and_given_back(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w, service="payments")])
    number = told(w)[0].id
    for kind, args in ((CommandKind.ACK, {}), (CommandKind.NOTE, {"text": "looking"}), (CommandKind.UNACK, {})):
        assert (await w.ask(kind, alert=number, **args)).status is Status.DONE
    assert told(w)[0].state is AlertState.FIRING


async def test_a_source_that_leaves_the_configuration_takes_its_alerts_with_it(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w)])
    await push(w, {"alerts": [{"name": "disk"}]}, "/in/script", headers=JSON)
    w.write(config(rules=SOURCES.partition('[[source]]\nid = "script"')[0]), LISTEN)
    await w.engine.reload()
    await w.clock.rest()
    assert {row.rule: row.state for row in told(w)} == {"HighCPU": AlertState.FIRING, "disk": AlertState.RESOLVED}
    assert "source script was removed from the configuration" in w.audits("resolved")[-1].message
    w.write(config(), LISTEN)
    await w.engine.reload()
    await w.clock.rest()
    assert not w.open_alerts()


async def test_a_source_that_leaves_while_we_are_away_takes_its_alerts_with_it(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w)])
    await w.die()
    w.write(config(), LISTEN)
    await w.start()
    assert told(w)[0].state is AlertState.RESOLVED


async def test_more_than_a_source_may_have_is_refused_and_counted(world: Make) -> None:
    w = await pushed(world)
    code, body = await push(w, [posted(w, f"A{n}") for n in range(5)])
    assert (code, json.loads(body)) == (429, "2 alerts not taken: 3 live alerts are all that `most` allows")
    assert len(told(w)) == 3
    assert "2 alerts not taken of prom in 10m" in w.engine.trouble
    await push(w, [posted(w, "A0", lease=-SECOND) | {"startsAt": format_instant(0)}])
    assert (await push(w, [posted(w, "A4")]))[0] == 200  # one went, one may come


WRONG = "Authorization: Bearer wrong\r\n"


@pytest.mark.parametrize(
    ("path", "headers", "method", "code", "who", "why"),
    [
        (API, JSON, "POST", 401, "prom", "without its token"),
        (API, JSON + WRONG, "POST", 401, "prom", "wrong token"),
        (API, JSON + "Authorization: Basic dDBrZW4=\r\n", "POST", 401, "prom", "without its token"),
        (API, "Content-Type: text/plain\r\n" + BEARER, "POST", 415, "prom", "unsupported media type"),
        (API, JSON + BEARER, "PUT", 405, "prom", "method PUT is not allowed"),
        ("/api/v2/silences", JSON + BEARER, "POST", 404, "prom", "there is no /api/v2/silences"),
        ("/in/prom/api/v2/alerts", JSON + WRONG, "POST", 401, "prom", "wrong token"),
        ("/in/nobody", JSON + BEARER, "POST", 404, "somebody unknown", "there is no such source"),
        ("/in/script/api/v2/alerts", JSON, "POST", 404, "script", "there is no /api/v2/alerts"),
        ("/in/script", "", "POST", 415, "script", "unsupported media type"),
        ("/in/script", JSON + "Origin: http://evil.test\r\n", "POST", 403, "script", "it came from a web page"),
    ],
)
async def test_what_may_not_come_in_is_refused_and_seen(
    world: Make, path: str, headers: str, method: str, code: int, who: str, why: str
) -> None:
    w = await pushed(world)
    assert (await push(w, [], path, headers=headers, method=method))[0] == code
    assert f"1 calls refused of {who} in 10m, the last: {why}" in w.engine.trouble
    assert not told(w)
    await w.pass_time(11 * MINUTE)
    assert not w.engine.trouble


async def test_a_body_beyond_the_cap_is_not_read(world: Make) -> None:
    w = await pushed(world)
    head = f"POST {API} HTTP/1.1\r\nContent-Length: {MAX_BODY + 1}\r\n{JSON}{BEARER}\r\n".encode()
    assert (await call(w.engine._ears.receiver.port, head)).startswith(b"HTTP/1.1 413 ")
    assert f"at most {MAX_BODY} are taken" in w.engine.trouble


async def test_a_source_whose_token_is_missing_waits_outside_and_the_console_says_so(world: Make) -> None:
    w = await world(config(rules=SOURCES.replace("env:TOKEN", "env:MISSING")), LISTEN)
    assert (await push(w, [posted(w)]))[0] == 503
    assert "no calls for prom" in w.engine.trouble


async def test_who_asks_how_we_are_is_told(world: Make) -> None:
    w = await pushed(world)
    for path in ("/-/ready", "/-/healthy", "/in/prom/-/ready"):
        assert await push(w, b"", path, method="GET", headers="") == (200, "OK")
    code, body = await push(w, b"", "/api/v2/status", method="GET")
    assert (code, json.loads(body)["cluster"]) == (200, {"status": "disabled", "peers": []})
    assert (await push(w, b"", "/api/v2/status", method="GET", headers=""))[0] == 401


async def read(w: World, query: str = "", headers: str = BEARER) -> tuple[int, Any]:
    code, body = await push(w, b"", f"{API}?{query}", headers=headers, method="GET")
    return code, json.loads(body) if code == 200 else body


async def test_a_source_reads_back_what_it_pushed(world: Make) -> None:
    w = await pushed(world)
    assert await read(w) == (200, [])
    await push(w, [posted(w, service="payments"), posted(w, "Other")])
    code, found = await read(w)
    assert code == 200
    (one, other) = found
    assert one["labels"]["alertname"] == "HighCPU"
    assert one["annotations"] == {"summary": "HighCPU is above 90 %"}
    assert one["startsAt"] == format_instant(w.clock.now() - MINUTE)
    assert one["status"] == {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []}
    assert len({one["fingerprint"], other["fingerprint"]}) == 2
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    assert len((await read(w))[1]) == 2


async def test_a_source_that_may_sees_all_and_chooses(world: Make) -> None:
    w = await world(
        config(more=PEOPLE, rules=SOURCES.replace("most = 3", "most = 3\nsees_all = true")), f"{LISTEN}\n{POLICY}"
    )
    await push(w, [posted(w)])
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.ask(CommandKind.SILENCE, matchers='alertname="down"', ends=w.clock.now() + HOUR, comment="x")
    await w.pass_time(SECOND)
    (down,) = (await read(w, "filter=alertname%3D%22down%22"))[1]
    assert down["status"] == {"state": "suppressed", "silencedBy": ["1"], "inhibitedBy": [], "mutedBy": []}
    assert down["receivers"] == [{"name": "pay"}]
    names = {
        query: [one["labels"]["alertname"] for one in (await read(w, query))[1]]
        for query in ("", "silenced=false", "active=false", "receiver=pa.", "filter=vendor%3Dacme&filter=source%3Dx")
    }
    assert names == {
        "": ["HighCPU", "down"],
        "silenced=false": ["HighCPU"],
        "active=false": ["down"],
        "receiver=pa.": ["HighCPU", "down"],
        "filter=vendor%3Dacme&filter=source%3Dx": [],
    }


@pytest.mark.parametrize(
    ("query", "headers", "code", "said"),
    [
        ("", "", 401, ""),
        ("", WRONG, 401, ""),
        ("filter=x", BEARER, 400, "is not a matcher"),
        ("active=perhaps", BEARER, 400, "neither true nor false"),
        ("receiver=(", BEARER, 400, "bad query"),
        ("receiver=(x%2Bx%2B)%2By", BEARER, 400, "receiver could be tried for hours"),
        ("filter=a%3D~%22(x%2Bx%2B)%2By%22", BEARER, 400, "could be tried for hours"),
        ("&".join(["filter=a%3Db"] * 60), BEARER, 400, "bad query"),
    ],
)
async def test_what_may_not_be_read_is_refused(world: Make, query: str, headers: str, code: int, said: str) -> None:
    w = await pushed(world)
    got, body = await read(w, query, headers)
    assert got == code
    assert said in body
    assert "calls refused of prom" in w.engine.trouble


async def test_who_may_push_without_a_token_may_not_read(world: Make) -> None:
    w = await world(config(rules=SOURCES.replace('token = "env:TOKEN"', "open = true")), LISTEN)
    await push(w, [posted(w)], headers=JSON)
    assert (await read(w, headers=""))[0] == 403


async def test_heartbeats_are_heard_while_somebody_pushes_too_often(world: Make) -> None:
    job = '[[check]]\nid = "job"\nintegration = "payments"\nkind = "heartbeat"\nevery = "10s"\ntoken = "env:TOKEN"\n'
    w = await world(config(rules=f'{job}period = "1h"\n{SOURCES}'), LISTEN)
    codes = [(await push(w, [], "/in/nobody"))[0] for _ in range(102)]
    assert codes[-1] == 429
    assert "the last: too many calls a second" in w.engine.trouble
    assert (await push(w, b"", "/ping/t0ken-of-the-backup-job", method="GET", headers=""))[0] == 200


@pytest.mark.parametrize(
    ("starts", "ends"),
    [("2999-01-01T00:00:00Z", "2999-01-02T00:00:00Z"), ("0001-01-01T00:00:00Z", None), (None, "9999-12-31T23:59:59Z")],
)
async def test_absurd_times_are_brought_to_earth(world: Make, starts: str | None, ends: str | None) -> None:
    w = await pushed(world)
    assert (await push(w, [posted(w, lease=None) | {"startsAt": starts, "endsAt": ends}]))[0] == 200
    (row,) = told(w)
    assert row.since == w.clock.now()
    await w.pass_time(4 * MINUTE)
    assert told(w)[0].state is AlertState.FIRING


async def test_an_end_that_was_said_outlasts_one_that_is_assumed_and_the_earlier_beginning_counts(world: Make) -> None:
    w = await pushed(world)
    await push(w, [posted(w, lease=10 * MINUTE)])
    await push(w, [posted(w, lease=None) | {"startsAt": format_instant(w.clock.now() - HOUR)}])
    await w.pass_time(6 * MINUTE)
    (row,) = told(w)
    assert (row.state, row.since) == (AlertState.FIRING, w.clock.now() - HOUR - 6 * MINUTE)
    await w.pass_time(5 * MINUTE)
    assert told(w)[0].state is AlertState.RESOLVED
