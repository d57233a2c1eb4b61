"""`domain.grouping` against Alertmanager: when something is told, and its acceptance tests replayed on a fake clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import yaml

from standby.domain import grouping
from standby.domain.grouping import Batch, Entry, Group, Pace
from standby.domain.inhibition import Inhibition, Rule
from standby.domain.matchers import match_all, parse_matcher
from standby.domain.outside import Word, merged
from standby.domain.routing import Route, group_key, grow, routes_of
from standby.domain.units import SECOND, parse_duration

from .loader import Case, cases, compare, strangers
from .test_routing import matchers, written

DEDUP = "b_notification_dedup_alertmanager"
TIMELINES = "b_notification_timelines_alertmanager"
TOLERANCE = 0.15
WAIVERS = {
    "am-accept-TestAlwaysInhibiting": "they tell the end of an alert whose firing was never told; ours owes nothing",
    "am-accept-TestReload": "their reload begins every group anew; ours goes on with its clocks (T12)",
}


@pytest.mark.parametrize("case", cases(DEDUP))
def test_what_is_news(case: Case) -> None:
    last, pace = case["last_notification"], Pace(0, 0, case["repeat_interval_s"], case["send_resolved"])
    entry = None
    if last is not None:
        at = -(10**9) if last["sent_at"] is None else last["sent_at"]
        entry = Entry(frozenset(last["firing"]), frozenset(last["resolved"]), at)
    ours = grouping.needs_update(entry, set(case["firing"]), set(case["resolved"]), case["now"], pace)
    assert ours is case["expected_notify"]


@dataclass
class Alert:
    """One alert as somebody pushed it, in seconds; `lease`: nobody said when it ends."""

    id: int
    labels: dict[str, str]
    annotations: dict[str, str]
    start: float
    end: float
    lease: bool

    def merged(self, later: Alert, now: float) -> Alert:
        """Both versions of one alert (S21)."""
        old, new = (Word(ns(one.start), ns(one.end), at, one.lease) for at, one in enumerate((self, later)))
        both = merged(old, new, ns(now))
        lease = self.lease if both.ends_at != new.ends_at else later.lease
        return replace(later, id=self.id, start=both.starts_at / SECOND, end=both.ends_at / SECOND, lease=lease)


@dataclass
class Receiver:
    """Somebody who is told: the groups of alerts on the way to one collector, and what came."""

    send_resolved: bool
    groups: dict[str, Group] = field(default_factory=dict)
    paces: dict[str, Pace] = field(default_factory=dict)
    heard: list[tuple[float, Batch, dict[int, Alert]]] = field(default_factory=list)


class Simulation:
    """Alertmanager's part in one timeline. Events are taken in their order, and looks when they are due."""

    def __init__(self, case: Case) -> None:
        config = yaml.safe_load(case["config_yaml"])
        self.root: Route = grow(written(config["route"]))
        (hooks,) = (one["webhook_configs"] for one in config["receivers"])
        names = ["co"] if len(hooks) == 1 else [f"co{place + 1}" for place in range(len(hooks))]
        self.receivers = {
            name: Receiver(hook.get("send_resolved", True)) for name, hook in zip(names, hooks, strict=True)
        }
        self.lease = parse_duration(config.get("global", {}).get("resolve_timeout", "5m")) / SECOND
        self.rules = tuple(
            Rule(tuple(matchers(one, "source_")), tuple(matchers(one, "target_")), tuple(one.get("equal", ())))
            for one in config.get("inhibit_rules", ())
        )
        self.silences = case.get("silences", {})
        self.standing: dict[str, float] = {}  # silence -> when it was deleted
        self.alerts: dict[tuple[tuple[str, str], ...], Alert] = {}
        self.hold = case.get("dispatch_start_delay_s", 0)
        self.count = 0

    def run(self, events: list[dict[str, Any]], until: float) -> None:
        for event in events:
            self.look(event["t"])
            self.take(event)
        self.look(until)

    def take(self, event: dict[str, Any]) -> None:
        now = event["t"]
        if event["op"] == "push":
            for doc in event["alerts"]:
                self.push(doc, now)
        elif event["op"] == "set_silence":
            self.standing[event["silence"]] = self.silences[event["silence"]]["to"]
        elif event["op"] == "delete_silence":
            self.standing[event["silence"]] = now
        else:
            assert event["op"] == "reload"

    def push(self, doc: dict[str, Any], now: float) -> None:
        active = doc["active"] or [now]
        self.count += 1
        end = active[1] if len(active) > 1 else now + self.lease
        key = tuple(sorted(doc["labels"].items()))
        alert = Alert(self.count, doc["labels"], doc.get("annotations", {}), active[0], end, lease=len(active) == 1)
        old = self.alerts.get(key)
        if old is not None and alert.start <= old.end and alert.end >= old.start:
            alert = old.merged(alert, now)
        self.alerts[key] = alert
        for route in routes_of(self.root, alert.labels):
            for receiver in self.receivers.values():
                self.dispatch(route, receiver, alert, now)

    def dispatch(self, route: Route, receiver: Receiver, alert: Alert, now: float) -> None:
        options, name = route.options, group_key(route, alert.labels)
        pace = Pace(
            options.group_wait_ns, options.group_interval_ns, options.repeat_interval_ns, receiver.send_resolved
        )
        group = receiver.groups.get(name, Group())
        if alert.end > now:
            group = grouping.fire(group, alert.id, ns(alert.start), ns(now), pace)
        receiver.groups[name], receiver.paces[name] = group, pace

    def look(self, until: float) -> None:
        """All looks that are due up to an instant, in their order."""
        while True:
            due = [
                (max(group.flush_at, ns(self.hold)), collector, name)
                for collector, receiver in self.receivers.items()
                for name, group in receiver.groups.items()
                if group.flush_at is not None
            ]
            if not due or min(due)[0] > ns(until):
                return
            at, collector, name = min(due)
            self.flush(self.receivers[collector], name, at / SECOND)

    def flush(self, receiver: Receiver, name: str, now: float) -> None:
        group = receiver.groups[name]
        known = {alert.id: alert for alert in self.alerts.values()}
        for alert in known.values():
            if alert.end <= now:
                group = grouping.resolve(group, alert.id, ns(alert.end))
        muted = frozenset(alert.id for alert in known.values() if self.muted(alert, now))
        group, batch = grouping.flush(group, ns(now), receiver.paces[name], muted)
        if batch is not None:
            receiver.heard.append((now, batch, known))
        receiver.groups[name] = grouping.from_json(grouping.to_json(grouping.delivered(group)))

    def muted(self, alert: Alert, now: float) -> bool:
        firing = {one.id: one.labels for one in self.alerts.values() if one.end > now}
        if any(True for _ in Inhibition(self.rules, firing).sources_of(alert.labels)):
            return True
        return any(self.silenced(self.silences[name], until, alert, now) for name, until in self.standing.items())

    def silenced(self, silence: dict[str, Any], until: float, alert: Alert, now: float) -> bool:
        asked = [parse_matcher(re.sub(r"\s*(=~|!~|!=|=)\s*", r"\1", text)) for text in silence["matchers"]]
        return silence["from"] <= now < min(silence["to"], until) and match_all(asked, alert.labels)


