"""What a file of the catalogue holds. Each fact carries its source, or the word that says that it has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from standby.domain.text import clean

UNCONFIRMED = "unconfirmed"
FOR_PEOPLE = "people"
"""The form of a status page that no program should believe."""
PLACEHOLDER = re.compile(r"\{([a-z_]{1,40})\}")
"""A part of an address that only the user knows: `{shop}`."""
_SOURCE = re.compile(rf"{UNCONFIRMED}|vendors\.md §[0-9]{{1,2}} \[V\]|[a-z0-9]+/[A-Za-z0-9._-]+")
_CATEGORIES = (
    "ai", "chat", "cloud", "code", "crm", "e-mail", "identity", "inventory", "marketing", "monitoring",
    "payments", "search", "shipping", "shop", "sms", "support", "weather",
)  # fmt: skip
_TIMEOUT = "10s"


def _source(value: str) -> str:
    if _SOURCE.fullmatch(value) is None:
        raise ValueError(f'is no source; write a recording, "vendors.md §1 [V]" or "{UNCONFIRMED}"')
    return value


def _https(value: str) -> str:
    parts = urlsplit(PLACEHOLDER.sub("x", value))
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise ValueError("is not an https address without credentials")
    return value


def _line(value: str) -> str:
    if not value or clean(value, 300) != value:
        raise ValueError("is not one plain line of at most 300 characters")
    return value


def _category(value: str) -> str:
    if value not in _CATEGORIES:
        raise ValueError(f"is not a category; write one of {', '.join(_CATEGORIES)}")
    return value


Source = Annotated[str, AfterValidator(_source)]
Address = Annotated[str, AfterValidator(_https)]
Line = Annotated[str, AfterValidator(_line)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(_Strict):
    """Something about a vendor, and how we know."""

    source: Source

    @property
    def confirmed(self) -> bool:
        """Whether a recording, a specification or a line of our research says so."""
        return self.source != UNCONFIRMED


class StatusPage(Fact):
    """Where the vendor says how it is. `form` is the page's product; `people`: no program should believe it."""

    url: Address
    form: Line
    note: Line | None = None

    @property
    def readable(self) -> bool:
        """Whether a check can read it."""
        return self.form != FOR_PEOPLE


class Base(Fact):
    """Where the API is."""

    base: Address


class Probe(Fact):
    """A cheap question that proves that the API works: a kind of check and its own keys."""

    says: Line
    kind: Line = "http"
    every: Line = "1m"
    timeout: Line = _TIMEOUT
    keys: dict[str, Any]

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What the user has to fill in first, without braces."""
        return tuple(dict.fromkeys(name for text in texts(self.keys) for name in PLACEHOLDER.findall(text)))


class Saying(Fact):
    """A limit or a convention, in words."""

    says: Line


class Support(Fact):
    """Where to ask for help."""

    url: Address


class VendorFacts(_Strict):
    """One vendor."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
    name: Line
    categories: Annotated[tuple[Annotated[str, AfterValidator(_category)], ...], Field(min_length=1)]
    status: StatusPage | None = None
    api: Base | None = None
    probe: tuple[Probe, ...] = ()
    limit: tuple[Saying, ...] = ()
    error: tuple[Saying, ...] = ()
    support: Support

    def facts(self) -> Iterator[tuple[Literal["status", "api", "probe", "limit", "error", "support"], Fact]]:
        """Every fact with what it is about, in the order for reading."""
        if self.status is not None:
            yield "status", self.status
        if self.api is not None:
            yield "api", self.api
        yield from (("probe", one) for one in self.probe)
        yield from (("limit", one) for one in self.limit)
        yield from (("error", one) for one in self.error)
        yield "support", self.support


def texts(value: object) -> Iterator[str]:
    """Every text inside keys of a check."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)
