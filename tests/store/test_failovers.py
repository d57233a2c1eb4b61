"""Runs of failovers in the store: whole, hostile cells, and what readers are given."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from standby.domain.failover import Clocks, RunKind, RunState, StepState
from standby.domain.prechecks import Precheck, Verdict
from standby.domain.route import Step, StepKind
from standby.domain.units import DAY, SECOND
from standby.store.failovers import FailoverRow, RouteStateRow, StepRow
from standby.store.reader import Reader
from standby.store.retention import Retention
from standby.store.rows import Batch
from standby.store.writer import Writer

from .samples import T0

RUN = FailoverRow(
    id=1,
    command="cmd-12345",
    route="payments",
    integration="payments",
    kind=RunKind.FAILOVER,
    source="acme",
    target="spare",
    state=RunState.EXECUTING,
    armed_by="alice",
    armed_from="unix:alice pid 4711",
    armed_at=T0,
    expires_at=T0 + 120 * SECOND,
    started_by="alice",
    forced={"cool-down": "the vendor says so"},
    prechecks=[Precheck("cool-down", Verdict.FAIL, "1m ago", "the vendor says so")],
    steps=[
        StepRow(Step("raise gw1", StepKind.REVERSIBLE, "server be/gw1", "ready", "maint"), StepState.DONE, T0, "ready"),
        StepRow(Step("map", StepKind.PIVOT, "map payments", "be_spare", "be_acme"), StepState.INTENT, T0),
    ],
    clocks=Clocks(outage=T0 - SECOND, armed=T0, uncertainty=5 * SECOND),
)


async def test_a_run_comes_back_as_it_was_and_goes_on_in_place(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(durable=True, failovers=[RUN]))
    reader = Reader(path)
    assert reader.failovers(10) == [RUN]
    assert reader.failover(command="cmd-12345") == reader.failover(id=1) == RUN
    assert reader.failover(id=2) is None
    seq = reader.changes().seq
    done = replace(RUN, state=RunState.SUCCEEDED, ended_at=T0 + 9 * SECOND, result="moved and verified")
    await writer.commit(Batch(failovers=[done]))
    assert reader.changes(seq).failovers == [done]
    assert reader.changes().failovers == [done]
    assert (await writer.load()).failovers == [done]
    reader.close()


async def test_an_open_run_is_given_however_old_it_is(writer: Writer, path: Path) -> None:
    ended = [replace(RUN, id=n, command=f"c{n}", state=RunState.EXPIRED, ended_at=T0) for n in range(2, 90)]
    await writer.commit(Batch(failovers=[RUN, *ended]))
    reader = Reader(path)
    assert [run.id for run in reader.failovers(3)] == [1, 87, 88, 89]
    assert [run.id for run in reader.changes().failovers] == [1, *range(40, 90)]
    assert [run.id for run in reader.failovers(3, "other")] == []
    reader.close()


async def test_where_traffic_goes_is_replaced_and_forgotten(writer: Writer, path: Path) -> None:
    state = RouteStateRow("payments", "payments", "acme", T0, ["the file says be_spare"], "")
    await writer.commit(Batch(route_states=[state]))
    reader = Reader(path)
    assert reader.changes().route_states == [state]
    await writer.commit(Batch(route_states=[replace(state, serving="", trouble="no\x1b[31m answer")]))
    assert reader.changes().route_states == [replace(state, serving="", trouble="no answer")]
    await writer.commit(Batch(forget_routes=["payments"]))
    assert reader.changes().route_states == []
    reader.close()


async def test_old_runs_expire_and_the_newest_number_stays(writer: Writer) -> None:
    old = [replace(RUN, id=n, command=f"c{n}", state=RunState.SUCCEEDED, ended_at=T0) for n in (1, 2)]
    await writer.commit(Batch(failovers=old))
    await writer.expire(T0 + 10 * DAY, Retention(DAY, DAY, DAY, None))
    assert [run.id for run in (await writer.load()).failovers] == [2], "its number is never used again"


async def test_cells_of_any_kind_become_a_run_that_a_person_looks_at(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(failovers=[RUN]))
    await writer.close()
    other = sqlite3.connect(path)
    other.execute(
        "UPDATE failover SET state = 'exploded', kind = 7, prechecks = '[3, {\"verdict\": \"maybe\"}]', steps = x'00',"
        " clocks = '{\"outage\": \"noon\"}', forced = '[]', result = 'a\x1b]52;c;x\x07b'"
    )
    other.commit()
    other.close()
    reader = Reader(path)
    [run] = reader.failovers(10)
    reader.close()
    assert (run.state, run.kind, run.steps) == (RunState.PARTIALLY_FAILED, RunKind.FAILOVER, [])
    assert [(one.rule, one.verdict) for one in run.prechecks] == [("", Verdict.UNKNOWN)]
    assert (run.clocks, run.forced, run.result) == (Clocks(), {}, "a b")
