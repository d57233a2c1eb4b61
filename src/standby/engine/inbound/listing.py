"""`GET /api/v2/alerts` as Alertmanager answers it: what fires now, why it is quiet, and who is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from standby.domain.alerting import Phase
from standby.domain.backtracking import refusal
from standby.domain.matchers import Matcher, match_all, parse_matchers
from standby.domain.muting import MuteKind
from standby.domain.outside import fingerprint
from standby.domain.text import clean
from standby.domain.units import MINUTE, format_instant
from standby.engine.alerting.alerts import Live
from standby.engine.inbound.forms import Refused

MOST_FILTERS = 50
HOLDS_NS = 5 * MINUTE  # so long an alert without an end of its own is said to hold, anew with each answer
_OTHERS = frozenset({MuteKind.INHIBITED, MuteKind.DEPENDENCY})
_SWITCHES = ("active", "silenced", "inhibited", "muted", "unprocessed")

Receivers = Callable[[Live], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query wants to see."""

    matchers: tuple[Matcher, ...] = ()
    hidden: frozenset[str] = frozenset()  # of the switches
    receiver: re.Pattern[str] | None = None

    def wants(self, live: Live, receivers: Sequence[str]) -> bool:
        """Whether this one is listed."""
        status = _status(live, {})
        kinds = {
            "active": status["state"] == "active",
            "silenced": bool(status["silencedBy"]),
            "inhibited": bool(status["inhibitedBy"]),
            "muted": bool(status["mutedBy"]),
        }
        if any(kinds.get(name) for name in self.hidden):
            return False
        if self.receiver is not None and not any(self.receiver.fullmatch(name) for name in receivers):
            return False
        return match_all(self.matchers, live.watch.labels)


def asked(query: str) -> Asked:
    """The parameters of a query. Raises Refused."""
    try:
        found = parse_qs(query, keep_blank_values=True, max_num_fields=MOST_FILTERS, errors="strict")
        matchers = tuple(one for text in found.get("filter", ()) for one in parse_matchers(text))
        hidden = frozenset(name for name in _SWITCHES if not _switch(found.get(name, ["true"])[-1]))
        named = found.get("receiver", [""])[-1]
        receiver = _pattern(named) if named and len(named) <= 200 else None
    except (ValueError, re.error) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, clean(f"bad query: {error}", 200)) from None
    return Asked(matchers, hidden, receiver)


def _pattern(text: str) -> re.Pattern[str]:
    said = refusal(text)
    if said:
        raise ValueError(f"receiver {said}")
    return re.compile(text)


def listed(lives: Iterable[Live], wanted: Asked, now: int, told: Receivers) -> list[dict[str, Any]]:
    """The alerts that fire and are wanted, as `gettableAlerts`."""
    firing = {live.id: live for live in lives if live.machine.phase is Phase.FIRING}
    names = {number: _name(live) for number, live in firing.items()}
    found = []
    for live in firing.values():
        receivers = list(told(live))
        if wanted.wants(live, receivers):
            found.append(_one(live, names, receivers, now))
    return found


def _one(live: Live, names: Mapping[int, str], receivers: Sequence[str], now: int) -> dict[str, Any]:
    origin = live.watch.origin
    holds = origin.lease_ns if origin is not None and origin.lease_ns is not None else HOLDS_NS
    return {
        "labels": dict(live.watch.labels),
        "annotations": {"summary": live.summary},
        "startsAt": format_instant(live.since),
        "endsAt": format_instant(now + holds),
        "updatedAt": format_instant(max(live.since, live.machine.at)),
        "fingerprint": names[live.id],
        "generatorURL": origin.link if origin is not None else "",
        "receivers": [{"name": name} for name in receivers],
        "status": _status(live, names),
    }


def _status(live: Live, names: Mapping[int, str]) -> dict[str, Any]:
    others = [mute.by for mute in live.mutes if mute.kind in _OTHERS]
    return {
        "state": "suppressed" if live.mutes else "active",
        "silencedBy": [mute.by for mute in live.mutes if mute.kind is MuteKind.SILENCE],
        "inhibitedBy": [names.get(int(by), by) if by.isdecimal() else by for by in others],
        "mutedBy": [mute.by for mute in live.mutes if mute.kind is not MuteKind.SILENCE and mute.kind not in _OTHERS],
    }


def _name(live: Live) -> str:
    return live.watch.origin.fingerprint if live.watch.origin is not None else fingerprint(live.watch.labels)


def _switch(text: str) -> bool:
    if text.casefold() not in ("true", "false", "1", "0"):
        raise ValueError(f'"{text[:20]}" is neither true nor false')
    return text.casefold() in ("true", "1")
