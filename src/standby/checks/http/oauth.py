"""A bearer token of our own for an `http` check: by client credentials or a refresh token, kept until it is refused."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import quote_plus

import httpx

from standby.checks import body as bodies
from standby.checks.answers import Reply
from standby.checks.base import Context
from standby.checks.http.model import OAuth
from standby.checks.tokens import Token, granted
from standby.config.revealed import reveal
from standby.net.transport import USER_AGENT, Exchanger

_LONGEST = 65_536  # bytes of an answer that holds a token


class Bearer:
    """The token of one check. Belongs to one event loop."""

    def __init__(self, oauth: OAuth) -> None:
        self._oauth = oauth
        self._token: Token | None = None
        self._refresh: str | None = None  # newer than ours: some vendors give one for a single use
        self._asking = asyncio.Lock()

    async def get(self, context: Context, transport: Exchanger, hidden: list[str]) -> Token:
        """The token in use, or a new one; `hidden` gets what no message may say. Raises Trouble, `unknown`."""
        async with self._asking:
            if self._token is None or context.clock.now() >= self._token.ends:
                self._token = await self._ask(context, transport, hidden)
            hidden.append(self._token.value)
            return self._token

    def forget(self, token: Token) -> None:
        """It was refused: the next one is new."""
        if self._token is token:
            self._token = None

    async def _ask(self, context: Context, transport: Exchanger, hidden: list[str]) -> Token:
        oauth = self._oauth
        revealed = await reveal(context.secrets, [oauth.client_id, oauth.client_secret, oauth.refresh_token or ""])
        hidden += revealed.secrets
        who, secret, refresh = revealed.values
        form = {"grant_type": "refresh_token" if refresh else "client_credentials"}
        form |= {"refresh_token": self._refresh or refresh} if refresh else {}
        form |= {"scope": oauth.scope} if oauth.scope else {}
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        if oauth.send == "header":  # form-encoded first, as RFC 6749 2.3.1 wants it
            said = base64.b64encode(f"{quote_plus(who)}:{quote_plus(secret)}".encode()).decode()
            hidden.append(said)
            headers["Authorization"] = f"Basic {said}"
        else:
            form |= {"client_id": who, "client_secret": secret}
        reply = await _post(context, transport, httpx.Request("POST", oauth.url, headers=headers, data=form))
        token = granted(reply, reply.at)
        newer = token.answer.get("refresh_token")
        if refresh and isinstance(newer, str) and newer:
            self._refresh = newer
            hidden.append(newer)
        return token


async def _post(context: Context, transport: Exchanger, request: httpx.Request) -> Reply:
    answer = await transport.exchange(request)
    try:
        content = await bodies.read(answer, _LONGEST)
        return Reply(answer.status_code, answer.headers, content, context.clock.now())
    finally:
        await answer.aclose()
