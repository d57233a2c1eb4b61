"""A store of an older version is read as if it had always been one of this version."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from standby.domain.escalation import Stage
from standby.store.migrate import create
from standby.store.reader import Reader
from standby.store.sqlfile import migrations
from standby.store.writer import Writer

from .samples import T0

BEFORE_GROUPS = """
INSERT INTO alert (id, seq, rule, integration, severity, state, since, fired_at, summary, machine)
VALUES (7, 1, 'down', 'payments', 'critical', 'firing', 5, 6, 'payments is down', '{}');
INSERT INTO escalation VALUES (7, 1, 'pay', 1, 0, 0, 'active', 99, '[0]');
INSERT INTO notification VALUES
    (3, 1, '7.0.0.1.firing.anna.mail', 7, 'payments', 'critical', 'firing', 'anna', 'mail', 'anna@shop.test', 1, 0, 0,
    'sent', 1, 5, 5, 6, '250 ok', 'subject', 'text');
"""


async def test_whoever_was_being_told_about_an_alert_still_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "standby.db"
    with monkeypatch.context() as patched:
        patched.setattr("standby.store.migrate.migrations", lambda: migrations()[:4])
        create(path, T0)
    old = sqlite3.connect(path)
    old.executescript(BEFORE_GROUPS)
    old.close()
    writer = await Writer.open(path, now=T0)
    loaded = await writer.load()
    await writer.close()
    [row], [message], [alert] = loaded.escalations, loaded.notifications, loaded.alerts
    assert (row.id, row.state.policy, row.state.level, row.state.stage) == (7, "pay", 1, Stage.ACTIVE)
    assert row.log.alerts == {7: None}
    assert row.log.entry is not None
    assert row.log.entry.firing == {7}
    assert alert.escalations == (7,)
    assert (message.escalation, message.alerts) == (7, (7,))
    assert (loaded.last_escalation, loaded.last_notification) == (7, 3)
    reader = Reader(path)
    assert [one.id for one in reader.notifications(7)] == [3]
    reader.close()
