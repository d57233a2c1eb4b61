"""An org's REST limits: what of them is used, and when the day's calls end at this pace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from standby.checks.answers import Reply
from standby.checks.api import Finding, refusal, sentence, unreadable
from standby.checks.documents import number, table, text
from standby.checks.statuspage.choose import matches
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.quota import Quota, ends, forecast, next_midnight
from standby.domain.text import clean
from standby.domain.units import DAY, SECOND
from standby.net.quotas import quotas
from standby.net.trouble import Trouble

DAILY_CALLS = "DailyApiRequests"
_UNLIMITED = 999_999_999
_MOST = 100  # limits that are kept
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,60}")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RECHECK_S = 3600.0  # used up is looked at again at least so often: somebody may have raised it


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit as it stands."""

    name: str
    most: float
    left: float

    @property
    def used(self) -> float:
        return self.most - self.left

    @property
    def share(self) -> float:
        """How much of it is used, 0 to 1."""
        return self.used / self.most

    @property
    def metric(self) -> str:
        """`DailyApiRequests` as a metric is called."""
        return _WORDS.sub("_", self.name).lower()


def decode(reply: Reply) -> tuple[Limit, ...]:
    """The limits of `/limits`, without those of single apps and those that are none. Raises Trouble for no limits."""
    found = table(reply.document)
    limits = [_limit(name, of) for name, of in list(found.items())[:_MOST] if _NAME.fullmatch(name)]
    known = {one.name: one for one in limits if one is not None}
    if DAILY_CALLS not in known and (calls := usage(reply)) is not None:
        known[DAILY_CALLS] = calls
    if not any("Max" in table(of) for of in found.values()):
        raise unreadable("the answer tells no limits")
    return tuple(known.values())


def usage(reply: Reply) -> Limit | None:
    """The day's calls by the header that stands on every answer."""
    calls = next((one for one in quotas(reply.headers.raw, reply.at) if one.name == "api"), None)
    if calls is None or not calls.limit or calls.remaining is None:
        return None
    return Limit(DAILY_CALLS, calls.limit, calls.remaining)


def _limit(name: str, found: object) -> Limit | None:
    most, left = number(table(found).get("Max")), number(table(found).get("Remaining"))
    if most is None or left is None or not 0 < most < _UNLIMITED:
        return None
    return Limit(name, most, min(left, most))


def judge(limits: Sequence[Limit], chosen: Sequence[str], warn_at: float, now: int, zone: tzinfo) -> Finding:
    """Degraded when one of the chosen limits (globs) is used to `warn_at` (0 to 1) or more."""
    watched = [one for one in limits if any(matches(glob, (one.name,)) for glob in chosen)]
    missing = [glob for glob in chosen if "*" not in glob and not any(matches(glob, (one.name,)) for one in limits)]
    if missing or not watched:
        what = clean((missing or list(chosen))[0], 60)
        names = ", ".join(one.name for one in limits[:3])
        return Finding(
            Outcome.UNKNOWN,
            f'no limit is called "{what}"; there are {names or "none"}',
            Failure.REQUEST,
            metrics(limits),
        )
    short = sorted((one for one in watched if one.share >= warn_at), key=lambda one: -one.share)
    fullest = max(watched, key=lambda one: one.share)
    said = "; ".join(map(_told, short[:3])) or f"no limit is near: {_told(fullest)}"
    ending = _forecast(limits, now, zone)
    return Finding(
        Outcome.DEGRADED if short else Outcome.UP,
        f"{said}; {ending}" if ending else said,
        Failure.QUOTA if short else None,
        {**metrics(limits), **_ends(limits, now, zone)},
    )


def metrics(limits: Iterable[Limit]) -> dict[str, float]:
    """The used share of each limit, and what is left of the day's calls."""
    found = {f"{one.metric}_share": round(one.share, 4) for one in limits}
    found.update({f"{one.metric}_left": one.left for one in limits if one.name == DAILY_CALLS})
    return found


def refused(reply: Reply, now: int, zone: tzinfo) -> Trouble | None:
    """What an error of the REST API means: a list of codes; the day's calls being used up is 403, not 429."""
    code = _code(reply)
    if reply.status == 403 and code == "REQUEST_LIMIT_EXCEEDED":
        wait = min((next_midnight(now, zone) - now) / SECOND, _RECHECK_S)
        message = f"the org's calls of the day are used up: {sentence(reply)}"
        return Trouble(Failure.QUOTA, message, Outcome.UNKNOWN, retry_after_s=wait)
    if reply.status == 410 or code == "UNSUPPORTED_API_VERSION":
        mend = "write a newer api_version"
        return Trouble(
            Failure.REQUEST, f"this version of the API is retired: {mend}: {sentence(reply)}", Outcome.UNKNOWN
        )
    return refusal(reply)


def _code(reply: Reply) -> str:
    try:
        document: Any = reply.document
    except Trouble:
        return ""
    return text(table(document[0]).get("errorCode")) if isinstance(document, list) and document else ""


def _told(limit: Limit) -> str:
    return f"{limit.name} {limit.share:.0%} used, {limit.left:,.0f} of {limit.most:,.0f} left"


def _daily(limits: Sequence[Limit], now: int, zone: tzinfo) -> Mapping[str, Quota]:
    """The quotas that start anew each day."""
    resets = next_midnight(now, zone)
    return {one.name: Quota(one.used, one.most, now, resets) for one in limits if one.name.startswith("Daily")}


def _forecast(limits: Sequence[Limit], now: int, zone: tzinfo) -> str:
    calls = _daily(limits, now, zone).get(DAILY_CALLS)
    return forecast(calls, "daily calls", zone) if calls is not None else ""


def _ends(limits: Sequence[Limit], now: int, zone: tzinfo) -> dict[str, float]:
    """`..._end_in_days` of the daily quotas that do not last their day."""
    found = {}
    for one in limits:
        quota = _daily([one], now, zone).get(one.name)
        end = ends(quota) if quota is not None else None
        if end is not None:
            found[f"{one.metric}_end_in_days"] = round(max(end - now, 0) / DAY, 4)
    return found
