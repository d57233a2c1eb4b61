from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks.loopback import Authority, Handler, answers, sends, serving
from notify.conftest import MESSAGE, channel
from standby.notify.base import Context, NotifyError
from standby.notify.webhook import WebhookModel, signature

OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


def takes(got: list[bytes], answer: bytes) -> Handler:
    """A receiver that reads the body of our message, then answers."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(int(line.partition(b":")[2]) for line in head.splitlines() if line.lower().startswith(b"content-l"))
        got.append(head + await reader.readexactly(size))
        writer.write(answer)
        await writer.drain()

    return handler


def parts(raw: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    pairs = (line.decode().partition(": ") for line in head.splitlines()[1:])
    return {name.lower(): value for name, _, value in pairs}, body


async def refused(context: Context, answer: Handler, **keys: object) -> NotifyError:
    async with serving(answer) as server:
        with pytest.raises(NotifyError) as caught:
            await channel(context, "webhook", **{"url": server.url, **keys}).send(MESSAGE, "")
    return caught.value


async def test_a_message_is_posted_as_json_and_signed(context: Context) -> None:
    got: list[bytes] = []
    async with serving(takes(got, OK), read=False) as server:
        keys = {"secret": "env:KEY", "headers": {"Authorization": "Bearer env:TOKEN", "X-Team": "ops"}}
        one = channel(context, "webhook", url=f"{server.url}/hook?a=1", **keys)
        assert await one.send(MESSAGE, "+49 1") == "status 202 Accepted"
    headers, body = parts(got[0])
    assert got[0].startswith(b"POST /hook?a=1 HTTP/1.1\r\n")
    assert (headers["authorization"], headers["x-team"]) == ("Bearer s3cr3t-token", "ops")
    assert headers["idempotency-key"] == headers["webhook-id"] == MESSAGE.key
    signed = f"{MESSAGE.key}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"secret-key", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert json.loads(body) == {
        "key": MESSAGE.key,
        "kind": "firing",
        "at": "2023-11-14T22:13:20.000Z",
        "to": "+49 1",
        "subject": MESSAGE.subject,
        "text": MESSAGE.text,
        "alerts": [{"id": 7, "integration": "payments", "severity": "critical"}],
    }


def test_the_signature_is_that_of_the_standard() -> None:
    """The vector that the Standard Webhooks libraries are tested with."""
    headers = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_nothing_is_signed_without_a_secret(context: Context) -> None:
    got: list[bytes] = []
    async with serving(takes(got, OK), read=False) as server:
        await channel(context, "webhook", url=server.url).send(MESSAGE, "")
    assert not any(name.startswith("webhook-") for name in parts(got[0])[0])


@pytest.mark.parametrize(
    ("status", "temporary", "says"),
    [
        ("400 Bad Request", False, "status 400 Bad Request: no [such] key"),
        ("404 Not Found", False, "status 404"),
        ("408 Request Timeout", True, "status 408"),
        ("429 Too Many", True, "status 429"),
        ("500 Oops", True, "status 500 Oops: no [such] key"),
        ("503 Busy", True, "status 503"),
        ("302 Found", False, "it would send us elsewhere; write that address as url"),
    ],
)
async def test_refusals(context: Context, status: str, temporary: bool, says: str) -> None:
    body = b"no [such]\x1b[31m\r\n key" + b"y" * 5000
    error = await refused(context, answers(body, status=status, headers=["Location: http://127.0.0.1:1/"]))
    assert says in str(error)
    assert error.temporary is temporary
    assert len(str(error)) <= 300


@pytest.mark.parametrize(("status", "seconds"), [("429 Slow", 90.0), ("503 Busy", 90.0), ("500 Oops", None)])
async def test_the_receiver_may_ask_us_to_wait(context: Context, status: str, seconds: float | None) -> None:
    error = await refused(context, answers(status=status, headers=["Retry-After: 90"]))
    assert error.retry_after_s == seconds


async def test_a_refusal_whose_reasons_never_come_is_one_all_the_same(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("standby.notify.webhook._SAID_WITHIN_S", 0.05)
    for end in (True, False):
        error = await refused(context, sends(b"HTTP/1.1 400 No\r\nContent-Length: 9\r\n\r\nwh", stay=end))
        assert (str(error), error.temporary) == ("status 400 No: wh", False)


async def test_what_the_receiver_says_back_tells_no_secret(context: Context) -> None:
    error = await refused(
        context, answers(b"bad s3cr3t-token", status="403 No"), headers={"Authorization": "Bearer env:TOKEN"}
    )
    assert str(error) == "status 403 No: bad •••"


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        (sends(b""), "the connection ended while waiting for the first byte"),
        (sends(b"220 mail.test ESMTP\r\n"), "not a valid HTTP answer"),
        (sends(b"", stay=True), "no answer within 1s, while waiting for the first byte"),
    ],
)
async def test_no_answer_is_worth_another_try(context: Context, handler: Handler, says: str) -> None:
    error = await refused(context, handler, timeout="1s")
    assert error.perhaps, "it was sent, and nobody knows what became of it"
    assert says in str(error)
    assert error.temporary


async def test_who_has_no_valid_certificate_is_told_nothing(context: Context, trusted: Authority) -> None:
    got: list[bytes] = []
    handler = takes(got, OK)
    async with serving(handler, tls=trusted.context("other.test"), read=False) as server:
        one = channel(context, "webhook", url=f"https://127.0.0.1:{server.port}/")
        with pytest.raises(NotifyError, match="the certificate is not valid"):
            await one.send(MESSAGE, "")
        assert not got
        open_to_all = channel(context, "webhook", url=f"https://127.0.0.1:{server.port}/", verify=False)
        assert await open_to_all.send(MESSAGE, "") == "status 202 Accepted"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"url": "env:MISSING"}, "a secret cannot be read: env:MISSING is not set"),
        ({"url": "env:TOKEN"}, "the secret of `url` is not an http or https URL"),
        ({"url": "http://127.0.0.1:1/", "verify": "gone.pem"}, "the authorities in `verify` cannot be read: No such"),
        ({"url": "http://127.0.0.1:1/", "secret": "file:bad"}, "begins with whsec_ and is no base64 after it"),
        ({"url": "http://127.0.0.1:1/"}, "connection refused"),
    ],
)
async def test_what_is_wrong_on_our_side(context: Context, tmp_path: Path, keys: dict[str, str], says: str) -> None:
    (tmp_path / "bad").write_text("whsec_§")
    with pytest.raises(NotifyError) as caught:
        await channel(context, "webhook", **keys).send(MESSAGE, "")
    assert says in str(caught.value)
    assert caught.value.temporary
    assert "s3cr3t" not in str(caught.value)


async def test_a_secret_address_is_never_shown(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(sends(b"")) as server:
        monkeypatch.setitem(context.secrets._environ, "HOOK", f"{server.url}/T0K3N")  # type: ignore[index] # a dict here
        with pytest.raises(NotifyError) as caught:
            await channel(context, "webhook", url="env:HOOK").send(MESSAGE, "")
    assert "T0K3N" not in str(caught.value)
    assert server.requests[0].startswith(b"POST /T0K3N ")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({}, "url"),
        ({"url": "ftp://x"}, "is not an http or https URL"),
        ({"url": "http://a:b@x/"}, "has credentials in the URL"),
        ({"url": "http://x/", "secret": "hunter2"}, "is not a secret reference"),
        ({"url": "http://x/", "headers": {"Authorization": "Bearer x"}}, "is written out"),
        ({"url": "http://x/", "method": "PUT"}, "Extra inputs"),
    ],
)
def test_what_is_refused_with_the_mend(row: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WebhookModel.model_validate({"id": "c", "kind": "webhook", **row}, context={})
    assert says in str(caught.value)
