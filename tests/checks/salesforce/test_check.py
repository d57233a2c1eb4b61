"""The check over HTTP: tokens, the org's instance, where data are asked, and what the configuration must say."""

from __future__ import annotations

from typing import Any

import pytest

from checks.conftest import Look
from checks.payloads import Answered, Vendor, capture, document, payload, vendor
from standby.checks.salesforce.check import SalesforceCheck, SalesforceModel
from standby.checks.tokens import Token
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome

TOKEN = "/services/oauth2/token"
DATA = "/services/data/v62.0"
LIMITS = document({"DailyApiRequests": {"Max": 100, "Remaining": 5}, "DataStorageMB": {"Max": 5, "Remaining": 5}})
STATUS = {"key": "EU45", "status": "OK", "isActive": True, "Incidents": []}


def granted(value: str = "00D!tok3n", url: str | None = None) -> Answered:
    return document({"access_token": value, **({"instance_url": url} if url else {})})


async def see(look: Look, acme: Vendor, **keys: Any) -> Observation:
    org = {"org": acme.url, "client_id": "env:KEY", "client_secret": "env:TOKEN"}
    return await look("salesforce", trust_url=f"{acme.url}/v1", **{**org, **keys})


async def test_limits_of_an_org(look: Look) -> None:
    async with vendor({f"POST {TOKEN}": granted(), f"{DATA}/limits": LIMITS}) as acme:
        seen = await see(look, acme, about="limits")
    assert (seen.outcome, seen.failure) == (Outcome.DEGRADED, Failure.QUOTA)
    assert "DailyApiRequests 95% used, 5 of 100 left" in seen.message
    assert seen.metrics["daily_api_requests_share"] == 0.95
    assert acme.asked[1].headers["authorization"] == "Bearer 00D!tok3n"


async def test_a_session_that_ended_is_renewed_once(look: Look) -> None:
    ended = capture("salesforce/rest-401-invalid-session.json")
    async with vendor({f"POST {TOKEN}": [granted("t1"), granted("t2")], f"{DATA}/limits": [ended, LIMITS]}) as acme:
        assert (await see(look, acme, about="limits")).outcome is Outcome.DEGRADED
    async with vendor({f"POST {TOKEN}": granted(), f"{DATA}/limits": ended}) as acme:
        seen = await see(look, acme, about="limits")
    assert (seen.outcome, seen.failure, len(acme.asked)) == (Outcome.UNKNOWN, Failure.CREDENTIALS, 4)


@pytest.mark.parametrize(
    ("name", "failure"),
    [("rest-403-request-limit", Failure.QUOTA), ("rest-503-server-unavailable", Failure.SERVER)],
)
async def test_recorded_errors(look: Look, name: str, failure: Failure) -> None:
    async with vendor({f"POST {TOKEN}": granted(), f"{DATA}/limits": capture(f"salesforce/{name}.json")}) as acme:
        seen = await see(look, acme, about="limits")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    if failure is Failure.QUOTA:
        assert seen.retry_after_s is not None
        assert seen.retry_after_s > 0


async def test_a_token_goes_nowhere_but_to_salesforce(look: Look) -> None:
    for url in ("https://evil.example", "http://acme.my.salesforce.com", "https://salesforce.com.evil.example", "x"):
        async with vendor({f"POST {TOKEN}": granted(url=url), f"{DATA}/limits": LIMITS}) as acme:
            seen = await see(look, acme, about="limits")
        assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.UNREADABLE)
        assert [one.path for one in acme.asked] == [TOKEN]


@pytest.mark.parametrize(
    ("told", "host"),
    [
        ("https://acme--dev.sandbox.my.salesforce.com/", "https://acme--dev.sandbox.my.salesforce.com"),
        ("", "https://acme.example"),
        ("https://acme.example", "https://acme.example"),
    ],
)
def test_data_are_asked_where_the_token_says(told: str, host: str) -> None:
    keys = {"about": "limits", "org": "https://acme.example/", "client_id": "env:A", "client_secret": "env:B"}
    model = SalesforceModel.model_validate({"id": "c", "integration": "i", "kind": "salesforce", **keys})
    assert SalesforceCheck(model)._host(Token("t", 0, {"instance_url": told})) == host


async def test_what_echoes_the_token_does_not_show_it(look: Look) -> None:
    echo = document([{"message": "bad 00D!tok3n and s3cr3t-token", "errorCode": "X"}], 400)
    async with vendor({f"POST {TOKEN}": granted(), f"{DATA}/limits": echo}) as acme:
        seen = await see(look, acme, about="limits")
    assert "bad ••• and •••" in seen.message


async def test_the_status_of_an_instance(look: Look) -> None:
    async with vendor({"/v1/instances/EU45/status": document({**STATUS, "status": "MAJOR_INCIDENT_CORE"})}) as acme:
        seen = await look("salesforce", instance="EU45", trust_url=f"{acme.url}/v1/")
        assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.STATED)
        assert acme.asked[0].query == {"childProducts": "false"}
        seen = await look("salesforce", instance="EU46", trust_url=f"{acme.url}/v1")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REQUEST)
    assert seen.message.startswith("Salesforce knows no instance EU46; write the org's current instance")


async def test_the_instance_is_asked_of_the_org(look: Look) -> None:
    answers = {
        f"POST {TOKEN}": granted(),
        f"{DATA}/query": document({"records": [{"InstanceName": "EU45"}]}, sforce_limit_info="api-usage=18/100"),
        "/v1/instances/EU45/status": document(STATUS),
    }
    async with vendor(answers) as acme:
        seen = await see(look, acme)
        assert (seen.outcome, seen.metrics["daily_api_requests_share"]) == (Outcome.UP, 0.18)
        assert acme.asked[1].query == {"q": "SELECT InstanceName FROM Organization"}
    answers[f"{DATA}/query"] = document({"records": []})
    async with vendor(answers) as acme:
        assert (await see(look, acme)).failure is Failure.UNREADABLE


async def test_a_retired_instance_says_so(look: Look) -> None:
    recorded = Answered(payload("salesforce/trust-instance-CS96-inactive-2024.json"))
    async with vendor({"/v1/instances/CS96/status": recorded}) as acme:
        seen = await look("salesforce", instance="CS96", trust_url=f"{acme.url}/v1")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REQUEST)
    assert "CS96 is retired" in seen.message


async def test_my_trust_center_behind_the_same_face(look: Look) -> None:
    snapshot = document({"incidents": [{"status": "Active", "title": "Slow"}]})
    async with vendor({"/snapshot": snapshot}) as acme:
        seen = await look("salesforce", trust_center=f"{acme.url}/snapshot", trust_center_token="env:TOKEN")
    assert (seen.outcome, '"Slow"' in seen.message) == (Outcome.DEGRADED, True)
    assert acme.asked[0].headers["authorization"] == "Bearer s3cr3t-token"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "names no instance"),
        ({"about": "limits", "org": "https://acme.my.salesforce.com"}, "needs org, client_id and client_secret"),
        ({"trust_center": "https://a.example"}, "belong together"),
        ({"instance": "EU45", "zone": "Mars/Olympus"}, "is no time zone"),
        ({"instance": "EU45", "api_version": "v62"}, "api_version"),
    ],
)
def test_what_the_configuration_must_say(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        SalesforceModel.model_validate({"id": "c", "integration": "i", "kind": "salesforce", **keys})
