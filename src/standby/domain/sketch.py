"""Latencies of any number of observations in a few bytes, mergeable, quantiles within 2 % (the idea of DDSketch).

Buckets grow by a constant factor, so a bucket's middle is never further than `ACCURACY` from any value in it. Values
below `SHORTEST_MS` share a bucket of their own and read as 0; values above `LONGEST_MS` count as it. So a sketch has at
most 631 buckets, whatever it is fed.
"""

from __future__ import annotations

import math

ACCURACY = 0.02
SHORTEST_MS = 0.001
LONGEST_MS = 86_400_000.0
VERSION = 1

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
_LAST = math.ceil(math.log(LONGEST_MS / SHORTEST_MS) / _LOG_GAMMA)
_MOST = 2**63 - 1
_LONGEST_NUMBER = 9  # bytes of a 63-bit number in groups of seven


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

    def quantile(self, q: float) -> float | None:
        """Milliseconds at rank `ceil(q * count)`, within `ACCURACY`; `None` when empty. ValueError outside 0..1."""
        if not 0 <= q <= 1:
            raise ValueError(f"{q} is no quantile; one lies in 0..1")
        if not self.count:
            return None
        rest = max(1, math.ceil(q * self.count))
        for bucket in sorted(self._buckets):
            rest -= self._buckets[bucket]
            if rest <= 0:
                return _middle(bucket)
        raise AssertionError("a sketch counts more values than its buckets hold")

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
        place, last = 1, -1
        while place < len(data):
            distance, place = _read(data, place)
            count, place = _read(data, place)
            last += distance + 1
            sketch.count += count
            if last > _LAST or not count or sketch.count > _MOST:
                raise ValueError("damaged latency sketch: a bucket or count out of range")
            sketch._buckets[last] = count
        return sketch


def _bucket(latency_ms: float) -> int:
    if latency_ms < SHORTEST_MS:
        return 0
    if latency_ms >= LONGEST_MS:
        return _LAST
    return min(_LAST, max(1, math.ceil(math.log(latency_ms / SHORTEST_MS) / _LOG_GAMMA)))


def _middle(bucket: int) -> float:
    """The value whose relative distance to both ends of the bucket is the same."""
    return 0.0 if bucket == 0 else SHORTEST_MS * 2 * math.exp(bucket * _LOG_GAMMA) / (_GAMMA + 1)


def _write(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _read(data: bytes, place: int) -> tuple[int, int]:
    number = 0
    for position, byte in enumerate(data[place : place + _LONGEST_NUMBER]):
        number |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            if not byte and position:
                break  # a longer way to write the same number
            return number, place + position + 1
    raise ValueError("damaged latency sketch: a number is cut off or too long")
