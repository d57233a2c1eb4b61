"""Making a silence in an Alertmanager: once, however often it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from standby.checks.alertmanager.answers import documented
from standby.checks.alertmanager.check import AlertmanagerModel
from standby.checks.api import Api, unreadable
from standby.checks.base import Context
from standby.checks.documents import rows, table, text
from standby.checks.monitors import endpoint
from standby.config.revealed import reveal
from standby.domain.matchers import Matcher
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND, format_duration, format_instant
from standby.net.trouble import Trouble

_PATH = "/api/v2/silences"
_UNSURE = (Failure.TIMEOUT, Failure.RESET, Failure.PROTOCOL, Failure.SERVER, Failure.UNREADABLE)
"""What leaves open whether the silence was made."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A silence that somebody asks for, from `starts` to `ends` (ns since 1970); `mark` tells it from all others."""

    matchers: Sequence[Matcher]
    starts: int
    ends: int
    by: str
    comment: str
    mark: str

    def line(self) -> str:
        """For a person, whole: `job="crm" until 2026-11-23T20:42:44.000Z by anna: maintenance`."""
        return f"{', '.join(map(str, self.matchers))} until {format_instant(self.ends)} by {self.by}: {self.comment}"


async def silence(context: Context, model: AlertmanagerModel, wanted: Wanted) -> str:
    """The id of the silence, made now or, when one with this mark is there, before.

    Raises Trouble, whose message says when nobody can tell whether it was made, and SecretError.
    """

    async def ask(api: Api) -> str:
        return await _known(api, model, wanted.mark) or await _made(api, model, wanted)

    return await _asked(context, model, ask, unsure=": look there whether it was made")


async def made_before(context: Context, model: AlertmanagerModel, mark: str) -> str:
    """The id of the silence with this mark that is there and not over, or nothing. Raises as `silence`."""

    async def ask(api: Api) -> str:
        return await _known(api, model, mark)

    return await _asked(context, model, ask)


async def _asked(
    context: Context, model: AlertmanagerModel, ask: Callable[[Api], Awaitable[str]], *, unsure: str = ""
) -> str:
    texts = list(model.headers.values())
    revealed = await reveal(context.secrets, texts)
    api = Api(context, model, dict(zip(texts, revealed.values, strict=True)))
    try:
        async with asyncio.timeout(model.timeout / SECOND):
            return await ask(api)
    except Trouble as trouble:
        raise Trouble(trouble.failure, revealed.redact(str(trouble)), Outcome.UNKNOWN) from None
    except TimeoutError:
        limit = format_duration(model.timeout)
        why = f"no answer within {limit}{unsure}"
        raise Trouble(Failure.TIMEOUT, why, Outcome.UNKNOWN) from None


async def _known(api: Api, model: AlertmanagerModel, mark: str) -> str:
    """The id of the silence with our mark that has not ended; empty when there is none."""
    document = documented(await api.get(endpoint(model.url, _PATH)))
    for entry in rows(document):
        ended = table(entry.get("status")).get("state") == "expired"
        if not ended and isinstance(entry.get("comment"), str) and mark in entry["comment"]:
            return text(entry.get("id"), 64)
    return ""


async def _made(api: Api, model: AlertmanagerModel, wanted: Wanted) -> str:
    try:
        reply = await api.post(endpoint(model.url, _PATH), json=_body(wanted))
        made = text(table(documented(reply)).get("silenceID"), 64)
        if not made:
            raise unreadable("the answer names no silence")
    except Trouble as trouble:
        if trouble.failure not in _UNSURE:
            raise
        found = await _known(api, model, wanted.mark)
        if not found:
            raise
        return found
    return made


def _body(wanted: Wanted) -> JsonValue:
    matchers: list[JsonValue] = [
        {"name": one.name, "value": one.value, "isRegex": one.regex, "isEqual": one.equal} for one in wanted.matchers
    ]
    return {
        "matchers": matchers,
        # Its clock may be behind ours: a start in the past is now there, one in the future would wait.
        "startsAt": format_instant(wanted.starts - MINUTE),
        "endsAt": format_instant(wanted.ends),
        "createdBy": wanted.by,
        "comment": f"{wanted.comment} [{wanted.mark}]",
    }
