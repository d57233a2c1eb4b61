"""Every vendor's answers, judged: business is up, ours is unknown and says which of ours, theirs is down."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.payloads import named, payload
from standby.checks.presets import PRESETS
from standby.checks.presets.base import Said, Verdict
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome

HTML = "<!doctype html><title>Sign in</title>"
UP, DOWN, UNKNOWN, DEGRADED = Outcome.UP, Outcome.DOWN, Outcome.UNKNOWN, Outcome.DEGRADED
CREDENTIALS, REQUEST, RATE_LIMITED, SERVER = Failure.CREDENTIALS, Failure.REQUEST, Failure.RATE_LIMITED, Failure.SERVER
UNREADABLE, QUOTA, STATED = Failure.UNREADABLE, Failure.QUOTA, Failure.STATED


def judged(vendor: str, status: int, document: object, headers: dict[str, str] | None = None) -> Verdict:
    return PRESETS[vendor].judge(Said(status, headers or {}, document))


def stripe(kind: str, code: str = "") -> dict[str, Any]:
    return {"error": {"type": kind, "code": code, "message": "so it is"}}


def adyen(kind: str) -> dict[str, Any]:
    return {"status": 422, "errorCode": "901", "message": "Invalid Merchant Account", "errorType": kind}


def paypal(name: str, issue: str = "") -> dict[str, Any]:
    return {"name": name, "message": "so it is", "details": [{"issue": issue}]}


def easypost(code: str, errors: list[object]) -> dict[str, Any]:
    return {"error": {"code": code, "message": "so it is", "errors": errors}}


def graphql(code: str) -> dict[str, Any]:
    return {"data": None, "errors": [{"message": "so it is", "extensions": {"code": code}}]}


def sms(status: str, code: object = None) -> dict[str, Any]:
    return {"sid": "SM1", "status": status, "error_code": code, "num_segments": "1"}


@pytest.mark.parametrize(
    ("vendor", "status", "document", "outcome", "failure", "says"),
    [
        ("stripe", 200, {"object": "balance"}, UP, None, "status 200"),
        ("stripe", 401, stripe("invalid_request_error"), UNKNOWN, CREDENTIALS, "key is refused: status 401"),
        ("stripe", 402, stripe("card_error", "card_declined"), UP, None, "business: card_declined: so it is"),
        ("stripe", 409, stripe("idempotency_error"), UNKNOWN, REQUEST, "our request repeats a key"),
        ("stripe", 409, stripe("invalid_request_error", "lock_timeout"), UNKNOWN, RATE_LIMITED, "other's way"),
        ("stripe", 429, stripe("invalid_request_error", "rate_limit"), UNKNOWN, RATE_LIMITED, "ask too often"),
        ("stripe", 400, stripe("api_error"), DOWN, SERVER, "they cannot answer: status 400: so it is"),
        ("stripe", 503, stripe("card_error"), DOWN, SERVER, "status 503"),
        ("stripe", 404, stripe("invalid_request_error"), UNKNOWN, REQUEST, "our request is refused"),
        ("stripe", 200, {"status": "ok"}, UNKNOWN, UNREADABLE, "another form than theirs"),
        ("adyen", 200, {"paymentMethods": []}, UP, None, "status 200"),
        ("adyen", 200, {"resultCode": "Refused", "refusalReason": "No balance"}, UP, None, "Refused: No balance"),
        ("adyen", 200, {"resultCode": "Error"}, UP, None, "business: Error: no reason given"),
        ("adyen", 401, adyen("security"), UNKNOWN, CREDENTIALS, "refused: status 401: 901: Invalid Merchant"),
        ("adyen", 403, adyen("configuration"), UNKNOWN, CREDENTIALS, "our key or account"),
        ("adyen", 422, adyen("validation"), UNKNOWN, REQUEST, "our request is refused"),
        ("adyen", 422, adyen("internal"), DOWN, SERVER, "they cannot answer"),
        ("adyen", 500, adyen("validation"), DOWN, SERVER, "they cannot answer"),
        ("paypal", 200, {"access_token": "A21"}, UP, None, "status 200"),
        ("paypal", 401, {"error": "invalid_client", "error_description": "no"}, UNKNOWN, CREDENTIALS, "client: no"),
        ("paypal", 422, paypal("UNPROCESSABLE_ENTITY", "INSTRUMENT_DECLINED"), UP, None, "INSTRUMENT_DECLINED"),
        ("paypal", 422, paypal("UNPROCESSABLE_ENTITY", "DUPLICATE"), UNKNOWN, REQUEST, "DUPLICATE: so it is"),
        ("paypal", 403, paypal("NOT_AUTHORIZED"), UNKNOWN, CREDENTIALS, "our credentials"),
        ("paypal", 429, paypal("RATE_LIMIT_REACHED"), UNKNOWN, RATE_LIMITED, "too often"),
        ("paypal", 500, paypal("INTERNAL_SERVER_ERROR"), DOWN, SERVER, "cannot answer"),
        ("easypost", 200, {"trackers": [], "has_more": False}, UP, None, "status 200"),
        ("easypost", 422, easypost("ADDRESS.VERIFY.FAILURE", ["no such street"]), UP, None, "no such street"),
        ("easypost", 422, easypost("PARAMETER.X", [{"field": "to", "message": "be"}]), UNKNOWN, REQUEST, "to be"),
        ("easypost", 402, easypost("PAYMENT_REQUIRED", []), UNKNOWN, CREDENTIALS, "unpaid"),
        ("easypost", 504, "", DOWN, SERVER, "status 504"),
        ("shippo", 200, {"results": [], "next": None}, UP, None, "status 200"),
        ("shippo", 401, {"detail": "Invalid token"}, UNKNOWN, CREDENTIALS, "Invalid token"),
        ("shippo", 400, {"address_to": ["required"]}, UNKNOWN, REQUEST, "address_to: required"),
        ("shopify", 200, {"shop": {}}, UP, None, "status 200"),
        ("shopify", 402, {"errors": "Unavailable Shop"}, UNKNOWN, CREDENTIALS, "frozen until it is paid"),
        ("shopify", 423, {"errors": {"base": ["locked"]}}, UNKNOWN, CREDENTIALS, "locked: status 423: base: locked"),
        ("shopify", 430, "", UNKNOWN, REQUEST, "their guard"),
        ("shopify", 404, {"errors": ["Not Found"]}, UNKNOWN, REQUEST, "Not Found"),
        ("shopify", 200, graphql("THROTTLED"), UNKNOWN, RATE_LIMITED, "too often: status 200: so it is"),
        ("shopify", 200, graphql("ACCESS_DENIED"), UNKNOWN, CREDENTIALS, "our key may not"),
        ("shopify", 200, graphql("INTERNAL_SERVER_ERROR"), DOWN, SERVER, "cannot answer"),
        ("shopify", 200, graphql("undefinedField"), UNKNOWN, REQUEST, "our request"),
        ("mailchimp", 200, {"health_status": "Everything's Chimpy!"}, UP, None, "status 200"),
        ("mailchimp", 200, {"health_status": "Asleep"}, DEGRADED, STATED, "'Asleep'"),
        ("mailchimp", 403, {"title": "User Disabled", "detail": "by you"}, UNKNOWN, CREDENTIALS, "User Disabled"),
        ("sendgrid", 200, {"scopes": ["mail.send"]}, UP, None, "status 200"),
        ("sendgrid", 202, "", UP, None, "status 202"),
        ("sendgrid", 401, {"errors": [{"message": "Maximum credits exceeded"}]}, UNKNOWN, QUOTA, "plan is used up"),
        ("sendgrid", 413, {"errors": [{"field": "body", "message": "too large"}]}, UNKNOWN, REQUEST, "body: too"),
        ("twilio", 200, {"account_sid": "AC", "balance": "0.04"}, UP, None, "status 200"),
        ("twilio", 400, {"code": 21610, "message": "unsubscribed"}, UP, None, "business: 21610: unsubscribed"),
        ("twilio", 400, {"code": [21610], "message": "odd"}, UNKNOWN, REQUEST, "odd"),
        ("twilio", 403, {"code": 20005, "message": "not active"}, UNKNOWN, CREDENTIALS, "our account"),
        ("twilio", 200, sms("delivered"), UP, None, "status 200"),
        ("twilio", 200, sms("undelivered", 30005), UP, None, "cannot be reached (30005)"),
        ("twilio", 200, sms("undelivered", "30034"), DEGRADED, STATED, "the message is undelivered (30034)"),
        ("twilio", 200, sms("teleported"), DEGRADED, STATED, "the message is teleported"),
    ],
)  # fmt: skip
def test_judgement(
    vendor: str, status: int, document: object, outcome: Outcome, failure: Failure | None, says: str
) -> None:
    verdict = judged(vendor, status, document)
    assert (verdict.outcome, verdict.failure) == (outcome, failure), verdict.message
    assert says in verdict.message


@pytest.mark.parametrize("vendor", PRESETS)
def test_the_bad_day_of_everybody(vendor: str) -> None:
    assert judged(vendor, 500, HTML).failure is Failure.SERVER
    assert judged(vendor, 503, {}).outcome is DOWN
    assert judged(vendor, 429, "").failure is Failure.RATE_LIMITED
    assert judged(vendor, 403, HTML).failure is Failure.UNREADABLE
    assert judged(vendor, 403, HTML, {"cf-mitigated": "challenge"}).message.startswith("a challenge for browsers")
    assert judged(vendor, 401, "").failure is Failure.CREDENTIALS
    assert judged(vendor, 405, {}).failure is Failure.REQUEST
    assert judged(vendor, 302, "").outcome is UNKNOWN
    assert judged(vendor, 200, HTML) == Verdict(
        UNKNOWN, 'the answer is HTML ("Sign in"), not JSON: status 200', Failure.UNREADABLE
    )
    for strange in ("", 7, None):
        assert judged(vendor, 200, strange).outcome is UNKNOWN


FOLDERS = [vendor for vendor in PRESETS if named(f"{vendor}/error*.json")]


@pytest.mark.parametrize("name", [name for vendor in FOLDERS for name in named(f"{vendor}/error-*.json")])
def test_errors_as_they_were_recorded(name: str) -> None:
    response = json.loads(payload(name))["response"]
    vendor, status = name.partition("/")[0], response["status"]
    headers = {key.lower(): str(value) for key, value in response["headers"].items()}
    verdict = judged(vendor, status, response["body"], headers)
    expected = {401: Failure.CREDENTIALS, 429: Failure.RATE_LIMITED, 500: Failure.SERVER}.get(status, Failure.REQUEST)
    if "21608" in name:  # a trial account may not
        expected = Failure.CREDENTIALS
    assert verdict.failure is expected
    assert verdict.outcome is (DOWN if status == 500 else UNKNOWN)


@pytest.mark.parametrize(
    "name",
    ["easypost/carrier-accounts.json", "easypost/tracker-create.json", "mailchimp/ping-200.json",
     "sendgrid/send-202-empty.json", "twilio/balance-200.json", "twilio/message-201-queued.json"],
)  # fmt: skip
def test_successes_as_they_were_recorded(name: str) -> None:
    response = json.loads(payload(name))["response"]
    assert judged(name.partition("/")[0], response["status"], response["body"]).outcome is UP


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from(
    ["error", "errors", "code", "type", "message", "errorType", "status", "details", "num_segments", "error_code",
     "health_status", "extensions", "name", "object", "detail", "title"]
)  # fmt: skip


@given(st.sampled_from(sorted(PRESETS)), st.integers(100, 599), _JSON | st.dictionaries(_KEYS, _JSON, max_size=4))
def test_no_document_is_too_strange_and_no_failure_reads_as_up(vendor: str, status: int, document: object) -> None:
    verdict = judged(vendor, status, document)
    if status >= 500 or status < 200:
        assert verdict.outcome is not UP
    assert verdict.message
