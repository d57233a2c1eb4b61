"""The feed on real stores: what is new, what is gone, what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from standby.console.feed import ALERTS_AT_ONCE, Feed
from standby.console.snapshot import Snapshot
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND
from standby.store.rows import Batch
from standby.store.writer import Writer

from . import shop


async def test_first_everything_then_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await shop.fill(path)
    feed = Feed(path, shop.FakeClock())
    seen = feed.first(Snapshot())
    assert seen.estate.name == "shop-eu"
    assert set(seen.alerts) == {1, 2, 3, 4}
    assert feed.poll(seen) is seen, "nothing was written"
    writer = await Writer.open(path, now=shop.NOW)
    await writer.begin_term(shop.engine())
    await writer.commit(Batch(check_states=[shop.check("crm", Outcome.DOWN)], alerts=[shop.acked(1, "payments")]))
    after = feed.poll(seen)
    assert after.checks["crm-api"].outcome is Outcome.DOWN
    assert after.alerts[1].acked_by == "ben"
    await writer.close()
    feed.close()


async def test_a_storm_comes_in_parts_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await shop.fill(path)
    feed = Feed(path, shop.FakeClock())
    seen = feed.first(Snapshot())
    writer = await Writer.open(path, now=shop.NOW)
    await writer.begin_term(shop.engine())
    many = range(10, 10 + 2 * ALERTS_AT_ONCE + 50)
    await writer.commit(Batch(alerts=[shop.alert(number) for number in many], check_states=[shop.check("crm")]))
    first = feed.poll(seen)
    assert len(first.alerts) - len(seen.alerts) == ALERTS_AT_ONCE
    await writer.commit(Batch(alerts=[shop.acked(10), shop.acked(many[-1]), shop.alert(many[-1] + 1)]))
    second = feed.poll(first)
    third = feed.poll(second)
    assert set(third.alerts) == {1, 2, 3, 4, *many, many[-1] + 1}
    assert third.alerts[10].acked_by == third.alerts[many[-1]].acked_by == "ben"
    assert feed.poll(third) is third, "all of it was read"
    await writer.close()
    feed.close()


async def test_a_storm_of_exactly_one_part_ends(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await shop.fill(path)
    feed = Feed(path, shop.FakeClock())
    seen = feed.first(Snapshot())
    writer = await Writer.open(path, now=shop.NOW)
    await writer.begin_term(shop.engine())
    await writer.commit(Batch(alerts=[shop.alert(number) for number in range(10, 10 + ALERTS_AT_ONCE)]))
    after = feed.poll(feed.poll(seen))
    assert len(after.alerts) == len(seen.alerts) + ALERTS_AT_ONCE
    assert feed.poll(after) is after
    await writer.close()
    feed.close()


async def test_another_configuration_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await shop.fill(path)
    feed = Feed(path, shop.FakeClock())
    seen = feed.first(Snapshot())
    writer = await Writer.open(path, now=shop.NOW)
    await writer.begin_term(shop.engine())
    smaller = shop.config(integrations=(("crm", "CRM", "Rolobase", "low"),))
    await writer.commit(Batch(config=replace(smaller, digest="digest-2"), forget_checks=["payments-api"]))
    after = feed.poll(seen)
    assert list(after.estate.integrations) == ["crm"]
    assert "payments-api" not in after.checks
    await writer.close()
    feed.close()


async def test_a_store_that_comes_later(tmp_path: Path) -> None:
    path, clock = tmp_path / "s.db", shop.FakeClock()
    feed = Feed(path, clock)
    seen = feed.first(Snapshot())
    assert seen == Snapshot(), "the first engine makes it: no trouble"
    await shop.fill(path)
    clock.step(2 * SECOND)
    assert feed.poll(seen).alerts
    feed.close()


async def test_a_store_that_goes_keeps_the_last_picture_and_says_so(tmp_path: Path) -> None:
    path, clock = tmp_path / "s.db", shop.FakeClock()
    await shop.fill(path)
    feed = Feed(path, clock)
    seen = feed.first(Snapshot())
    path.rename(tmp_path / "elsewhere.db")
    gone = feed.poll(seen)
    assert "s.db" in gone.store_trouble
    assert gone.alerts == seen.alerts
    (tmp_path / "elsewhere.db").rename(path)
    clock.step(2 * SECOND)
    assert feed.poll(gone).store_trouble == ""
    feed.close()


async def test_detail_and_series_are_read_in_threads(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await shop.fill(path)
    feed = Feed(path, shop.FakeClock())
    seen = feed.first(Snapshot())
    pane = await feed.pane(seen, "payments")
    assert len(pane.observations) == 30
    assert pane.observations[0].at > pane.observations[-1].at
    assert pane.observations[0].phases.tls == 20.25
    assert [row.kind for row in pane.audits] == ["fired", "note"]
    assert [alert.id for alert in pane.alerts] == [1]
    series = await feed.series(shop.NOW + MINUTE)
    assert series is not None
    assert series["payments-api"][-1][1] == 123.4
    feed.close()


async def test_a_pane_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    feed = Feed(tmp_path / "none.db", shop.FakeClock())
    assert "none.db" in (await feed.pane(shop.snapshot(), "payments")).failed
    assert await feed.series(shop.NOW) is None
