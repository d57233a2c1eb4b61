"""What a user writes about Datadog, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from standby.checks.answers import Reply
from standby.checks.api import Api, ApiCheck, Finding, refusal, unreadable
from standby.checks.base import Kind
from standby.checks.datadog import metrics, monitors
from standby.checks.expectations import Expectations
from standby.checks.series import Asked, FiguresModel, judge
from standby.config.cel import FIGURE
from standby.config.fields import Duration, SecretReference, Text, Url
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND
from standby.net.trouble import Trouble

Site = Literal[
    "datadoghq.com",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "datadoghq.eu",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "ddog-gov.com",
    "us2.ddog-gov.com",
]
PAGE, MOST_PAGES = 100, 20
_WHOLE = [("with_downtimes", "true"), ("group_states", "alert,warn,no data")]
_MonitorId = Annotated[int, Field(ge=1, lt=2**63)]


class DatadogModel(FiguresModel):
    """Monitors by tags, ids, names or search; or a metric query; without any of these whether the API key is valid."""

    kind: Literal["datadog"] = "datadog"
    site: Site = Field(default="datadoghq.com", description="where the account is; keys of another site get 403")
    url: Url | None = Field(default=None, description="the API's address when it is not the site's")
    api_key: SecretReference = Field(description="where the API key is")
    app_key: SecretReference | None = Field(
        default=None, description="where the application key is; monitors and queries need it"
    )
    tags: tuple[Text, ...] = Field(default=(), max_length=20, description="monitors that have all of these tags")
    ids: tuple[_MonitorId, ...] = Field(default=(), max_length=20, description="these monitors")
    names: tuple[Text, ...] = Field(
        default=(), max_length=50, description="monitors whose name fits one of these globs: `*checkout*`"
    )
    search: Text | None = Field(default=None, description="monitors that Datadog's own search finds")
    query: Text | None = Field(default=None, description="a metric query: `avg:trace.http.errors{service:shop}`")
    span: Duration = Field(default=5 * MINUTE, description="how far back the query looks")
    take: Literal["last", "avg", "min", "max", "sum"] = Field(
        default="last", description="what each series is boiled down to"
    )

    @model_validator(mode="after")
    def _one_question(self) -> DatadogModel:
        asked = [key for key in ("ids", "search", "query") if getattr(self, key)]
        asked += ["tags or names"] if self.tags or self.names else []
        if len(asked) > 1:
            raise ValueError(f"{' and '.join(asked)} are different questions; keep one and write a second check")
        if asked and self.app_key is None:
            raise ValueError('monitors and queries need an application key; write app_key = "env:DD_APP_KEY"')
        if (self.expect or self.prefer) and self.query is None:
            raise ValueError("expect and prefer judge a query; write query, or leave them out")
        return self

    @property
    def stated(self) -> bool:
        """Monitors and queries are about what Datadog watches; without them it answers for itself."""
        return bool(self.tags or self.ids or self.names or self.search or self.query)

    @property
    def target(self) -> str:
        """The host that is asked."""
        return urlsplit(self.base).netloc

    @property
    def base(self) -> str:
        """The API's address without a slash at its end."""
        return (self.url or f"https://api.{self.site}").rstrip("/")


