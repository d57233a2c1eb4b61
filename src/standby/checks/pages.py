"""An API's list in pages: where the next one is, and how many may be read.

A list of which a part is missing is worse than none: it reads as a difference. So whatever keeps the last page from
being read is Trouble, `unknown`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import httpx
from pydantic import AfterValidator, Field, model_validator

from standby.checks.answers import Reply
from standby.checks.api import unreadable
from standby.checks.redirects import place, same_party
from standby.config.cel.tokens import bare_name
from standby.config.cel.values import MISSING, look_up
from standby.config.fields import Text
from standby.config.models import Table
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.trouble import Trouble

_SAID_LIMIT = 2000  # characters of an address or a cursor


def _path(value: str) -> str:
    if bare_name(value[:500], frozenset({"body"})) is None:
        raise ValueError(f'"{clean(value, 80)}" is not a place in the answer; write one like "body.orders"')
    return value


BodyPath = Annotated[str, AfterValidator(_path)]
Ask = Callable[[str], Awaitable[Reply]]
"""Asks one address. Raises Trouble."""


class Paged(Table):
    """Where a list is in an answer, and how it goes on. A `Link` header with `rel="next"` is followed by itself."""

    rows: BodyPath = Field(default="body", description="where the list is in a JSON answer: `body.orders`")
    next_: BodyPath | None = Field(
        default=None,
        alias="next",
        description="where an answer says that there is more: the next address, a cursor, or true; "
        "the `Link` header when left out",
    )
    cursor: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\[\]-]{1,60}$")] | None = Field(
        default=None, description="the query parameter that a cursor is asked by: `after`"
    )
    last: Text | None = Field(
        default=None, description="the cursor is this of the last row, while `next` says true: `id`"
    )
    pages: int = Field(default=20, ge=1, le=1000, description="the most pages of one list; more is `unknown`")

    @model_validator(mode="after")
    def _belong(self) -> Paged:
        if self.cursor is not None and self.next_ is None:
            raise ValueError('cursor needs to know where it stands; write next = "body.paging.next.after"')
        if self.last is not None and self.cursor is None:
            raise ValueError('last is asked by a query parameter; write cursor = "starting_after"')
        return self


async def read(keys: Paged, url: str, ask: Ask, most_bytes: int) -> list[Reply]:
    """Every page. Raises Trouble when one cannot be had, or when there are more of them, or bytes, than may be."""
    found: list[Reply] = []
    at, seen, size = httpx.URL(url), set[str](), 0
    while True:
        seen.add(str(at))
        reply = await ask(str(at))
        found.append(reply)
        size += len(reply.content)
        following = after(keys, at, reply)
        if following is None:
            return found
        if str(following) in seen:
            raise unreadable(f"page {len(found)} names a next one that was read before")
        if len(found) >= keys.pages:
            raise _incomplete(f"it has more than {keys.pages} pages (pages)")
        if size >= most_bytes:
            raise _incomplete(f"its first {len(found)} pages have {size} bytes (max_body)")
        at = following


def after(keys: Paged, at: httpx.URL, reply: Reply) -> httpx.URL | None:
    """The address of the page after this one; None after the last. Raises Trouble for one that makes no sense."""
    if keys.next_ is None:
        link = httpx.Response(200, headers=reply.headers).links.get("next", {}).get("url", "")
        return _there(at, link) if link else None
    said = look_up({"body": reply.document}, bare_name(keys.next_, frozenset({"body"})) or ())
    if said is MISSING or said in (None, False, ""):
        return None
    if said is True and keys.last is not None:
        said = _of_last_row(keys, reply)
    if isinstance(said, bool) or not isinstance(said, (str, int)):
        raise unreadable(f"{keys.next_} says neither where the next page is nor by what to ask for it")
    if len(str(said)) > _SAID_LIMIT:
        raise unreadable(f"{keys.next_} is longer than an address may be")
    if keys.cursor is not None:
        return at.copy_set_param(keys.cursor, str(said))
    if not isinstance(said, str):
        raise unreadable(f"{keys.next_} is no address; write cursor, the parameter that it is asked by")
    return _there(at, said)


def _of_last_row(keys: Paged, reply: Reply) -> object:
    """What the list of the next page starts after."""
    rows = look_up({"body": reply.document}, bare_name(keys.rows, frozenset({"body"})) or ())
    found = look_up(rows[-1], (keys.last or "").split(".")) if isinstance(rows, list) and rows else MISSING
    if found is MISSING:
        raise unreadable(f"there is more, but the last row has no {keys.last} to go on from")
    return found


def _there(at: httpx.URL, said: str) -> httpx.URL:
    """On the same host only: our credentials go along."""
    try:
        url = at.join(said)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise unreadable(f"the next page is nowhere: {error}") from error
    if not same_party(at, url):
        raise Trouble(Failure.REDIRECT, f"the next page is at {place(url)}, another party", Outcome.UNKNOWN)
    return url


def _incomplete(why: str) -> Trouble:
    return Trouble(Failure.TOO_LARGE, f"incomplete: {why}; ask for fewer rows, or allow more", Outcome.UNKNOWN)
