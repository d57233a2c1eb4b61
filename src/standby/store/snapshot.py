"""What an engine loads at its start, read on the writing connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from standby.domain.baseline import Series
from standby.domain.units import MINUTE
from standby.store import baselines, escalations, failovers, reviews, silences, values
from standby.store.baselines import Remembered
from standby.store.rows import Loaded
from standby.store.sqlfile import statements

_SQL = statements("read")
_JUST_RESOLVED = 15 * MINUTE
_RUNS = 500
_Row = TypeVar("_Row")


def load(connection: sqlite3.Connection, now: int) -> Loaded:
    """Everything in one read transaction. Raises sqlite3.Error."""

    def every(name: str, make: Callable[[values.Cells], _Row], **names: values.Parameter) -> list[_Row]:
        return [make(row) for row in connection.execute(_SQL[name], names)]

    def single(name: str, make: Callable[[values.Cells], _Row], **names: values.Parameter) -> _Row | None:
        row = connection.execute(_SQL[name], names).fetchone()
        return None if row is None else make(row)

    connection.execute("BEGIN")
    try:
        resolved = every("alerts_resolved", values.alert, **{"from": now - _JUST_RESOLVED, "limit": 10_000})
        alerts = [*every("alerts_open", values.alert), *resolved]
        return Loaded(
            seq=single("seq", lambda cells: values.whole(cells[0])) or 0,
            engine=single("engine", values.engine, since=-1),
            config=single("config", values.config, since=-1),
            check_states=every("check_states", values.check_state, since=-1),
            integration_states=every("integration_states", values.integration_state, since=-1),
            alerts=sorted(alerts, key=lambda alert: alert.id),
            last_alert_id=int(connection.execute(_SQL["last_alert_id"]).fetchone()[0]),
            pings=every("newest_pings", values.ping),
            open_gap=single("open_gap", values.gap),
            failovers=every("failovers", failovers.failover, route=None, limit=_RUNS),
            escalations=every("escalations_open", escalations.escalation),
            last_escalation=int(connection.execute(_SQL["last_escalation"]).fetchone()[0]),
            notifications=every("notifications_open", escalations.notification),
            silences=every("silences", silences.silence, **{"from": now}),
            reviews=every("reviews", reviews.review, since=-1),
            last_silence=int(connection.execute(_SQL["last_silence"]).fetchone()[0]),
            last_notification=int(connection.execute(_SQL["last_notification"]).fetchone()[0]),
            asked_there=every("asked_there", values.audit),
            judged=dict(every("judged", lambda cells: (values.text(cells[0]), values.text(cells[1])))),
        )
    finally:
        connection.execute("COMMIT")


def remembered(connection: sqlite3.Connection) -> Remembered:
    """What earlier engines learned. Raises sqlite3.Error."""
    memories = [baselines.memory(row) for row in connection.execute(_SQL["memories"])]
    decisions = [baselines.decision(row) for row in connection.execute(_SQL["decisions"])]
    unusual = {
        Series(values.text(subject), values.text(metric)): values.whole(since)
        for subject, metric, since in connection.execute(_SQL["unusual"])
    }
    return Remembered(memories, decisions, max((one.id for one in decisions), default=0), unusual)
