"""What a user writes about HubSpot, and how it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Literal

from pydantic import Field

from standby.checks.answers import Reply
from standby.checks.api import Api, ApiCheck, ApiModel, Finding
from standby.checks.base import Kind
from standby.checks.hubspot import account
from standby.config.fields import SecretReference, Url
from standby.domain.observation import Failure
from standby.net.trouble import Trouble

_DETAILS = "/account-info/v3/details"
_USAGE = "/account-info/v3/api-usage/daily/private-apps"
_NOT_OURS = frozenset({Failure.CREDENTIALS, Failure.REQUEST})


class HubSpotModel(ApiModel):
    """Whether the account answers to our token, and what is left of its daily calls."""

    kind: Literal["hubspot"] = "hubspot"
    url: Url = Field(default="https://api.hubapi.com", description="the API's address")
    token: SecretReference = Field(description="where the token is: of a private app, or an OAuth access token")
    usage: bool = Field(default=True, description="ask what is used of the daily calls; false for OAuth apps")
    warn_at: float = Field(default=0.8, gt=0, le=1, description="degraded from this used share of the daily calls on")

    @property
    def stated(self) -> bool:
        """The account itself answers."""
        return False


class HubSpotCheck(ApiCheck[HubSpotModel]):
    """Looks by asking who we are, and what we have used."""

    def __init__(self, model: HubSpotModel) -> None:
        super().__init__(model)
        self._zone: tzinfo | None = None  # kept: the answer that needs it, "used up until midnight", does not say it

    def secrets(self) -> Sequence[str]:
        """The token."""
        return [self.model.token]

    async def look(self, api: Api) -> Finding:
        """Ask. Raises Trouble."""
        reply = api.decides(await self._ask(api, _DETAILS))
        who = account.account(reply.document)
        self._zone = who.zone or self._zone
        zone = self._zone or UTC
        found = account.of_headers(api.quotas, zone, reply.at)
        if self.model.usage:
            found = await self._used(api, zone) or found
        return account.judge(account.Account(who.id, self._zone), found, self.model.warn_at, api.now)

    async def _used(self, api: Api, zone: tzinfo) -> list[account.Usage]:
        """What is used; a token that may not ask this still proves that the account answers."""
        try:
            reply = await self._ask(api, _USAGE)
        except Trouble as trouble:
            if trouble.failure not in _NOT_OURS:
                raise
            return [account.Usage("usage", None, f"{trouble}; write usage = false if this token may not ask it")]
        return account.usages(reply.document, zone, api.now)

    async def _ask(self, api: Api, path: str) -> Reply:
        headers = {"Authorization": f"Bearer {api.secret(self.model.token)}"}
        reply = await api.shared(self.model.url.rstrip("/") + path, headers=headers)
        trouble = account.refused(reply, self._zone)
        if trouble is not None:
            raise trouble
        return reply


KIND = Kind("hubspot", HubSpotModel, HubSpotCheck)
