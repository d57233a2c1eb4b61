"""The story that the sample tells: the rehearsal makes a critical alert fire while a newcomer still watches."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from standby.domain.outcome import AlertState, Severity
from standby.domain.units import SECOND
from standby.link.simulator import Attached, Step, attach
from standby.store.errors import StoreError
from standby.store.reader import Reader
from standby.store.rows import AlertRow

SAMPLE = Path(__file__).parents[2] / "config.toml"
START_S = 30.0
FIRES_WITHIN_S = 20.0  # 9 s on a free machine; the promise is 15


async def until_everything_is_seen(store: Path) -> None:
    """Every check has told something."""
    while True:
        try:
            reader = Reader(store)
        except StoreError:
            await asyncio.sleep(0.1)
            continue
        changes = reader.changes()
        reader.close()
        if len(changes.check_states) >= 13 and all(state.at for state in changes.check_states):
            return
        await asyncio.sleep(0.1)


async def until_critical_fires(store: Path) -> AlertRow:
    while True:
        reader = Reader(store)
        alerts = reader.alerts(50, open_only=True)
        reader.close()
        for alert in alerts:
            if alert.severity is Severity.CRITICAL and alert.state is AlertState.FIRING:
                return alert
        await asyncio.sleep(0.1)


async def test_the_bad_minute_fires_a_critical_alert_within_seconds(tmp_path: Path) -> None:
    config, store = tmp_path / "config.toml", tmp_path / "standby.db"
    shutil.copy(SAMPLE, config)
    program = [sys.executable, "-P", "-m", "standby", "--config", str(config), "engine", "--for", "90s"]
    engine = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.DEVNULL)
    heard: list[Step] = []
    try:
        async with asyncio.timeout(START_S):
            await until_everything_is_seen(store)
        attached = await attach(store, spawn=False, role="test", on_step=heard.append)
        await attached.rehearse()
        async with asyncio.timeout(FIRES_WITHIN_S):
            alert = await until_critical_fires(store)
        assert (alert.integration, alert.rule) == ("payments", "payments-failing")
        assert alert.fired_at is not None
        assert alert.fired_at - alert.since >= 2 * SECOND  # its `for`
        assert heard[0].step == 1
        engine.send_signal(signal.SIGTERM)
        assert await engine.wait() == 0
        await attached.end()
        await attached.close()
    finally:
        if engine.returncode is None:
            engine.kill()
            await engine.wait()


async def polled(attached: Attached) -> int:
    """Requests to those that only an engine asks: the shop's payments go on without one."""
    return sum(party.requests for party in await attached.list() if not party.name.startswith("payments"))


async def test_an_engine_that_is_killed_leaves_the_third_parties_to_the_next(tmp_path: Path) -> None:
    config, store = tmp_path / "config.toml", tmp_path / "standby.db"
    shutil.copy(SAMPLE, config)
    program = [sys.executable, "-P", "-m", "standby", "--config", str(config), "engine", "--for", "90s"]
    first = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(START_S):
        await until_everything_is_seen(store)
    first.kill()
    await first.wait()
    attached = await attach(store, spawn=False, role="test")
    pid, places = attached.pid, dict(attached.connect_to)
    second = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.DEVNULL)
    try:
        before = await polled(attached)
        async with asyncio.timeout(START_S):
            while await polled(attached) < before + 5:  # noqa: ASYNC110 - it polls
                await asyncio.sleep(0.1)
        assert (attached.pid, attached.connect_to) == (pid, places)
        os.kill(pid, 0)
    finally:
        second.kill()
        await second.wait()
    await attached.end()
    await attached.close()


@pytest.fixture(autouse=True)
def _away_from_the_users_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
