"""How long each phase of any number of exchanges took, in a few bytes, mergeable; quantiles within 4.1 %.

Each phase has a sketch of the square roots of its times: it has half as many buckets as one of the times, and what is
within 2 % of a root is within 4.1 % of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import sqrt

from standby.domain.sketch import Sketch

PHASES = ("resolve", "connect", "tls", "first_byte", "transfer")
"""In the order in which they happen; stored data count on it."""

_LENGTH_BITS = 5  # of a head; the other three are the phase's number
_LONG = (1 << _LENGTH_BITS) - 1  # the length is in the two bytes after the head


class PhaseSketches:
    """Times in milliseconds by phase. A phase that never happened is not there."""

    __slots__ = ("_sketches",)

    def __init__(self) -> None:
        self._sketches: dict[int, Sketch] = {}

    def add(self, times_us: Iterable[int | None]) -> None:
        """Take one exchange in: microseconds in the order of `PHASES`, `None` for what did not happen."""
        self.add_all([(us,) for us in times_us])

    def add_all(self, columns_us: Iterable[Sequence[int | None]]) -> None:
        """As `add` for many exchanges: a column a phase, in the order of `PHASES`."""
        for number, column in enumerate(columns_us):
            roots = [sqrt(us / 1000.0) for us in column if us is not None and us >= 0]
            if roots:
                self._of(number).add_all(roots)

    def merge(self, other: PhaseSketches) -> None:
        """Take everything of another one in."""
        for number, sketch in other._sketches.items():
            self._of(number).merge(sketch)

    def merge_bytes(self, data: bytes) -> None:
        """Take in what `to_bytes` wrote. Raises ValueError for anything else, what stands before it taken in."""
        for number, sketch in _parts(data):
            self._of(number).merge_bytes(sketch)

    def merge_stored(self, stored: Iterable[bytes]) -> None:
        """As `merge_bytes` for each, faster for many; what is damaged is left out."""
        parts: list[list[bytes]] = [[] for _ in PHASES]
        for data in stored:
            try:
                for number, sketch in _parts(data):
                    parts[number].append(sketch)
            except ValueError:
                continue
        for number, sketches in enumerate(parts):
            if sketches:
                self._of(number).merge_stored(sketches)

    def to_bytes(self) -> bytes:
        """Each phase that happened: its number and length, then its sketch. Empty when none did."""
        out = bytearray()
        for number, sketch in sorted(self._sketches.items()):
            stored = sketch.to_bytes()
            length = len(stored)  # of no sketch more than 7 kB
            out.append(number << _LENGTH_BITS | min(length, _LONG))
            out += (length.to_bytes(2) if length >= _LONG else b"") + stored
        return bytes(out)

    def quantiles(self, *rising: float) -> dict[str, tuple[int, list[float]]]:
        """For each phase that happened how often it did, and its quantiles in milliseconds."""
        return {
            PHASES[number]: (sketch.count, [root * root for root in sketch.quantiles(*rising)])
            for number, sketch in sorted(self._sketches.items())
        }

    def _of(self, number: int) -> Sketch:
        sketch = self._sketches.get(number)
        if sketch is None:
            sketch = self._sketches[number] = Sketch()
        return sketch


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        number, length = data[at] >> _LENGTH_BITS, data[at] & _LONG
        at += 1
        if length == _LONG:
            length = int.from_bytes(data[at : at + 2])
            at += 2
        if number >= len(PHASES) or at + length > len(data):
            raise ValueError("damaged phases: no such phase, or cut off")
        yield number, data[at : at + length]
        at += length
