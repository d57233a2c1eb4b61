"""What a user writes about New Relic, and how NerdGraph is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, model_validator

from standby.checks.answers import Reply
from standby.checks.api import Api, ApiCheck, Finding, refusal, unreadable
from standby.checks.base import Kind
from standby.checks.documents import Table, every, table, text
from standby.checks.expectations import Expectations
from standby.checks.newrelic import health, nrql
from standby.checks.newrelic.graph import Graph, graph
from standby.checks.series import Asked, FiguresModel, judge
from standby.config.cel import FIGURE
from standby.config.fields import SecretReference, Text, Url
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MILLISECOND
from standby.net.trouble import Trouble

MOST_PAGES = 10
_ADDRESSES = {"us": "https://api.newrelic.com", "eu": "https://api.eu.newrelic.com"}
_ROWS = "results totalResult otherResult metadata { facets messages } queryProgress { queryId completed retryAfter }"
_NRQL = (
    "query ($account: Int!, $nrql: Nrql!) { actor { account(id: $account) { "
    f"nrql(query: $nrql, async: true) {{ {_ROWS} }} }} }} }}"
)
_PROGRESS = (
    "query ($account: Int!, $id: ID!) { actor { account(id: $account) { "
    f"nrqlQueryProgress(queryId: $id) {{ {_ROWS} }} }} }} }}"
)
_ISSUES = """query ($account: Int!, $cursor: String) { actor { account(id: $account) { aiIssues {
  issues(cursor: $cursor, filter: {states: [CREATED, ACTIVATED]}) {
    issues { issueId title priority state mutingState entityNames entityGuids conditionName policyName activatedAt }
    nextCursor } } } } }"""
_ENTITIES = """query ($search: String!, $cursor: String) { actor { entitySearch(query: $search) { count
  results(cursor: $cursor) { nextCursor entities {
    guid name entityType reporting ... on AlertableEntityOutline { alertSeverity } } } } } }"""
_OPT_IN = {"nerd-graph-unsafe-experimental-opt-in": "AiIssues"}
_NO_HEADERS: Mapping[str, str] = {}


class NewRelicModel(FiguresModel):
    """The figures of a NRQL query, the open issues of an account, or the health of entities; one of the three."""

    kind: Literal["newrelic"] = "newrelic"
    region: Literal["us", "eu"] = Field(default="us", description="where the account is")
    url: Url | None = Field(default=None, description="the API's address when it is not the region's")
    api_key: SecretReference = Field(description="where the user key is: `NRAK-...`")
    account: Annotated[int, Field(ge=1, lt=2**31)] | None = Field(
        default=None, description="the account's number; nrql and issues need it, entities to know what is muted"
    )
    nrql: Text | None = Field(default=None, description="a query: `SELECT percentage(count(*), WHERE error) FROM ...`")
    issues: bool = Field(default=False, description="true: the open issues; critical is `down`, high `degraded`")
    policies: tuple[Text, ...] = Field(
        default=(), max_length=50, description="only issues of policies whose name fits one of these globs"
    )
    entities: Text | None = Field(
        default=None, description="the search for entities: `domain = 'APM' AND name LIKE 'shop'`"
    )

    @model_validator(mode="after")
    def _one_question(self) -> NewRelicModel:
        if (self.nrql is not None) + self.issues + (self.entities is not None) != 1:
            raise ValueError("asks for nothing or for several things; write one of nrql, issues = true and entities")
        if self.entities is None and self.account is None:
            raise ValueError("nrql and issues need the account's number; write account = 1234567")
        if (self.expect or self.prefer) and self.nrql is None:
            raise ValueError("expect and prefer judge a query; write nrql, or leave them out")
        if self.policies and not self.issues:
            raise ValueError("policies choose among issues; write issues = true, or leave them out")
        return self

    @property
    def target(self) -> str:
        """The host that is asked."""
        return urlsplit(self.base).netloc

    @property
    def base(self) -> str:
        """The API's address without a slash at its end."""
        return (self.url or _ADDRESSES[self.region]).rstrip("/")


