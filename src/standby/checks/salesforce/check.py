"""`kind = "salesforce"`: the Trust status of an org's instance, or what is left of the org's limits."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from standby.checks.answers import Reply
from standby.checks.api import Api, ApiCheck, ApiModel, Finding, accepted, unreadable
from standby.checks.base import Kind
from standby.checks.documents import rows, table, text
from standby.checks.salesforce import limits, trust, trust_center
from standby.checks.statuspage.judge import judge
from standby.checks.tokens import Token, Tokens
from standby.config.fields import SecretReference, Text, Url, is_zone
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import DAY
from standby.net.trouble import Trouble

TRUST = "https://api.status.salesforce.com/v1"
_OWN_DOMAINS = (".salesforce.com", ".force.com", ".cloudforce.com", ".salesforce.mil", ".sfcrmproducts.cn")
_QUERY = "SELECT InstanceName FROM Organization"


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f'"{clean(name, 40)}" is no time zone; write one like "Europe/Berlin"')
    return name


class SalesforceModel(ApiModel):
    """Salesforce: the Trust status of one instance, or an org's REST limits."""

    kind: Literal["salesforce"] = "salesforce"
    about: Literal["status", "limits"] = Field(default="status", description="what to look at")
    instance: Text | None = Field(
        default=None, description="the instance whose status counts: `EU45`; asked of the org, daily, when left out"
    )
    org: Url | None = Field(default=None, description="My Domain of the org: https://acme.my.salesforce.com")
    client_id: SecretReference | None = Field(default=None, description="of a connected app with client credentials")
    client_secret: SecretReference | None = Field(default=None, description="of the same app")
    api_version: str = Field(default="62.0", pattern=r"^\d{2,3}\.0$", description="of the REST API")
    services: tuple[Text, ...] = Field(
        default=(), max_length=100, description="`status`: only incidents of these services (`coreService`, `search`)"
    )
    limits: tuple[Text, ...] = Field(
        default=("DailyApiRequests", "*StorageMB"),
        min_length=1,
        max_length=100,
        description="`limits`: those that make it degraded, with `*`; all are metrics",
    )
    warn_at: float = Field(default=0.8, gt=0, le=1, description="`limits`: degraded from this used share on")
    zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", description="whose midnight begins a day of calls"
    )
    trust_url: Url = Field(default=TRUST, description="the Trust status API")
    trust_center: Url | None = Field(
        default=None, description="`status`: a snapshot of My Trust Center instead (experimental)"
    )
    trust_center_token: SecretReference | None = Field(
        default=None, description="its personal access token; ends after at most 30 days"
    )

    @model_validator(mode="after")
    def _complete(self) -> SalesforceModel:
        client = self.org is not None and self.client_id is not None and self.client_secret is not None
        if self.about == "limits" and not client:
            raise ValueError("needs org, client_id and client_secret: limits are those of an org")
        if (self.trust_center is None) != (self.trust_center_token is None):
            raise ValueError("trust_center and trust_center_token belong together; write both")
        if self.about == "status" and not client and self.instance is None and self.trust_center is None:
            raise ValueError('names no instance; write instance = "EU45", or org, client_id and client_secret')
        return self

    @property
    def stated(self) -> bool:
        """Trust tells of an instance; of its limits an org tells itself."""
        return self.about == "status"

    @property
    def target(self) -> str:
        """The instance or the org."""
        return clean(self.instance or (urlsplit(self.org).netloc if self.org else "") or "My Trust Center", 200)


