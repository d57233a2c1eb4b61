"""Latencies of any number of observations in a few bytes, mergeable, quantiles within 2 % (the idea of DDSketch).

Buckets grow by a constant factor, so a bucket's middle is never further than `ACCURACY` from any value in it. Values
below `SHORTEST_MS` share a bucket of their own and read as 0; values above `LONGEST_MS` count as it. So a sketch has at
most 631 buckets, whatever it is fed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

ACCURACY = 0.02
SHORTEST_MS = 0.001
LONGEST_MS = 86_400_000.0
VERSION = 1

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
_LAST = math.ceil(math.log(LONGEST_MS / SHORTEST_MS) / _LOG_GAMMA)
_MOST = 2**63 - 1
_LONGEST_SHIFT = 56  # of the last group of seven in a 63-bit number


class Sketch:
    """A multiset of latencies in milliseconds, remembered by bucket."""

    __slots__ = ("_buckets", "count")

    def __init__(self) -> None:
        self.count = 0
        self._buckets: dict[int, int] = {}  # bucket 0: below SHORTEST_MS; i: (gamma^(i-1), gamma^i] * SHORTEST_MS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self._buckets == other._buckets

    __hash__ = None  # type: ignore[assignment]  # it changes

    def add(self, latency_ms: float, count: int = 1) -> None:
        """Take `count` equal values in. Raises ValueError for what is no time (negative, infinite, not a number)."""
        if not 0 <= latency_ms < math.inf or count < 1:
            raise ValueError(f"{count} x {latency_ms} ms is no latency")
        bucket = _bucket(latency_ms)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + count
        self.count += count

    def merge(self, other: Sketch) -> None:
        """Take everything of another sketch in; the result is what one sketch of all values would be."""
        for bucket, count in other._buckets.items():
            self._buckets[bucket] = self._buckets.get(bucket, 0) + count
        self.count += other.count

    def merge_bytes(self, data: bytes) -> None:
        """As `merge(from_bytes(data))`, without the sketch between. Raises ValueError, and then has changed nothing."""
        distances, counts = _decode(data)
        buckets = self._buckets
        known = buckets.get
        bucket = -1
        for distance, count in zip(distances, counts, strict=True):
            bucket += distance + 1
            buckets[bucket] = known(bucket, 0) + count
        self.count += sum(counts)

    def quantile(self, q: float) -> float | None:
        """Milliseconds at rank `ceil(q * count)`, within `ACCURACY`; `None` when empty. ValueError outside 0..1."""
        found = self.quantiles(q)
        return found[0] if found else None

    def quantiles(self, *rising: float) -> list[float]:
        """As `quantile`, for several that do not fall, in one pass; empty for an empty sketch."""
        for q in rising:
            if not 0 <= q <= 1:
                raise ValueError(f"{q} is no quantile; one lies in 0..1")
        ranks = [max(1, math.ceil(q * self.count)) for q in rising]
        found: list[float] = []
        below = 0
        for bucket in sorted(self._buckets):
            below += self._buckets[bucket]
            while len(found) < len(ranks) and ranks[len(found)] <= below:
                found.append(_middle(bucket))
        return found

    def to_bytes(self) -> bytes:
        """The version, then for each bucket in order its distance to the one before and its count, as varints."""
        out = bytearray([VERSION])
        last = -1
        for bucket in sorted(self._buckets):
            _write(out, bucket - last - 1)
            _write(out, self._buckets[bucket])
            last = bucket
        return bytes(out)

    @classmethod
    def from_bytes(cls, data: bytes) -> Sketch:
        """The sketch that `to_bytes` wrote. Raises ValueError for anything else; there is one encoding a sketch."""
        if not data or data[0] != VERSION:
            raise ValueError(f"not a latency sketch of version {VERSION}")
        sketch = cls()
        sketch.merge_bytes(data)
        return sketch


def ascending(data: bytes, most: int) -> list[float] | None:
    """Every value of a stored sketch in ms, each within `ACCURACY`; `None` when they are more than `most`.

    Raises ValueError for what is no sketch.
    """
    distances, counts = _decode(data)
    if sum(counts) > most:
        return None
    found: list[float] = []
    bucket = -1
    for distance, count in zip(distances, counts, strict=True):
        bucket += distance + 1
        found += [_middle(bucket)] * count
    return found


def _decode(data: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """For each bucket the distance to the one before, and its count. Raises ValueError for what is no sketch."""
    if not data or data[0] != VERSION:
        raise ValueError(f"not a latency sketch of version {VERSION}")
    # Nearly always the first number is two bytes long and each of the others one: slices and sums do the work then.
    if len(data) > 3 and data[1] >= 0x80 > data[2] > 0 and (tail := data[3:]).isascii():
        numbers: Sequence[int] = [data[1] & 0x7F | data[2] << 7, *tail]
    else:
        numbers = _numbers(data[1:])
    distances, counts = numbers[::2], numbers[1::2]
    last = sum(distances) + len(distances) - 1
    if len(distances) != len(counts) or last > _LAST or 0 in counts or sum(counts) > _MOST:
        raise ValueError("damaged latency sketch: a bucket or count out of range")
    return distances, counts


def _bucket(latency_ms: float) -> int:
    if latency_ms < SHORTEST_MS:
        return 0
    if latency_ms >= LONGEST_MS:
        return _LAST
    return min(_LAST, max(1, math.ceil(math.log(latency_ms / SHORTEST_MS) / _LOG_GAMMA)))


@cache
def _middle(bucket: int) -> float:
    """The value whose relative distance to both ends of the bucket is the same."""
    return 0.0 if bucket == 0 else SHORTEST_MS * 2 * math.exp(bucket * _LOG_GAMMA) / (_GAMMA + 1)


def _write(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _numbers(data: bytes) -> list[int]:
    """The varints that `_write` wrote. Raises ValueError for one that is cut off, too long, or has a shorter form."""
    numbers: list[int] = []
    number = shift = 0
    for byte in data:
        if byte >= 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
            if shift > _LONGEST_SHIFT:
                break
        elif shift and not byte:
            break
        else:
            numbers.append(number | byte << shift)
            number = shift = 0
    if shift:
        raise ValueError("damaged latency sketch: a number is cut off or too long")
    return numbers
