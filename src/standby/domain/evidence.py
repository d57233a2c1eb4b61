"""Judgements summed up as evidence: how long each side had a trouble, and how long before their own page we saw it.

The log holds one line whenever the judgement about an integration changes. Between two lines the first holds, as long
as somebody watched: holes (no engine, our own network gone) belong to nobody, and are told beside the sums.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from standby.domain.attribution import OVER, Side
from standby.domain.units import parse_duration

Span = tuple[int, int]
"""From, to (ns since 1970)."""
_LEAD = re.compile(r"saw it (\w+) (before|after)\b")


@dataclass(frozen=True, slots=True)
class Said:
    """A judgement as its line in the log says it: `side` is None once nothing is wrong, `lead` that of `Judgement`."""

    at: int
    side: Side | None
    text: str = ""
    lead: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One trouble from the first judgement to the end (None while it lasts), as far as it lies within the window.

    `spent` is ns by side, `unseen` ns of it in which nobody watched; `says` is the newest judgement.
    """

    start: int
    end: int | None
    spent: Mapping[Side, int]
    unseen: int
    says: str
    lead: int | None = None

    @property
    def side(self) -> Side:
        """Whose it was for most of the time."""
        return max(self.spent, key=lambda side: self.spent[side], default=Side.OPEN)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The cases of one integration in a window of `length` ns, of which nobody watched for `unseen` ns."""

    length: int
    unseen: int
    cases: Sequence[Case]

    @property
    def spent(self) -> Mapping[Side, int]:
        """ns by side, of all cases together; every side is there."""
        return {side: sum(case.spent.get(side, 0) for case in self.cases) for side in Side}

    @property
    def coverage(self) -> float:
        """The share of the window that somebody watched, 0 to 1."""
        return 1 - self.unseen / self.length if self.length > 0 else 0.0

    @property
    def lead(self) -> int | None:
        """The median lead of the cases that have one, ns."""
        leads = [case.lead for case in self.cases if case.lead is not None]
        return round(median(leads)) if leads else None


def read(at: int, text: str) -> Said:
    """One line of the log; one that nobody can tell is `not clear`."""
    if text == OVER:
        return Said(at, None)
    word, found = text.partition(":")[0], _LEAD.search(text)
    side = Side(word) if word in tuple(Side) else Side.OPEN
    try:
        lead = parse_duration(found[1]) if found is not None else None
    except ValueError:
        lead = None
    return Said(at, side, text, -lead if lead is not None and found is not None and found[2] == "after" else lead)


def sum_up(lines: Iterable[Said], holes: Iterable[Span], start: int, end: int) -> Evidence:
    """The evidence of a window, out of one integration's judgements in the order of the log, from the one before on."""
    gaps = _merged(holes, start, end)
    cases: list[Case] = []
    open_case: list[Said] = []
    for line in lines:
        if line.side is not None:
            open_case.append(line)
        elif open_case:
            cases += _case(open_case, line.at, gaps, (start, end))
            open_case = []
    if open_case:
        cases += _case(open_case, None, gaps, (start, end))
    return Evidence(max(0, end - start), sum(to - begin for begin, to in gaps), cases)


def _case(lines: Sequence[Said], over: int | None, gaps: Sequence[Span], window: Span) -> list[Case]:
    """The case that these judgements are, unless all of it lies outside of the window."""
    start, end = window
    begin, until = max(start, lines[0].at), min(end, end if over is None else over)
    if until <= begin:
        return []
    spent: dict[Side, int] = {}
    turns = [*(line.at for line in lines[1:]), until]
    for line, turn in zip(lines, turns, strict=True):
        since, to = max(begin, line.at), min(until, turn)
        if line.side is not None and to > since:
            spent[line.side] = spent.get(line.side, 0) + to - since - _within(gaps, since, to)
    lead = next((line.lead for line in lines if line.lead is not None), None)
    lasts = over is None or over > end
    return [Case(begin, None if lasts else over, spent, _within(gaps, begin, until), lines[-1].text, lead)]


def _merged(holes: Iterable[Span], start: int, end: int) -> list[Span]:
    """Within the window, in order, none of them twice."""
    found: list[Span] = []
    for begin, to in sorted((max(start, begin), min(end, to)) for begin, to in holes):
        if to <= begin:
            continue
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(to, found[-1][1]))
        else:
            found.append((begin, to))
    return found


def _within(gaps: Sequence[Span], start: int, end: int) -> int:
    return sum(max(0, min(end, to) - max(start, begin)) for begin, to in gaps)