class SalesforceCheck(ApiCheck[SalesforceModel]):
    """Looks at the instance or at the limits."""

    def __init__(self, model: SalesforceModel) -> None:
        super().__init__(model)
        self._tokens: Tokens | None = None
        if model.org is not None and model.client_id is not None and model.client_secret is not None:
            url = f"{model.org.rstrip('/')}/services/oauth2/token"
            self._tokens = Tokens(url, model.client_id, model.client_secret)
        self._resolved: tuple[str, int] | None = None  # the org's instance and when it was told

    def secrets(self) -> list[str]:
        """The client's, and the token of My Trust Center."""
        model = self.model
        return [one for one in (model.client_id, model.client_secret, model.trust_center_token) if one is not None]

    async def look(self, api: Api) -> Finding:
        """Ask and judge. May raise Trouble; `unknown` then."""
        try:
            return await (self._limits(api) if self.model.about == "limits" else self._status(api))
        except Trouble as trouble:
            if self._tokens is None:
                raise
            message = self._tokens.hide(str(trouble))
            raise Trouble(trouble.failure, message, trouble.outcome, retry_after_s=trouble.retry_after_s) from None

    async def _status(self, api: Api) -> Finding:
        if self.model.trust_center is not None:
            return await self._trust_center(api, self.model.trust_center)
        key = self.model.instance or await self._instance(api)
        reply = await api.shared(
            f"{self.model.trust_url.rstrip('/')}/instances/{quote(key, safe='')}/status", [("childProducts", "false")]
        )
        if reply.status == 404:
            self._resolved = None
            raise Trouble(Failure.REQUEST, f"Salesforce knows no instance {key}; {trust.MEND}", Outcome.UNKNOWN)
        found = trust.decode(accepted(api.decides(reply)).document, api.now)
        if found.retired:
            self._resolved = None
            return Finding(Outcome.UNKNOWN, found.retired, Failure.REQUEST)
        return judge(found.page, self.model.services, api.now)

    async def _trust_center(self, api: Api, url: str) -> Finding:
        token = api.secret(self.model.trust_center_token)
        days = trust_center.token_days(token, api.now)
        if days is not None:
            api.metrics["token_days"] = days
        reply = api.decides(accepted(await api.shared(url, headers={"Authorization": f"Bearer {token}"})))
        found = judge(trust_center.decode(reply.document), self.model.services, api.now)
        if days is None or days > 3:
            return found
        ending = f"its token ends in {days:.1f} days: renew it"
        return Finding(found.outcome, f"{found.message}; {ending}", found.failure, found.metrics)

    async def _instance(self, api: Api) -> str:
        """The instance that the org is on now; asked again each day, since orgs are migrated."""
        if self._resolved is not None and api.now - self._resolved[1] < DAY:
            return self._resolved[0]
        reply = await self._rest(api, "query", [("q", _QUERY)])
        key = next((text(one.get("InstanceName"), 40) for one in rows(table(reply.document).get("records"))), "")
        if not key:
            raise unreadable("the org does not tell its instance; write it as instance")
        self._resolved = (key, api.now)
        return key

    async def _limits(self, api: Api) -> Finding:
        reply = api.decides(await self._rest(api, "limits", []))
        zone = ZoneInfo(self.model.zone)
        return limits.judge(limits.decode(reply), self.model.limits, self.model.warn_at, api.now, zone)

    async def _rest(self, api: Api, what: str, query: list[tuple[str, str]]) -> Reply:
        """An answer of the org's REST API. Raises Trouble."""
        if self._tokens is None:
            raise unreadable("names no org")
        version = self.model.api_version

        async def ask(token: Token) -> Reply:
            url = f"{self._host(token)}/services/data/v{version}/{what}"
            return await api.get(url, query, headers={"Authorization": f"Bearer {token.value}"})

        reply = await self._tokens.asked(api, ask)
        if (calls := limits.usage(reply)) is not None:
            api.metrics.update(limits.metrics([calls]))
        trouble = limits.refused(reply, api.now, ZoneInfo(self.model.zone))
        if trouble is not None:
            raise trouble
        return reply

    def _host(self, token: Token) -> str:
        """Where the org's data are: the token says it, and only Salesforce's own addresses get the token."""
        told = text(token.answer.get("instance_url"), 300).rstrip("/") or (self.model.org or "").rstrip("/")
        parts, own = urlsplit(told), urlsplit(self.model.org or "")
        same = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        if same or (parts.scheme == "https" and (parts.hostname or "").endswith(_OWN_DOMAINS)):
            return f"{parts.scheme}://{parts.netloc}"
        raise unreadable("the token comes with an address that is not Salesforce's")


KIND = Kind("salesforce", SalesforceModel, SalesforceCheck)
