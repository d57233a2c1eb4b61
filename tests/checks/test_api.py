"""What every adapter gets for nothing: statuses told apart, documents guarded, one question for all who ask it."""

from __future__ import annotations

import asyncio

import pytest

from checks.conftest import SLOT
from checks.loopback import RealClock, answers, sends, serving
from checks.payloads import Answered, document, vendor
from standby.checks.answers import Answers
from standby.checks.api import Api, ApiCheck, ApiModel, Finding, accepted
from standby.checks.base import Context, observe
from standby.config.fields import SecretReference
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND


class Later(RealClock):
    """The clock of this machine, set forward by `by` ns."""

    by = 0

    def now(self) -> int:
        return super().now() + self.by


class ProbeModel(ApiModel):
    url: str
    token: SecretReference | None = None


class Probe(ApiCheck[ProbeModel]):
    """Up when the document says so."""

    def secrets(self) -> list[str]:
        return [self.model.token] if self.model.token else []

    async def look(self, api: Api) -> Finding:
        headers = {"Authorization": f"Bearer {api.secret(self.model.token)}"} if self.model.token else {}
        reply = accepted(await api.shared(self.model.url, [("q", "a b")], headers=headers))
        said = reply.document["state"]
        return Finding(Outcome.UP if said == "fine" else Outcome.DOWN, f"it says {said}", Failure.STATED, {"n": 1.0})


async def see(context: Context, url: str, **keys: object) -> Observation:
    row = {"id": "c", "integration": "i", "kind": "probe", "every": "60s", "timeout": "5s", "url": url, **keys}
    return await observe(Probe(ProbeModel.model_validate(row)), context, SLOT)


async def test_a_finding_becomes_an_observation(context: Context) -> None:
    async with vendor({"/v1": document({"state": "fine"})}) as acme:
        seen = await see(context, acme.url + "/v1?p=1", token="env:TOKEN")
    assert (seen.outcome, seen.message, seen.metrics) == (Outcome.UP, "it says fine", {"n": 1.0})
    assert seen.latency_ms is not None
    assert seen.phases.first_byte is not None
    [asked] = acme.asked
    assert asked.query == {"p": "1", "q": "a b"}
    assert asked.headers["authorization"] == "Bearer s3cr3t-token"


@pytest.mark.parametrize(
    ("answer", "failure", "says"),
    [
        (document({"message": "bad key s3cr3t-token"}, 401), Failure.CREDENTIALS, "refused: status 401: bad key •••"),
        (document({"errors": ["no app key"]}, 403), Failure.CREDENTIALS, "status 403: no app key"),
        (document({"error": {"message": "unpaid"}}, 402), Failure.CREDENTIALS, "status 402: unpaid"),
        (Answered(b"<html><title>Just a moment...</title>", 403, {"cf-mitigated": "challenge"}), Failure.UNREADABLE,
         "a challenge for browsers"),
        (document([{"message": "TotalRequests Limit exceeded."}], 429, retry_after="7"), Failure.RATE_LIMITED,
         "we ask too often: status 429: TotalRequests"),
        (document({"detail": "no such query"}, 400), Failure.REQUEST, "what we ask is refused: status 400: no such"),
        (Answered(b"", 404), Failure.REQUEST, "what we ask is refused: status 404"),
        (Answered(b"Service Unavailable", 503, {"Retry-After": "7"}), Failure.SERVER, "does not answer: status 503"),
        (Answered(b"", 408), Failure.SERVER, "status 408"),
        (Answered(b"", 204), Failure.UNREADABLE, "the answer is empty, not JSON"),
        (Answered(b"<!doctype html><title>Sign in</title>"), Failure.UNREADABLE, 'HTML ("Sign in"), not JSON'),
        (Answered(b"OK"), Failure.UNREADABLE, 'text ("OK"), not JSON'),
        (Answered(b"", 302, {"Location": "https://elsewhere.test/v1"}), Failure.REDIRECT,
         "it moved to https://elsewhere.test"),
        (Answered(b"", 302, {"Location": "/v1"}), Failure.REDIRECT, "more than 3 redirects"),
        (document([]), Failure.INTERNAL, "a fault of ours: TypeError"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_unknown_and_says_whose_fault(
    context: Context, answer: Answered, failure: Failure, says: str
) -> None:
    async with vendor({"/v1": answer}) as acme:
        seen = await see(context, acme.url + "/v1", token="env:TOKEN")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert says in seen.message
    assert seen.retry_after_s == (7.0 if answer.headers.get("retry-after", answer.headers.get("Retry-After")) else None)


async def test_a_network_that_fails_says_nothing_about_what_would_have_been_told(context: Context) -> None:
    async with serving(answers()) as server:
        url = server.url
    assert (await see(context, url)).failure is Failure.REFUSED
    async with serving(sends(b"", stay=True)) as server:
        late = await see(context, server.url, timeout="50ms")
    assert (late.outcome, late.failure) == (Outcome.UNKNOWN, Failure.TIMEOUT)


async def test_a_redirect_within_the_same_party_is_followed(context: Context) -> None:
    moved = Answered(b"", 301, {"Location": "/v2"})
    async with vendor({"/v1": moved, "/v2": document({"state": "fine"})}) as acme:
        assert (await see(context, acme.url + "/v1")).outcome is Outcome.UP


async def test_one_question_for_all_who_ask_the_same(context: Context) -> None:
    async with vendor({"/v1": document({"state": "fine"})}) as acme:
        seen = await asyncio.gather(*(see(context, acme.url + "/v1") for _ in range(20)))
        other = await see(context, acme.url + "/v1", token="env:TOKEN")
        await see(context, acme.url + "/v1")
    assert {one.outcome for one in [*seen, other]} == {Outcome.UP}
    assert [bool(one.headers.get("authorization")) for one in acme.asked] == [False, True]


async def test_an_answer_that_still_holds_is_not_sent_again(context: Context) -> None:
    later = Later()
    context.answers = Answers(later)
    answers = [document({"state": "fine"}, etag='"a1"'), Answered(b"", 304)]
    async with vendor({"/v1": answers}) as acme:
        for _ in range(3):
            assert (await see(context, acme.url + "/v1")).outcome is Outcome.UP
            later.by += 40 * SECOND
    assert [one.headers.get("if-none-match") for one in acme.asked] == [None, '"a1"', '"a1"']


async def test_one_asker_who_gives_up_leaves_the_others_their_answer(context: Context) -> None:
    async with serving(sends(b"", stay=True)) as server:
        first = asyncio.create_task(see(context, server.url, timeout="2s"))
        await server.asked.wait()
        second = asyncio.create_task(see(context, server.url, timeout="50ms"))
        assert (await second).failure is Failure.TIMEOUT
        assert server.connections == 1
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_quotas_are_told_to_all_who_share_an_answer(context: Context) -> None:
    headers = {"X_RateLimit_Limit": "100", "X_RateLimit_Remaining": "50", "X_RateLimit_Reset": "7"}
    async with vendor({"/v1": document({"state": "fine"}, **headers)}) as acme:
        seen = [await see(context, acme.url + "/v1") for _ in range(2)]
    assert len(acme.asked) == 1
    assert [one.metrics["rate_remaining"] for one in seen] == [50.0, 50.0]
