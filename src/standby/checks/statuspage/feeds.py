"""RSS and Atom: AWS's feed a service, Azure's, and those that nearly every status page has."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from standby.checks.api import unreadable
from standby.checks.instants import instant
from standby.checks.statuspage.page import NAME, Incident, Indicator, Page
from standby.checks.statuspage.words import outcome_of
from standby.domain.outcome import Outcome
from standby.domain.text import clean

_MOST = 1000  # items that are looked at
_BODY = 600  # characters of an item's text in which its state stands
_TAG = re.compile(r"<[^<>]{0,500}>")
_ITEMS = frozenset({"item", "entry"})
_AWS_STATES: Mapping[str, tuple[Outcome, str]] = {
    "service is operating normally": (Outcome.UP, "operating normally"),
    "informational message": (Outcome.UP, "informational"),
    "service degradation": (Outcome.DEGRADED, "degradation"),
    "performance issues": (Outcome.DEGRADED, "performance issues"),
    "service disruption": (Outcome.DOWN, "disruption"),
}
_AWS_OTHER = (Outcome.DEGRADED, "a state that is not known")
_OVER = re.compile(r"\b(?:resolved|mitigated|recovered|completed)\b", re.IGNORECASE)
_PLANNED = re.compile(r"\bscheduled\b(?!.{0,200}\b(?:in progress|underway|started|verifying)\b)", re.IGNORECASE)
_PHASES = {
    "investigating": Outcome.DEGRADED,
    "identified": Outcome.DEGRADED,
    "monitoring": Outcome.DEGRADED,
    "update": Outcome.DEGRADED,
    "in progress": Outcome.MAINTENANCE,
    "verifying": Outcome.MAINTENANCE,
    "scheduled": Outcome.UP,
    "resolved": Outcome.UP,
    "completed": Outcome.UP,
    "postmortem": Outcome.UP,
}
_WORDS = "|".join(_PHASES)
_PHASE = re.compile(rf"\b({_WORDS})\s+[-–—]\s|\bstatus:\s*({_WORDS})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry. `at` is ns since 1970; `text` has no tags."""

    title: str
    text: str
    at: int | None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A channel and its items as they stand there."""

    title: str
    link: str
    generator: str
    items: tuple[Item, ...]


def parse(content: bytes) -> Feed:
    """A feed of either kind. No entity is expanded and nothing is fetched. Raises Trouble (`unknown`)."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise unreadable(f"the feed cannot be read: {clean(str(error), 100) or type(error).__name__}") from None
    kind = _local(root)
    if kind not in ("rss", "feed", "RDF"):
        raise unreadable(f"the answer is XML but no feed: it begins with <{clean(kind, 40)}>")
    channel = next((one for one in root if _local(one) == "channel"), root)
    if kind == "rss" and channel is root:
        raise unreadable("the feed has no channel")
    items = [one for parent in dict.fromkeys((channel, root)) for one in parent if _local(one) in _ITEMS]
    return Feed(
        title=_first(channel, "title"),
        link=_first(channel, "link"),
        generator=_first(channel, "generator"),
        items=tuple(_item(one) for one in items[:_MOST]),
    )


def newest(feed: Feed) -> Item | None:
    """The latest item by its date; the first one where dates are missing."""
    dated = [one for one in feed.items if one.at is not None]
    if len(dated) < len(feed.items):
        return next(iter(feed.items), None)
    return max(dated, key=lambda one: one.at or 0, default=None)


def aws_fits(document: Any) -> bool:  # noqa: ANN401 - any form's document
    """Whether it is a feed of AWS's dashboard."""
    return isinstance(document, Feed) and ("AWS Service Health" in document.generator or "aws.amazon" in document.link)


def aws(documents: Sequence[Any]) -> Page:
    """AWS's feed of one service and region: the state is the start of the newest title; older items mean nothing."""
    feed: Feed = documents[0]
    item = newest(feed)
    if item is None:
        return Page(feed.title, indicator=Indicator(Outcome.UP, "nothing: no event is listed"))
    headline = item.title.casefold()
    outcome, says = next((found for start, found in _AWS_STATES.items() if headline.startswith(start)), _AWS_OTHER)
    title = item.title.rpartition(" | ")[2].partition(": ")
    name = title[2] or title[0]
    return Page(feed.title, indicator=Indicator(outcome, f'{says} ("{name}")'))


def azure_fits(document: Any) -> bool:  # noqa: ANN401 - any form's document
    """Whether it is Azure's status feed."""
    return isinstance(document, Feed) and (
        document.title.casefold().startswith("azure status") or "azure.status.microsoft" in document.link
    )


def azure(documents: Sequence[Any]) -> Page:
    """Azure's feed: what is listed is not well unless its words say that it is over."""
    feed: Feed = documents[0]
    return Page(feed.title or "Azure", incidents=tuple(map(_azure_incident, feed.items)), by_incidents=True)


def _azure_incident(item: Item) -> Incident:
    said = f"{item.title} {item.text[:_BODY]}"
    state = outcome_of(said) if _OVER.search(said) else None
    over = state is Outcome.UP
    pieces = [piece.strip() for piece in re.split(r" - |/", item.title)]
    return Incident(
        name=item.title[:NAME] or "without a title",
        outcome=Outcome.UP if over else Outcome.DEGRADED,
        phase="over" if over else "",
        scope=(item.title, *filter(None, pieces), *item.categories),
    )


def generic_fits(document: Any) -> bool:  # noqa: ANN401 - any form's document
    """Whether it is any feed."""
    return isinstance(document, Feed)


def generic(documents: Sequence[Any]) -> Page:
    """A feed of nobody in particular: what the newest item says by its words."""
    feed: Feed = documents[0]
    item = newest(feed)
    if item is None:
        return Page(feed.title, indicator=Indicator(Outcome.UNKNOWN, "nothing: the feed is empty"))
    said = _state(item)
    says = f'"{item.title[:NAME]}" ({said or "a state that is not known"})'
    return Page(feed.title, indicator=Indicator(said or Outcome.UNKNOWN, says))


def _state(item: Item) -> Outcome | None:
    """What the newest item says: the first phase in its text, where updates stand newest first; else its words."""
    phase = _PHASE.search(item.text)
    if phase is not None:
        return _PHASES[(phase[1] or phase[2]).casefold()]
    for said in (item.title, item.text[:_BODY]):
        found = outcome_of(said)
        if found in (None, Outcome.MAINTENANCE) and _PLANNED.search(said):
            return Outcome.UP
        if found is not None:
            return found
    return None


def _item(element: Element) -> Item:
    body = _first(element, "description", "summary", "content", "encoded", limit=20_000)
    dates = (instant(_first(element, name)) for name in ("pubDate", "updated", "published", "date"))
    categories = tuple(clean(one.text or one.get("term") or "", NAME) for one in element if _local(one) == "category")
    plain = _TAG.sub(" ", html.unescape(_TAG.sub(" ", html.unescape(body))))
    return Item(
        title=_first(element, "title", limit=300),
        text=clean(plain, 2000),
        at=next((one for one in dates if one is not None), None),
        categories=tuple(filter(None, categories)),
    )


def _first(parent: Element, *names: str, limit: int = 200) -> str:
    for name in names:
        for one in parent:
            if _local(one) == name:
                found = clean("".join(one.itertext()) or one.get("href") or "", limit)
                if found:
                    return found
    return ""


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
