"""K of the last N failed: whether failures are many enough to be believed, and when they are over (S55).

K in a row is K of the last K. It is over as soon as fewer than K of the last N failed, or with `successes` after so
many good results in a row. Results that say nothing are not given in at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LARGEST = 1000
_WRITTEN = re.compile(r"([0-9]{1,4}) of ([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Threshold:
    """`failures` of the last `total` (0: of as many); `successes` in a row end it (0: it ends by itself)."""

    failures: int = 1
    total: int = 0
    successes: int = 0


def parse_threshold(text: str) -> Threshold:
    """`3 of 5`. Raises ValueError with the mend."""
    found = _WRITTEN.fullmatch(text.strip())
    failures, total = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= failures <= total <= LARGEST:
        raise ValueError(f'is not so many of so many, at most {LARGEST}; write one like "3 of 5"')
    return Threshold(failures, total)


@dataclass(frozen=True, slots=True)
class Counted:
    """The last results, newest lowest, a bit for each that failed; `good`: successes in a row; `reached`: it holds."""

    failed: int = 0
    good: int = 0
    reached: bool = False


NOTHING = Counted()


def step(counted: Counted, failed: bool, threshold: Threshold) -> Counted:  # noqa: FBT001  # the one thing learned
    """What is counted after one more result."""
    span = max(threshold.total, threshold.failures)
    bits = (counted.failed << 1 | failed) & ((1 << span) - 1)
    good = 0 if failed else counted.good + 1
    reached = bits.bit_count() >= threshold.failures
    if counted.reached and threshold.successes:
        reached = good < threshold.successes
    elif good and threshold.successes:
        reached = False  # a good result never begins it, however many bad ones are remembered
    return Counted(bits, good, reached)


def to_json(counted: Counted) -> list[int]:
    """What `from_json` reads back."""
    return [counted.failed, counted.good, int(counted.reached)]


def from_json(doc: object) -> Counted:
    """What was counted; nothing for what is not ours."""
    if not isinstance(doc, list) or len(doc) != 3 or any(type(cell) is not int or cell < 0 for cell in doc):
        return NOTHING
    return Counted(doc[0] & ((1 << LARGEST) - 1), doc[1], bool(doc[2]))
