"""Where alerts are pushed to: `POST /in/SOURCE` for webhooks, `/api/v2/alerts` for whoever speaks to an Alertmanager;
that may ask there as well what fires.

Answered 200 only when it is on disk. What is refused is counted, and seen in `trouble` for ten minutes.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from standby import __version__
from standby.config.inbound import AlertSource, SourceKind
from standby.domain.text import clean
from standby.domain.units import MINUTE, format_instant
from standby.engine.clock import EngineClock
from standby.engine.inbound import forms, listing, upstream
from standby.engine.inbound.counts import Counts
from standby.engine.inbound.exchange import Answer, Request, Unread
from standby.engine.inbound.forms import Heard, Refused
from standby.engine.inbound.life import Outside
from standby.engine.inbound.listing import Receivers
from standby.engine.timeline import Timeline
from standby.store.errors import StoreError

MAX_BODY = 1_000_000
RESOLVE_TIMEOUT_NS = 5 * MINUTE  # Alertmanager's, for what is posted without an end
_IN = "/in/"
_API = "/api/v2/"
_JSON = "application/json"
_NOBODY = "somebody unknown"


@dataclass(slots=True)
class _Ledger:
    """Of one source: calls, and alerts that were not taken."""

    calls: Counts = field(default_factory=Counts)
    lost: Counts = field(default_factory=Counts)


class Door:
    """The sources of the configuration in force. `on_disk` returns when all that was taken in is; raises StoreError."""

    def __init__(
        self, clock: EngineClock, timeline: Timeline, outside: Outside, on_disk: Callable[[], Awaitable[None]]
    ) -> None:
        self._clock = clock
        self._timeline = timeline
        self._outside = outside
        self._on_disk = on_disk
        self._sources: Mapping[str, AlertSource] = {}
        self._tokens: dict[str, bytes] = {}
        self._ledgers: dict[str, _Ledger] = {}
        self._begun = timeline.now()
        self.told_by: Receivers = lambda _: ()  # who hears of an alert

    def expect(self, sources: Mapping[str, AlertSource], tokens: Mapping[str, str]) -> None:
        """Let these in from now on; one whose token is not in `tokens` and that is not open waits outside."""
        self._sources = dict(sources)
        self._tokens = {name: token.encode("utf-8", "surrogatepass") for name, token in tokens.items()}
        self._ledgers = {name: self._ledgers.get(name) or _Ledger() for name in (*sources, _NOBODY)}

    def serves(self, path: str) -> bool:
        """Whether an address is one of ours."""
        return bool(self._sources) and path.startswith((_IN, _API, "/-/"))

    @property
    def trouble(self) -> str:
        """What was refused lately, a part a source; empty when nothing was."""
        now, parts = self._clock.monotonic(), []
        for name, ledger in self._ledgers.items():
            for counts, what in ((ledger.calls, "calls refused"), (ledger.lost, "alerts not taken")):
                found = counts.tally(now)
                if found.refused:
                    parts.append(f"{found.refused} {what} of {name} in 10m, the last: {found.why}")
        return "; ".join(parts)

    def too_often(self) -> Answer:
        """For a call beyond what is let in at all."""
        self._refuse(_NOBODY, "too many calls a second")
        return Answer(HTTPStatus.TOO_MANY_REQUESTS)

    async def answer(self, request: Request) -> Answer:
        """Take one call; never raises."""
        name, rest = "", request.path
        if rest.startswith(_IN):
            name, slash, rest = rest.removeprefix(_IN).partition("/")
            rest = slash + rest
        if rest in ("/-/ready", "/-/healthy"):
            return Answer(HTTPStatus.OK, b"OK")
        source = self._who(name, request)
        if isinstance(source, Answer):
            return source
        if rest == f"{_API}status":
            found = upstream.status(__version__, format_instant(self._begun))
            return Answer(HTTPStatus.OK, json.dumps(found).encode(), _JSON)
        if rest not in ("", f"{_API}alerts") or (rest and source.kind is not SourceKind.ALERTMANAGER):
            return self._turn_away(source.id, HTTPStatus.NOT_FOUND, f"there is no {clean(rest, 60)}")
        if rest and request.method in ("GET", "HEAD"):
            return await self._list(source, request)
        return await self._push(source, request, api=bool(rest))

    async def _list(self, source: AlertSource, request: Request) -> Answer:
        """What fires, for whoever shows its token: that anybody may push does not mean that anybody may read."""
        if source.open:
            return self._turn_away(source.id, HTTPStatus.FORBIDDEN, "reading needs a token, and it has none")
        try:
            wanted = listing.asked(request.query)
        except Refused as error:
            return self._refused(source.id, error)
        lives = self._outside.lives(None if source.sees_all else source.id)
        found = listing.listed(lives, wanted, self._timeline.now(), self.told_by)
        return Answer(HTTPStatus.OK, (await asyncio.to_thread(json.dumps, found)).encode(), _JSON)

    def _refused(self, name: str, error: Refused) -> Answer:
        self._refuse(name, str(error))
        return Answer(error.status, json.dumps(error.answer).encode() + b"\n", _JSON)

    def _who(self, name: str, request: Request) -> AlertSource | Answer:
        """The source that speaks; every token is compared whole, so that the time taken tells nothing."""
        given = request.headers.get("authorization", "")
        word, _, said = given.partition(" ")
        token = said.strip().encode("latin-1", "replace") if word.casefold() == "bearer" else b""
        chosen = [one for one in self._sources.values() if one.id == name or (not name and _speaks_api(one))]
        if not chosen:
            return self._turn_away(_NOBODY, HTTPStatus.NOT_FOUND, "there is no such source")
        known = [one for one in chosen if one.id in self._tokens and hmac.compare_digest(self._tokens[one.id], token)]
        if known and token:
            return known[0]
        opened = [one for one in chosen if one.open]
        if opened:
            foreign = "origin" in request.headers or "sec-fetch-site" in request.headers
            if foreign:  # a page in somebody's browser is no program of this machine
                return self._turn_away(opened[0].id, HTTPStatus.FORBIDDEN, "it came from a web page")
            return opened[0]
        blame = chosen[0].id if len(chosen) == 1 else _NOBODY
        if all(one.id not in self._tokens for one in chosen):
            return self._turn_away(blame, HTTPStatus.SERVICE_UNAVAILABLE, "its token is not known here")
        return self._turn_away(blame, HTTPStatus.UNAUTHORIZED, "without its token" if not token else "wrong token")

    async def _push(self, source: AlertSource, request: Request, *, api: bool) -> Answer:
        try:
            heard = await self._read(source, request, api=api)
        except Unread as error:
            return self._turn_away(source.id, error.status, str(error))
        except Refused as error:
            return self._refused(source.id, error)
        source = self._sources.get(source.id, source)
        otherwise = source.resolve_after or (RESOLVE_TIMEOUT_NS if api else None)
        beyond = self._outside.hear(source, heard.said, otherwise)
        try:
            await self._on_disk()
        except StoreError as error:
            return self._turn_away(source.id, HTTPStatus.SERVICE_UNAVAILABLE, f"the store does not take it: {error}")
        self._ledgers[source.id].calls.accept(self._clock.monotonic())
        return self._told(source, heard, beyond)

    async def _read(self, source: AlertSource, request: Request, *, api: bool) -> Heard:
        """Raises Unread and Refused."""
        if request.method != "POST":
            raise upstream.wrong_method(request.method, "GET,POST" if api else "POST")
        kind = request.headers.get("content-type", "")
        if (api or source.open) and kind.partition(";")[0].strip().casefold() != _JSON:
            raise upstream.wrong_kind(kind)
        body = await request.body(MAX_BODY)
        if source.id not in self._sources:
            raise Unread(HTTPStatus.NOT_FOUND, "a reload came between")
        now = self._timeline.now()
        return upstream.read(body, now) if api else forms.read(source.kind, body, now)

    def _told(self, source: AlertSource, heard: Heard, beyond: int) -> Answer:
        """What its sender hears of what is on disk now: that all is well, or what was not taken."""
        lost = list(heard.wrong[: forms.MOST_WRONG])
        self._lose(source.id, len(heard.wrong), lost[-1] if lost else "")
        self._lose(source.id, heard.cut, "its sender left them out")
        if beyond:
            why = f"{source.most} live alerts are all that `most` allows"
            self._lose(source.id, beyond, why)
            return Answer(HTTPStatus.TOO_MANY_REQUESTS, json.dumps(f"{beyond} alerts not taken: {why}").encode(), _JSON)
        if lost:
            return Answer(HTTPStatus.BAD_REQUEST, json.dumps("; ".join(lost)).encode() + b"\n", _JSON)
        return Answer(HTTPStatus.OK, b"")

    def _lose(self, name: str, count: int, why: str) -> None:
        at = self._clock.monotonic()
        for _ in range(min(count, forms.MOST_AT_ONCE * 10)):
            self._ledgers[name].lost.refuse(at, why)

    def _refuse(self, name: str, why: str) -> None:
        ledger = self._ledgers.get(name)
        if ledger is not None:
            ledger.calls.refuse(self._clock.monotonic(), clean(why, 160))

    def _turn_away(self, name: str, status: HTTPStatus, why: str) -> Answer:
        self._refuse(name, why)
        asks = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
        return Answer(status, more=asks)


def _speaks_api(source: AlertSource) -> bool:
    return source.kind is SourceKind.ALERTMANAGER