class DatadogCheck(ApiCheck[DatadogModel]):
    """Looks at Datadog by one kind of question."""

    def __init__(self, model: DatadogModel) -> None:
        super().__init__(model)
        self._expectations = Expectations(model.expect, model.prefer, FIGURE)

    def secrets(self) -> Sequence[str]:
        """Both keys."""
        return [key for key in (self.model.api_key, self.model.app_key) if key is not None]

    async def look(self, api: Api) -> Finding:
        """Ask what the model asks for. Raises Trouble."""
        model = self.model
        if model.query is not None:
            return await self._queried(api, model.query)
        if model.ids:
            found = [await self._monitor(api, one) for one in model.ids]
            return monitors.summary(found)
        if model.search is not None:
            found, whole = await self._searched(api, model.search)
            return _told(found, whole=whole)
        if model.tags or model.names:
            found, whole = await self._listed(api)
            return _told(found, whole=whole)
        return await self._validated(api)

    async def _validated(self, api: Api) -> Finding:
        found = api.decides(await self._ask(api, "/api/v1/validate")).document
        valid = found.get("valid") if isinstance(found, dict) else None
        if valid is True:
            return Finding(Outcome.UP, "the API key is valid")
        if valid is False:
            return Finding(Outcome.UNKNOWN, f"the API key is not valid{self._mend()}", Failure.CREDENTIALS)
        raise unreadable("the answer does not say whether the key is valid")

    async def _queried(self, api: Api, query: str) -> Finding:
        start, now = api.context.clock.monotonic(), api.now
        wanted = [("from", str((now - self.model.span) // SECOND)), ("to", str(now // SECOND)), ("query", query)]
        reply = api.decides(await self._ask(api, "/api/v1/query", wanted, shared=False))
        latency_ms = (api.context.clock.monotonic() - start) / 1e6
        asked = Asked(api.now, latency_ms, Outcome(self.model.absent))
        return judge(self._expectations, metrics.series(reply.document, self.model.take), asked)

    async def _monitor(self, api: Api, number: int) -> monitors.Monitor:
        try:
            reply = api.decides(await self._ask(api, f"/api/v1/monitor/{number}", _WHOLE))
        except Trouble as trouble:
            raise Trouble(
                trouble.failure, f"monitor {number}: {trouble}", trouble.outcome, retry_after_s=trouble.retry_after_s
            ) from None
        if not isinstance(reply.document, dict):
            raise unreadable(f"the answer is not monitor {number}")
        return monitors.monitor(reply.document, api.now)

    async def _listed(self, api: Api) -> tuple[list[monitors.Monitor], bool]:
        """Page after page until a short one: the list says nowhere how long it is."""
        found: list[monitors.Monitor] = []
        wanted = [("monitor_tags", ",".join(self.model.tags))] if self.model.tags else []
        for page in range(MOST_PAGES):
            at = [*_WHOLE, ("page", str(page)), ("page_size", str(PAGE))]
            reply = api.decides(await self._ask(api, "/api/v1/monitor", [*wanted, *at]))
            listed = monitors.monitors(reply.document, api.now)
            found += listed
            if len(listed) < PAGE:
                return monitors.named(found, self.model.names), True
        return monitors.named(found, self.model.names), False

    async def _searched(self, api: Api, search: str) -> tuple[list[monitors.Monitor], bool]:
        found: list[monitors.Monitor] = []
        for page in range(MOST_PAGES):
            wanted = [("query", search), ("page", str(page)), ("per_page", str(PAGE))]
            reply = api.decides(await self._ask(api, "/api/v1/monitor/search", wanted))
            listed, pages = monitors.searched(reply.document, api.now)
            found += listed
            if not listed or page + 1 >= pages:
                return found, True
        return found, False

    async def _ask(self, api: Api, path: str, query: Sequence[tuple[str, str]] = (), *, shared: bool = True) -> Reply:
        """The answer to a GET. Raises Trouble for a refusal, with the mend."""
        reply = await (api.shared if shared else api.get)(self.model.base + path, query, headers=self._keys(api))
        trouble = refusal(reply)
        if trouble is None:
            return reply
        mend = self._mend() if trouble.failure is Failure.CREDENTIALS else ""
        raise Trouble(trouble.failure, f"{trouble}{mend}", trouble.outcome, retry_after_s=trouble.retry_after_s)

    def _keys(self, api: Api) -> Mapping[str, str]:
        keys = {"DD-API-KEY": api.secret(self.model.api_key)}
        if self.model.app_key is not None:
            keys["DD-APPLICATION-KEY"] = api.secret(self.model.app_key)
        return keys

    def _mend(self) -> str:
        return f"; a key of another site is refused alike: these are asked at {self.model.target} (site)"


def _told(found: Sequence[monitors.Monitor], *, whole: bool) -> Finding:
    """What was not read may be worse than what was."""
    told = monitors.summary(found)
    if whole or told.outcome in (Outcome.DOWN, Outcome.DEGRADED):
        return told
    message = f"there are more than {PAGE * MOST_PAGES} monitors; narrow them by tags: {told.message}"
    return Finding(Outcome.UNKNOWN, message, Failure.TOO_LARGE, told.metrics)


KIND = Kind("datadog", DatadogModel, DatadogCheck)
