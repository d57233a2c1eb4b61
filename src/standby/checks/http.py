"""`kind = "http"`: one request, its answer held against expectations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, Field, JsonValue, model_validator

from standby.checks import body as bodies
from standby.checks.base import Context, Kind, certificate_metrics, observation
from standby.checks.expectations import Expectations
from standby.checks.redirects import STATUSES, allow, following, place
from standby.config.cel_tokens import bare_name
from standby.config.cel_values import look_up
from standby.config.fields import FIGURE_ROOTS, Expectation, Figures, Headers, Host, Size, Url
from standby.config.models import CheckModel
from standby.config.references import is_sensitive, parse_reference
from standby.config.revealed import Revealed, reveal
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.answer import Answer
from standby.net.phases import TRACE, Trace
from standby.net.retry_after import retry_after
from standby.net.transport import USER_AGENT, Options, Transport
from standby.net.trouble import Trouble

MAX_BODY = 1_048_576
_DEFAULT_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
_LONGEST_FIGURE = 32  # characters
_CONTENT = frozenset({"body", "text"})


def _valid_query(query: dict[str, str]) -> dict[str, str]:
    for name, value in query.items():
        if is_sensitive(name) and parse_reference(value) is None:
            raise ValueError(f'{clean(name, 60)} is written out; name where it is: {clean(name, 60)} = "env:ACME_KEY"')
    return query


class HttpModel(CheckModel):
    """One HTTP request and what its answer must look like."""

    kind: Literal["http"] = "http"
    url: Url
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = Field(
        default="GET", description="what is asked"
    )
    headers: Headers = Field(default={}, description="values may be secret references: `Bearer env:NAME`")
    query: Annotated[dict[str, str], AfterValidator(_valid_query)] = Field(
        default={}, description="added to the address; values may be secret references"
    )
    body: str | None = Field(default=None, description="the request's body, or a secret reference to it")
    json_body: JsonValue = Field(default=None, alias="json", description="the request's body as JSON")
    expect: list[Expectation] = Field(default=[], description="CEL; one that does not hold is `down`")
    prefer: list[Expectation] = Field(default=[], description="CEL; one that does not hold is `degraded`")
    metrics: Figures = Field(
        default={}, description="figures to keep from the answer by name: `body.queue.length`; numbers, or text of one"
    )
    redirects: int = Field(default=5, ge=0, le=20, description="how many to follow; 0 judges the redirect itself")
    redirects_to: Annotated[tuple[Host, ...], Field(max_length=20)] = Field(
        default=(), description="hosts beside that of `url` that a redirect may lead to"
    )
    verify: bool | Path = Field(
        default=True, description="false, or a PEM file of authorities, instead of the system's"
    )
    reuse: bool = Field(default=False, description="keep the connection open between observations")
    max_body: Size = Field(default=MAX_BODY, le=64 * MAX_BODY, description="the largest answer, decoded")

    @model_validator(mode="after")
    def _one_body(self) -> HttpModel:
        if self.body is not None and self.json_body is not None:
            raise ValueError("body and json are both given; keep one")
        return self

    @property
    def target(self) -> str:
        """The address without its query: keys live there."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path or '/'}"


