"""Pages that follow nobody's form, by the words they use: only where a user says so with `form`."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from standby.checks.documents import first_text, table
from standby.checks.statuspage.page import NAME, Indicator, Page
from standby.checks.statuspage.words import outcome_of
from standby.domain.outcome import Outcome
from standby.domain.text import clean

_STATES = ("status", "health", "state", "indicator")
_SENTENCES = ("message", "description", "text")
_CLASSES = ("status", "status-indicator", "status-text", "status-message", "page-status", "overall-status")
_MOST = 100_000  # characters; the parser takes its time with broken markup
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


class Html(str):
    """An HTML document."""

    __slots__ = ()


def json_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is an object that has a word for its state."""
    return isinstance(document, dict) and bool(_word(document))


def json_page(documents: Sequence[Any]) -> Page:
    """What `status`, `health` or `state` says: a word, or an object with one."""
    document = table(documents[0])
    word = _word(document)
    outcome = outcome_of(word) or Outcome.UNKNOWN
    sentence = first_text(document, *_SENTENCES, limit=NAME)
    return Page("", indicator=Indicator(outcome, f'{word} ("{sentence}")' if sentence else word))


def _word(document: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    for key in _STATES:
        found = document.get(key)
        word = first_text(found, "indicator", "status", "state", "description") if isinstance(found, dict) else ""
        if word := word or (clean(found, NAME) if isinstance(found, str) else ""):
            return word
    return ""


def html_fits(document: Any) -> bool:  # noqa: ANN401 - any form's document
    """Whether it is HTML."""
    return isinstance(document, Html)


def html_page(documents: Sequence[Any]) -> Page:
    """What the first of these says: an attribute `data-status`, a meta tag `status`, an element of a class `status`."""
    reader = _Reader()
    with contextlib.suppress(AssertionError):  # a declaration that breaks off: what came before it has been read
        reader.feed(documents[0][:_MOST])
    found = next((clean(one, NAME) for one in (reader.attribute, reader.meta, reader.text) if one.strip()), "")
    outcome = outcome_of(found) or Outcome.UNKNOWN
    return Page("", indicator=Indicator(outcome, f'"{found}"' if found else "nothing about its state"))


class _Reader(HTMLParser):
    """Keeps the first of each place where a page may tell its state."""

    def __init__(self) -> None:
        super().__init__()
        self.attribute = self.meta = self.text = ""
        self._depth = 0  # how deep inside the element whose text is read; 0: outside

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note attributes, and begin to read the text of a status element."""
        found = {name: value or "" for name, value in attrs}
        self.attribute = self.attribute or found.get("data-status", "")
        if tag == "meta" and found.get("name", "").lower() == "status":
            self.meta = self.meta or found.get("content", "")
        if tag in _VOID:
            return
        named = any(name in _CLASSES for name in found.get("class", "").lower().split())
        if self._depth or (named and not self.text.strip()):
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        """End the text where its element ends."""
        if self._depth and tag not in _VOID:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        """Read on inside a status element."""
        if self._depth and len(self.text) < 2 * NAME:
            self.text += data
