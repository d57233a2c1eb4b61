"""From the store's cells to values. The database is untrusted input: a cell of the wrong kind becomes a default."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from standby.domain import muting, outside
from standby.domain.observation import NO_METRICS, NO_PHASES, Failure, Observation, Phases
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.text import clean
from standby.store.rows import (
    AlertRow,
    AuditRow,
    CheckStateRow,
    ConfigRow,
    EngineRow,
    GapRow,
    IntegrationStateRow,
    PingRow,
    ReceiptRow,
    RollupRow,
)

Cells = Sequence[Any]
Parameter = str | int | None
_Word = TypeVar("_Word", bound=StrEnum)

MAX_INT = 2**63 - 1
NAME_LIMIT = 200
MESSAGE_LIMIT = 500
MAX_JSON = 4_000_000
MAX_DEPTH = 12
OUTCOMES = (Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.MAINTENANCE, Outcome.UNKNOWN)  # as stored: 0 to 4
OUTCOME_NUMBER = {outcome: number for number, outcome in enumerate(OUTCOMES)}


def text(cell: object, limit: int = NAME_LIMIT) -> str:
    """A clean line; empty for anything but text."""
    return clean(cell, limit) if isinstance(cell, str) else ""


def maybe_text(cell: object, limit: int = NAME_LIMIT) -> str | None:
    """A clean line, or `None`."""
    return clean(cell, limit) if isinstance(cell, str) else None


def whole(cell: object) -> int:
    """A number from 0 to 2^63-1; 0 for anything else."""
    return cell if isinstance(cell, int) and 0 <= cell <= MAX_INT else 0


def maybe_whole(cell: object) -> int | None:
    """A number from 0 to 2^63-1, or `None`."""
    return cell if isinstance(cell, int) and 0 <= cell <= MAX_INT else None


def maybe_real(cell: object) -> float | None:
    """A finite number of moderate size, or `None`."""
    if isinstance(cell, (int, float)) and math.isfinite(cell) and abs(cell) < 1e15:
        return float(cell)
    return None


def share(cell: object) -> float | None:
    """A number from 0 to 1, or `None`."""
    number = maybe_real(cell)
    return number if number is not None and 0.0 <= number <= 1.0 else None


def milliseconds(cell: object) -> float | None:
    """Milliseconds of stored microseconds."""
    number = maybe_whole(cell)
    return None if number is None else number / 1000.0


def word(cell: object, closed: type[_Word], default: _Word) -> _Word:
    """One of a closed set of words, else `default`."""
    try:
        return closed(cell)  # type: ignore[arg-type]  # anything may be in the cell; ValueError says it is no such word
    except ValueError:
        return default


def failure(cell: object) -> Failure | None:
    """A failure's kind; one that this version does not know is `internal`."""
    return None if cell is None else word(cell, Failure, Failure.INTERNAL)


def document(cell: object, without: str = "") -> Mapping[str, Any]:
    """A JSON object with clean text in it, `without` one of its entries; empty for anything else."""
    if not isinstance(cell, str) or len(cell) > MAX_JSON:
        return {}
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {_key(key): _tidy(inner, 1) for key, inner in found.items() if key != without}


class Document(Mapping[str, Any]):
    """As `document`, made when it is first looked into: of five hundred checks a screen asks for two."""

    __slots__ = ("_cell", "_found")

    def __init__(self, cell: object) -> None:
        self._cell = cell
        self._found: Mapping[str, Any] | None = None

    def _known(self) -> Mapping[str, Any]:
        if self._found is None:
            self._found = document(self._cell)
        return self._found

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - JSON
        return self._known()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Document) and self._cell == other._cell:
            return True
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # as a dictionary


@lru_cache(1024)
def _key(key: str) -> str:
    """A clean name of an entry: the same few come again and again."""
    return clean(key, NAME_LIMIT)