class HttpCheck:
    """Looks by one HTTP request and as many redirects as allowed."""

    def __init__(self, model: HttpModel) -> None:
        self.model = model
        self._expectations = Expectations(model.expect, model.prefer)
        self._figures = {name: bare_name(text, FIGURE_ROOTS) or () for name, text in model.metrics.items()}
        self._needed = self._expectations.names | {str(path[0]) for path in self._figures.values() if path}
        authorities = model.verify if isinstance(model.verify, Path) else None
        self._options = Options(verify=model.verify is not False, authorities=authorities, reuse=model.reuse)
        self._request: tuple[Revealed, httpx.Request] | None = None

    async def run(self, context: Context, slot: int) -> Observation:
        """Ask once. Raises Trouble and SecretError."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        revealed = await reveal(context.secrets, [*model.headers.values(), *model.query.values(), model.body or ""])
        answer = await self._ask(context.transports.get(self._options), revealed)
        try:
            read = not self._needed.isdisjoint(_CONTENT)
            content = await bodies.read(answer, model.max_body) if read else None
            size = len(content) if content is not None else await bodies.skip(answer, model.max_body)
        finally:
            await answer.aclose()
        latency_ms = trace.elapsed_ms
        trace.enter(None)
        metrics = {"status": float(answer.status_code), "body_bytes": float(size)}
        metrics |= certificate_metrics(trace, context.clock.now())
        values = self._values(answer, content or b"", latency_ms, metrics)
        metrics |= figures(self._figures, values)
        outcome, message, failure = self._judge(answer, values)
        return observation(
            model,
            context,
            slot,
            outcome,
            revealed.redact(message),
            failure=failure,
            latency_ms=latency_ms,
            metrics=metrics,
            retry_after_s=retry_after(answer.status_code, answer.header("retry-after"), context.clock.now()),
        )

    async def _ask(self, transport: Transport, revealed: Revealed) -> Answer:
        """The answer after the last redirect, its body unread."""
        request = self._build(revealed)
        first = request.url
        for hop in range(self.model.redirects + 1):
            try:
                answer = await transport.exchange(request)
            except Trouble as trouble:
                if hop == 0:
                    raise
                where = f"after a redirect to {place(request.url)}: {trouble}"
                raise Trouble(trouble.failure, where, trouble.outcome) from trouble
            status = answer.status_code
            location = answer.headers.get("location") if status in STATUSES and self.model.redirects else None
            if location is None:
                return answer
            peer = answer.peer
            await answer.aclose()
            try:
                moved = following(request, status, location, self.model.headers)
                allow(first, moved, self.model.redirects_to, peer)
                request = moved
            except (httpx.InvalidURL, UnicodeError) as error:
                raise Trouble(Failure.REDIRECT, revealed.redact(f"a redirect to nowhere: {error}")) from error
        raise Trouble(Failure.REDIRECT, f"more than {self.model.redirects} redirects, the last to {place(request.url)}")

    def _build(self, revealed: Revealed) -> httpx.Request:
        """The request, made anew only when a secret has changed."""
        if self._request is not None and self._request[0] == revealed:
            return self._request[1]
        model = self.model
        values = iter(revealed.values)
        headers = {**_DEFAULT_HEADERS, **{name: next(values) for name in model.headers}}
        query = {name: next(values) for name in model.query}
        content = next(values)
        request = httpx.Request(
            model.method,
            httpx.URL(model.url).copy_merge_params(query) if query else model.url,
            headers={name.encode("ascii"): value.encode() for name, value in headers.items()},
            content=content.encode() if model.body is not None else None,
            json=model.json_body,
        )
        self._request = (revealed, request)
        return request

    def _values(
        self, answer: Answer, content: bytes, latency_ms: float, metrics: Mapping[str, float]
    ) -> Mapping[str, Any]:
        """What expectations and metrics may name; only those are worked out that one of them does."""
        needed = self._needed
        label = answer.header("content-type")
        values: dict[str, Any] = {"status": answer.status_code, "latency_ms": latency_ms}
        if "headers" in needed:
            values["headers"] = dict(answer.headers.items())
        if "body" in needed:
            values["body"] = bodies.parsed(content, label)
        if "text" in needed:
            values["text"] = bodies.text_of(content, label)
        if "certificate_days" in metrics:
            values["certificate"] = {"days_left": metrics["certificate_days"]}
        return values

    def _judge(self, answer: Answer, values: Mapping[str, Any]) -> tuple[Outcome, str, Failure | None]:
        status = answer.status_code
        says = f"status {status} {answer.reason_phrase}".rstrip()
        broken = self._expectations.broken(values)
        good = not broken if self.model.expect else 200 <= status < 400
        if status == 429 and not (good and self.model.expect):
            return Outcome.DEGRADED, f"we ask too often: {says}", Failure.RATE_LIMITED
        if not good:
            return Outcome.DOWN, "; ".join(broken) or says, Failure.EXPECTATION
        missed = self._expectations.missed(values)
        if missed:
            return Outcome.DEGRADED, "; ".join(missed), Failure.EXPECTATION
        return Outcome.UP, says, None


def figures(paths: Mapping[str, Sequence[str | int]], values: Mapping[str, Any]) -> dict[str, float]:
    """The metrics that are in the answer and are finite numbers, or text of one; true is 1 and false 0."""
    found = {name: _figure(look_up(values, path)) for name, path in paths.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def _figure(value: object) -> float | None:
    if not isinstance(value, (int, float, str)) or (isinstance(value, str) and len(value) > _LONGEST_FIGURE):
        return None
    try:
        figure = float(value)
    except (ValueError, OverflowError):
        return None
    return figure if math.isfinite(figure) else None


KIND = Kind("http", HttpModel, HttpCheck)