class NewRelicCheck(ApiCheck[NewRelicModel]):
    """Looks by questions to NerdGraph."""

    def __init__(self, model: NewRelicModel) -> None:
        super().__init__(model)
        self._expectations = Expectations(model.expect, model.prefer, FIGURE)

    def secrets(self) -> Sequence[str]:
        """The user key."""
        return [self.model.api_key]

    async def look(self, api: Api) -> Finding:
        """Ask what the model asks for. Raises Trouble."""
        if self.model.nrql is not None:
            return await self._queried(api, self.model.nrql)
        if self.model.entities is not None:
            return await self._entities(api, self.model.entities)
        return await self._issues(api)

    async def _queried(self, api: Api, query: str) -> Finding:
        start = api.context.clock.monotonic()
        answer, reply = await self._ask(api, _NRQL, {"account": self.model.account, "nrql": query})
        found = _query_of(answer, "nrql")
        progress = nrql.progress(found)
        if progress.done:  # what comes later is of another form
            api.decides(reply)
        while not progress.done:  # the check's timeout ends it
            if not progress.id:
                raise unreadable("the query is not done, and has no id to ask for it again")
            await asyncio.sleep(progress.wait_s)
            asked: dict[str, JsonValue] = {"account": self.model.account, "id": progress.id}
            answer, _ = await self._ask(api, _PROGRESS, asked)
            found, before = _query_of(answer, "nrqlQueryProgress"), progress
            progress = nrql.progress(found)
            if not progress.id:
                progress = nrql.Progress(progress.done, before.id, progress.wait_s)
        series = nrql.series(found)
        if series is None:
            raise answer.lacking("results")
        latency_ms = (api.context.clock.monotonic() - start) / MILLISECOND
        told = judge(self._expectations, series, Asked(api.now, latency_ms, Outcome(self.model.absent)))
        note = nrql.notes(found)
        return _said(answer, told, f"; New Relic notes: {note}" if note else "")

    async def _issues(self, api: Api) -> Finding:
        found, answer, whole = await self._open_issues(api)
        told = health.issues_told(found)
        return _said(answer, told) if whole else _cut(told, "issues")

    async def _open_issues(self, api: Api) -> tuple[list[health.Part], Graph, bool]:
        """The open issues, the last answer, and whether they are all. Raises Trouble."""
        found: list[health.Part] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            asked: dict[str, JsonValue] = {"account": self.model.account, "cursor": cursor}
            answer, reply = await self._ask(api, _ISSUES, asked, _OPT_IN)
            api.decides(reply)
            page = table(table(table(answer.actor.get("account")).get("aiIssues")).get("issues"))
            if not isinstance(page.get("issues"), list):
                raise answer.lacking("issues")
            parts = [health.issue(one, self.model.policies) for one in every(page["issues"])]
            found += [part for part in parts if part is not None]
            last, cursor = cursor, text(page.get("nextCursor"), 2000)
            if not cursor or cursor == last:
                return found, answer, True
        return found, answer, False

    async def _entities(self, api: Api, search: str) -> Finding:
        found: list[health.Part] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            answer, reply = await self._ask(api, _ENTITIES, {"search": search, "cursor": cursor})
            api.decides(reply)
            page = table(table(answer.actor.get("entitySearch")).get("results"))
            if not isinstance(page.get("entities"), list):
                raise answer.lacking("entities")
            found += [health.entity(one) for one in every(page["entities"])]
            last, cursor = cursor, text(page.get("nextCursor"), 2000)
            if not cursor or cursor == last:
                return _said(answer, health.entities_told(await self._without_muted(api, found)))
        return _cut(health.entities_told(found), "entities")

    async def _without_muted(self, api: Api, found: list[health.Part]) -> list[health.Part]:
        """Rules that mute are told by issues, and those by account: without its number all that is bad counts."""
        if self.model.account is None or not health.any_bad(found):
            return found
        try:
            issues, _, whole = await self._open_issues(api)
        except Trouble:
            return found  # it may not read issues: then nothing is known to be muted
        return health.without_muted(found, issues) if whole else found

    async def _ask(
        self,
        api: Api,
        query: str,
        variables: Mapping[str, JsonValue],
        more: Mapping[str, str] = _NO_HEADERS,
    ) -> tuple[Graph, Reply]:
        """What NerdGraph answers; once more at once when it stumbled and gave nothing. Raises Trouble."""
        answer, reply = await self._once(api, query, variables, more)
        if answer.fault is not None and answer.fault.again and answer.empty:
            answer, reply = await self._once(api, query, variables, more)
        if answer.fault is not None and answer.empty:
            raise answer.fault.trouble()
        return answer, reply

    async def _once(
        self, api: Api, query: str, variables: Mapping[str, JsonValue], more: Mapping[str, str]
    ) -> tuple[Graph, Reply]:
        reply = await api.post(
            f"{self.model.base}/graphql",
            headers={"API-Key": api.secret(self.model.api_key), **more},
            json={"query": query, "variables": dict(variables)},
        )
        trouble = refusal(reply)
        if trouble is None:
            return graph(reply.document), reply
        if trouble.failure is not Failure.CREDENTIALS:
            raise trouble
        mend = f"{trouble}; a key of another region is refused alike: this one is asked at {self.model.target} (region)"
        raise Trouble(trouble.failure, mend, trouble.outcome)


def _query_of(answer: Graph, name: str) -> Table:
    found = table(answer.actor.get("account")).get(name)
    if not isinstance(found, dict):
        raise answer.lacking(name)
    return found


def _said(answer: Graph, told: Finding, note: str = "") -> Finding:
    metrics = {**told.metrics, "partial": float(answer.fault is not None)}
    return Finding(told.outcome, answer.partial(told.message + note), told.failure, metrics)


def _cut(told: Finding, what: str) -> Finding:
    """What was not read may be worse than what was."""
    if told.outcome in (Outcome.DOWN, Outcome.DEGRADED):
        return told
    message = f"there are more {what} than {MOST_PAGES} pages; narrow them: {told.message}"
    return Finding(Outcome.UNKNOWN, message, Failure.TOO_LARGE, told.metrics)


KIND = Kind("newrelic", NewRelicModel, NewRelicCheck)
