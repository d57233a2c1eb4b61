"""Two lists of the same things held against each other: what is missing, surplus, there twice, or different."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from standby.domain.masking import masked

Value = str | int | float | Decimal | datetime | None
Row = Mapping[str, Value]
Key = tuple[str, ...]

MOST_EXAMPLES = 10
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two values may be apart: absolutely, as a share of the larger one, or in seconds for instants."""

    absolute: Decimal = Decimal(0)
    share: Decimal = Decimal(0)
    seconds: float = 0.0


EXACT = Tolerance()


@dataclass(frozen=True, slots=True)
class Terms:
    """What is compared: the columns that name a row, and those that must be the same, each with its tolerance."""

    key: tuple[str, ...]
    columns: Mapping[str, Tolerance]


@dataclass(slots=True)
class Comparison:
    """Rows on both sides, and what is wrong with how many. `examples` are masked lines, the first of each sort."""

    left: int = 0
    right: int = 0
    missing: int = 0  # in the left list only
    extra: int = 0  # in the right list only
    duplicate: int = 0  # surplus rows of either list
    different: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def larger(self) -> int:
        """The number of rows that shares are of."""
        return max(self.left, self.right)

    def note(self, sort: str, line: str) -> None:
        """One more example, while there is room."""
        known = self.examples.setdefault(sort, [])
        if len(known) < MOST_EXAMPLES:
            known.append(line)


def compare(left: Sequence[Row], right: Sequence[Row], terms: Terms) -> Comparison:
    """Hold `right` against `left`, in time linear in both. Of a row that is there twice the first one is compared."""
    found = Comparison(len(left), len(right))
    ours, theirs = _by_key(left, terms, found), _by_key(right, terms, found)
    for key, row in ours.items():
        other = theirs.get(key)
        if other is None:
            found.missing += 1
            found.note("missing", _named(key, terms))
        elif wrong := _differences(row, other, terms):
            found.different += 1
            found.note("different", f"{_named(key, terms)} ({', '.join(wrong)})")
    for key in theirs:
        if key not in ours:
            found.extra += 1
            found.note("extra", _named(key, terms))
    return found


def _by_key(rows: Iterable[Row], terms: Terms, found: Comparison) -> dict[Key, Row]:
    known: dict[Key, Row] = {}
    for row in rows:
        key = tuple(_text(row.get(column)) for column in terms.key)
        if key in known:
            found.duplicate += 1
            found.note("duplicate", _named(key, terms))
        else:
            known[key] = row
    return known


def _differences(left: Row, right: Row, terms: Terms) -> list[str]:
    return [
        f"{column} {_shown(column, left.get(column))} / {_shown(column, right.get(column))}"
        for column, tolerance in terms.columns.items()
        if not same(left.get(column), right.get(column), tolerance)
    ]


def same(left: Value, right: Value, tolerance: Tolerance) -> bool:
    """Whether two values agree. A number and its text do; `007` and `7` do not, nor null and an empty text."""
    if left is None or right is None:
        return left is right
    if type(left) is type(right) and left == right:  # most are: nothing to read into them
        return True
    if isinstance(left, datetime) or isinstance(right, datetime):
        one, other = _instant(left), _instant(right)
        if one is not None and other is not None:
            return abs((one - other).total_seconds()) <= tolerance.seconds
        return False
    one_number, other_number = _number(left), _number(right)
    if one_number is not None and other_number is not None:
        allowed = max(tolerance.absolute, tolerance.share * max(abs(one_number), abs(other_number)))
        return abs(one_number - other_number) <= allowed
    return _text(left) == _text(right)


def _number(value: Value) -> Decimal | None:
    """The finite number that a value is, or that its text says without ambiguity."""
    if isinstance(value, str):
        text = value.strip()
        return Decimal(text) if _PLAIN_NUMBER.fullmatch(text) else None
    if isinstance(value, (int, float, Decimal)):
        found = Decimal(str(value))
        return found if found.is_finite() else None
    return None


def _instant(value: Value) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _text(value: Value) -> str:
    """One text for everything that is the same value: 1, 1.0 and "1" are."""
    if value is None:
        return "null"
    if isinstance(value, str) and "." not in value and value != "-0":
        return value.strip()  # what is a number in it is written as all of them are
    number = _number(value)
    if number is not None:
        text = format(number, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    return value.isoformat() if isinstance(value, datetime) else str(value).strip()


def _named(key: Key, terms: Terms) -> str:
    return " ".join(masked(column, part) for column, part in zip(terms.key, key, strict=True))


def _shown(column: str, value: Value) -> str:
    return masked(column, _text(value)) or '""'
