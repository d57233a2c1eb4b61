"""What an `http` check can ask beyond one plain request, on servers of loopback that say what they were asked."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.config.kinds import GOOD

from checks.conftest import SLOT, Look
from checks.payloads import Answered, document, vendor
from checks.specifications import strange, violation
from standby.checks.base import Context, observe
from standby.checks.http import HttpCheck, HttpModel
from standby.checks.http.graphql import judge
from standby.config.load import load
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.engine.kinds import kinds

UP, DOWN, UNKNOWN, DEGRADED = Outcome.UP, Outcome.DOWN, Outcome.UNKNOWN, Outcome.DEGRADED
BASE = {"id": "c", "integration": "i", "kind": "http", "every": "60s", "timeout": "5s"}


async def test_a_form_is_sent_with_its_secrets(look: Look) -> None:
    async with vendor({"POST /pay": document({"ok": True})}) as acme:
        seen = await look("http", url=acme.url + "/pay", form={"amount": "1 €", "api_key": "env:KEY"})
    assert seen.outcome is UP
    [asked] = acme.asked
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.body == b"amount=1+%E2%82%AC&api_key=k3y-v4lue"


async def test_graphql_asks_by_post_and_reads_its_errors(look: Look) -> None:
    refused = document({"errors": [{"message": "slow down", "extensions": {"code": "THROTTLED"}}]})
    async with vendor({"POST /graphql": [document({"data": {"shop": {"open": True}}}), refused]}) as acme:
        keys: dict[str, Any] = {"graphql": "query { shop { open } }", "variables": {"id": 1}}
        keys |= {"url": acme.url + "/graphql", "expect": ["body.data.shop.open == true"]}
        assert (await look("http", **keys)).outcome is UP
        seen = await look("http", **keys)
    assert (seen.outcome, seen.failure, seen.message) == (UNKNOWN, Failure.RATE_LIMITED, "we ask too often: slow down")
    assert json.loads(acme.asked[0].body) == {"query": "query { shop { open } }", "variables": {"id": 1}}


@pytest.mark.parametrize(
    ("found", "outcome", "failure"),
    [
        ({"data": {"a": 1}}, None, None),
        ({"data": {"a": 1}, "errors": []}, None, None),
        ({"data": {"a": 1}, "errors": [{"message": "b failed"}]}, DEGRADED, Failure.SERVER),
        ({"data": {"a": None}, "errors": [{"message": "x"}]}, DOWN, Failure.SERVER),
        ({"errors": [{"extensions": {"errorClass": "SERVER_ERROR"}}]}, DOWN, Failure.SERVER),
        ({"errors": [{"extensions": {"errorClass": "TOO_MANY_REQUESTS"}}]}, UNKNOWN, Failure.RATE_LIMITED),
        ({"errors": [{"extensions": {"error_code": "BAD_API_KEY"}}]}, UNKNOWN, Failure.CREDENTIALS),
        ({"errors": [{"extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}, UNKNOWN, Failure.REQUEST),
        ({"errors": "odd"}, DOWN, Failure.SERVER),
        ({"errors": [None, 3, [], {"message": 7, "extensions": 1}]}, DOWN, Failure.SERVER),
        ({"status": "ok"}, UNKNOWN, Failure.UNREADABLE),
        ("<html>", UNKNOWN, Failure.UNREADABLE),
    ],
)
def test_errors_of_graphql(found: object, outcome: Outcome | None, failure: Failure | None) -> None:
    verdict = judge(found)
    assert (verdict and verdict.outcome, verdict and verdict.failure) == (outcome, failure)


LOGIN = {"name": "login", "method": "POST", "json": {"user": "shop"}, "save": {"token": "body.token", "id": "body.id"}}


def steps(url: str) -> list[dict[str, Any]]:
    return [
        {"url": url + "/login", **LOGIN},
        {"name": "order", "url": url + "/orders/{id}", "headers": {"Authorization": "Bearer {token}"},
         "query": {"q": "{token}"}, "expect": ["body.paid == true"]},
    ]  # fmt: skip


async def transaction(look: Look, first: Answered, second: Answered) -> tuple[Observation, list[Any]]:
    async with vendor({"/login": first, "/orders/a%2Fb": second}) as acme:
        return await look("http", step=steps(acme.url)), acme.asked


GIVEN = document({"token": "t0k3n-value", "id": "a/b"})


async def test_a_transaction_hands_values_on(look: Look) -> None:
    seen, asked = await transaction(look, GIVEN, document({"paid": True}))
    assert (seen.outcome, seen.message) == (UP, "step 2 (order): status 200 Said")
    assert asked[1].headers["authorization"] == "Bearer t0k3n-value"
    assert asked[1].path == "/orders/a%2Fb"
    assert asked[1].query == {"q": "t0k3n-value"}
    assert seen.metrics.keys() >= {"step_1_ms", "step_2_ms", "status"}
    assert seen.latency_ms is not None
    assert seen.latency_ms >= seen.metrics["step_1_ms"] + seen.metrics["step_2_ms"] - 0.01


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (document({}, 503), GIVEN, "step 1 (login): status 503 Said"),
        (document({"token": "x"}), GIVEN, "step 1 (login): the answer has no id to save"),
        (document({"token": {"a": 1}, "id": 1}), GIVEN, "step 1 (login): the answer has no token to save"),
        (document({"token": "a\r\nX: b", "id": 1}), GIVEN, "step 1 (login): token in the answer cannot be handed on"),
        (GIVEN, document({"paid": "t0k3n-value"}), 'step 2 (order): body.paid == true: body.paid is "•••"'),
    ],
)
async def test_the_message_says_which_step(look: Look, first: Answered, second: Answered, message: str) -> None:
    seen, _ = await transaction(look, first, second)
    assert (seen.outcome, seen.failure) == (DOWN, Failure.EXPECTATION)
    assert seen.message == message


async def test_a_step_without_an_answer_says_which(look: Look) -> None:
    async with vendor({"/login": GIVEN}) as acme:
        url = acme.url
        rows = [*steps(url)[:1], {"url": "http://127.0.0.1:1/"}]
        seen = await look("http", step=rows)
    assert (seen.outcome, seen.failure) == (DOWN, Failure.REFUSED)
    assert seen.message.startswith("step 2: connection refused")


def oauth(url: str, **keys: object) -> dict[str, Any]:
    return {"url": url + "/token", "client_id": "shop", "client_secret": "env:KEY", **keys}


async def test_a_token_is_had_once_and_again_when_it_is_refused(context: Context) -> None:
    tokens = [document({"access_token": "first-token", "expires_in": 3600}), document({"access_token": "second-token"})]
    answers = [document({}), document({}), document({}, 401), document({}), document({}, 401)]
    async with vendor({"POST /token": tokens, "/v1": answers}) as acme:
        row = {**BASE, "url": acme.url + "/v1", "oauth": oauth(acme.url, scope="orders")}
        check = HttpCheck(HttpModel.model_validate(row))
        seen = [await observe(check, context, SLOT) for _ in range(4)]
    assert [one.outcome for one in seen] == [UP, UP, UP, DOWN]  # twice refused is an answer
    asked = [one for one in acme.asked if one.path == "/token"]
    assert len(asked) == 3
    assert asked[0].body == b"grant_type=client_credentials&scope=orders&client_id=shop&client_secret=k3y-v4lue"
    sent = [one.headers["authorization"] for one in acme.asked if one.path == "/v1"]
    assert sent[:4] == ["Bearer first-token"] * 3 + ["Bearer second-token"]


async def test_who_we_are_in_a_header_and_a_refresh_token_for_one_use(context: Context) -> None:
    given = [document({"access_token": "a", "refresh_token": "r2", "expires_in": 0}), document({"access_token": "b"})]
    async with vendor({"POST /token": given, "/v1": [document({}, 401), document({})]}) as acme:
        keys = oauth(acme.url, send="header", refresh_token="env:TOKEN")
        check = HttpCheck(HttpModel.model_validate({**BASE, "url": acme.url + "/v1", "oauth": keys}))
        assert (await observe(check, context, SLOT)).outcome is UP
    tokens = [one for one in acme.asked if one.path == "/token"]
    assert [one.body for one in tokens] == [
        b"grant_type=refresh_token&refresh_token=s3cr3t-token", b"grant_type=refresh_token&refresh_token=r2",
    ]  # fmt: skip
    assert tokens[0].headers["authorization"] == "Basic " + base64.b64encode(b"shop:k3y-v4lue").decode()


@pytest.mark.parametrize(
    ("answer", "failure", "says"),
    [
        (document({"error": "invalid_client", "error_description": "k3y-v4lue is wrong"}, 401), Failure.CREDENTIALS,
         "no token for our client: invalid_client: status 401: ••• is wrong"),
        (document({"error": "invalid_scope"}, 400), Failure.REQUEST, "is refused: status 400: invalid_scope"),
        (document({"error": "rate_limit_exceeded"}, 400), Failure.RATE_LIMITED, "we ask for tokens too often"),
        (document({}, 503), Failure.SERVER, "the vendor's API does not answer"),
        (document({"token": "x"}), Failure.UNREADABLE, "the token address answers no token"),
        (document({"access_token": "a\r\nb"}), Failure.UNREADABLE, "the token address answers no token"),
        (Answered(b"<html><title>Sign in</title>"), Failure.UNREADABLE, 'HTML ("Sign in")'),
    ],
)  # fmt: skip
async def test_no_token_says_whose_fault_it_is(look: Look, answer: Answered, failure: Failure, says: str) -> None:
    async with vendor({"POST /token": answer, "/v1": document({})}) as acme:
        seen = await look("http", url=acme.url + "/v1", oauth=oauth(acme.url))
    assert (seen.outcome, seen.failure) == (UNKNOWN, failure)
    assert says in seen.message
    assert [one.path for one in acme.asked] == ["/token"]


async def test_what_has_not_changed_is_not_sent_again(context: Context) -> None:
    answers = [document({"state": "fine"}, etag='"v1"'), Answered(b"", 304), document({"state": "bad"}), document({})]
    async with vendor({"/v1": answers}) as acme:
        row = {
            **BASE,
            "url": acme.url + "/v1",
            "conditional": True,
            "expect": ["body.state == 'fine'", "status == 200"],
        }
        check = HttpCheck(HttpModel.model_validate(row))
        seen = [await observe(check, context, SLOT) for _ in range(4)]
    assert [one.outcome for one in seen] == [UP, UP, DOWN, DOWN]
    assert seen[1].message == "unchanged: status 200 Said"
    assert (seen[1].metrics["status"], seen[1].metrics["body_bytes"]) == (304.0, 0.0)
    assert [one.headers.get("if-none-match") for one in acme.asked] == [None, '"v1"', '"v1"', None]


@pytest.mark.parametrize(
    ("keys", "header", "value"),
    [
        ({"preset": "stripe", "key": "env:KEY"}, "authorization", "Bearer k3y-v4lue"),
        ({"preset": "shippo", "key": "env:KEY"}, "authorization", "ShippoToken k3y-v4lue"),
        ({"preset": "shopify", "key": "env:KEY"}, "x-shopify-access-token", "k3y-v4lue"),
        ({"preset": "easypost", "key": "env:KEY"}, "authorization", "Basic azN5LXY0bHVlOg=="),
        ({"preset": "twilio", "key": "env:KEY", "account": "AC1"}, "authorization", "Basic QUMxOmszeS12NGx1ZQ=="),
    ],
)
async def test_a_preset_knows_how_to_say_who_we_are(
    look: Look, keys: dict[str, object], header: str, value: str
) -> None:
    refused = document({"error": {"message": f"{value} no"}, "errors": f"{value} no", "message": f"{value} no"}, 401)
    async with vendor({"/v1": refused}) as acme:
        seen = await look("http", url=acme.url + "/v1", **keys)
        assert (seen.outcome, seen.failure) == (UNKNOWN, Failure.CREDENTIALS)
        assert acme.asked[0].headers[header] == value
        assert "k3y" not in seen.message
        assert value.rpartition(" ")[2] not in seen.message
        anonymous = await look("http", url=acme.url + "/v1", **{k: v for k, v in keys.items() if k != "key"})
    assert (anonymous.outcome, anonymous.message) == (UP, "their API answers; asked without a key it says status 401")


async def test_presets_have_a_probe_of_their_own(look: Look) -> None:
    async with vendor({"POST /adyen": document({"paymentMethods": []}), "POST /paypal": document({})}) as acme:
        keys = {"key": "env:KEY", "account": "ShopEU"}
        seen = await look("http", url=acme.url + "/adyen", preset="adyen", **keys)
        assert seen.outcome is UP, seen.message
        await look("http", url=acme.url + "/paypal", preset="paypal", **keys)
    assert json.loads(acme.asked[0].body) == {"merchantAccount": "ShopEU"}
    assert acme.asked[1].body == b"grant_type=client_credentials"
    model = HttpModel.model_validate({**BASE, "preset": "twilio", "account": "AC1"})
    assert model.target == "https://api.twilio.com/2010-04-01/Accounts/AC1/Balance.json"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "url is missing"),
        ({"preset": "strip"}, "is no preset; write one of"),
        ({"preset": "shopify"}, "Shopify needs an address; write url = https://SHOP"),
        ({"preset": "twilio", "key": "env:KEY"}, "twilio needs an account too"),
        ({"url": "https://x.test/", "key": "env:KEY"}, "key and account are for a preset"),
        ({"url": "https://x.test/", "key": "sk_live"}, "is not a secret reference"),
        ({"url": "https://x.test/", "form": {"a": "b"}, "graphql": "{ a }"}, "both given"),
        ({"url": "https://x.test/", "variables": {"a": 1}}, "without graphql"),
        ({"url": "https://x.test/", "form": {"password": "hunter2"}}, "is written out"),
        ({"url": "https://x.test/", "client_key": "key.pem"}, "has no client_certificate"),
        ({"url": "http://x.test/", "http2": True}, "http2 needs https"),
        ({"url": "https://x.test/", "http2": True, "reuse": True}, "keep one"),
        ({"url": "https://x.test/", "proxy": "https://proxy.test/"}, "is not a proxy that we can use"),
        ({"step": [{"url": "https://x.test/{token}"}]}, "needs {token}, which no earlier one saves"),
        ({"step": [{"url": "https://x.test/", "headers": {"Authorization": "Bearer abc"}}]}, "is written out"),
        ({"step": [{"url": "https://x.test/"}], "json": {"a": 1}}, "step and a request are both given"),
        ({"url": "https://x.test/", "oauth": {"url": "https://x.test/", "client_id": "a", "client_secret": "b"}},
         "is not a secret reference"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_mend(keys: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HttpModel.model_validate({**BASE, **keys})
    assert says in str(caught.value)


def test_the_examples_of_the_page_load(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "http.md").read_text()
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    path = tmp_path / "config.toml"
    path.write_text(GOOD + "\n".join(examples))
    assert len(load(path, kinds()).checks) >= 5


@pytest.mark.parametrize(
    ("preset", "path", "specification"),
    [
        ("stripe", "/v1/balance", "stripe/openapi-balance-events-trimmed.yaml"),
        ("twilio", f"/2010-04-01/Accounts/AC{'0' * 32}/Balance.json", "twilio/api-v2010-openapi-trimmed.yaml"),
    ],
)
async def test_what_a_preset_asks_is_what_the_vendors_document_allows(
    look: Look, preset: str, path: str, specification: str
) -> None:
    model = HttpModel.model_validate({**BASE, "preset": preset, "account": f"AC{'0' * 32}"})
    assert model.url.endswith(path)
    async with vendor({path: document({"object": "balance", "account_sid": "AC"})}) as acme:
        seen = await look("http", url=acme.url + path, preset=preset, key="env:KEY", account=f"AC{'0' * 32}")
    assert seen.outcome is UP, seen.message
    [asked] = acme.asked
    if preset == "stripe":  # openapi-core cannot read a deepObject (`expand`), not even one that is left out
        assert strange(specification, asked) == set()
        return
    assert violation(specification, asked) is None
    assert violation(specification, replace(asked, path=path + "x")) is not None
