"""HubSpot: who answers, how long the day's calls last, and each way of saying "not now"."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.conftest import SLOT, Look
from checks.payloads import Answered, capture, document, named, payload, vendor
from checks.specifications import violation
from checks.spoiled import spoiled
from standby.checks.answers import Answers, Reply
from standby.checks.base import Context, observe
from standby.checks.hubspot import account
from standby.checks.hubspot.check import HubSpotCheck, HubSpotModel
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.quota import next_midnight
from standby.domain.units import SECOND, parse_instant
from standby.net.quotas import Quota, quotas
from standby.net.trouble import Trouble

DETAILS, USAGE = "/account-info/v3/details", "/account-info/v3/api-usage/daily/private-apps"
ACME = {"portalId": 12345678, "timeZone": "US/Eastern", "utcOffsetMilliseconds": -14400000, "accountType": "STANDARD"}
NOW = parse_instant("2026-07-01T16:00:00Z")  # noon in New York
EAST = ZoneInfo("America/New_York")
WHO = account.Account("12345678", EAST)


def used(current: object, limit: object = 1000, **keys: object) -> dict[str, object]:
    row = {
        "name": "private-apps-api-calls-daily",
        "currentUsage": current,
        "usageLimit": limit,
        "fetchStatus": "SUCCESS",
    }
    return {"results": [{**row, "collectedAt": "2026-07-01T16:00:00Z", "resetsAt": "2026-07-02T04:00:00Z", **keys}]}


def refusal(status: int, found: object, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, httpx.Headers(named), json.dumps(found).encode(), NOW)


@pytest.mark.parametrize(
    ("found", "outcome", "says"),
    [
        (used(250), Outcome.UP, "25% used, 750 of 1,000 left"),
        (used(750), Outcome.UP, "daily calls end at 16:00 EDT at this pace"),
        (used(800), Outcome.DEGRADED, "80% used, 200 of 1,000 left; daily calls end at 15:00 EDT at this pace"),
        (used(1000), Outcome.DEGRADED, "daily calls are used up until 00:00 EDT"),
        (used(250, fetchStatus="CACHED"), Outcome.UP, "25% used"),
        (used(950, fetchStatus="FAILURE"), Outcome.UP, "is unknown: HubSpot could not count it (FAILURE)"),
        (used(950, fetchStatus="TIMEOUT"), Outcome.UP, "could not count it (TIMEOUT)"),
        (used(950, fetchStatus="NOTFOUND"), Outcome.UP, "could not count it (NOTFOUND)"),
        (used(950, fetchStatus="FRESH"), Outcome.UP, "could not count it (FRESH)"),
        (used(950, fetchStatus=None), Outcome.UP, "could not count it (no fetchStatus)"),
        (used("x"), Outcome.UP, "it has no figures"),
        (used(5, 0), Outcome.UP, "it has no figures"),
        # A reset that is over already, as HubSpot's own example has it, comes again the next day.
        (used(750, resetsAt="2026-07-01T04:00:00Z"), Outcome.UP, "daily calls end at 16:00 EDT at this pace"),
        (used(750, resetsAt=None), Outcome.UP, "daily calls end at 16:00 EDT at this pace"),
        (used(750, collectedAt=None), Outcome.UP, "daily calls end at 16:00 EDT at this pace"),
        (used(950, collectedAt="2026-06-30T23:00:00Z", resetsAt=None), Outcome.UP, "counted before the last midnight"),
        (used(750, resetsAt="9999-12-31T23:59:59Z"), Outcome.UP, "daily calls end at 16:00 EDT at this pace"),
        (used(1000, resetsAt="9999-12-31T23:59:59Z"), Outcome.DEGRADED, "daily calls are used up until 00:00 EDT"),
        ({"results": []}, Outcome.UP, "account 12345678 answers"),
        ({"results": [None]}, Outcome.UP, "a limit without a name is unknown"),
    ],
)
def test_what_is_used(found: object, outcome: Outcome, says: str) -> None:
    seen = account.judge(WHO, account.usages(found, EAST, NOW), 0.8, NOW)
    assert seen.outcome is outcome
    assert says in seen.message
    assert seen.failure is (Failure.QUOTA if outcome is Outcome.DEGRADED else None)


def test_the_figures_of_the_fullest_limit_are_metrics() -> None:
    seen = account.judge(WHO, account.usages(used(750), EAST, NOW), 0.8, NOW)
    assert seen.metrics == {
        "daily_calls_share": 0.75,
        "daily_calls_left": 250.0,
        "daily_calls_limit": 1000.0,
        "daily_calls_end_in_days": round(4 / 24, 4),
    }


def test_the_example_of_usage() -> None:
    found = json.loads(payload("hubspot/api-usage-daily-200.json"))["response"]["body"]
    first, second = account.usages(found, UTC, parse_instant("2026-07-01T10:05:00Z"))
    assert first.quota is not None
    assert (first.quota.used, first.quota.resets) == (1234.0, parse_instant("2026-07-02T04:00:00Z"))
    assert second.quota is not None


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ({"timeZone": "Europe/Berlin"}, "Europe/Berlin"),
        ({"timeZone": "Mars/Olympus", "utcOffsetMilliseconds": -14400000}, "UTC-04:00"),
        ({"timeZone": "../../etc/passwd"}, "None"),
        ({"timeZone": "\0"}, "None"),
        ({"timeZone": 3, "utcOffsetMilliseconds": 9e15}, "None"),
        ({}, "None"),
    ],
)
def test_the_zone_of_an_account(said: dict[str, object], zone: str) -> None:
    assert str(account.account({"portalId": 1, **said}).zone) == zone


@pytest.mark.parametrize("found", [{}, [], None, "x", {"portalId": None}, {"portalId": "acme"}, {"status": "ok"}])
def test_an_answer_without_an_account_is_unreadable(found: object) -> None:
    with pytest.raises(Trouble) as caught:
        account.account(found)
    assert (caught.value.failure, caught.value.outcome) == (Failure.UNREADABLE, Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("reply", "failure", "outcome", "wait"),
    [
        (refusal(429, {"policyName": "SECONDLY"}), Failure.RATE_LIMITED, Outcome.UNKNOWN, 1.0),
        (refusal(429, {"policyName": "TEN_SECONDLY_ROLLING"}), Failure.RATE_LIMITED, Outcome.UNKNOWN, 10.0),
        (refusal(429, {"message": "You have reached your ten_secondly_rolling limit.", "category": "RATE_LIMITS"}),
         Failure.RATE_LIMITED, Outcome.UNKNOWN, 10.0),
        (refusal(429, {"policyName": "SECONDLY"}, retry_after="7"), Failure.RATE_LIMITED, Outcome.UNKNOWN, 7.0),
        (refusal(429, {"policyName": "DAILY"}), Failure.QUOTA, Outcome.UNKNOWN, 12 * 3600.0),
        (refusal(429, {"message": "You have reached your daily limit."}), Failure.QUOTA, Outcome.UNKNOWN, 12 * 3600.0),
        (refusal(429, "x"), Failure.RATE_LIMITED, Outcome.UNKNOWN, None),
        (refusal(423, {"message": "locked"}), Failure.SERVER, Outcome.UNKNOWN, 2.0),
        (refusal(477, {"message": "moving"}, retry_after="3600"), Failure.STATED, Outcome.MAINTENANCE, 3600.0),
        (refusal(477, None), Failure.STATED, Outcome.MAINTENANCE, None),
        (refusal(401, {"category": "EXPIRED_AUTHENTICATION"}), Failure.CREDENTIALS, Outcome.UNKNOWN, None),
        (refusal(403, {"category": "MISSING_SCOPES"}), Failure.CREDENTIALS, Outcome.UNKNOWN, None),
        (refusal(500, {"message": "oops"}), Failure.SERVER, Outcome.UNKNOWN, None),
        (refusal(504, None), Failure.SERVER, Outcome.UNKNOWN, None),
        (refusal(404, {"message": "no such path"}), Failure.REQUEST, Outcome.UNKNOWN, None),
    ],
)  # fmt: skip
def test_a_refusal(reply: Reply, failure: Failure, outcome: Outcome, wait: float | None) -> None:
    trouble = account.refused(reply, EAST)
    assert trouble is not None
    assert (trouble.failure, trouble.outcome, trouble.retry_after_s) == (failure, outcome, wait)


def test_a_day_without_a_known_zone_is_asked_about_each_hour() -> None:
    trouble = account.refused(refusal(429, {"policyName": "DAILY"}), None)
    assert trouble is not None
    assert trouble.retry_after_s == 3600.0


def test_the_headers_tell_the_day_too() -> None:
    headers = httpx.Headers({"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": "250"})
    [one] = account.of_headers(quotas(headers.raw, NOW), EAST, NOW)
    assert one.quota is not None
    assert (one.quota.used, one.quota.resets) == (750.0, parse_instant("2026-07-02T04:00:00Z"))
    assert account.of_headers([Quota("daily", 250), Quota("daily", 9, 0), Quota("rate", 1, 9)], EAST, NOW) == []


async def test_a_look_asks_who_and_how_much(look: Look) -> None:
    limits = {
        "X_HubSpot_RateLimit_Max": "190",
        "X_HubSpot_RateLimit_Remaining": "188",
        "X_HubSpot_RateLimit_Interval_Milliseconds": "10000",
    }
    async with vendor({DETAILS: document(ACME), USAGE: document({"results": []}, **limits)}) as hub:
        seen = await look("hubspot", url=hub.url, token="env:TOKEN")
    assert (seen.outcome, seen.message) == (Outcome.UP, "account 12345678 answers")
    assert (seen.metrics["rate_limit"], seen.metrics["rate_remaining"], seen.metrics["rate_period_s"]) == (190, 188, 10)
    assert [asked.headers["authorization"] for asked in hub.asked] == ["Bearer s3cr3t-token"] * 2
    assert [violation("hubspot/account-info-v3-openapi.json", asked) for asked in hub.asked] == [None, None]


async def test_a_token_that_may_not_ask_the_usage_still_proves_the_account(look: Look) -> None:
    refused = document({"message": "needs a scope", "category": "MISSING_SCOPES"}, 403)
    async with vendor({DETAILS: document(ACME), USAGE: refused}) as hub:
        seen = await look("hubspot", url=hub.url, token="env:TOKEN")
        quiet = await look("hubspot", url=hub.url, token="env:TOKEN", usage=False)
    assert seen.outcome is quiet.outcome is Outcome.UP
    assert "usage = false" in seen.message
    assert quiet.message == "account 12345678 answers"


async def test_the_day_ends_at_the_midnight_that_the_account_told_before(context: Context) -> None:
    daily = document({"policyName": "DAILY", "message": "You have reached your daily limit."}, 429)
    async with vendor({DETAILS: [document(ACME), daily]}) as hub:
        row = {"id": "c", "integration": "i", "url": hub.url, "token": "env:TOKEN", "usage": False}
        check = HubSpotCheck(HubSpotModel.model_validate(row))
        first = await observe(check, context, SLOT)
        context.answers = Answers(context.clock)
        second = await observe(check, context, SLOT)
    assert (first.outcome, second.failure) == (Outcome.UP, Failure.QUOTA)
    assert second.retry_after_s == pytest.approx((next_midnight(second.at, EAST) - second.at) / SECOND, abs=5)


@pytest.mark.parametrize("name", named("hubspot/*.json"))
async def test_no_recording_of_something_else_reads_as_up(look: Look, name: str) -> None:
    loaded = json.loads(payload(name))
    answer = capture(name) if "response" in loaded else document(loaded)
    async with vendor({DETAILS: answer, USAGE: answer}) as hub:
        seen = await look("hubspot", url=hub.url, token="env:TOKEN")
    assert seen.outcome is Outcome.UNKNOWN
    assert seen.failure is not Failure.INTERNAL


@pytest.mark.parametrize(
    ("name", "failure", "wait"),
    [
        ("hubspot/error-401.json", Failure.CREDENTIALS, None),
        ("hubspot/error-429-secondly.json", Failure.RATE_LIMITED, 1.0),
        ("hubspot/error-429-category.json", Failure.RATE_LIMITED, 10.0),
    ],
)
async def test_the_errors_on_file(look: Look, name: str, failure: Failure, wait: float | None) -> None:
    answer = capture(name)
    async with vendor({DETAILS: answer}) as hub:
        seen = await look("hubspot", url=hub.url, token="env:TOKEN")
    assert (seen.outcome, seen.failure, seen.retry_after_s) == (Outcome.UNKNOWN, failure, wait)
    assert json.loads(answer.body)["message"][:60] in seen.message


async def test_a_truncated_answer_is_unknown(look: Look) -> None:
    whole = json.dumps(ACME).encode()
    for cut in range(0, len(whole), 25):
        async with vendor({DETAILS: Answered(whole[:cut]), USAGE: document({"results": []})}) as hub:
            seen = await look("hubspot", url=hub.url, token="env:TOKEN")
        assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.UNREADABLE)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_spoiled_documents_never_raise_anything_but_trouble(data: st.DataObject) -> None:
    whole: dict[str, Any] = {"who": ACME, "used": used(900)}
    found = data.draw(spoiled(whole))
    with contextlib.suppress(Trouble):
        who = account.account(found.get("who"))
        seen = account.judge(who, account.usages(found.get("used"), who.zone or UTC, NOW), 0.8, NOW)
        assert seen.outcome in (Outcome.UP, Outcome.DEGRADED)
        assert who.id


def test_a_token_written_out_is_refused() -> None:
    with pytest.raises(ValidationError, match="never the secret"):
        HubSpotModel.model_validate({"id": "c", "integration": "i", "token": "pat-eu1-000"})
