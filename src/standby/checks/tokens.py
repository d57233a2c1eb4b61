"""Access tokens by OAuth2 client credentials: one for many looks, a new one when it ends or is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from standby.checks.answers import Reply
from standby.checks.api import Api, refusal, sentence, unreadable
from standby.checks.documents import Table, number, table, text
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND
from standby.net.trouble import Trouble

UNTOLD = 10 * MINUTE
"""How long a token is used whose end is not told."""
_BEFORE = 30 * SECOND  # not begun to be used so shortly before its end
_LONGEST_S = 30 * 86_400.0
_OURS = frozenset(
    {
        "invalid_client",
        "invalid_client_id",
        "invalid_grant",
        "unauthorized_client",
        "access_denied",
        "inactive_user",
        "inactive_org",
    }
)
_TOO_OFTEN = frozenset({"rate_limit_exceeded", "slow_down", "temporarily_unavailable"})


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, until when it is used (ns since 1970), and what came with it."""

    value: str
    ends: int
    answer: Table

    def __repr__(self) -> str:
        """Never the token."""
        return f"Token(ends={self.ends})"


class Tokens:
    """The token of one client at one token address. Belongs to one event loop.

    `client_id` and `client_secret` are the references that the check's `secrets()` must give to its `Api`.
    """

    def __init__(self, url: str, client_id: str, client_secret: str, *, scope: str | None = None) -> None:
        self._url = url
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._token: Token | None = None
        self._asking = asyncio.Lock()

    async def get(self, api: Api) -> Token:
        """The token in use, or a new one. Raises Trouble, `unknown`, that says whose fault it is."""
        async with self._asking:  # who comes second gets what the first one was given
            if self._token is None or api.now >= self._token.ends:
                self._token = await self._ask(api)
            return self._token

    async def asked(self, api: Api, ask: Callable[[Token], Awaitable[Reply]]) -> Reply:
        """What `ask` is answered with a token; once more with a new one after 401. Any other status is an answer."""
        token = await self.get(api)
        reply = await ask(token)
        if reply.status != 401:
            return reply
        if self._token is token:
            self._token = None
        return await ask(await self.get(api))

    def hide(self, message: str) -> str:
        """A message without the token: it is no secret of the configuration, which are hidden elsewhere."""
        return message.replace(self._token.value, "•••") if self._token is not None else message

    async def _ask(self, api: Api) -> Token:
        form = {"grant_type": "client_credentials"}
        form |= {"client_id": api.secret(self._client_id), "client_secret": api.secret(self._client_secret)}
        if self._scope is not None:
            form["scope"] = self._scope
        return granted(await api.post(self._url, form=form), api.now)


def granted(reply: Reply, now: int) -> Token:
    """The token in the answer of a token address. Raises Trouble, `unknown`, that says whose fault it is."""
    trouble = refused(reply)
    if trouble is not None:
        raise trouble
    answer = table(reply.document)
    value = answer.get("access_token")
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise unreadable("the token address answers no token")
    seconds = number(answer.get("expires_in"))
    lasts = round(min(seconds, _LONGEST_S) * SECOND) if seconds is not None and seconds > 0 else UNTOLD
    return Token(value, now + max(lasts - _BEFORE, lasts // 2), answer)


def refused(reply: Reply) -> Trouble | None:
    """What the answer of a token address means: it tells by a word (`invalid_client`), always with the status 400."""
    if reply.status not in (400, 401, 403):
        return refusal(reply)
    try:
        word = text(table(reply.document).get("error"))
    except Trouble:
        word = ""
    said = sentence(reply)
    said = f"{word}: {said}" if word and word not in said else said
    if word in _TOO_OFTEN:
        return Trouble(Failure.RATE_LIMITED, f"we ask for tokens too often: {said}", Outcome.UNKNOWN)
    if word in _OURS or reply.status != 400:
        return Trouble(Failure.CREDENTIALS, f"no token for our client: {said}", Outcome.UNKNOWN)
    return Trouble(Failure.REQUEST, f"what we ask of the token address is refused: {said}", Outcome.UNKNOWN)
