"""Escalations and notifications as rows: to cells and back. The database is untrusted when it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from standby.domain import grouping
from standby.domain.escalation import Escalation, Stage
from standby.domain.text import clean
from standby.store.cells import Cell, document
from standby.store.cells import name as short
from standby.store.values import MESSAGE_LIMIT, Cells, labels, maybe_whole, numbers, text, whole, word
from standby.store.values import document as read_document

TEXT_LIMIT = 4_000
_NEW = grouping.Group()
DOUBT = "it may have arrived"
"""Stands in the fate of a message of which that is true; what was perhaps read is not taken back silently."""


class Fate(StrEnum):
    """What became of a notification."""

    PENDING = "pending"  # to be sent at its time
    SENDING = "sending"  # handed over now, or when the engine died: then it is sent again
    SENT = "sent"
    FAILED = "failed"  # given up
    CANCELLED = "cancelled"  # not needed any more


@dataclass(frozen=True, slots=True)
class EscalationRow:
    """How far the escalation of one group of alerts is; `passed` are the levels, from 0, that had nobody.

    `route` and `labels` say which group, `log` what was told of it and when it is looked at again.
    """

    id: int
    state: Escalation
    passed: Sequence[int] = ()
    route: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    log: grouping.Group = _NEW


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One message to one address."""

    id: int
    key: str
    escalation: int
    integration: str
    severity: str
    kind: str
    target: str
    channel: str
    address: str
    level: int
    loop: int
    episode: int
    next_at: int
    created_at: int
    subject: str
    text: str
    state: Fate = Fate.PENDING
    attempts: int = 0
    done_at: int | None = None
    fate: str = ""
    alerts: Sequence[int] = ()  # what it speaks of

    @property
    def open(self) -> bool:
        """Whether it is still to be sent."""
        return self.state in {Fate.PENDING, Fate.SENDING}

    @property
    def doubtful(self) -> bool:
        """Whether it may have arrived without anybody knowing."""
        return DOUBT in self.fate


def escalation_cells(row: EscalationRow, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_escalation`."""
    state = row.state
    return (
        row.id,
        seq,
        short(state.policy),
        state.level,
        state.loop,
        state.episode,
        state.stage.value,
        state.next_at,
        json.dumps(sorted(set(row.passed))),
        short(row.route),
        document(row.labels),
        document(grouping.to_json(row.log)),
    )


def notification_cells(row: NotificationRow, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_notification`."""
    return (
        row.id,
        seq,
        short(row.key),
        row.escalation,
        short(row.integration),
        row.severity,
        row.kind,
        short(row.target),
        short(row.channel),
        clean(row.address),
        row.level,
        row.loop,
        row.episode,
        row.state.value,
        row.attempts,
        row.next_at,
        row.created_at,
        row.done_at,
        clean(row.fate, MESSAGE_LIMIT),
        clean(row.subject, MESSAGE_LIMIT),
        "\n".join(clean(line, MESSAGE_LIMIT) for line in row.text.splitlines())[:TEXT_LIMIT],
        json.dumps(list(row.alerts)),
    )


def escalation(cells: Cells) -> EscalationRow:
    """From `read.escalations*`. A stage that this version does not know is one that somebody has to look at."""
    state = Escalation(
        policy=text(cells[1]),
        level=whole(cells[2]),
        loop=whole(cells[3]),
        episode=whole(cells[4]),
        stage=word(cells[5], Stage, Stage.EXHAUSTED),
        next_at=maybe_whole(cells[6]),
    )
    return EscalationRow(
        id=whole(cells[0]),
        state=state,
        passed=numbers(cells[7]),
        route=text(cells[8]),
        labels=labels(cells[9]),
        log=_log(cells[10]),
    )


def _log(cell: object) -> grouping.Group:
    """What was told; one that cannot be read is that of a new group: told twice rather than never."""
    try:
        return grouping.from_json(read_document(cell))
    except ValueError:
        return _NEW


def notification(cells: Cells) -> NotificationRow:
    """From `read.notifications*`. A state that this version does not know counts as failed: nothing is sent blindly."""
    lines = cells[19].splitlines() if isinstance(cells[19], str) else []
    return NotificationRow(
        id=whole(cells[0]),
        key=text(cells[1]),
        escalation=whole(cells[2]),
        integration=text(cells[3]),
        severity=text(cells[4]),
        kind=text(cells[5]),
        target=text(cells[6]),
        channel=text(cells[7]),
        address=text(cells[8]),
        level=whole(cells[9]),
        loop=whole(cells[10]),
        episode=whole(cells[11]),
        state=word(cells[12], Fate, Fate.FAILED),
        attempts=whole(cells[13]),
        next_at=whole(cells[14]),
        created_at=whole(cells[15]),
        done_at=maybe_whole(cells[16]),
        fate=text(cells[17], MESSAGE_LIMIT),
        subject=text(cells[18], MESSAGE_LIMIT),
        text="\n".join(clean(line, MESSAGE_LIMIT) for line in lines[:200]),
        alerts=numbers(cells[20]),
    )
