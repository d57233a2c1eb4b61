"""How often we may ask: a bucket of permits that fills as time passes.

A rate of `100/m` never lets more than 100 go in any minute: a tenth of them may go at once, the rest as they come back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from standby.domain.units import SECOND, parse_duration

_RATE = re.compile(r"([0-9]{1,7})/([0-9]{0,6})(ms|s|m|h|d)")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any span of `per` ns."""

    count: int
    per: int

    @property
    def burst(self) -> int:
        """So many at once, when nobody has asked for a while."""
        return max(1, self.count // 10)

    @property
    def spacing(self) -> float:
        """ns until the next permit comes back."""
        return self.per / (self.count - self.burst + 1)


@lru_cache(maxsize=256)
def parse_rate(text: str) -> Rate:
    """`100/m`, `5/s`, `40000/d`, `100/10s`. Raises ValueError with the mend."""
    found = _RATE.fullmatch(text)
    rate = None if found is None else Rate(int(found[1]), parse_duration(f"{found[2] or 1}{found[3]}"))
    if rate is None or rate.count < 1 or rate.per < 1:
        raise ValueError('is not a rate; write one like "100/m", "5/s" or "100/10s"')
    return rate


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left at an instant (ns of a monotonic clock). Below zero: permits that are promised already."""

    left: float
    at: int


def full(rate: Rate, now: int) -> Bucket:
    """One that nobody has used."""
    return Bucket(float(rate.burst), now)


def take(bucket: Bucket, rate: Rate, now: int, patience: int) -> tuple[Bucket, int]:
    """One permit: the bucket after it, and in how many ns it may be used; past `patience` ns nothing is taken."""
    grown = min(float(rate.burst), bucket.left + max(0, now - bucket.at) / rate.spacing)
    wait = 0 if grown >= 1 else round((1 - grown) * rate.spacing)
    return Bucket(grown - 1 if wait <= patience else grown, max(now, bucket.at)), wait


def told(wait: int) -> str:
    """`12.5 s`."""
    return f"{wait / SECOND:.3g} s"
