"""What a preset is: how one vendor's API is probed, and how each of its answers is judged."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from pydantic import JsonValue

from standby.checks.body import instead
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean

_NONE: Mapping[str, str] = MappingProxyType({})
_OURS = {401: "our key is refused", 402: "our account is unpaid", 403: "our key may not do this"}
_BUSY = frozenset({408, 425})


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: HTTP's status, headers by lower-case name, and the body's JSON; its text when it is none."""

    status: int
    headers: Mapping[str, str]
    document: object


class Verdict(NamedTuple):
    """What an answer means; `message` is one line, not yet cleaned."""

    outcome: Outcome
    message: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Preset:
    """One vendor. `url`, `json` and `form` may name `{account}`; an empty `url` has to be written, `mend` says how.

    `credentials` is what the header `header` carries, of `{key}` and `{account}`; with `basic` it is encoded for it.
    """

    title: str
    judge: Callable[[Said], Verdict]
    credentials: str
    header: str = "Authorization"
    basic: bool = False
    url: str = ""
    mend: str = ""
    method: str = "GET"
    json: JsonValue = None
    form: Mapping[str, str] = field(default_factory=lambda: _NONE)
    metrics: Mapping[str, str] = field(default_factory=lambda: _NONE)

    @property
    def account(self) -> bool:
        """Whether it cannot ask without `account`."""
        texts = (self.url, str(self.json), self.credentials)
        return any("{account}" in text for text in texts)

    def authorization(self, key: str, account: str) -> str:
        """What the header `header` says."""
        said = self.credentials.replace("{account}", account).replace("{key}", key)
        return f"Basic {base64.b64encode(said.encode()).decode()}" if self.basic else said


def up(said: Said, business: str = "") -> Verdict:
    """It works, whatever it says about this order, parcel or number."""
    return Verdict(Outcome.UP, f"status {said.status}{f', which is business: {business}' if business else ''}")


def theirs(said: Said, why: str = "") -> Verdict:
    """They cannot do their work."""
    return Verdict(Outcome.DOWN, _line("they cannot answer", said, why), Failure.SERVER)


def ours(failure: Failure, what: str, said: Said, why: str = "") -> Verdict:
    """Our credentials, quota or request: says nothing about whether they work."""
    return Verdict(Outcome.UNKNOWN, _line(what, said, why), failure)


def by_status(said: Said, why: str = "", *, marks: Collection[str] = ()) -> Verdict:
    """What the status means where the vendor has no rule of its own. `why` is the sentence of its error document.

    A document of success has one of the keys `marks`, else it comes from somebody on the way.
    """
    status = said.status
    if said.headers.get("cf-mitigated") == "challenge":
        return ours(Failure.UNREADABLE, "a challenge for browsers stands before it", said)
    if status >= 500:
        return theirs(said, why)
    if status == 429:
        return ours(Failure.RATE_LIMITED, "we ask too often", said, why)
    if status in _BUSY:
        return theirs(said, why)
    if status in _OURS:
        if isinstance(said.document, str) and said.document.lstrip()[:1] == "<":
            return ours(Failure.UNREADABLE, f"somebody before it answers with {instead(said.document)}", said)
        return ours(Failure.CREDENTIALS, _OURS[status], said, why)
    if not 200 <= status < 300:
        return ours(Failure.REQUEST, "our request is refused", said, why)
    return _success(said, marks)


def text_of(found: object, *keys: str) -> str:
    """The first of these keys of a table that is text; empty when there is none."""
    if not isinstance(found, Mapping):
        return ""
    return next((value for key in keys if isinstance(value := found.get(key), str) and value), "")


def number_of(found: object) -> int | None:
    """A whole number, also one written as text; None for anything else."""
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 10:
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def part(found: object, key: str) -> object:
    """One key of a table, None of anything else."""
    return found.get(key) if isinstance(found, Mapping) else None


def first(found: object) -> object:
    """The first of a list, None of anything else."""
    return found[0] if isinstance(found, list) and found else None


def _success(said: Said, marks: Collection[str]) -> Verdict:
    document = said.document
    if said.status in (202, 204) and document in ("", None):
        return up(said)
    if isinstance(document, str):
        return ours(Failure.UNREADABLE, f"the answer is {instead(document)}, not JSON", said)
    listed = isinstance(document, list)
    if not listed and not (isinstance(document, dict) and (not marks or not document.keys().isdisjoint(marks))):
        return ours(Failure.UNREADABLE, "the answer has another form than theirs", said)
    return up(said)


def _line(what: str, said: Said, why: str) -> str:
    line = f"{what}: status {said.status}"
    return f"{line}: {clean(why, 200)}" if why else line
