"""What the panes say: a snapshot in, words out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len

from standby.console.present import alerts, header, integrations, log, plan
from standby.console.present.detail import detail
from standby.console.present.failover import failover
from standby.console.present.footer import info
from standby.console.present.guide import guide
from standby.console.present.moment import Guided
from standby.console.present.record import record
from standby.console.snapshot import Link, Pane, Sent, Snapshot
from standby.domain import flapping
from standby.domain.failover import RunKind, RunState
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.link.protocol import CommandKind, Status, Welcome
from standby.store.failovers import FailoverRow

from . import shop


def lines(rows: Any) -> list[str]:
    return [row.text for row in rows]


def find(rows: Any, word: str) -> str:
    return next(row.text for row in rows if word in row.text)


def test_panes_go_by_criticality_and_what_fails_is_on_top() -> None:
    rows = integrations.panes(shop.moment(), 120)
    ids = [row.id.partition(":")[2] for row in rows if row.id]
    assert ids == ["payments", "inventory", "shipping", "sms", "crm", "weather"]
    turned = shop.bad_night()
    turned = replace(turned, integration_states=[*turned.integration_states, shop.state("sms", Outcome.DOWN)])
    ids = [row.id.partition(":")[2] for row in integrations.panes(shop.moment(shop.snapshot(turned)), 120) if row.id]
    assert ids.index("sms") < ids.index("shipping")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("Payments", ["✗ down", "Acme Pay", "2.3 s", "43%", "2m", "nobody"]),
        ("Shipping", ["▲ degraded", "910 ms", "<1%", "20m", "ben"]),
        ("SMS", ["● down 2/3"]),
        ("CRM", ["● up", "8.4 ms", "0%"]),
        ("Weather feed", ["? no data yet", "–"]),
    ],
)
def test_a_row_says(key: str, words: list[str]) -> None:
    row = find(integrations.panes(shop.moment(), 140), key)
    for word in words:
        assert word in row


def test_what_was_not_heard_of_is_stale() -> None:
    late = shop.moment(now=shop.NOW + 40 * SECOND)
    assert "stale 40s" in find(integrations.panes(late, 120), "Inventory")
    assert "stale" not in find(integrations.panes(shop.moment(now=shop.NOW + 15 * SECOND), 120), "Inventory")


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 160, 200, 300])
def test_every_row_is_as_wide_as_the_screen(width: int) -> None:
    moment = shop.moment(shop.snapshot(pane=Pane("payments", [shop.observation("payments", 0)], loaded=True)))
    rows = [
        *integrations.panes(moment, width),
        *alerts.feed(moment, width),
        *log.log(moment, width),
        *detail(moment, width, "payments"),
        *record(moment, width, "alert:1"),
        *header.notices(moment, width),
        header.header(moment, width, "detail"),
        info(moment, width, "integration:payments"),
    ]
    assert {cell_len(row.text) for row in rows} == {width}


def test_at_eighty_columns_nothing_that_matters_is_dropped() -> None:
    rows = integrations.panes(shop.moment(), 80)
    for title in ("vendor", "by min", "latency", "err", "since"):
        assert title in rows[0].text
    for title in ("severity", "integration", "what", "since", "who"):
        assert title in alerts.feed(shop.moment(), 80)[0].text


def test_the_filter_keeps_lines_that_have_every_word() -> None:
    rows = integrations.panes(shop.moment(filter="acme down"), 120)
    assert [row.id for row in rows if row.id] == ["integration:payments"]
    assert "nothing matches zzz" in integrations.panes(shop.moment(filter="zzz"), 120)[0].text
    assert "no alert matches zzz" in alerts.feed(shop.moment(filter="zzz"), 120)[1].text


def test_alerts_come_in_the_order_of_need() -> None:
    states = [row.text.split()[1] for row in alerts.feed(shop.moment(), 120)[1:]]
    assert states == ["firing", "acked", "pending", "resolved"]
    louder = shop.snapshot(alerts={1: shop.alert(1, severity=Severity.WARNING), 5: shop.alert(5, "crm")})
    assert "CRM" in alerts.feed(shop.moment(louder), 120)[1].text


@pytest.mark.parametrize(("status", "word"), [(None, "ack sent"), (Status.KEPT, "ack kept")])
def test_an_acknowledgement_is_sent_until_its_receipt(status: Status | None, word: str) -> None:
    sent = Sent("c1", CommandKind.ACK, 1, None, shop.NOW, status)
    assert word in find(alerts.feed(shop.moment(shop.snapshot(sent={"c1": sent})), 100), "firing")


def test_empty_store_says_so_everywhere() -> None:
    moment = shop.moment(Snapshot())
    assert "no data yet" in integrations.panes(moment, 80)[0].text
    assert "no data yet" in alerts.feed(moment, 80)[1].text
    assert "nothing written down yet" in log.log(moment, 80)[1].text


ENGINES = [
    ({}, {}, {}, "companion 0 s", ""),
    ({"kind": "service"}, {}, {}, "service 0 s", ""),
    ({"heartbeat_at": shop.NOW - 40 * SECOND}, {"held": False}, {}, "engine dead 40 s", "nothing is polled"),
    ({"heartbeat_at": shop.NOW - 40 * SECOND}, {"held": True}, {}, "engine stuck 40 s", "engine --replace"),
    ({"heartbeat_at": shop.NOW - 40 * SECOND}, {"held": True, "holder": 4711}, {}, "engine stuck 40 s", "4711"),
    ({"heartbeat_at": shop.NOW - 40 * SECOND}, {"held": True, "holder": 5000}, {}, "engine starting", ""),
    (
        {"heartbeat_at": shop.NOW - 40 * SECOND}, {"held": True, "connected": True, "trouble": "store full: free it"},
        {}, "companion 0 s", "store full: free it",
    ),
    ({"state": "stopped"}, {"held": False}, {}, "engine stopped 1 s", "nothing is polled"),
    ({"heartbeat_at": shop.NOW - 40 * SECOND}, {"held": None}, {}, "stored 40 s ago", ""),
    ({"heartbeat_at": shop.NOW - 40 * SECOND}, {"starting": True, "held": True}, {}, "engine starting", ""),
    ({"heartbeat_at": shop.NOW - 40 * SECOND}, {"held": False}, {"read_only": True}, "engine dead", "never starts"),
    (
        {"heartbeat_at": shop.NOW - 40 * SECOND}, {"held": False, "reason": "ben may start one"}, {},
        "engine dead", "ben may start one",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("row", "link", "snap", "head", "notice"), ENGINES)
def test_the_engine_is_told_in_the_header_and_its_death_on_top(
    row: dict[str, Any], link: dict[str, Any], snap: dict[str, Any], head: str, notice: str
) -> None:
    linked = replace(Link(), **{"connected": False, **link})
    moment = shop.moment(shop.snapshot(engine=shop.engine(**row), link=linked, **snap))
    assert head in header.header(moment, 120).text
    told = lines(header.notices(moment, 160))
    assert notice in told[0] if notice else told == []


def test_a_step_of_the_wall_clock_does_not_kill_an_engine() -> None:
    later = shop.moment(now=shop.NOW + 60 * MINUTE, heartbeat_age=SECOND)
    assert "companion 0 s" in header.header(later, 100).text
    gone = shop.moment(now=shop.NOW - 60 * MINUTE, heartbeat_age=40 * SECOND)
    assert "engine" in header.header(gone, 100).text


def test_notices_tell_what_is_wrong_with_the_picture() -> None:
    told = shop.snapshot(
        engine=shop.engine(blind_since=shop.NOW - 5 * MINUTE, trouble="store full: free space on its disk"),
        store_trouble="store /x is damaged",
        link=Link(connected=True, welcome=Welcome(1, "service", 1, "eve", may_act=False, refusal="join group ops")),
    )
    text = "\n".join(lines(header.notices(shop.moment(told), 160)))
    for words in (
        "store /x is damaged",
        "BLIND since 03:05:24 (5m)",
        "store full",
        "you may look, not act: join group",
    ):
        assert words in text


def test_the_clock_has_seconds_only_while_something_fires() -> None:
    assert header.header(shop.moment(), 120).text.endswith("03:10:24 ")
    quiet = shop.moment(shop.snapshot(alerts={2: shop.acked(2)}))
    assert header.header(quiet, 120).text.endswith("1 acked  03:10 ")


def test_header_names_the_environment_in_words() -> None:
    assert " PRODUCTION " in header.header(shop.moment(), 80).text
    assert "read-only" in header.header(shop.moment(shop.snapshot(read_only=True)), 80).text


def _guided(**changed: Any) -> str:
    base = shop.snapshot(shop.bad_night(simulated=True), alerts={}, audits=())
    pressed = changed.pop("guided", Guided())
    return guide(shop.moment(replace(base, **changed), guided=pressed))


def test_the_guide_leads_through_the_demonstration() -> None:
    assert _guided() == "press any key: the bad minute starts"
    assert _guided(guided=Guided(pressed=True)) == "the bad minute has started: watch"
    assert _guided(audits=(shop.audit(1, "rehearse"),)) == "the bad minute has started: watch"
    assert _guided(alerts={1: shop.alert(1)}) == "Payments is failing: press a to acknowledge it"
    assert "press enter for detail, ? for help" in _guided(alerts={2: shop.acked(2)})
    assert "press n to write a note" in _guided(alerts={2: shop.acked(2)}, guided=Guided(detail=True))
    over = shop.alert(3, state=AlertState.RESOLVED, resolved_at=shop.NOW - MINUTE)
    assert _guided(alerts={3: over}, guided=Guided(pressed=True)).startswith("recovered")


MINE = {1: shop.alert(1, state=AlertState.ACKNOWLEDGED), 4: shop.alert(4, "sms", severity=Severity.WARNING)}
BACK = shop.run(RunState.SUCCEEDED, kind=RunKind.FAILBACK, source="borealis", target="acme", armed_at=shop.NOW - MINUTE)
WELL = {"payments-api": shop.check("payments")}


@pytest.mark.parametrize(
    ("runs", "changed", "told"),
    [
        ([], {"alerts": {1: shop.alert(1)}}, "Payments is failing, 57 requests lost: press a to acknowledge it"),
        ([], {}, "you have it, 57 requests lost: press F for the plan that moves Payments"),
        ([shop.run()], {}, "nothing has moved yet: press c and type Payments -> borealis"),
        ([shop.half_way()], {}, "Payments is being moved to borealis: each step is read back"),
        ([shop.over()], {"serving": "borealis"}, "done: borealis answers, 57 requests were lost; F moves Pa"),
        ([shop.over()], {"serving": "borealis", "checks": WELL}, "acme is well again: press F to move Payments back"),
        ([shop.over(), replace(BACK, id=8)], {"checks": WELL}, "Payments is back at acme: 5 shows the routes"),
        # Dropped, lapsed or taken back: it is where it was, and F is what is left to do.
        ([shop.run(RunState.CANCELLED)], {}, "you have it, 57 requests lost: press F"),
        ([shop.run(RunState.ROLLED_BACK)], {}, "you have it, 57 requests lost: press F"),
        # Another alert that nobody has, and nothing to be moved: that one is next.
        ([], {"checks": WELL}, "SMS is failing: press a to acknowledge it"),
    ],
)
def test_the_guide_leads_through_a_failover(runs: list[FailoverRow], changed: dict[str, Any], told: str) -> None:
    shown = shop.routed(*runs, simulated=True, serving=changed.pop("serving", "acme"))
    checks = {**shown.checks, **changed.pop("checks", {})}
    checks["payments-api"] = replace(checks["payments-api"], doc={"metrics": {"lost": 57.0, "answered": 12.0}})
    shown = replace(shown, checks=checks, **{"alerts": MINE} | changed)
    assert guide(shop.moment(shown)).startswith(told)
    assert cell_len(guide(shop.moment(shown))) <= 76


def test_a_failover_shows_the_requests_lost_when_somebody_counts_them() -> None:
    shown = shop.routed(shop.over())
    assert "lost" not in "\n".join(lines(failover(shop.moment(shown), 80, shop.over(), "")))
    counted = replace(shown.checks["payments-api"], doc={"metrics": {"lost": 57.0}})
    shown = replace(shown, checks={**shown.checks, "payments-api": counted})
    assert "requests lost 57" in "\n".join(lines(failover(shop.moment(shown), 80, shop.over(), "")))


def test_no_guide_with_real_third_parties_or_without_rights() -> None:
    assert guide(shop.moment()) == ""
    assert _guided(read_only=True) == ""
    assert _guided(link=Link(welcome=Welcome(1, "service", 1, "eve", may_act=False, refusal="no"))) == ""


def test_detail_has_phases_messages_alerts_and_log() -> None:
    pane = Pane(
        "payments",
        [shop.observation("payments", 0, Outcome.DOWN, shop.DOWN)],
        [shop.alert(1)],
        [shop.audit(4, "note", message="vendor confirms")],
        loaded=True,
    )
    text = "\n".join(lines(detail(shop.moment(shop.snapshot(pane=pane)), 160, "payments")))
    for words in (
        "criticality critical", "rto 5m", "rpo 1m", "runbook https://", "payments-api", "https://api.payments.test/health",
        "10.5", "20.2", "80.0", "expectation: status == 200: status is 503", "! firing", "vendor confirms",
    ):  # fmt: skip
        assert words in text


def test_detail_has_a_word_for_a_check_that_flaps() -> None:
    flaps = {flapping.KEY: {"last": "down", "changes": 0b1111111, "flaps": True}}
    night = shop.bad_night()
    states = [shop.check("payments", Outcome.DOWN, message="status is 503", doc=flaps), *night.check_states[1:]]
    rows = detail(shop.moment(shop.snapshot(replace(night, check_states=states))), 140, "payments")
    assert "flapping 39%: status is 503" in "\n".join(lines(rows))


def test_detail_marks_what_is_unsafe() -> None:
    unsafe = "verify = false: anybody on the way can pretend to be this vendor"
    estate = shop.snapshot().estate
    checks = [replace(check, risks=[unsafe]) for check in estate.checks_of["payments"]]
    snapshot = shop.snapshot(estate=replace(estate, checks_of={**estate.checks_of, "payments": checks}))
    rows = detail(shop.moment(snapshot), 120, "payments")
    [row] = [row for row in rows if "unsafe" in row.text]
    assert row.text.strip() == f"✗ unsafe payments-api {unsafe}"
    assert not [row for row in detail(shop.moment(snapshot), 120, "inventory") if "unsafe" in row.text]


def test_detail_says_when_it_has_nothing() -> None:
    text = "\n".join(lines(detail(shop.moment(), 120, "weather")))
    assert "? no data yet" in text
    assert "no data yet: reading the store" in text
    failed = shop.snapshot(pane=Pane("payments", failed="store /x is locked", loaded=True))
    assert "failed: store /x is locked" in "\n".join(lines(detail(shop.moment(failed), 120, "payments")))
    assert "not in the configuration" in detail(shop.moment(), 120, "gone")[0].text


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("alert:2", ["#2 acknowledged", "ben", "unix:ben pid 99 on web-1"]),
        ("check:payments-api", ["https://api.payments.test/health", "down since", "0 of 3"]),
        ("audit:4", ["vendor confirms an incident", "01" * 32]),
        ("observation:payments-api@1", ["gone from the store"]),
        ("nonsense", ["gone from the store"]),
    ],
)
def test_a_record_has_every_fact(key: str, words: list[str]) -> None:
    text = "\n".join(lines(record(shop.moment(), 100, key)))
    for word in words:
        assert word in text


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 15), (40, 10), (20, 5), (1, 1), (300, 100)])
@pytest.mark.parametrize("notices", [0, 1, 4])
def test_panes_never_leave_the_screen_or_overlap(size: tuple[int, int], notices: int) -> None:
    width, height = size
    boxes = plan.overview(width, height, notices, (12, 15), 6)
    taken = set()
    for box in boxes.values():
        for y in range(box.y, box.y + box.height):
            assert y < max(1, height - 2)
            assert box.x + box.width <= width
            cells = {(x, y) for x in range(box.x, box.x + box.width)}
            assert not taken & cells
            taken |= cells


def test_on_a_small_screen_the_status_panes_keep_what_the_alerts_leave() -> None:
    boxes = plan.overview(80, 24, 1, (12, 15), 9)
    assert boxes["status"].height >= 12
    assert boxes["alerts"].height >= 5
    assert boxes["log"].height == 0


def test_a_muted_alert_says_by_whom_and_until_when_and_stands_below_what_needs_somebody() -> None:
    mute = Mute(MuteKind.SILENCE, "7", shop.NOW + HOUR, "silenced by anna: the bank is at work")
    quiet, loud = shop.alert(1, mutes=(mute,)), shop.alert(2, severity=Severity.WARNING)
    rows = alerts.feed(shop.moment(), 200, [quiet, loud])
    assert [row.id for row in rows[1:]] == ["alert:2", "alert:1"]
    said = rows[2].text
    assert "muted" in said
    assert " silence 7 until 04:10; error_rate > 0.05" in said
    whole = info(shop.moment(shop.snapshot(replace(shop.bad_night(), alerts=[quiet]))), 160, "alert:1").text
    assert "muted by silence 7 until 04:10 (silenced by anna: the bank is at work); error_rate > 0.05" in whole
    assert "nobody" not in said
