"""One token for many looks, a new one when it ends or is refused, and whose fault it is when there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from checks.loopback import RealClock
from checks.payloads import Answered, Vendor, capture, document, named, vendor
from standby.checks.api import Api, ApiModel
from standby.checks.base import Context
from standby.checks.tokens import Token, Tokens
from standby.config.secrets import Secrets
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND
from standby.net.trouble import Trouble

SECRETS = {"env:ID": "client-7", "env:SECRET": "s3cr3t"}


class Later(RealClock):
    """The clock of this machine, set forward by `by` ns."""

    by = 0

    def now(self) -> int:
        return super().now() + self.by


@pytest.fixture
async def clock() -> Later:
    return Later()


@pytest.fixture
async def api(clock: Later) -> AsyncIterator[Api]:
    context = Context(clock, Secrets(environ={}))
    model = ApiModel.model_validate({"id": "c", "integration": "i", "kind": "x", "every": "60s", "timeout": "5s"})
    yield Api(context, model, SECRETS)
    await context.close()


def tokens(acme: Vendor, scope: str | None = None) -> Tokens:
    return Tokens(f"{acme.url}/token", "env:ID", "env:SECRET", scope=scope)


def granted(value: str, **more: object) -> Answered:
    return document({"access_token": value, "token_type": "Bearer", **more})


async def test_a_token_is_used_until_it_ends(api: Api, clock: Later) -> None:
    async with vendor({"/token": [granted("t1", expires_in=3600), granted("t2", expires_in="60")]}) as acme:
        mine = tokens(acme, scope="api")
        assert {one.value for one in await asyncio.gather(*(mine.get(api) for _ in range(5)))} == {"t1"}
        clock.by = 3569 * SECOND
        assert (await mine.get(api)).value == "t1"
        clock.by = 3571 * SECOND
        assert (await mine.get(api)).value == "t2"
    assert len(acme.asked) == 2
    form = b"grant_type=client_credentials&client_id=client-7&client_secret=s3cr3t&scope=api"
    assert (acme.asked[0].method, acme.asked[0].body) == ("POST", form)


async def test_a_token_that_does_not_tell_its_end_is_renewed_now_and_then(api: Api, clock: Later) -> None:
    async with vendor({"/token": [granted("t1"), granted("t2")]}) as acme:
        mine = tokens(acme)
        assert (await mine.get(api)).value == "t1"
        clock.by = 11 * MINUTE
        assert (await mine.get(api)).value == "t2"


@pytest.mark.parametrize(
    ("answers", "status", "asked"), [([401, 200], 200, 2), ([401, 401, 200], 401, 2), ([403], 403, 1)]
)
async def test_a_refused_token_is_renewed_once(api: Api, answers: list[int], status: int, asked: int) -> None:
    replies = [Answered(b"{}", one) for one in answers]
    async with vendor({"/token": [granted("t1"), granted("t2")], "/data": replies}) as acme:
        mine = tokens(acme)

        async def ask(token: Token) -> object:
            return await api.get(f"{acme.url}/data", headers={"Authorization": f"Bearer {token.value}"})

        reply = await mine.asked(api, ask)  # type: ignore[arg-type]
    assert reply.status == status
    sent = [one.headers["authorization"] for one in acme.asked if one.path == "/data"]
    assert sent == ["Bearer t1", "Bearer t2"][:asked]


@pytest.mark.parametrize(
    ("answer", "failure", "says"),
    [
        (
            document({"error": "invalid_client"}, 401),
            Failure.CREDENTIALS,
            "no token for our client: status 401: invalid",
        ),
        (
            document({"error": "invalid_grant", "error_description": "no"}, 400),
            Failure.CREDENTIALS,
            "invalid_grant: st",
        ),
        (document({"error": "rate_limit_exceeded"}, 400), Failure.RATE_LIMITED, "too often"),
        (document({"error": "unsupported_grant_type"}, 400), Failure.REQUEST, "refused"),
        (Answered(b"<html>Bad request", 400), Failure.REQUEST, "refused: status 400"),
        (Answered(b"", 403), Failure.CREDENTIALS, "status 403"),
        (Answered(b"", 503), Failure.SERVER, "status 503"),
        (document({"token_type": "Bearer"}), Failure.UNREADABLE, "answers no token"),
        (document({"access_token": "a\nb: c"}), Failure.UNREADABLE, "answers no token"),
        (document([1]), Failure.UNREADABLE, "answers no token"),
        (Answered(b"<html>"), Failure.UNREADABLE, "not JSON"),
    ],
)
async def test_no_token_says_whose_fault_it_is(api: Api, answer: Answered, failure: Failure, says: str) -> None:
    async with vendor({"/token": answer}) as acme:
        with pytest.raises(Trouble, match=says) as raised:
            await tokens(acme).get(api)
    assert (raised.value.failure, raised.value.outcome) == (failure, Outcome.UNKNOWN)
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize("name", named("salesforce/oauth-*.json"))
async def test_recorded_answers_of_a_token_address(api: Api, name: str) -> None:
    expected = {"ok-client-credentials": None, "rate-limit": Failure.RATE_LIMITED}
    failure = expected.get(name.removeprefix("salesforce/oauth-").removesuffix(".json"), Failure.CREDENTIALS)
    async with vendor({"/token": capture(name)}) as acme:
        if failure is None:
            token = await tokens(acme).get(api)
            assert token.answer["instance_url"] == "https://example.my.salesforce.com"
            assert token.value not in repr(token)
            return
        with pytest.raises(Trouble) as raised:
            await tokens(acme).get(api)
    assert raised.value.failure is failure


async def test_a_token_stands_in_no_message(api: Api) -> None:
    async with vendor({"/token": granted("abc.def")}) as acme:
        mine = tokens(acme)
        assert mine.hide("abc.def is bad") == "abc.def is bad"
        await mine.get(api)
        assert mine.hide("abc.def is bad") == "••• is bad"
