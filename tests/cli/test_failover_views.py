"""`standby failover list` and `history`, and the routes of `standby status`: what the store says, nothing sent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.failovers import opened, planned, taken

from standby.cli.main import main
from standby.cli.runs import ending_lines, plan_lines, progress, word
from standby.console.estate import Estate, Integration, estate_of
from standby.domain.failover import RunState, StepState
from standby.domain.prechecks import Precheck, Verdict
from standby.domain.units import MINUTE, SECOND
from standby.engine.clock import SystemClock
from standby.store.failovers import RouteStateRow
from standby.store.rows import Batch

NOW = 1_795_000_000 * SECOND
ESTATE = Estate(integrations={"payments": Integration("payments", "Payments", "acme", rto_ns=5 * MINUTE)})


async def test_routes_are_listed_with_where_traffic_goes_and_in_status_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = SystemClock().now()
    writer = await opened(tmp_path / "s" / "standby.db", now)
    await writer.commit(Batch(durable=True, failovers=[planned(now)]))
    await writer.close()
    store = ["--store", str(tmp_path / "s" / "standby.db")]
    assert main([*store, "failover", "list", "--json"]) == 0
    [route] = json.loads(capsys.readouterr().out)
    assert {key: route[key] for key in ("id", "integration", "primary", "serving", "drift", "trouble")} == {
        "id": "pay",
        "integration": "payments",
        "primary": "acme",
        "serving": "acme",
        "drift": ["the file says be_spare"],
        "trouble": "",
    }
    assert [(one["id"], one["outcome"]) for one in route["targets"]] == [("acme", "down"), ("spare", "up")]
    assert route["last_run"] == {"id": 7, "kind": "failover", "to": "spare", "state": "armed"}
    main([*store, "status", "--json"])
    assert json.loads(capsys.readouterr().out)["routes"] == [route]
    assert main([*store, "failover", "list"]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert "acme (primary)" in line
    assert "acme down, spare up" in line
    assert line.endswith("7 to spare: armed; the file says be_spare")


async def test_a_route_that_cannot_be_read_is_not_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = SystemClock().now()
    writer = await opened(tmp_path / "standby.db", now)
    state = RouteStateRow("pay", "payments", "", now, (), "admin.sock: nobody answers")
    await writer.commit(Batch(durable=True, route_states=[state]))
    await writer.close()
    main(["--store", str(tmp_path / "standby.db"), "failover", "list"])
    line = capsys.readouterr().out.splitlines()[1]
    assert "not known" in line
    assert line.endswith("admin.sock: nobody answers")


async def test_history_is_newest_first_of_one_route_or_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = SystemClock().now()
    writer = await opened(tmp_path / "standby.db", now)
    done = replace(planned(now), state=RunState.SUCCEEDED, ended_at=now, result="proven", started_by="bob")
    done = replace(done, clocks=replace(done.clocks, started=now, moved=now, verified=now), steps=taken(done, now))
    other = replace(done, id=8, command="cmd-00000008", route="mail")
    await writer.commit(Batch(durable=True, failovers=[done, other]))
    await writer.close()
    store = ["--store", str(tmp_path / "standby.db"), "failover", "history"]
    main([*store, "--json"])
    assert [run["id"] for run in json.loads(capsys.readouterr().out)] == [8, 7]
    main([*store, "pay", "--json"])
    [run] = json.loads(capsys.readouterr().out)
    assert (run["from"], run["to"], run["confirm"]) == ("acme", "spare", "Payments -> spare")
    assert (run["clocks"]["attained_s"], run["clocks"]["uncertainty_s"]) == (180.0, 5.0)
    assert [step["state"] for step in run["steps"]] == ["done", "done"]
    main([*store, "pay"])
    line = capsys.readouterr().out.splitlines()[1]
    for part in ("acme -> spare", "succeeded", "bob", "3m00s ±5s", "proven"):
        assert part in line


async def test_a_store_without_routes_and_runs_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = await opened(tmp_path / "standby.db", NOW)
    await writer.close()
    assert main(["--store", str(tmp_path / "standby.db"), "failover", "history"]) == 0
    assert capsys.readouterr().out == "no runs\n"
    assert estate_of(None, Estate()).routes == {}


def test_a_plan_shows_the_clock_the_rules_and_the_steps() -> None:
    over = Precheck("cool-down", Verdict.FAIL, "1m ago", "the vendor says so")
    lines = plan_lines(replace(planned(NOW), prechecks=[*planned(NOW).prechecks, over]), ESTATE, NOW)
    assert lines == [
        "run 7: failover of pay, acme -> spare, is armed for 2m00s",
        "down for 3m00s (give or take 5s), 2m00s left of the 5m that recovery may take",
        "  pass    healthy: spare is up",
        "  WARN    drift: the file",
        "  FAIL    cool-down: 1m ago [overridden: the vendor says so]",
        "  step 1/2 raise be_spare/gw1",
        "  step 2/2 map payments -> be_spare (traffic moves here)",
    ]
    assert word(planned(NOW), ESTATE) == "Payments -> spare"


def test_a_missed_objective_and_a_planned_run_are_told_as_such() -> None:
    late = plan_lines(planned(NOW), ESTATE, NOW + 10 * MINUTE)
    assert "8m00s over of the 5m" in late[1]
    run = planned(NOW)
    calm = replace(run, clocks=replace(run.clocks, outage=None))
    assert plan_lines(calm, ESTATE, NOW)[1] == "nothing is down: this is a planned run"


def test_progress_tells_each_thing_once() -> None:
    run = replace(planned(NOW), state=RunState.EXECUTING)
    begun = replace(run, steps=[taken(run, NOW, StepState.INTENT)[0], run.steps[1]])
    assert progress(run, run) == []
    assert progress(run, begun) == [f"{'11:06:40.000Z'} step 1/2 raise be_spare/gw1: begun (ready)"]
    ended = replace(begun, steps=taken(run, NOW), state=RunState.SUCCEEDED, ended_at=NOW + SECOND, result="proven")
    assert [line[14:] for line in progress(begun, ended)] == [
        "step 1/2 raise be_spare/gw1: done (ready)",
        "step 2/2 map payments -> be_spare (traffic moves here): done (be_spare)",
        "run 7 succeeded: proven",
    ]
    assert progress(ended, ended) == []


def test_the_end_tells_each_span_and_the_recovery() -> None:
    run = planned(NOW)
    assert ending_lines(run) == []
    clocks = replace(run.clocks, started=NOW, moved=NOW + 40_000_000, verified=NOW + SECOND)
    assert ending_lines(replace(run, clocks=clocks)) == [
        "detection 1m00s, decision 2m00s, switch 40ms, verification 960ms",
        "recovered 3m01s ±5s after the outage began",
    ]
