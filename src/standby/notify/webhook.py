"""`kind = "webhook"`: one HTTP POST of JSON, signed so that the receiver knows who speaks.

The signature is that of standardwebhooks.com: HMAC-SHA256 over `id.timestamp.body`, for which most languages have a
library that verifies it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import httpx
from pydantic import Field, TypeAdapter, ValidationError

from standby.config.fields import Headers, SecretReference, Url, UrlOrReference
from standby.config.people import ChannelModel
from standby.config.revealed import Revealed, reveal
from standby.domain.text import clean
from standby.domain.units import SECOND
from standby.net.retry_after import retry_after
from standby.net.transport import USER_AGENT, Options
from standby.net.trouble import Trouble
from standby.notify.base import Context, Kind, Message, NotifyError, attempt, handed_over

_SAID = 200  # bytes of a refusal that are worth reading
_SAID_WITHIN_S = 1.0
_MAY_PASS = frozenset({408, 425, 429})  # of 4xx: what the receiver may say otherwise later
_ENCODED = "whsec_"  # a secret that begins so is base64, as the standard writes it
_URL: TypeAdapter[str] = TypeAdapter(Url)


class WebhookModel(ChannelModel):
    """One HTTP POST of JSON. An address (`to`) is passed on inside."""

    kind: Literal["webhook"] = "webhook"
    url: UrlOrReference = Field(description="where it goes; a secret reference when the address itself is a key")
    secret: SecretReference | None = Field(
        default=None, description="signs each message, as standardwebhooks.com says; both sides have it"
    )
    headers: Headers = Field(default={}, description="values may be secret references: `Bearer env:NAME`")
    verify: bool | Path = Field(
        default=True, description="false, or a PEM file of authorities, instead of the system's"
    )


class WebhookChannel:
    """Posts messages. Anything but 2xx is a refusal, a redirect too: a signed message goes to nobody else."""

    def __init__(self, model: WebhookModel, context: Context) -> None:
        self._model = model
        self._context = context
        authorities = model.verify if isinstance(model.verify, Path) else None
        self._options = Options(verify=model.verify is not False, authorities=authorities)

    async def send(self, message: Message, to: str) -> str:
        """Post it once."""
        model, context = self._model, self._context
        async with attempt(context, model.timeout):
            revealed = await reveal(context.secrets, [model.url, model.secret or "", *model.headers.values()])
            try:
                answer = await self._transport().handle_async_request(self._request(message, to, revealed))
            except Trouble as trouble:
                raise NotifyError(revealed.redact(str(trouble)), perhaps=handed_over()) from None
            try:
                return await self._judge(answer, revealed)
            finally:
                await answer.aclose()

    async def close(self) -> None:
        """Holds nothing: each message has a connection of its own."""

    def _transport(self) -> httpx.AsyncBaseTransport:
        try:
            return self._context.transports.get(self._options)
        except OSError as error:
            raise NotifyError(f"the authorities in `verify` cannot be read: {error.strerror or error}") from None

    def _request(self, message: Message, to: str, revealed: Revealed) -> httpx.Request:
        url, secret, *values = revealed.values
        try:
            _URL.validate_python(url)
        except ValidationError:
            raise NotifyError("the secret of `url` is not an http or https URL") from None
        body = message.document(to)
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Idempotency-Key": message.key,
            **dict(zip(self._model.headers, values, strict=True)),
            **(signature(secret, message.key, self._context.clock.now() // SECOND, body) if secret else {}),
        }
        encoded = {name.encode("ascii"): value.encode() for name, value in headers.items()}
        return httpx.Request("POST", url, headers=encoded, content=body)

    async def _judge(self, answer: httpx.Response, revealed: Revealed) -> str:
        status = answer.status_code
        says = revealed.redact(f"status {status} {answer.reason_phrase}".rstrip())
        if 200 <= status < 300:
            return clean(says, _SAID)
        if 300 <= status < 400:
            raise NotifyError(f"{says}: it would send us elsewhere; write that address as url", temporary=False)
        words = revealed.redact(await _first_words(answer))
        raise NotifyError(
            f"{says}: {words}".removesuffix(": "),
            temporary=status >= 500 or status in _MAY_PASS,
            retry_after_s=retry_after(status, answer.headers.get("retry-after", ""), self._context.clock.now()),
        )


def signature(secret: str, key: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """The headers by which a receiver verifies `body`; `timestamp` in seconds since 1970."""
    signed = f"{key}.{timestamp}.".encode() + body
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    return {
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key(secret: str) -> bytes:
    if not secret.startswith(_ENCODED):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_ENCODED), validate=True)
    except ValueError:
        raise NotifyError(f"the secret begins with {_ENCODED} and is no base64 after it") from None


async def _first_words(answer: httpx.Response) -> str:
    """The beginning of a refusal; what does not come soon is not waited for, the status has said enough."""
    said = b""
    with contextlib.suppress(Trouble, TimeoutError):
        async with asyncio.timeout(_SAID_WITHIN_S):
            async for chunk in answer.aiter_raw():
                said += chunk
                if len(said) >= _SAID:
                    break
    return clean(said[:_SAID].decode("utf-8", "replace"), _SAID)


KIND = Kind("webhook", WebhookModel, WebhookChannel)
