"""A question as a request: secrets filled in, and what earlier steps of a transaction saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from standby.checks.http.model import PLACE, HttpModel, Question
from standby.checks.presets import PRESETS
from standby.config.revealed import Revealed
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.transport import USER_AGENT
from standby.net.trouble import Trouble

_DEFAULT_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
_NOTHING: Mapping[str, str] = {}


class Template:
    """One request, to be filled. `texts` are those that may be secret references, in the order of their values."""

    def __init__(self, question: Question, url: str, preset: HttpModel | None = None) -> None:
        self._question = question
        self._url = url
        self._preset = PRESETS.get(preset.preset or "") if preset is not None else None
        self._account = (preset.account if preset is not None else None) or "ACCOUNT"
        self._key = preset is not None and preset.key is not None
        self.texts: Sequence[str] = [
            *question.headers.values(),
            *question.query.values(),
            *question.form.values(),
            question.body or "",
            *([preset.key] if preset is not None and preset.key is not None else []),
        ]
        self._made: tuple[Revealed, httpx.Request] | None = None

    def hidden(self, revealed: Revealed) -> Revealed:
        """The same, with the encoded form of the key among what no message may say."""
        if self._preset is None or not self._key or not self._preset.basic:
            return revealed
        said = self._preset.authorization(revealed.values[-1], self._account).removeprefix("Basic ")
        return Revealed(revealed.values, (*revealed.secrets, said))

    def request(self, revealed: Revealed, saved: Mapping[str, str] = _NOTHING) -> httpx.Request:
        """The request, made anew only when a secret has changed or something was saved. Raises Trouble."""
        if self._made is not None and not saved and self._made[0] == revealed:
            return self._made[1]
        request = self._build(revealed, saved)
        if not saved:
            self._made = (revealed, request)
        return request

    def _build(self, revealed: Revealed, saved: Mapping[str, str]) -> httpx.Request:
        question = self._question
        values = iter([filled(value, saved) for value in revealed.values])
        headers = {**_DEFAULT_HEADERS, **{name: next(values) for name in question.headers}}
        query = {name: next(values) for name in question.query}
        form = {name: next(values) for name in question.form}
        content = next(values)
        if self._preset is not None and self._key:
            headers = {self._preset.header: self._preset.authorization(next(values), self._account), **headers}
        document = self._document(saved)
        url = filled(self._url, {name: quote(value, safe="") for name, value in saved.items()})
        try:
            return httpx.Request(
                self._method(),
                httpx.URL(url).copy_merge_params(query) if query else url,
                headers={name.encode("ascii"): value.encode() for name, value in headers.items()},
                content=content.encode() if question.body is not None else None,
                json=document,
                data=form or (self._preset.form if self._preset is not None and self._bare() else None),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise Trouble(Failure.INTERNAL, f"no request can be made: {error}", Outcome.UNKNOWN) from error

    def _bare(self) -> bool:
        """Whether nothing was written but the preset."""
        question = self._question
        written = (question.method, question.graphql, question.body, question.json_body)
        return not question.form and all(one is None for one in written)

    def _method(self) -> str:
        if self._preset is not None and self._bare():
            return self._preset.method
        return self._question.asks_by

    def _document(self, saved: Mapping[str, str]) -> JsonValue:
        question = self._question
        if question.graphql is not None:
            document: dict[str, JsonValue] = {"query": question.graphql}
            return {**document, "variables": _deep(question.variables, saved)} if question.variables else document
        if self._preset is not None and self._bare():
            return _deep(self._preset.json, {"account": self._account})
        return _deep(question.json_body, saved) if saved else question.json_body


def filled(text: str, saved: Mapping[str, str]) -> str:
    """`text` with what was saved in its places; other braces stay."""
    return PLACE.sub(lambda found: saved.get(found[1], found[0]), text) if saved else text


def _deep(value: JsonValue, saved: Mapping[str, str]) -> JsonValue:
    if isinstance(value, str):
        return filled(value, saved)
    if isinstance(value, list):
        return [_deep(item, saved) for item in value]
    if isinstance(value, dict):
        return {name: _deep(item, saved) for name, item in value.items()}
    return value