def ns(seconds: float) -> int:
    return round(seconds * SECOND)


def shown(doc: dict[str, Any]) -> tuple[object, ...]:
    """An expected alert: its labels and annotations, and when it ended."""
    active = doc["active"]
    ended = active[1] if active and len(active) > 1 else None
    return tuple(sorted(doc["labels"].items())), tuple(sorted(doc.get("annotations", {}).items())), ended


def told(batch: Batch, known: dict[int, Alert]) -> list[tuple[object, ...]]:
    """A batch of ours in the same words."""
    return sorted(
        (
            tuple(sorted(known[one].labels.items())),
            tuple(sorted(known[one].annotations.items())),
            known[one].end if one in batch.resolved else None,
        )
        for one in batch.firing | batch.resolved
    )


@pytest.mark.parametrize("case", cases(TIMELINES))
def test_what_is_told_when(case: Case) -> None:
    """Nothing else may come until the last window closes."""
    simulation, wanted = Simulation(case), case["expected_notifications"]
    simulation.run(case["events"], max(one["between"][1] for one in wanted))
    for collector, receiver in simulation.receivers.items():
        mine = [one for one in wanted if one["collector"] == collector and one["alerts"]]
        ours = [
            (placed(at, window["between"]), told(batch, known))
            for (at, batch, known), window in zip(receiver.heard, mine, strict=False)
        ]
        ours += [(False, [])] * abs(len(receiver.heard) - len(mine))
        compare(case, ours, [(True, sorted(map(shown, one["alerts"]))) for one in mine], WAIVERS)


def placed(at: float, window: list[float]) -> bool:
    return window[0] - TOLERANCE <= at <= window[1] + TOLERANCE


def test_every_waiver_names_a_case() -> None:
    assert not strangers(WAIVERS, TIMELINES, "cases")
