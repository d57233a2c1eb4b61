"""One question of a check and its answer: read as far as somebody looks at it, then judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from standby.checks import body as bodies
from standby.checks.documents import number
from standby.checks.expectations import Expectations
from standby.checks.http import graphql
from standby.checks.http.follow import follow
from standby.checks.http.model import HttpModel, Step
from standby.checks.http.request import Template
from standby.checks.presets import PRESETS
from standby.checks.presets.base import Said, Verdict
from standby.config.cel.tokens import bare_name
from standby.config.cel.values import look_up
from standby.config.fields import FIGURE_ROOTS
from standby.config.references import is_sensitive
from standby.config.revealed import Revealed
from standby.domain.observation import NO_METRICS, Failure
from standby.domain.outcome import Outcome
from standby.net.answer import Answered
from standby.net.transport import Exchanger

_CONTENT = frozenset({"body", "text"})
_NOTHING: Mapping[str, object] = MappingProxyType({})
_MARKS = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))


class Heard(NamedTuple):  # cheaper to make than a dataclass, and one is made at each look
    """An answer, read: `size` bytes, of which `content` was kept when somebody looks at it."""

    answer: Answered
    content: bytes
    size: int


class Look:
    """One question, made ready once. Remembers the last good answer when the check is `conditional`."""

    def __init__(self, model: HttpModel, question: HttpModel | Step, *, last: bool = True) -> None:
        self._model = model
        self._question = question
        self._preset = PRESETS.get(model.preset or "")
        self._anonymous = model.key is None and model.oauth is None and not any(map(is_sensitive, question.headers))
        self.host = urlsplit(question.url).hostname or ""
        self.template = Template(question, question.url, model)
        self._expectations = Expectations(question.expect, model.prefer if last else ())
        own = self._preset.metrics if self._preset is not None else {}
        self._figures = _paths({**own, **model.metrics} if last else {})
        self._saves = _paths(question.save if isinstance(question, Step) else {})
        self._private = [*question.headers, *([self._preset.header] if self._preset is not None else ())]
        if model.proxy is not None:  # the proxy is the same wherever we are led
            self._private = [name for name in self._private if name.lower() != "proxy-authorization"]
        looked_at = {str(path[0]) for path in (*self._figures.values(), *self._saves.values()) if path}
        self._needed = self._expectations.names | looked_at
        if self._preset is not None or question.graphql is not None or (last and model.contract is not None):
            self._needed |= {"body"}
        self._reads = not self._needed.isdisjoint(_CONTENT)
        self._known: Heard | None = None

    async def hear(self, transport: Exchanger, request: httpx.Request, revealed: Revealed, bearer: str = "") -> Heard:
        """Ask and read. Raises Trouble."""
        private = self._private
        if bearer or self._known is not None:
            request = httpx.Request(request.method, request.url, headers=request.headers, stream=request.stream)
            if bearer:
                request.headers["Authorization"] = f"Bearer {bearer}"
                private = [*private, "Authorization"]
            if self._known is not None:
                marks = ((ask, self._known.answer.header(mark)) for ask, mark in _MARKS)
                request.headers.update({ask: mark for ask, mark in marks if mark})
        answer = await follow(transport, request, self._model, private, revealed)
        try:
            if self._reads:
                content = await bodies.read(answer, self._model.max_body)
                return self._remember(Heard(answer, content, len(content)))
            return self._remember(Heard(answer, b"", await bodies.skip(answer, self._model.max_body)))
        finally:
            await answer.aclose()

    def _remember(self, heard: Heard) -> Heard:
        if self._model.conditional and heard.answer.status_code == 200:
            marked = any(heard.answer.header(mark) for _, mark in _MARKS)
            self._known = heard if marked else None
        return heard

    def judge(self, heard: Heard, latency_ms: float, metrics: Mapping[str, float]) -> Seen:
        """What an answer means."""
        known = self._known
        unchanged = heard.answer.status_code == 304 and known is not None
        if unchanged and known is not None:
            heard = known
        values = self._values(heard, latency_ms, metrics)
        verdict = self._verdict(heard, values)
        if unchanged and verdict.outcome is Outcome.UP:
            verdict = Verdict(Outcome.UP, f"unchanged: {verdict.message}")
        if not self._figures and not self._saves:
            return Seen(verdict, heard, NO_METRICS, _NOTHING, values.get("body"))
        saved = {name: look_up(values, path) for name, path in self._saves.items()}
        return Seen(verdict, heard, figures(self._figures, values), saved, values.get("body"))

    def _values(self, heard: Heard, latency_ms: float, metrics: Mapping[str, float]) -> Mapping[str, Any]:
        """What expectations and metrics may name; only those are worked out that one of them does."""
        needed, answer = self._needed, heard.answer
        values: dict[str, Any] = {"status": answer.status_code, "latency_ms": latency_ms}
        if not needed.isdisjoint(("headers", "body", "text")):
            label = answer.header("content-type")
            if "headers" in needed:
                values["headers"] = dict(answer.headers.items())
            if "body" in needed:
                values["body"] = bodies.parsed(heard.content, label)
            if "text" in needed:
                values["text"] = bodies.text_of(heard.content, label)
        if "certificate_days" in metrics:
            values["certificate"] = {"days_left": metrics["certificate_days"]}
        return values

    def _verdict(self, heard: Heard, values: Mapping[str, Any]) -> Verdict:
        status, expected = heard.answer.status_code, bool(self._question.expect)
        says = f"status {status} {heard.answer.reason_phrase}".rstrip()
        if self._preset is not None or self._question.graphql is not None:
            verdict = self._vendor(heard, values)
            if verdict is not None and verdict.outcome is not Outcome.UP:
                return verdict
            says = verdict.message if verdict is not None else says
        broken = self._expectations.broken(values)
        good = not broken if expected else self._preset is not None or 200 <= status < 400
        if status == 429 and not (good and expected):
            return Verdict(Outcome.DEGRADED, f"we ask too often: {says}", Failure.RATE_LIMITED)
        if not good:
            return Verdict(Outcome.DOWN, "; ".join(broken) or says, Failure.EXPECTATION)
        missed = self._expectations.missed(values)
        if missed:
            return Verdict(Outcome.DEGRADED, "; ".join(missed), Failure.EXPECTATION)
        return Verdict(Outcome.UP, says)

    def _vendor(self, heard: Heard, values: Mapping[str, Any]) -> Verdict | None:
        """What the vendor's own rules, or GraphQL's, say about an answer; None when they say nothing."""
        status, document = heard.answer.status_code, values.get("body")
        if self._preset is None:
            return graphql.judge(document) if 200 <= status < 300 else None
        verdict = self._preset.judge(Said(status, dict(heard.answer.headers.items()), document))
        if self._anonymous and verdict.failure is Failure.CREDENTIALS and isinstance(document, dict):
            return Verdict(Outcome.UP, f"their API answers; asked without a key it says status {status}")
        return verdict


class Seen(NamedTuple):
    """What one answer meant, its figures, what is to be saved of it, and its document when somebody looks at it.

    `heard` is the answer that was judged: the one that is known when the new one says that it still holds.
    """

    verdict: Verdict
    heard: Heard
    figures: Mapping[str, float]
    saved: Mapping[str, object]
    document: object = None


def _paths(names: Mapping[str, str]) -> dict[str, Sequence[str | int]]:
    return {name: bare_name(text, FIGURE_ROOTS) or () for name, text in names.items()}


def figures(paths: Mapping[str, Sequence[str | int]], values: Mapping[str, Any]) -> dict[str, float]:
    """The metrics that are in the answer and are finite numbers, or text of one; true is 1 and false 0."""
    found = {name: _figure(look_up(values, path)) for name, path in paths.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def _figure(value: object) -> float | None:
    return float(value) if isinstance(value, bool) else number(value)
