"""`domain.heartbeat` against healthchecks. Its daily cron lines are read as a period of one day."""

from __future__ import annotations

import pytest

from standby.domain.heartbeat import judge
from standby.domain.units import DAY, SECOND, parse_instant

from .loader import Case, cases, compare, strangers

FILE = "g_heartbeat_healthchecks"
WAIVERS = {
    "hc-paused": "checks cannot be paused yet; maintenance comes later",
}
NOW = 1_000 * DAY


@pytest.mark.parametrize("case", cases(FILE))
def test_healthchecks(case: Case) -> None:
    now = parse_instant(case["now"]) if "now" in case else NOW
    ping = parse_instant(case["last_ping"]) if "last_ping" in case else None
    if "last_ping_ago_s" in case:
        ping = now - case["last_ping_ago_s"] * SECOND
    start = now - case["last_start_ago_s"] * SECOND if "last_start_ago_s" in case else None
    failed = case["status"] == "down"  # it remembers the verdict; we judge from the signal that caused it
    verdict = judge(
        period=case.get("period_s", 86_400) * SECOND,
        grace=case.get("grace_s", 3_600) * SECOND,
        now=now,
        created=now,
        last_success=None if failed else ping,
        last_fail=ping if failed else None,
        last_start=start,
    )
    compare(case, verdict.beat.value, case["expected"], WAIVERS)


def test_every_waiver_names_a_case() -> None:
    assert not strangers(WAIVERS, FILE, "cases")
