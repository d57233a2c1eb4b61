"""Alerts in the order in which they need somebody, carried on from one snapshot to the next.

A storm has thousands of alerts of which a few change between two paintings: only these are ranked, counted and searched
anew. What is kept is of the last mapping alone, found again by identity, so every function here is pure to its callers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from standby.console.estate import Estate
from standby.domain.outcome import AlertState
from standby.store.rows import AlertRow

Rank = tuple[int, int, int, int]
"""Lower is more urgent; the last number is the alert's."""

_STATES = {AlertState.FIRING: 0, AlertState.ACKNOWLEDGED: 1, AlertState.PENDING: 3, AlertState.RESOLVED: 4}
_MUTED = 2  # nobody has to do anything about it for now, but it is true


class Tally(NamedTuple):
    """How many alerts fire and wait for somebody, fire and are kept quiet, are held."""

    firing: int
    muted: int
    acked: int


def muted(alert: AlertRow) -> bool:
    """Whether it fires and nobody is to be told."""
    return bool(alert.mutes) and alert.state is AlertState.FIRING


def rank(alert: AlertRow) -> Rank:
    """Firing by severity and age, acknowledged, muted, pending, and the newest resolved."""
    if alert.state is AlertState.RESOLVED:
        return _STATES[alert.state], 0, -(alert.resolved_at or 0), alert.id
    return _MUTED if muted(alert) else _STATES[alert.state], alert.severity.loudness, alert.since, alert.id


def ranked(alerts: Mapping[int, AlertRow]) -> Sequence[AlertRow]:
    """All of them in that order; not to be changed."""
    return _last.bring(alerts)


def up_to(found: Sequence[AlertRow], state: AlertState) -> int:
    """How many in a ranked sequence come before the first in `state`."""
    return _before(found, _STATES[state])


def place_of(found: Sequence[AlertRow], alert: AlertRow | None) -> int:
    """Where an alert stands in a ranked sequence; -1 when it is not there."""
    if alert is None:
        return -1
    at = bisect_left(found, rank(alert), key=rank)
    return at if at < len(found) and found[at] is alert else -1


def tally(alerts: Mapping[int, AlertRow]) -> Tally:
    """The counts for the header."""
    found = ranked(alerts)
    if _last.tally is None:
        firing, acked, quiet, pending = (_before(found, part) for part in range(4))
        _last.tally = Tally(acked - firing, pending - quiet, quiet - acked)
    return _last.tally


def matching(alerts: Mapping[int, AlertRow], estate: Estate, words: Sequence[str]) -> Sequence[AlertRow]:
    """Those, ranked, of which every one of `words` (casefolded) is in something that is shown of them."""
    found = ranked(alerts)
    if not words:
        return found
    return _last.matching(estate, tuple(words))


def _before(found: Sequence[AlertRow], part: int) -> int:
    return bisect_left(found, part, key=lambda alert: rank(alert)[0])


class _Ranking:
    """What is known of the last mapping."""

    def __init__(self) -> None:
        self.tally: Tally | None = None
        self._of: Mapping[int, AlertRow] = {}
        self._rows: list[AlertRow] = []
        self._order: list[Rank] = []
        self._texts: dict[int, tuple[AlertRow, str]] = {}
        self._names: Estate | None = None  # whose names are in the texts
        self._asked: tuple[Estate, tuple[str, ...]] | None = None
        self._found: list[AlertRow] = []

    def bring(self, alerts: Mapping[int, AlertRow]) -> list[AlertRow]:
        """In order, after ranking what is new or another."""
        before = self._of
        if alerts is before:
            return self._rows
        changed = [row for number, row in alerts.items() if before.get(number) is not row]
        left = {row.id for row in changed}
        if len(before) + sum(row.id not in before for row in changed) != len(alerts):
            left |= before.keys() - alerts.keys()
        self._order = [*(one for one in self._order if one[-1] not in left), *map(rank, changed)]
        self._order.sort()
        self._of, self._rows = alerts, [alerts[one[-1]] for one in self._order]
        self.tally = self._asked = None
        return self._rows

    def matching(self, estate: Estate, words: tuple[str, ...]) -> list[AlertRow]:
        """Of the last mapping; the texts of those that are still the same are kept."""
        if self._asked is not None and self._asked[0] is estate and self._asked[1] == words:
            return self._found
        if self._names is not estate:
            self._texts, self._names = {}, estate
        texts = {}
        for row in self._rows:
            known = self._texts.get(row.id)
            texts[row.id] = known if known is not None and known[0] is row else (row, text_of(row, estate))
        self._texts, self._asked = texts, (estate, words)
        self._found = [row for row, text in texts.values() if all(word in text for word in words)]
        return self._found


def text_of(alert: AlertRow, estate: Estate) -> str:
    """What a filter looks for words in: casefolded, a line each."""
    said = [alert.integration, estate.name_of(alert.integration), alert.summary, alert.rule, alert.severity.value]
    said += [alert.state.value, alert.acked_by or "", *(f"{name}={value}" for name, value in alert.labels.items())]
    return "\n".join(said).casefold()


_last = _Ranking()
