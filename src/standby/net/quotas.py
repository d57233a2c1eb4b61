"""What vendors say in headers about how often we may still ask, in whatever form, and how to make it last."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from standby.domain.units import SECOND
from standby.net.retry_after import LONGEST_S, retry_after

FLOOR = 0.1
"""The share of a limit below which we ask less often."""
_DRAFT = re.compile(r'(?:^|[;,\s])(limit|remaining|reset|q|r|t|w)\s*=\s*"?([0-9]{1,12})')
_PAIR = re.compile(r"\s*([0-9]{1,12})\s*/\s*([0-9]{1,12})\s*")
_SFORCE = re.compile(r"(?<![\w-])api-usage=([0-9]{1,12})/([0-9]{1,12})")
_EPOCH_S = 10**9  # more is no span but an instant


@dataclass(frozen=True, slots=True)
class Quota:
    """So many calls are left of so many in each period, until they come back; seconds; None where nobody says."""

    name: str
    remaining: float | None
    limit: float | None = None
    reset_s: float | None = None
    period_s: float | None = None

    @property
    def used_up(self) -> bool:
        """Whether no call is left, as far as it says."""
        return self.remaining is None or self.remaining < 1

    def metrics(self) -> dict[str, float]:
        """`rate_remaining`, `rate_limit`, `rate_reset_s`, `rate_period_s`; `daily_` and `api_` for those names."""
        found = {
            "remaining": self.remaining, "limit": self.limit, "reset_s": self.reset_s, "period_s": self.period_s
        }  # fmt: skip
        return {f"{self.name}_{key}": value for key, value in found.items() if value is not None}

    def pause_s(self) -> float | None:
        """Seconds until the next call, so that what is left lasts until the reset; None while there is plenty."""
        if self.remaining is None or self.limit is None or self.reset_s is None:
            return None
        if self.limit <= 0 or self.remaining >= self.limit * FLOOR:
            return None
        return min(self.reset_s / max(1.0, self.remaining), LONGEST_S)

    def told(self) -> str:
        """`3 of 100 calls are left for 40 s`."""
        until = f" for {self.reset_s:.3g} s" if self.reset_s is not None else ""
        if self.remaining is None or self.limit is None:
            return ""
        return f"{self.remaining:g} of {self.limit:g} calls are left{until}"


def quotas(pairs: Sequence[tuple[bytes, bytes]], now: int) -> list[Quota]:
    """Those in an answer's headers; `now` is in ns since 1970."""
    if not tell(pairs):
        return []
    headers = {name.decode("latin-1").lower(): value[:500].decode("latin-1") for name, value in pairs}
    found = (read(headers, now) for read in _FORMS)
    by_name: dict[str, Quota] = {}
    for quota in found:
        if quota is not None:
            by_name.setdefault(quota.name, quota)
    return list(by_name.values())


def tell(pairs: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether an answer's headers may say something of limits. Most do not, and this is asked of each: it is cheap."""
    for name, _ in pairs:  # noqa: SIM110 - `any` costs twice as much
        if b"imit" in name or b"IMIT" in name:
            return True
    return False


def scarcest(found: Iterable[Quota]) -> Quota | None:
    """The one that asks for the longest pause; None when there is plenty of all."""
    scarce = [quota for quota in found if quota.pause_s() is not None]
    return max(scarce, key=lambda quota: quota.pause_s() or 0.0, default=None)


def wait(status: int, said: str, found: Iterable[Quota], now: int) -> float | None:
    """Seconds that an answer asks us to wait: by Retry-After, else by the reset of what is used up, else to make what
    is left last; None when we may go on."""
    asked = retry_after(status, said, now)
    if asked is not None:
        return asked
    found = list(found)
    if status == 429:
        resets = [quota.reset_s for quota in found if quota.reset_s is not None and quota.used_up]
        if resets:
            return min(max(resets), LONGEST_S)
    scarce = scarcest(found)
    return scarce.pause_s() if scarce is not None else None


def _plain(headers: Mapping[str, str], now: int) -> Quota | None:
    """X-RateLimit-Remaining and its kin, with a reset as seconds or as an instant."""
    for prefix in ("x-ratelimit-", "x-rate-limit-", "ratelimit-"):
        remaining = _number(headers.get(prefix + "remaining"))
        reset = _span(_number(headers.get(prefix + "reset")), now)
        if remaining is not None or reset is not None:
            limit, period = (_number(headers.get(prefix + key)) for key in ("limit", "period"))
            return Quota("rate", remaining, limit, reset, period)
    return None


def _draft(headers: Mapping[str, str], _: int) -> Quota | None:
    """RateLimit: `limit=10, remaining=1, reset=7`, or `"default";r=1;t=7` beside RateLimit-Policy `"default";q=10`."""
    said = dict(_DRAFT.findall(headers.get("ratelimit", "")))
    policy = dict(_DRAFT.findall(headers.get("ratelimit-policy", "")))
    remaining = _number(said.get("remaining") or said.get("r"))
    if remaining is None:
        return None
    limit = _number(said.get("limit") or said.get("q") or policy.get("q"))
    return Quota("rate", remaining, limit, _number(said.get("reset") or said.get("t")))


def _shopify(headers: Mapping[str, str], _: int) -> Quota | None:
    """A bucket `32/40` that leaks: an empty one is full again after 20 s, whatever its size."""
    found = _PAIR.fullmatch(headers.get("x-shopify-shop-api-call-limit", ""))
    if found is None or int(found[2]) == 0:
        return None
    used, limit = int(found[1]), int(found[2])
    return Quota("rate", float(max(0, limit - used)), float(limit), 20.0 * min(1.0, used / limit))


def _hubspot(headers: Mapping[str, str], _: int) -> Quota | None:
    remaining = _number(headers.get("x-hubspot-ratelimit-remaining"))
    interval = _number(headers.get("x-hubspot-ratelimit-interval-milliseconds"))
    if remaining is None:
        return None
    limit = _number(headers.get("x-hubspot-ratelimit-max"))
    period = interval / 1000 if interval is not None else None
    return Quota("rate", remaining, limit, period, period)


def _hubspot_daily(headers: Mapping[str, str], _: int) -> Quota | None:
    remaining = _number(headers.get("x-hubspot-ratelimit-daily-remaining"))
    limit = _number(headers.get("x-hubspot-ratelimit-daily"))
    return None if remaining is None else Quota("daily", remaining, limit)


def _salesforce(headers: Mapping[str, str], _: int) -> Quota | None:
    found = _SFORCE.search(headers.get("sforce-limit-info", ""))
    return None if found is None else Quota("api", float(max(0, int(found[2]) - int(found[1]))), float(found[2]))


_FORMS: tuple[Callable[[Mapping[str, str], int], Quota | None], ...] = (
    _plain,
    _draft,
    _shopify,
    _hubspot,
    _hubspot_daily,
    _salesforce,
)


def _number(text: str | None) -> float | None:
    """The first number of a list like `100, 100;w=60`."""
    try:
        found = float((text or "").partition(",")[0].partition(";")[0])
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def _span(reset: float | None, now: int) -> float | None:
    """Seconds until an instant in seconds or milliseconds since 1970; a smaller number is a span already."""
    if reset is None or reset < _EPOCH_S:
        return reset
    instant = reset / 1000 if reset > 1000 * _EPOCH_S else reset
    return max(0.0, instant - now / SECOND)
