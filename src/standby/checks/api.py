"""What adapters share: a question to a third party's API, and what the status of its answer means.

An adapter says what to ask and reads the documents; it ends in a `Finding`. Whatever goes wrong between is `unknown`
and never `down`: an API that cannot be asked says nothing about what it would have told.
"""

from __future__ import annotations

import asyncio
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

import httpx
from pydantic import Field, JsonValue

from standby.checks import body as bodies
from standby.checks.answers import Reply
from standby.checks.base import Context, certificate_metrics, observation
from standby.checks.contract import notices
from standby.checks.contract.agreed import Agreed, announced, without
from standby.checks.contract.pinned import ContractModel
from standby.checks.presets.base import Verdict
from standby.checks.redirects import STATUSES, following, place, same_party
from standby.checks.refusal import accepted, refusal, sentence, unreadable
from standby.config.fields import Headers, Size
from standby.config.models import CheckModel
from standby.config.revealed import reveal
from standby.domain.announced import Announced
from standby.domain.observation import NO_METRICS, Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND
from standby.net.phases import TRACE, Trace
from standby.net.quotas import Quota, quotas, scarcest
from standby.net.transport import USER_AGENT, Options
from standby.net.trouble import Trouble

__all__ = ["MAX_BODY", "Api", "ApiCheck", "ApiModel", "Finding", "accepted", "refusal", "sentence", "unreadable"]

MAX_BODY = 8_388_608  # a page of 539 components has 300 kB; the rules of a large Prometheus some MB
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
_MOST_REDIRECTS = 3
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Finding:
    """What an adapter found out. `message` is one line, cleaned later; `metrics` are finite numbers."""

    outcome: Outcome
    message: str
    failure: Failure | None = None
    metrics: Mapping[str, float] = field(default_factory=lambda: NO_METRICS)
    retry_after_s: float | None = None
    announced: tuple[Announced, ...] | None = None


class ApiModel(CheckModel):
    """What every adapter has beside its own keys."""

    unanswered: ClassVar[Outcome] = Outcome.UNKNOWN

    headers: Headers = Field(default={}, description="sent beside our own; values may be secret references")
    verify: bool | Path = Field(
        default=True, description="false, or a PEM file of authorities, instead of the system's"
    )
    max_body: Size = Field(default=MAX_BODY, le=8 * MAX_BODY, description="the largest answer, decoded")
    contract: ContractModel | None = Field(
        default=None, description="see `contract`: what the answer that decides looks like; another form is `degraded`"
    )

    @property
    def stated(self) -> bool:
        """It asks somebody about the third party; where that is the third party itself, a kind says so."""
        return True


