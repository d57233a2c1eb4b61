"""Alerts that somebody else decides about: what was said of one, who it is, how loud, and for how long it holds.

Not our measurement: nothing that we see or fail to see fires or resolves one. It is over when its source says so, or,
when its word was a lease (S8), when the lease ends without being given again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from standby.domain.outcome import Severity
from standby.domain.text import clean
from standby.domain.units import DAY, SECOND

OURSELVES = "standby"
"""The `integration` of alerts about the engine itself."""

MOST_LABELS = 64
LONGEST_NAME = 128
LONGEST_VALUE = 300
LONGEST_LINK = 2_000
LONGEST_LEASE_NS = 366 * DAY
SHORTEST_LEASE_NS = SECOND

_WORDS = {
    Severity.CRITICAL: ("critical", "crit", "page", "error", "fatal", "emergency", "alert", "high", "p1", "sev1"),
    Severity.WARNING: ("warning", "warn", "major", "medium", "p2", "p3", "sev2", "sev3"),
    Severity.INFO: ("info", "informational", "notice", "minor", "low", "none", "debug", "p4", "p5", "sev4", "sev5"),
}
_LOUDNESS = {word: severity for severity, words in _WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Said:
    """One alert as its source tells it. Labels are clean, at least one; instants ns since 1970, `None`: not said.

    `fingerprint` is the same for the same alert, `ends_at` the end of the lease while it fires.
    """

    fingerprint: str
    labels: Mapping[str, str]
    firing: bool
    starts_at: int | None = None
    ends_at: int | None = None
    summary: str = ""
    link: str = ""

    @property
    def name(self) -> str:
        """What its rule is called there."""
        return self.labels.get("alertname") or "alert"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a live alert comes from; `lease_ns`: over when it is not said again for so long, `None`: until it is."""

    source: str
    fingerprint: str
    link: str = ""
    lease_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """One word about an alert that fires: since when, until when that holds, when it was given; ns of one clock.

    `assumed`: its source did not say until when, so it holds for the usual while.
    """

    starts_at: int
    ends_at: int
    given_at: int
    assumed: bool = False


def merged(one: Word, other: Word, now: int) -> Word:
    """What two words about the same alert say together, as Alertmanager has it (S21).

    The later word wins, but the alert began with the earlier beginning. An end that was said is not taken back by an
    earlier one; one that was only assumed is. Of two ends that have come the later counts.
    """
    older, newer = (one, other) if one.given_at <= other.given_at else (other, one)
    ends_at = newer.ends_at
    if older.ends_at > ends_at and (older.ends_at <= now if newer.ends_at <= now else not older.assumed):
        ends_at = older.ends_at
    return replace(newer, starts_at=min(older.starts_at, newer.starts_at), ends_at=ends_at)


def fingerprint(labels: Mapping[str, str]) -> str:
    """16 hex digits of the labels as they came, whole: what a screen cuts off still tells two alerts apart."""
    pairs = json.dumps(sorted(labels.items()), separators=(",", ":"))
    return hashlib.blake2b(pairs.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def tidied(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels clean and short, in order; a label without a value is none (as with Prometheus)."""
    clear = ((clean(name, LONGEST_NAME), clean(value, LONGEST_VALUE)) for name, value in sorted(labels.items()))
    return {name: value for name, value in clear if name and value}


def loudness(labels: Mapping[str, str], words: Mapping[str, Severity]) -> Severity:
    """What the label `severity` (or `priority`) means, by the user's words first; a warning when it means nothing."""
    for name in ("severity", "priority"):
        word = labels.get(name, "")
        found = words.get(word) or _LOUDNESS.get(word.casefold())
        if found is not None:
            return found
    return Severity.WARNING


def link(text: str) -> str:
    """An address that can be shown and opened; empty for anything else."""
    whole = len(text) <= LONGEST_LINK and text.isprintable() and " " not in text
    return text if whole and text.startswith(("http://", "https://")) else ""


def lease(ends_at: int | None, now: int, otherwise: int | None) -> int | None:
    """How long the word given at `now` holds, in ns: to its end, else `otherwise`; `None`: until it is taken back."""
    return otherwise if ends_at is None else min(max(ends_at - now, SHORTEST_LEASE_NS), LONGEST_LEASE_NS)


def steady(before: int | None, given: int | None) -> int | None:
    """What to remember of a lease after `before`: an end moves a little with every word, and that is no news."""
    if before is None or given is None:
        return given
    return before if before * 3 // 4 <= given <= before * 5 // 4 else given


def began(starts_at: int | None, now: int) -> int:
    """Since when it is true, by our clock: nothing begins in the future."""
    return now if starts_at is None else min(starts_at, now)


def to_json(origin: Origin) -> dict[str, Any]:
    """A JSON-able object that `from_json` reads back."""
    said = {"source": origin.source, "fingerprint": origin.fingerprint, "link": origin.link, "lease": origin.lease_ns}
    return {key: value for key, value in said.items() if value not in ("", None)}


def from_json(doc: Mapping[str, Any]) -> Origin | None:
    """The origin in `doc`; `None` when it is not one of ours."""
    source, known = doc.get("source"), doc.get("fingerprint")
    if not isinstance(source, str) or not isinstance(known, str) or not source or not known:
        return None
    held, where = doc.get("lease"), doc.get("link")
    held = held if isinstance(held, int) and not isinstance(held, bool) and held > 0 else None
    return Origin(clean(source, 64), clean(known, 64), link(where) if isinstance(where, str) else "", held)
