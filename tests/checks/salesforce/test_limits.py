"""REST limits: the used share of each, and when the day's calls end."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from checks.payloads import payload
from standby.checks.answers import Reply
from standby.checks.salesforce import limits
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import parse_instant
from standby.net.trouble import Trouble

UTC = ZoneInfo("UTC")
NOON = parse_instant("2026-09-03T12:00:00Z")
CHOSEN = ("DailyApiRequests",)


def reply(document: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, httpx.Headers(named), json.dumps(document).encode(), NOON)


def calls(used: int, most: int = 15000) -> dict[str, Any]:
    return {"DailyApiRequests": {"Max": most, "Remaining": most - used}, "FileStorageMB": {"Max": 20, "Remaining": 20}}


@pytest.mark.parametrize(
    ("used", "outcome", "says"),
    [
        (0, Outcome.UP, "no limit is near: DailyApiRequests 0% used, 15,000 of 15,000 left"),
        (6000, Outcome.UP, "no limit is near: DailyApiRequests 40% used, 9,000 of 15,000 left"),
        (9000, Outcome.UP, "; daily calls end at 20:00 UTC at this pace"),
        (12000, Outcome.DEGRADED, "DailyApiRequests 80% used, 3,000 of 15,000 left; daily calls end at 15:00 UTC"),
        (15000, Outcome.DEGRADED, "daily calls are used up until 00:00 UTC"),
    ],
)
def test_the_calls_of_the_day(used: int, outcome: Outcome, says: str) -> None:
    found = limits.judge(limits.decode(reply(calls(used))), CHOSEN, 0.8, NOON, UTC)
    assert found.outcome is outcome
    assert says in found.message
    assert found.failure is (Failure.QUOTA if outcome is Outcome.DEGRADED else None)
    assert found.metrics["daily_api_requests_share"] == used / 15000
    assert found.metrics["daily_api_requests_left"] == 15000 - used
    ends = {9000: 8 / 24, 12000: 3 / 24, 15000: 0.0}
    assert found.metrics.get("daily_api_requests_end_in_days") == pytest.approx(ends.get(used), abs=1e-4)


def test_the_day_is_that_of_the_zone() -> None:
    found = limits.judge(limits.decode(reply(calls(9000))), CHOSEN, 0.8, NOON, ZoneInfo("America/Chicago"))
    assert "daily calls end at 11:40 CDT" in found.message  # since midnight there it has been seven hours


def test_recorded_limits_of_a_developer_org() -> None:
    found = limits.decode(reply(json.loads(payload("salesforce/rest-limits-dev-org.json"))))
    assert len(found) == 22  # 23 without one that is unlimited
    seen = limits.judge(found, ("DailyApiRequests", "*StorageMB"), 0.8, NOON, UTC)
    assert seen.outcome is Outcome.UP
    assert seen.metrics["hourly_o_data_callout_share"] == 0.0001
    assert "hourly_dashboard_statuses_share" not in seen.metrics


def test_limits_of_single_apps_are_left_out_and_headers_fill_in() -> None:
    document = json.loads(payload("salesforce/rest-limits-200-headers.json"))["response"]["body"]
    assert {one.name for one in limits.decode(reply(document))} == {
        "DailyApiRequests",
        "DataStorageMB",
        "PermissionSets",
    }
    del document["DailyApiRequests"]
    found = limits.decode(reply(document, sforce_limit_info="api-usage=18/5000"))
    assert limits.Limit("DailyApiRequests", 5000.0, 4982.0) in found


@pytest.mark.parametrize(
    "document",
    [{}, [], None, {"DailyApiRequests": 7}, {"a": {}}, [{"message": "x", "errorCode": "Y"}], "no"],
)
def test_what_tells_no_limits_is_not_read(document: object) -> None:
    with pytest.raises(Trouble):
        limits.decode(reply(document))


@pytest.mark.parametrize("bad", [None, "x", True, -1, {}, 10**400])
def test_a_limit_that_cannot_be_read_is_missing_and_not_well(bad: object) -> None:
    document = {**calls(0), "DailyApiRequests": {"Max": 15000, "Remaining": bad}}
    found = limits.judge(limits.decode(reply(document)), CHOSEN, 0.8, NOON, UTC)
    assert found.outcome is (Outcome.DEGRADED if bad == -1 else Outcome.UNKNOWN)


def test_a_limit_that_there_is_not_is_a_mistake_of_ours() -> None:
    found = limits.judge(limits.decode(reply(calls(0))), ("DailyFaxes",), 0.8, NOON, UTC)
    assert (found.outcome, found.failure) == (Outcome.UNKNOWN, Failure.REQUEST)
    assert found.message == 'no limit is called "DailyFaxes"; there are DailyApiRequests, FileStorageMB'


@pytest.mark.parametrize(
    ("status", "code", "failure", "says"),
    [
        (403, "REQUEST_LIMIT_EXCEEDED", Failure.QUOTA, "the org's calls of the day are used up: status 403: said"),
        (403, "API_DISABLED_FOR_ORG", Failure.CREDENTIALS, "our credentials are refused"),
        (401, "INVALID_SESSION_ID", Failure.CREDENTIALS, "our credentials are refused"),
        (404, "NOT_FOUND", Failure.REQUEST, "what we ask is refused"),
        (410, "GONE", Failure.REQUEST, "write a newer api_version"),
        (400, "UNSUPPORTED_API_VERSION", Failure.REQUEST, "write a newer api_version"),
        (503, "SERVER_UNAVAILABLE", Failure.SERVER, "does not answer"),
        (500, "UNKNOWN_EXCEPTION", Failure.SERVER, "does not answer"),
    ],
)
def test_errors_are_lists_of_codes(status: int, code: str, failure: Failure, says: str) -> None:
    trouble = limits.refused(reply([{"message": "said", "errorCode": code}], status), NOON, UTC)
    assert trouble is not None
    assert (trouble.failure, trouble.outcome) == (failure, Outcome.UNKNOWN)
    assert says in str(trouble)
    assert trouble.retry_after_s == (3600.0 if failure is Failure.QUOTA else None)


def test_maintenance_answers_html() -> None:
    trouble = limits.refused(Reply(503, httpx.Headers(), b"<html><title>Maintenance</title>", NOON), NOON, UTC)
    assert trouble is not None
    assert trouble.failure is Failure.SERVER
    assert limits.refused(reply({}), NOON, UTC) is None


def test_the_header_of_one_app_is_not_the_orgs() -> None:
    headers = httpx.Headers({"Sforce-Limit-Info": "per-app-api-usage=9/250(appName=x), api-usage=25/5000"})
    found = limits.usage(Reply(200, headers, b"{}", 0))
    assert found is not None
    assert (found.most, found.left) == (5000.0, 4975.0)
    assert limits.usage(Reply(200, httpx.Headers(), b"{}", 0)) is None