class Api:
    """Asks on behalf of one look. `secrets` are the values behind the model's secret references."""

    def __init__(self, context: Context, model: ApiModel, secrets: Mapping[str, str]) -> None:
        self.context = context
        self.metrics: dict[str, float] = {}
        self.quotas: list[Quota] = []  # of the newest answer that told any
        self.decided_by: Reply | None = None
        self._model = model
        self._secrets = secrets
        authorities = model.verify if isinstance(model.verify, Path) else None
        self._transport = context.transports.get(Options(verify=model.verify is not False, authorities=authorities))

    def secret(self, text: str | None) -> str:
        """The value behind a secret reference of the model; a plain text stays as it is."""
        return "" if text is None else self._secrets.get(text, text)

    def decides(self, reply: Reply) -> Reply:
        """Name the answer that this look decides by, before reading it: a contract is held against it.

        The first one counts: further pages have its form.
        """
        self.decided_by = self.decided_by or reply
        return reply

    @property
    def now(self) -> int:
        """ns since 1970."""
        return self.context.clock.now()

    async def get(
        self, url: str, query: Sequence[tuple[str, str]] = (), *, headers: Mapping[str, str] = _NOTHING
    ) -> Reply:
        """GET. Any status is an answer. Raises Trouble when there is none."""
        return self._told(await self._ask("GET", url, query, headers, None))

    async def post(
        self,
        url: str,
        query: Sequence[tuple[str, str]] = (),
        *,
        headers: Mapping[str, str] = _NOTHING,
        json: JsonValue = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        """POST a JSON document or a form. Any status is an answer. Raises Trouble when there is none."""
        body = httpx.Request("POST", url, json=json, data=form) if json is not None or form is not None else None
        return self._told(await self._ask("POST", url, query, headers, body))

    async def shared(
        self, url: str, query: Sequence[tuple[str, str]] = (), *, headers: Mapping[str, str] = _NOTHING
    ) -> Reply:
        """GET, one for all checks that ask the same within half of `every`; asks only for what is newer than known."""

        async def ask(marks: Mapping[str, str]) -> Reply:
            async with asyncio.timeout(self._model.timeout / SECOND):
                return await self._ask("GET", url, query, {**headers, **marks}, None)

        asked = [url, *map(str, query), *self._own_headers().values(), *headers.values(), str(self._model.verify)]
        digest = hashlib.sha256("\0".join(asked).encode()).hexdigest()
        return self._told(await self.context.answers.get(digest, ask, max_age=self._model.every // 2))

    def _told(self, reply: Reply) -> Reply:
        """The answer, its quotas kept, also when another check had asked for it."""
        self.quotas = quotas(reply.headers.raw, reply.at) or self.quotas
        return reply

    def _own_headers(self) -> dict[str, str]:
        return {name: self.secret(value) for name, value in self._model.headers.items()}

    async def _ask(
        self,
        method: str,
        url: str,
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        body: httpx.Request | None,
    ) -> Reply:
        sent = {**_HEADERS, **headers, **self._own_headers()}
        if body is not None:
            sent["Content-Type"] = body.headers["content-type"]
        address = httpx.URL(url)
        request = httpx.Request(
            method,
            address.copy_with(params=httpx.QueryParams(address.params).merge(list(query))) if query else address,
            headers={name.encode("ascii"): value.encode() for name, value in sent.items()},
            content=body.content if body is not None else None,
        )
        for _ in range(_MOST_REDIRECTS + 1):
            reply = await self._exchange(request)
            location = reply.headers.get("location") if reply.status in STATUSES else None
            if location is None:
                return reply
            request = _moved(request, reply.status, location, sent)
        raise Trouble(Failure.REDIRECT, f"more than {_MOST_REDIRECTS} redirects, the last to {place(request.url)}")

    async def _exchange(self, request: httpx.Request) -> Reply:
        model = self._model
        if model.rate is not None:
            who = sorted(self._secrets.values())
            await self.context.rates.permit(model.rate, request.url.host, who, model.timeout // 2)
        answer = await self._transport.exchange(request)
        try:
            content = await bodies.read(answer, self._model.max_body)
            return Reply(answer.status_code, answer.headers, content, self.now)
        finally:
            await answer.aclose()


Model = TypeVar("Model", bound=ApiModel)


class ApiCheck(ABC, Generic[Model]):
    """A check that asks an API. Adapters give `look` and, where their model has more secrets, `secrets`."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.agreed = Agreed(model.contract)

    @abstractmethod
    async def look(self, api: Api) -> Finding:
        """Ask, name the answer that decides (`api.decides`), and judge. May raise Trouble; `unknown` then."""

    def secrets(self) -> Sequence[str]:
        """The secret references of the model beside those in `headers`."""
        return ()

    async def run(self, context: Context, slot: int) -> Observation:
        """Look once. Raises Trouble and SecretError."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        texts = [*model.headers.values(), *self.secrets()]
        revealed = await reveal(context.secrets, texts)
        api = Api(context, model, dict(zip(texts, revealed.values, strict=True)))
        try:
            found = self._beside(await self.look(api), api)
        except Trouble as trouble:
            message = revealed.redact(f"{trouble}{self._changed(trouble, api)}")
            raise Trouble(trouble.failure, message, trouble.outcome, retry_after_s=trouble.retry_after_s) from None
        latency_ms = trace.elapsed_ms
        trace.enter(None)
        scarce = scarcest(api.quotas)
        pause_s = found.retry_after_s or (scarce.pause_s() if scarce is not None else None)
        left = {name: figure for quota in api.quotas for name, figure in quota.metrics().items()}
        return observation(
            model,
            context,
            slot,
            found.outcome,
            revealed.redact(found.message) + (f"; {scarce.told()}" if scarce is not None else ""),
            failure=found.failure,
            latency_ms=latency_ms,
            metrics={**left, **api.metrics, **found.metrics, **certificate_metrics(trace, context.clock.now())},
            retry_after_s=pause_s,
            announced=found.announced,
        )

    def _beside(self, found: Finding, api: Api) -> Finding:
        """With what the answer that decided says beside its content."""
        reply = api.decided_by
        if reply is None or not (self.agreed.holds or notices.tell(reply.headers.raw)):
            return found
        verdict, kept = Verdict(found.outcome, found.message, found.failure), NO_METRICS
        verdict, dates = announced(verdict, lambda name: reply.headers.get(name, ""), api.now)
        if self.agreed.holds:
            verdict, kept = self._held(verdict, reply, api.context.base)
        return Finding(*verdict, {**found.metrics, **dates, **kept}, found.retry_after_s, found.announced)

    def _held(self, verdict: Verdict, reply: Reply, base: Path) -> tuple[Verdict, Mapping[str, float]]:
        try:
            document = reply.document
        except Trouble as trouble:
            return without(verdict, str(trouble)), NO_METRICS
        return self.agreed.hold(verdict, document, len(reply.content), base)

    def _changed(self, trouble: Trouble, api: Api) -> str:
        """What breaks the contract in an answer that an adapter could not read: there it says most."""
        reply = api.decided_by
        if reply is None or not self.agreed.holds or trouble.failure is not Failure.UNREADABLE:
            return ""
        try:
            broken = self.agreed.broken(reply.document, len(reply.content), api.context.base)
        except Trouble:
            return ""
        return f"; {broken}" if broken else ""


def _moved(request: httpx.Request, status: int, location: str, private: Mapping[str, str]) -> httpx.Request:
    """The request that a redirect asks for: to the same party only, since an API does not move without notice."""
    try:
        moved = following(request, status, location, private)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise Trouble(Failure.REDIRECT, f"a redirect to nowhere: {error}") from error
    if not same_party(request.url, moved.url):
        raise Trouble(
            Failure.REDIRECT, f"it moved to {place(moved.url)}: write that address if it is theirs", Outcome.UNKNOWN
        )
    return moved
