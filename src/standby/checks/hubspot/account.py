"""An account as HubSpot tells it, what it has used, and what its refusals mean. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from standby.checks.answers import Document, Reply
from standby.checks.api import Finding, refusal, sentence, unreadable
from standby.checks.documents import Table, every, first_text, number, table, text
from standby.checks.instants import instant
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.quota import Quota, ends, forecast, later_reset, next_midnight
from standby.domain.units import DAY, HOUR, SECOND
from standby.net import quotas
from standby.net.retry_after import retry_after
from standby.net.trouble import Trouble

LOCKED, MIGRATING = 423, 477
_COUNTED = frozenset({"SUCCESS", "CACHED"})
_LOCKED_S = 2.0
_WAITS_S = {"TEN_SECONDLY": 10.0, "SECONDLY": 1.0}  # the longer name first: it holds the shorter
_DAILY = "DAILY"
_RECHECK_S = 3600.0
_LONGEST_DAY = DAY + HOUR  # when clocks go back
_FURTHEST_MS = 14 * 3_600_000  # no zone is further from UTC


@dataclass(frozen=True, slots=True)
class Account:
    """Which account it is, and the zone whose midnight begins its days; `zone` is None when it does not say."""

    id: str
    zone: tzinfo | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used of one limit; `quota` is None when HubSpot could not count it, `why` says so."""

    name: str
    quota: Quota | None
    why: str = ""


def account(found: Document) -> Account:
    """The account of `/details`. Raises Trouble."""
    said = table(found)
    portal = number(said.get("portalId"))
    if portal is None:
        raise unreadable("the answer names no account (portalId)")
    return Account(text(said["portalId"], 20), _zone(said))


def _zone(said: Table) -> tzinfo | None:
    name = said.get("timeZone")
    if isinstance(name, str) and name:
        try:
            return ZoneInfo(name[:60])
        except (ValueError, OSError, KeyError):
            pass  # a zone that this machine does not know; its present offset is said beside it
    offset = number(said.get("utcOffsetMilliseconds"))
    if offset is None or abs(offset) > _FURTHEST_MS:
        return None
    return timezone(timedelta(milliseconds=offset))


def usages(found: Document, zone: tzinfo, now: int) -> list[Usage]:
    """Each limit of `/api-usage`. Raises Trouble when there is no list of them."""
    listed = table(found).get("results")
    if not isinstance(listed, list):
        raise unreadable("the answer tells no usage (results)")
    return [_usage(one, zone, now) for one in every(listed)]


def _usage(one: Table, zone: tzinfo, now: int) -> Usage:
    name = text(one.get("name"), 60) or "a limit without a name"
    status = text(one.get("fetchStatus"), 40).upper()
    used, limit = number(one.get("currentUsage")), number(one.get("usageLimit"))
    if status not in _COUNTED:
        return Usage(name, None, f"HubSpot could not count it ({status or 'no fetchStatus'})")
    if used is None or limit is None or used < 0 or limit <= 0:
        return Usage(name, None, "it has no figures")
    at = min(instant(one.get("collectedAt")) or now, now)
    said = instant(one.get("resetsAt"))
    # A reset further away than a day lasts is none of a daily limit.
    resets = next_midnight(at, zone) if said is None or said - at > _LONGEST_DAY else later_reset(said, at)
    if resets <= now:
        return Usage(name, None, "it was counted before the last midnight")
    return Usage(name, Quota(used, limit, at, resets))


def of_headers(found: Sequence[quotas.Quota], zone: tzinfo, now: int) -> list[Usage]:
    """The day's calls by the quota headers of any answer; those of OAuth apps have none."""
    daily = next((one for one in found if one.name == "daily"), None)
    if daily is None or daily.limit is None or daily.remaining is None:
        return []
    limit, left = daily.limit, daily.remaining
    if not 0 <= left <= limit or limit <= 0:
        return []
    return [Usage("daily calls", Quota(limit - left, limit, now, next_midnight(now, zone)))]


def judge(who: Account, found: Sequence[Usage], warn_at: float, now: int) -> Finding:
    """Up with what is left; degraded when a limit is used to `warn_at` (0 to 1) or more. No figure is no fault."""
    uncounted = [f"{one.name} is unknown: {one.why}" for one in found if one.quota is None]
    counted = sorted(((one.name, one.quota) for one in found if one.quota is not None), key=lambda pair: -pair[1].share)
    parts = [f"account {who.id} answers"]
    outcome, failure, metrics = Outcome.UP, None, {}
    if counted:
        name, quota = counted[0]
        left = max(quota.limit - quota.used, 0.0)
        parts.append(f"{name} {quota.share:.0%} used, {left:,.0f} of {quota.limit:,.0f} left")
        parts += [ending] if (ending := forecast(quota, "daily calls", who.zone or UTC)) else []
        metrics = _metrics(quota, left, now)
        if quota.share >= warn_at:
            outcome, failure = Outcome.DEGRADED, Failure.QUOTA
    return Finding(outcome, "; ".join([*parts, *uncounted[:2]]), failure, metrics)


def _metrics(quota: Quota, left: float, now: int) -> dict[str, float]:
    found = {"daily_calls_share": round(quota.share, 4), "daily_calls_left": left, "daily_calls_limit": quota.limit}
    end = ends(quota)
    if end is not None:
        found["daily_calls_end_in_days"] = round(max(end - now, 0) / DAY, 4)
    return found


def refused(reply: Reply, zone: tzinfo | None) -> Trouble | None:
    """What a status and its document mean; None for 2xx. `zone` is the account's, None when it is not known."""
    asked_s = retry_after(503, reply.headers.get("retry-after", ""), reply.at) or 0.0
    if reply.status == LOCKED:
        message = f"the account is locked for a moment: {sentence(reply)}"
        return Trouble(Failure.SERVER, message, Outcome.UNKNOWN, retry_after_s=max(asked_s, _LOCKED_S))
    if reply.status == MIGRATING:
        message = f"HubSpot is moving this account to another place: {sentence(reply)}"
        return Trouble(Failure.STATED, message, Outcome.MAINTENANCE, retry_after_s=asked_s or None)
    if reply.status == 429:
        return _too_often(reply, zone, asked_s)
    return refusal(reply)


def _too_often(reply: Reply, zone: tzinfo | None, asked_s: float) -> Trouble:
    policy = _policy(reply)
    if _DAILY in policy:
        wait = (next_midnight(reply.at, zone) - reply.at) / SECOND if zone is not None else _RECHECK_S
        until = "until midnight of the account's zone" if zone is not None else "until the account's midnight"
        message = f"the calls of the day are used up {until}: {sentence(reply)}"
        return Trouble(Failure.QUOTA, message, Outcome.UNKNOWN, retry_after_s=max(asked_s, wait))
    wait = next((wait for name, wait in _WAITS_S.items() if name in policy), 0.0)
    message = f"we ask too often: {sentence(reply)}"
    return Trouble(Failure.RATE_LIMITED, message, Outcome.UNKNOWN, retry_after_s=max(asked_s, wait) or None)


def _policy(reply: Reply) -> str:
    """Which limit it was: some answers name it, of others only the sentence does."""
    try:
        found = table(reply.document)
    except Trouble:
        return ""
    return first_text(found, "policyName", "message").upper()
