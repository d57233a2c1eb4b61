"""What is kept quiet, on a page of its own: silences, maintenance, announced work, and every other reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from standby.console.coming import coming
from standby.console.keys import BY_ID, Situation
from standby.console.present.alerts import feed, named
from standby.console.present.footer import info
from standby.console.present.integrations import panes
from standby.console.present.moment import Moment
from standby.console.present.quiet import occurrence, quiet
from standby.console.present.record import record
from standby.console.present.silence_change import Change, change
from standby.console.snapshot import Coming, Snapshot
from standby.domain.matchers import Matcher
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import AlertState, Outcome
from standby.domain.silence import Silence
from standby.domain.units import DAY, HOUR, MINUTE, parse_instant
from standby.link.protocol import CommandKind

from . import shop
from .harness import UTF8, FakeSession, console, press, row, screen
from .test_goldens import LINUX, golden

NOW = shop.NOW
ACME = [[Matcher("vendor", "acme"), Matcher("severity", "warning|info", regex=True)]]
SILENCES = [
    Silence(4, ACME, NOW - HOUR, NOW + 72 * MINUTE, "ana", "unix:ana", "Acme moves its data centre"),
    Silence(
        5, [[Matcher("integration", "crm")]], NOW + 40 * MINUTE, NOW + 3 * HOUR, "ben", "unix:ben", "their release"
    ),
    Silence(3, ACME, NOW - 5 * HOUR, NOW - 3 * HOUR, "ben", "unix:ben", "over"),
    Silence(1, ACME, NOW - 9 * DAY, NOW - 8 * DAY, "ben", "unix:ben", "long over"),
]
WINDOWS = [
    {"id": "acme-patch-day", "reason": "Acme patches its servers", "vendors": ["acme"], "integrations": [], "match": [],
     "zone": "Europe/Berlin", "once": None, "written": {"times": ["22:00-24:00"], "weekdays": ["tuesday#2"]}},
    {"id": "night", "reason": "", "vendors": [], "integrations": ["sms"], "match": ['severity!="critical"'],
     "zone": "UTC", "once": None, "written": {"times": ["02:00-04:00"]}},
    {"id": "move", "reason": "the data centre moves", "vendors": [], "integrations": ["payments"], "match": [],
     "zone": "Europe/Berlin", "once": [parse_instant("2026-12-05T20:00:00+01:00"),
                                       parse_instant("2026-12-06T04:00:00+01:00")], "written": {}},
]  # fmt: skip
HELD = Mute(MuteKind.SILENCE, "4", NOW + 72 * MINUTE, "silenced by ana: Acme moves its data centre")
NIGHTLY = Mute(MuteKind.MAINTENANCE, "night", NOW + 50 * MINUTE, "maintenance night")
BECAUSE = Mute(MuteKind.DEPENDENCY, "payments", None, "because Payments is down")


def hushed(windows: Any = WINDOWS, **changed: Any) -> Snapshot:
    """The bad night with silences, windows, and alerts that they keep quiet."""
    night = shop.bad_night()
    alerts = [
        shop.alert(1), shop.acked(2, mutes=(HELD,)), shop.alert(5, "sms", mutes=(NIGHTLY,)),
        shop.alert(6, "crm", mutes=(HELD, BECAUSE)),
    ]  # fmt: skip
    doc = {**shop.config().doc, "maintenance": windows}
    states = [
        replace(one, at=NOW, doc={"metrics": {"maintenance_in_h": 5.5} if one.check_id == "shipping-api" else {}})
        for one in night.check_states
    ]
    known = shop.snapshot(
        replace(night, alerts=alerts, silences=SILENCES, config=replace(shop.config(), doc=doc), check_states=states)
    )
    return replace(known, **{"coming": coming(known.estate, NOW), **changed})


def text(moment: Moment, width: int = 120) -> list[str]:
    return [one.text.rstrip() for one in quiet(moment, width)]


def line(moment: Moment, word: str, width: int = 120) -> str:
    return next(one for one in text(moment, width) if word in one)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_silences_that_hold_are_first_then_those_to_come_then_what_ended_lately(width: int) -> None:
    rows = quiet(shop.moment(hushed()), width)
    assert [one.id for one in rows if (one.id or "").startswith("silence:")] == ["silence:4", "silence:5", "silence:3"]
    assert all(len(one.text) == width for one in rows)


def test_a_silence_says_by_whom_until_when_and_what_it_hides() -> None:
    moment = shop.moment(hushed())
    assert line(moment, "● active").split()[2:7] == ["4", "in", "1h12m", "04:22:24", "2"]
    assert 'vendor="acme", severity=~"warning|info"' in line(moment, "● active", 160)
    assert line(moment, "~ pending").split()[2:8] == ["5", "on", "in", "40m", "03:50:24", "–"]
    assert line(moment, "· expired").split()[2:7] == ["3", "3h00m", "ago", "00:10:24", "–"]


def test_a_window_says_whether_it_is_on_and_its_next_five_times() -> None:
    found = text(shop.moment(hushed()))
    at = next(number for number, one in enumerate(found) if "acme-patch-day" in one)
    assert found[at].split()[:4] == ["·", "off", "acme-patch-day", "in"]
    assert found[at + 1 : at + 6] == [
        "      in 15d17h  Tue 08 Dec 22:00 – 24:00 Europe/Berlin  here 21:00",
        "      in 50d17h  Tue 12 Jan 2027 22:00 – 24:00 Europe/Berlin  here 21:00",
        "      in 78d17h  Tue 09 Feb 2027 22:00 – 24:00 Europe/Berlin  here 21:00",
        "        in 106d  Tue 09 Mar 2027 22:00 – 24:00 Europe/Berlin  here 21:00",
        "        in 141d  Tue 13 Apr 2027 22:00 – 24:00 Europe/Berlin  here 20:00",
    ]
    night = line(shop.moment(hushed()), " night ")
    assert night.split()[:8] == ["◆", "on", "night", "ends", "in", "49m", "04:00:00", "1"]
    assert 'sms with severity!="critical"' in line(shop.moment(hushed()), " night ", 160)
    assert "Sat 05 Dec 20:00 – Sun 06 Dec 04:00 Europe/Berlin  here 19:00" in line(shop.moment(hushed()), "Sat 05 Dec")


def test_a_window_that_was_on_is_over_at_its_end_without_a_new_look_at_the_calendar() -> None:
    moment = replace(shop.moment(hushed()), now=NOW + HOUR)
    assert line(moment, " night ").split()[:2] == ["·", "off"]
    assert sum(" UTC" in one for one in text(moment)) == 5


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"zone": "Mars/Olympus"}, "? no zone"),
        ({"written": {"times": ["sometimes"]}}, "· over"),
        ({"written": {}}, "· over"),
        ({"once": [5, 7]}, "· over"),
    ],
)
def test_a_window_that_cannot_be_read_is_still_there(changed: Mapping[str, Any], said: str) -> None:
    assert said in line(shop.moment(hushed([{**WINDOWS[0], **changed}])), "acme-patch-day")


def test_the_calendar_of_another_configuration_is_not_believed() -> None:
    moment = shop.moment(hushed(seq=5))
    stale = replace(moment, snapshot=replace(moment.snapshot, coming=Coming("older", moment.snapshot.coming.spans)))
    assert "? reading" in line(stale, "acme-patch-day")


def test_work_that_vendors_announce_and_every_other_reason_are_there_too() -> None:
    moment = shop.moment(hushed())
    assert "~ announced Shipping shipping-api in 5h30m, 08:40:24" in line(moment, "announced")
    assert line(moment, "dependency").split()[:3] == ["dependency", "payments", "1"]
    now_on = [shop.check("crm", Outcome.MAINTENANCE, message="database upgrade")]
    known = hushed()
    on = replace(known, checks={**known.checks, **{one.check_id: one for one in now_on}})
    assert "◆ on        CRM crm-api since 01:10:24: database upgrade" in line(shop.moment(on), "database upgrade")


def test_an_alert_says_why_nobody_is_told() -> None:
    moment = shop.moment(hushed())
    rows = {one.id: one.text for one in feed(moment, 160)}
    assert "muted by silence 4 until 04:22; latency_ms" in rows["alert:2"]
    assert "! muted" in rows["alert:5"]
    assert " maintenance night until 04:00; error_rate" in rows["alert:5"]
    assert "muted" not in rows["alert:1"]
    shown = info(moment, 200, "alert:6").text
    assert "muted by silence 4 until 04:22 (silenced by ana: Acme moves its data centre) and by dependency on" in shown
    facts = [one.text for one in record(moment, 160, "alert:6")]
    assert any("muted by" in one and "silence 4 until 04:22:24" in one for one in facts)


@pytest.mark.parametrize(
    ("kind", "by", "said"),
    [
        (MuteKind.SILENCE, "7", "silence 7"),
        (MuteKind.MAINTENANCE, "night", "maintenance night"),
        (MuteKind.MAINTENANCE, "vendor:acme", "maintenance of acme"),
        (MuteKind.INHIBITED, "12", "alert 12"),
        (MuteKind.INTERVAL, "nights", "quiet hours nights"),
    ],
)
def test_what_keeps_quiet_is_called_as_people_call_it(kind: MuteKind, by: str, said: str) -> None:
    assert named(Mute(kind, by)) == said


def test_an_integration_whose_alerts_are_all_quiet_waits_for_nobody() -> None:
    rows = {one.id: one.text for one in panes(shop.moment(hushed()), 160)}
    assert rows["integration:payments"].count("nobody") == 1
    assert "muted" in rows["integration:sms"]
    assert "nobody" not in rows["integration:sms"]


def test_a_resolved_alert_hides_nothing() -> None:
    over = shop.alert(6, "crm", state=AlertState.RESOLVED, resolved_at=NOW, mutes=(HELD,))
    assert line(shop.moment(hushed(alerts={6: over})), "● active").split()[6] == "0"


def test_the_record_of_a_silence_has_everything() -> None:
    rows = [one.text.strip() for one in record(shop.moment(hushed()), 120, "silence:4")]
    told = " ".join(" ".join(rows).split())
    for part in (
        "silence 4 active", 'alerts with vendor="acme", severity=~"warning|info"', "began 02:10:24 (1h00m ago)",
        "ends 04:22:24 (in 1h12m)", "by ana", "why Acme moves its data centre", "hides 2 open alerts",
    ):  # fmt: skip
        assert part in told
    to_come = " ".join(one.text for one in record(shop.moment(hushed()), 120, "silence:5"))
    assert "hides no open alert now" in to_come, "no alert here has labels"


@pytest.mark.parametrize("key", ["silence:99", "silence:x", "window:none", "mute:odd:x", "mute:silence:99"])
def test_a_record_of_what_is_gone_says_so(key: str) -> None:
    assert "gone from the store" in record(shop.moment(hushed()), 80, key)[0].text


def test_the_page_is_filtered() -> None:
    found = text(replace(shop.moment(hushed()), filter="crm"))
    assert [one.split()[2] for one in found if "active" in one or "pending" in one] == ["5"]
    assert any("no window matches crm" in one for one in found)


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        ("2026-12-08T22:00:00+01:00", "2026-12-08T23:00:00+01:00", "Tue 08 Dec 22:00 – 23:00"),
        ("2026-12-08T22:00:00+01:00", "2026-12-10T00:00:00+01:00", "Tue 08 Dec 22:00 – Thu 10 Dec 00:00"),
        ("2026-12-08T22:00:00+01:00", None, "Tue 08 Dec 22:00 – open"),
    ],
)
def test_an_occurrence_as_people_write_it(begin: str, end: str | None, said: str) -> None:
    span = parse_instant(begin), None if end is None else parse_instant(end)
    assert occurrence(span, ZoneInfo("Europe/Berlin"), NOW) == said


async def test_the_key_opens_the_page_and_enter_the_record() -> None:
    app = console(hushed(coming=Coming()))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "quiet")
        assert app.frame.NAME == "quiet"
        while app._tasks:
            await pilot.pause()
        assert "◆ on" in row(app, "night")
        await press(pilot, "open")
        assert app.frame.NAME == "record"
        assert "Acme moves its data centre" in screen(app)
        await press(pilot, "back", "next_pane", "open")
        assert "tuesday#2" in screen(app)


def test_the_keys_mean_the_check_that_announces() -> None:
    situation = Situation(hushed(), "quiet", "date:shipping-api@maintenance_in_h")
    assert situation.meant() == "shipping"


CASES = [
    ("quiet-80x24", (80, 24), UTF8),
    ("quiet-120x40", (120, 40), UTF8),
    ("quiet-linux-80x24", (80, 24), LINUX),
    ("quiet-nocolor-80x24", (80, 24), UTF8 | {"NO_COLOR": "1"}),
]


@pytest.mark.parametrize(("name", "size", "environ"), CASES, ids=[case[0] for case in CASES])
async def test_golden(name: str, size: tuple[int, int], environ: Mapping[str, str]) -> None:
    app = console(hushed(), environ=environ)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "quiet")
        shown = screen(app)
    golden(name, shown, environ)


LOUD = shop.alert(7, "sms", mutes=(HELD,), summary="no answer within 5s")


def held(**changed: Any) -> Snapshot:
    """Silence 4 hides one that is told again at once, one that somebody has, and one that is quiet anyway."""
    known = hushed()
    return replace(known, alerts={**known.alerts, 7: LOUD}, **changed)


async def test_a_silence_is_ended_after_what_is_told_again_was_shown() -> None:
    session = FakeSession()
    app = console(held(), session=session)
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "quiet")
        assert "x end  E extend" in row(app, "x end")
        await press(pilot, "expire")
        shown = screen(app)
        assert "1 open alert is told again at once; 2 more: acknowledged, or quiet anyway" in shown
        assert "no answer within 5s" in shown
        assert "latency_ms > 800" not in shown
        assert not session.commands
        await pilot.press("y")
        await pilot.pause()
        [command] = session.commands
        assert (command.kind, command.args) == (CommandKind.SILENCE_EXPIRE, {"silence": 4})
        assert app.frame.NAME == "quiet"
        assert "the silence is over: silence 4" in screen(app)


@pytest.mark.parametrize("key", ["enter", "x", "n", "escape"])
async def test_a_silence_is_ended_by_no_other_key(key: str) -> None:
    session = FakeSession()
    app = console(held(), session=session)
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "quiet", "expire")
        await pilot.press(key)
        await pilot.pause()
        assert app.frame.NAME == "quiet"
        assert "silence 4 stays as it is" in screen(app)
    assert not session.commands


async def test_a_silence_is_extended_by_so_long_from_now() -> None:
    session = FakeSession()
    app = console(held(), session=session)
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "quiet", "extend")
        assert "then         04:10:24 (in 1h), sooner than before" in screen(app)
        await pilot.press("ctrl+u")
        app.prompt_paste("9d")
        await pilot.press("enter")
        await pilot.pause()
        assert "a silence is for 7d at most" in screen(app)
        assert not session.commands
        await pilot.press("ctrl+u")
        app.prompt_paste("2h")
        await pilot.pause()
        assert "It hides 3 open alerts, of which 2 fire and nobody has; they stay quiet until then" in screen(app)
        await pilot.press("enter")
        await pilot.pause()
        [command] = session.commands
        assert (command.kind, command.args) == (CommandKind.SILENCE_EXTEND, {"silence": 4, "ends": NOW + 2 * HOUR})


async def test_one_that_is_over_is_not_ended_again() -> None:
    app = console(held())
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "quiet", "down", "down", "expire")
        assert "silence 3 is over; S on it makes another" in screen(app)
        await press(pilot, "silence")
        assert 'hide alerts with: vendor="acme", severity=~"warning|info"' in row(app, "hide alerts")


TWO = (HELD, replace(HELD, by="5"))
CHANGED = [
    ("silence:4", None),
    ("alert:6", None),  # the only silence that keeps it quiet
    ("alert:1", "select a silence first; 7 has them"),
    ("alert:9", "several silences keep it quiet; choose one with 7"),
    ("window:night", "select a silence first; 7 has them"),
    ("silence:99", "select a silence first; 7 has them"),
    (None, "select a silence first; 7 has them"),
]


@pytest.mark.parametrize(("selected", "reason"), CHANGED)
def test_which_silence_is_meant(selected: str | None, reason: str | None) -> None:
    known = hushed()
    known = replace(known, alerts={**known.alerts, 9: shop.alert(9, mutes=TWO)})
    for action in ("expire", "extend"):
        assert BY_ID[action].refusal(Situation(known, selected=selected)) == reason


def test_what_a_change_does_is_said_for_every_silence() -> None:
    moment = shop.moment(held())

    def said(wanted: Change) -> str:
        return " ".join(" ".join(one.text for one in change(moment, 120, 30, wanted)).split())

    assert "Silence 5 is to end now, before it begins" in said(Change(5))
    assert "nothing is told again" in said(Change(5))
    assert "silence 3 is over" in said(Change(3))
    assert "silence 99 is over" in said(Change(99))
    quiet_anyway = shop.moment(hushed())
    assert "Nothing is told again at once; 2 more: acknowledged" in change(quiet_anyway, 120, 30, Change(4))[-1].text


async def test_golden_of_an_end() -> None:
    app = console(held())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "quiet", "expire")
        shown = screen(app)
    golden("silence-end-80x24", shown)