def _tidy(value: Any, depth: int) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if abs(value) <= MAX_INT else None
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {_key(key): _tidy(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_tidy(inner, depth + 1) for inner in value]
    return value


def metrics(cell: object) -> Mapping[str, float]:
    """Metric names and finite numbers."""
    if cell is None:
        return NO_METRICS
    found = {name: maybe_real(number) for name, number in document(cell).items() if not isinstance(number, bool)}
    return {name: number for name, number in found.items() if number is not None}


def engine(cells: Cells) -> EngineRow:
    """From `read.engine`."""
    return EngineRow(
        fence=whole(cells[0]),
        kind=text(cells[1]),
        pid=whole(cells[2]),
        host=text(cells[3]),
        user=text(cells[4]),
        version=text(cells[5]),
        config_digest=text(cells[6]),
        started_at=whole(cells[7]),
        heartbeat_at=whole(cells[8]),
        state=text(cells[9]),
        lag_ms=maybe_real(cells[10]) or 0.0,
        blind_since=maybe_whole(cells[11]),
        trouble=text(cells[12], MESSAGE_LIMIT),
    )


def config(cells: Cells) -> ConfigRow:
    """From `read.config`."""
    return ConfigRow(at=whole(cells[0]), digest=text(cells[1]), doc=document(cells[2]))


def config_seen(cells: Cells) -> ConfigRow:
    """From `read.config`, without the rules: no screen speaks of them, and they are most of it."""
    return ConfigRow(at=whole(cells[0]), digest=text(cells[1]), doc=document(cells[2], without="rules"))


def check_state(cells: Cells) -> CheckStateRow:
    """From `read.check_states`."""
    return CheckStateRow(
        check_id=text(cells[0]),
        integration=text(cells[1]),
        outcome=word(cells[2], Outcome, Outcome.UNKNOWN),
        raw=word(cells[3], Outcome, Outcome.UNKNOWN),
        attempt=whole(cells[4]),
        attempts=whole(cells[5]),
        since=whole(cells[6]),
        slot=whole(cells[7]),
        at=whole(cells[8]),
        latency_ms=maybe_real(cells[9]),
        failure=failure(cells[10]),
        message=text(cells[11], MESSAGE_LIMIT),
        error_rate=share(cells[12]),
        unknowns=whole(cells[13]),
        missed=whole(cells[14]),
        doc=Document(cells[15]),
    )


def integration_state(cells: Cells) -> IntegrationStateRow:
    """From `read.integration_states`."""
    return IntegrationStateRow(
        integration=text(cells[0]),
        outcome=word(cells[1], Outcome, Outcome.UNKNOWN),
        since=whole(cells[2]),
        error_rate=share(cells[3]),
        latency_ms=maybe_real(cells[4]),
        message=text(cells[5], MESSAGE_LIMIT),
    )


def alert(cells: Cells) -> AlertRow:
    """From `read.alert`. A state that this version does not know counts as firing: louder is safer."""
    return AlertRow(
        id=whole(cells[0]),
        rule=text(cells[1]),
        integration=text(cells[2]),
        severity=word(cells[3], Severity, Severity.WARNING),
        state=word(cells[4], AlertState, AlertState.FIRING),
        since=whole(cells[5]),
        fired_at=maybe_whole(cells[6]),
        resolved_at=maybe_whole(cells[7]),
        acked_by=maybe_text(cells[8]),
        acked_at=maybe_whole(cells[9]),
        acked_from=maybe_text(cells[10]),
        summary=text(cells[11], MESSAGE_LIMIT),
        machine=document(cells[12]),
        labels=labels(cells[13]),
        mutes=mutes(cells[14]),
        acked_until=maybe_whole(cells[15]),
        escalations=numbers(cells[16]),
        origin=origin(cells[17]),
    )


@lru_cache(4096)
def numbers(cell: object) -> tuple[int, ...]:
    """Ids or levels; what is none is left out."""
    if cell == "[]" or not isinstance(cell, str) or len(cell) > MAX_JSON:
        return ()
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return ()
    return tuple(one for one in found if type(one) is int and 0 <= one <= MAX_INT) if isinstance(found, list) else ()


def origin(cell: object) -> outside.Origin | None:
    """Who decides about an alert, when it is not us."""
    if not isinstance(cell, str):
        return None
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return outside.from_json(found) if isinstance(found, dict) else None


@lru_cache(1024)
def labels(cell: object) -> Mapping[str, str]:
    """Label names and values; what is no text is left out."""
    return {name: value for name, value in document(cell).items() if isinstance(value, str)}


def mutes(cell: object) -> muting.Mutes:
    """Why nobody is told; nothing for what cannot be read."""
    if cell == "[]" or not isinstance(cell, str) or len(cell) > MAX_JSON:
        return ()
    try:
        return muting.from_json(json.loads(cell))
    except (ValueError, RecursionError):
        return ()


def audit(cells: Cells) -> AuditRow:
    """From `read.audits`, clean for a screen (a chain is verified on the cells as they are)."""
    return AuditRow(
        at=whole(cells[0]),
        actor=text(cells[1]),
        origin=text(cells[2]),
        kind=text(cells[3]),
        subject=text(cells[4]),
        message=text(cells[5], MESSAGE_LIMIT),
        command=maybe_text(cells[6]),
        no=whole(cells[7]),
        hash=blob(cells[8]) or b"",
    )


def blob(cell: object) -> bytes | None:
    """Bytes, or `None`."""
    return cell if isinstance(cell, bytes) else None


def receipt(cells: Cells) -> ReceiptRow:
    """From `read.receipt`."""
    return ReceiptRow(
        command=text(cells[0]),
        at=whole(cells[1]),
        actor=text(cells[2]),
        kind=text(cells[3]),
        args=document(cells[4]),
        status=text(cells[5]),
        reason=text(cells[6], MESSAGE_LIMIT),
    )


def ping(cells: Cells) -> PingRow:
    """From `read.newest_pings`."""
    return PingRow(check_id=text(cells[0]), at=whole(cells[1]), signal=text(cells[2]))


def gap(cells: Cells) -> GapRow:
    """From `read.gaps`."""
    return GapRow(from_at=whole(cells[0]), to_at=maybe_whole(cells[1]), reason=text(cells[2]))


_NO_PHASES = (None,) * 5


def observation(check_id: str, cells: Cells) -> Observation:
    """From `read.observations`."""
    number = cells[2]
    known = isinstance(number, int) and 0 <= number < len(OUTCOMES)
    phases = cells[4:9]
    return Observation(
        check_id=check_id,
        slot=whole(cells[0]),
        at=whole(cells[1]),
        outcome=OUTCOMES[number] if known else Outcome.UNKNOWN,
        message=text(cells[10], MESSAGE_LIMIT),
        failure=failure(cells[9]),
        latency_ms=milliseconds(cells[3]),
        phases=NO_PHASES if phases == _NO_PHASES else Phases(*map(milliseconds, phases)),
        metrics=metrics(cells[11]),
    )


def rollup(cells: Cells) -> RollupRow:
    """From `read.rollups_*`."""
    return RollupRow(
        check_id=text(cells[0]),
        bucket=whole(cells[1]),
        count=whole(cells[2]),
        failures=whole(cells[3]),
        degraded=whole(cells[4]),
        unknown=whole(cells[5]),
        maintenance=whole(cells[6]),
        latency_count=whole(cells[7]),
        latency_min_us=maybe_whole(cells[8]),
        latency_sum_us=whole(cells[9]),
        latency_max_us=maybe_whole(cells[10]),
        sketch=blob(cells[11]),
    )
