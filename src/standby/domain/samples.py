"""A short way to write a series down: `up x10, down x6`, `120 x10, 900 x6, 100+20 x5`, `_` for nothing.

A word stands for itself once; `x10` after it says how often, a duration (`5m`) for how long at the series' interval.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import format_duration, parse_duration

MOST = 200_000
"""Samples in one series: two weeks at the shortest interval that most checks have."""
_NOTHING = "_"
_TIMES = re.compile(r"x([0-9]{1,9})")
_SPAN = re.compile(r"(?:[0-9]+(?:ms|s|m|h|d))+")
_NUMBER = re.compile(r"([+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:e[+-]?[0-9]{1,2})?)([+-][0-9]{1,18}(?:\.[0-9]{1,18})?)?")
_T = TypeVar("_T")


class Look(NamedTuple):
    """What one look found."""

    outcome: Outcome
    failure: Failure | None = None


def looks(text: str, interval: int) -> list[Look | None]:
    """One a slot of `interval` ns; `None`: the slot was not run. Raises ValueError with the mend."""
    return [look for look, _ in _read(text, interval, _look)]


def figures(text: str, interval: int) -> list[float | None]:
    """One a slot; `None`: nothing was measured. `100+20 x3` is 100, 120, 140. Raises ValueError with the mend."""
    found: list[float | None] = []
    for figure, place in _read(text, interval, _figure):
        found.append(None if figure is None else figure[0] + place * figure[1])
    return found


def _read(text: str, interval: int, word_of: Callable[[str], _T]) -> Iterator[tuple[_T, int]]:
    """Each value with its place among those that were written as one."""
    words = text.replace(",", " ").split()
    if not words:
        raise ValueError('is empty; write what is seen, like "up x10, down x6"')
    total, place = 0, 0
    while place < len(words):
        value = word_of(words[place])
        times, used = _times(words[place + 1 : place + 2], interval)
        place += 1 + used
        total += times
        if total > MOST:
            raise ValueError(f"has more than {MOST} samples; test a shorter time or a longer interval")
        yield from ((value, number) for number in range(times))


def _times(following: list[str], interval: int) -> tuple[int, int]:
    """How often, and whether a word says so."""
    if not following:
        return 1, 0
    [word] = following
    found = _TIMES.fullmatch(word)
    if found is not None:
        return int(found[1]), 1
    if not _SPAN.fullmatch(word):
        return 1, 0
    span = parse_duration(word)
    if span % interval:
        every = format_duration(interval)
        raise ValueError(f"{word} is no multiple of the interval {every}; write how often, like x10")
    return span // interval, 1


def _look(word: str) -> Look | None:
    if word == _NOTHING:
        return None
    outcome, _, failure = word.partition(":")
    if outcome not in list(Outcome):
        known = ", ".join([*Outcome, _NOTHING])
        raise ValueError(f'"{clean(word, 40)}" is no outcome; write one of {known}, and how often: "up x10, down x6"')
    if failure and failure not in list(Failure):
        raise ValueError(f'"{clean(failure, 40)}" is no failure; write one of {", ".join(Failure)}')
    return Look(Outcome(outcome), Failure(failure) if failure else None)


def _figure(word: str) -> tuple[float, float] | None:
    if word == _NOTHING:
        return None
    found = _NUMBER.fullmatch(word)
    if found is None:
        raise ValueError(f'"{clean(word, 40)}" is no number; write one like 120, 0.5, 100+20 or _ for none')
    return float(found[1]), float(found[2] or 0)
