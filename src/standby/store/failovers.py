"""Runs of failovers and the state of routes, as rows: to cells and back. The database is untrusted when it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from standby.domain.failover import Clocks, RunKind, RunState, StepState
from standby.domain.prechecks import Precheck, Verdict
from standby.domain.route import Step, StepKind
from standby.domain.text import clean
from standby.store.cells import Cell, maybe_clean
from standby.store.cells import name as short
from standby.store.values import MESSAGE_LIMIT, Cells, document, maybe_text, maybe_whole, text, whole, word

_MOST = 200  # steps or prechecks of one run


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a run's journal. `at` is when its state was reached, `note` what was read or went wrong."""

    step: Step
    state: StepState = StepState.PLANNED
    at: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class FailoverRow:
    """One run, from its plan to its end."""

    id: int
    command: str
    route: str
    integration: str
    kind: RunKind
    source: str
    target: str
    state: RunState
    armed_by: str
    armed_from: str
    armed_at: int
    expires_at: int
    started_by: str | None = None
    ended_at: int | None = None
    previous: int | None = None
    result: str = ""
    forced: Mapping[str, str] = field(default_factory=dict)
    prechecks: Sequence[Precheck] = ()
    steps: Sequence[StepRow] = ()
    clocks: Clocks = field(default_factory=Clocks)


@dataclass(frozen=True, slots=True)
class RouteStateRow:
    """Where the traffic of one route goes."""

    route: str
    integration: str
    serving: str
    at: int
    drift: Sequence[str] = ()
    trouble: str = ""


def failover_cells(row: FailoverRow, seq: int) -> dict[str, Cell]:
    """For `write.upsert_failover`."""
    return {
        "id": row.id,
        "seq": seq,
        "command": short(row.command),
        "route": short(row.route),
        "integration": short(row.integration),
        "kind": row.kind.value,
        "source": short(row.source),
        "target": short(row.target),
        "state": row.state.value,
        "armed_by": clean(row.armed_by),
        "armed_from": clean(row.armed_from),
        "armed_at": row.armed_at,
        "expires_at": row.expires_at,
        "started_by": maybe_clean(row.started_by),
        "ended_at": row.ended_at,
        "previous": row.previous,
        "result": clean(row.result, MESSAGE_LIMIT),
        "forced": json.dumps(dict(row.forced)),
        "prechecks": json.dumps([asdict(one) for one in row.prechecks]),
        "steps": json.dumps([_step_doc(one) for one in row.steps]),
        "clocks": json.dumps(asdict(row.clocks)),
    }


def _step_doc(row: StepRow) -> dict[str, Any]:
    return {**asdict(row.step), "state": row.state.value, "at": row.at, "note": row.note}


def route_state_cells(row: RouteStateRow, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_route_state`."""
    drift = json.dumps([clean(line, MESSAGE_LIMIT) for line in row.drift])
    return (row.route, seq, row.integration, short(row.serving), row.at, drift, clean(row.trouble, MESSAGE_LIMIT))


def failover(cells: Cells) -> FailoverRow:
    """From `read.failover*`. A state that this version does not know is one that a person has to look at."""
    return FailoverRow(
        id=whole(cells[0]),
        command=text(cells[1]),
        route=text(cells[2]),
        integration=text(cells[3]),
        kind=word(cells[4], RunKind, RunKind.FAILOVER),
        source=text(cells[5]),
        target=text(cells[6]),
        state=word(cells[7], RunState, RunState.PARTIALLY_FAILED),
        armed_by=text(cells[8]),
        armed_from=text(cells[9]),
        armed_at=whole(cells[10]),
        expires_at=whole(cells[11]),
        started_by=maybe_text(cells[12]),
        ended_at=maybe_whole(cells[13]),
        previous=maybe_whole(cells[14]),
        result=text(cells[15], MESSAGE_LIMIT),
        forced={key: text(value) for key, value in document(cells[16]).items()},
        prechecks=[_precheck(one) for one in _objects(cells[17])],
        steps=[_step(one) for one in _objects(cells[18])],
        clocks=_clocks(document(cells[19])),
    )


def route_state(cells: Cells) -> RouteStateRow:
    """From `read.route_states`."""
    drift = document(f'{{"lines": {cells[4]}}}').get("lines") if isinstance(cells[4], str) else None
    lines = [text(line, MESSAGE_LIMIT) for line in drift] if isinstance(drift, list) else []
    return RouteStateRow(
        text(cells[0]), text(cells[1]), text(cells[2]), whole(cells[3]), lines, text(cells[5], MESSAGE_LIMIT)
    )


def _objects(cell: object) -> list[Mapping[str, Any]]:
    """A JSON list of objects, by the same door as every other document."""
    found = document(f'{{"rows": {cell}}}').get("rows") if isinstance(cell, str) else None
    return [one for one in found[:_MOST] if isinstance(one, dict)] if isinstance(found, list) else []


def _precheck(doc: Mapping[str, Any]) -> Precheck:
    return Precheck(
        rule=text(doc.get("rule")),
        verdict=word(doc.get("verdict"), Verdict, Verdict.UNKNOWN),
        text=text(doc.get("text"), MESSAGE_LIMIT),
        overridden=text(doc.get("overridden")),
    )


def _step(doc: Mapping[str, Any]) -> StepRow:
    step = Step(
        name=text(doc.get("name")),
        kind=word(doc.get("kind"), StepKind, StepKind.IRREVERSIBLE),
        subject=text(doc.get("subject")),
        desired=text(doc.get("desired")),
        undo=text(doc.get("undo")),
    )
    state = word(doc.get("state"), StepState, StepState.UNKNOWN)
    return StepRow(step, state, whole(doc.get("at")), text(doc.get("note"), MESSAGE_LIMIT))


def _clocks(doc: Mapping[str, Any]) -> Clocks:
    names = ("outage", "detected", "acknowledged", "armed", "started", "moved", "verified", "failed_back")
    return Clocks(**{name: maybe_whole(doc.get(name)) for name in names}, uncertainty=whole(doc.get("uncertainty")))
