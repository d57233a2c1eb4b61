"""Random histories of one vendor, our network, the clock, the store and the engine itself; what must hold in each."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standby.domain.outcome import AlertState
from standby.domain.units import HOUR, SECOND
from standby.link.protocol import CommandKind, NotNowError, Status
from standby.store.errors import StoreError
from standby.store.reader import Reader

from .world import DOWN, REFUSED, UNKNOWN, UP, Answer, World, config, rule

ANSWERS: dict[str, Answer] = {"up": UP, "down": DOWN, "refused": REFUSED, "unknown": UNKNOWN}
EVENTS = st.sampled_from(
    [
        *ANSWERS,
        "wait",
        "wait",
        "ack",
        "unack",
        "blind",
        "see",
        "forward",
        "back",
        "restart",
        "kill",
        "full",
        "room",
        "reload",
    ]
)
TARGETS = 'reference_targets = ["tcp://192.0.2.1:53"]'


class History:
    """One world and what was promised in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.acked: dict[int, bool] = {}  # what the last receipt of each alert promised

    async def happen(self, event: str) -> None:
        w = self.world
        if event in ANSWERS:
            w.answers["pay"] = ANSWERS[event]
        elif event in {"blind", "see"}:
            w.network = event == "see"
        elif event in {"forward", "back"}:
            w.clock.step(HOUR if event == "forward" else -HOUR)
        elif event in {"full", "room"}:
            w.store.fail = StoreError("full", "disk full") if event == "full" else None
        elif event in {"restart", "kill"}:
            w.store.fail = None if event == "restart" else w.store.fail
            await (w.stop() if event == "restart" else w.die())
            await w.pass_time(5 * SECOND)
            await w.start()
        elif event == "reload":
            await w.engine.reload()
        elif event in {"ack", "unack"}:
            await self.act(event)
        await w.pass_time(11 * SECOND)

    async def act(self, event: str) -> None:
        for live in list(self.world.engine._alerts):
            try:
                receipt = await self.world.ask(CommandKind(event), alert=live.id)
            except NotNowError:  # nothing was done; the sender keeps it
                continue
            if receipt.status is Status.DONE:
                self.acked[live.id] = event == "ack"

    async def check(self) -> None:
        """The end of every history: the store has room, two minutes pass."""
        w = self.world
        w.store.fail = None
        await w.pass_time(20 * SECOND)
        changes = w.changes()
        self._alerts(changes.alerts)
        fired = [row.subject for row in changes.audits if row.kind == "fired"]
        resolved = [row.subject for row in changes.audits if row.kind == "resolved"]
        assert len(set(fired)) == len(fired), "nobody is told twice"
        assert len(set(resolved)) == len(resolved)
        assert set(resolved) <= set(fired), "no end without a beginning"
        reader = Reader(w.store.path)
        try:
            assert reader.verify_audit().ok
        finally:
            reader.close()

    def _alerts(self, rows: object) -> None:
        alerts = list(rows)  # type: ignore[call-overload]
        now = self.world.clock.now()
        still = [(row.integration, row.rule) for row in alerts if row.state is not AlertState.RESOLVED]
        assert len(set(still)) == len(still), "one alert a rule and integration"
        numbers = [row.id for row in alerts]
        assert numbers == sorted(set(numbers)), "every number once"
        last = self.world.engine._alerts.last_id
        assert all(0 < number <= last for number in numbers)  # those that never fired are not listed
        for row in alerts:
            if row.state is not AlertState.RESOLVED:
                assert row.since <= now + SECOND
            promised = self.acked.get(row.id)
            if promised is not None:
                assert (row.acked_by is not None) is promised, "an acknowledgement is never lost"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENTS, min_size=4, max_size=22), st.booleans())
def test_every_history(events: list[str], plain: bool) -> None:
    rules = "" if plain else rule("outcome == 'down'", for_="15s", keep="15s")

    async def live() -> None:
        with tempfile.TemporaryDirectory() as folder:
            world = World(Path(folder), config(rules=rules), TARGETS)
            await world.start()
            history = History(world)
            for event in events:
                await history.happen(event)
            await history.check()
            await world.stop()

    asyncio.run(live())


@pytest.mark.parametrize("event", ["kill", "restart", "reload", "forward", "back", "blind", "full"])
async def test_what_fires_and_is_somebodys_outlives_everything(event: str, tmp_path: Path) -> None:
    world = World(tmp_path, config(), TARGETS)
    await world.start()
    history = History(world)
    for step in ("down", "wait", "ack", event, "wait", "room", "see"):
        await history.happen(step)
    await history.check()
    [alert] = [row for row in world.alerts() if row.rule == "down"]
    assert (alert.id, alert.acked_by, alert.state) == (1, "alice", AlertState.ACKNOWLEDGED)
    await world.stop()
