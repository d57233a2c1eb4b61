"""Issues and entities, and what their words mean. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from standby.checks.api import Finding
from standby.checks.documents import Table, text
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome, worst

_MOST_SAID = 3
_WHOLLY, _PARTLY = "FULLY_MUTED", "PARTIALLY_MUTED"
_BAD = frozenset({Outcome.DOWN, Outcome.DEGRADED})
_CLOSED = frozenset({"CLOSED", "DEACTIVATED"})
_OPEN = frozenset({"CREATED", "ACTIVATED"})
_PRIORITIES = {
    "CRITICAL": Outcome.DOWN,
    "HIGH": Outcome.DEGRADED,
    "MEDIUM": Outcome.UP,
    "LOW": Outcome.UP,
}
_SEVERITIES = {
    "CRITICAL": Outcome.DOWN,
    "WARNING": Outcome.DEGRADED,
    "NOT_ALERTING": Outcome.UP,
}


@dataclass(frozen=True, slots=True)
class Part:
    """An issue or an entity: what it is called, the vendor's word for how it is, and what that means to us."""

    name: str
    word: str
    outcome: Outcome
    guids: Sequence[str] = ()  # the entities that it is about
    muted: bool = False  # by a rule of the vendor's: bad, but nobody is to be told


def issue(found: Table, policies: Sequence[str]) -> Part | None:
    """An open issue; None for one that is over, or of a policy that none of the globs fits.

    Of an open issue a word that nobody knows is `degraded`: something is open.
    """
    state, priority = text(found.get("state"), 40).upper(), text(found.get("priority"), 40).upper()
    if state in _CLOSED or not _is_of(found.get("policyName"), policies):
        return None
    title = next(iter([*_texts(found.get("title")), *_texts(found.get("conditionName"))]), "an issue")
    outcome = _PRIORITIES.get(priority, Outcome.DEGRADED)
    if state not in _OPEN:
        outcome = Outcome.DEGRADED
    where, guids = _texts(found.get("entityNames")), _texts(found.get("entityGuids"))
    muting = text(found.get("mutingState"), 40).upper()
    word = f"{priority or 'no priority'}{', partly muted' if muting == _PARTLY else ''}"
    part = Part(f"{title} on {where[0]}" if where else title, word, outcome, guids)
    return _muted(part) if muting == _WHOLLY else part


def entity(found: Table) -> Part:
    """How an entity is. One that reports no more says nothing about now."""
    name = text(found.get("name"), 100) or text(found.get("guid"), 60) or "an entity"
    if found.get("reporting") is not True:
        return Part(name, "not reporting", Outcome.UNKNOWN)
    word = text(found.get("alertSeverity"), 40).upper()
    guids = _texts(found.get("guid"))
    return Part(name, word or "no severity", _SEVERITIES.get(word, Outcome.UNKNOWN), guids)


def any_bad(found: Sequence[Part]) -> bool:
    """Whether one of them is in trouble."""
    return any(part.outcome in _BAD for part in found)


def without_muted(entities: Sequence[Part], issues: Sequence[Part]) -> list[Part]:
    """The entities, those whose every open issue is muted as muted: an entity itself says nothing of rules that mute.

    A bad one of which no issue is known counts.
    """
    open_, loud = set[str](), set[str]()
    for one in issues:
        (open_ if one.muted else loud).update(one.guids)
    quiet = open_ - loud
    return [_muted(one) if one.outcome in _BAD and quiet.intersection(one.guids) else one for one in entities]


def _muted(part: Part) -> Part:
    outcome = Outcome.MAINTENANCE if part.outcome in _BAD else part.outcome
    return replace(part, word=f"{part.word}, muted", outcome=outcome, muted=True)


def issues_told(found: Sequence[Part]) -> Finding:
    """The worst open issue. None open is `up`."""
    counts = Counter(part.outcome for part in found)
    metrics = {"issues": float(len(found)), "issues_critical": float(counts[Outcome.DOWN])}
    if not found:
        return Finding(Outcome.UP, "no open issue", None, metrics)
    return _told(found, f"{len(found)} open", metrics)


def entities_told(found: Sequence[Part]) -> Finding:
    """The worst entity. None at all is `unknown`: the search fits nothing."""
    counts = Counter(part.outcome for part in found)
    metrics = {f"entities_{outcome}": float(counts[outcome]) for outcome in Outcome}
    if not found:
        return Finding(Outcome.UNKNOWN, "no entity fits: look at entities", Failure.DATA, metrics)
    return _told(found, f"{len(found)} entities", metrics)


def _told(found: Sequence[Part], whole: str, metrics: dict[str, float]) -> Finding:
    outcome = worst(part.outcome for part in found)
    spoke = [part for part in found if part.outcome is outcome]
    said = ", ".join(f"{part.name}: {part.word}" for part in spoke[:_MOST_SAID])
    more = f", and {len(spoke) - _MOST_SAID} more" if len(spoke) > _MOST_SAID else ""
    muted = [part.name for part in found if part.muted and part.outcome is not outcome]
    aside = f"; {len(muted)} muted, not counted: {', '.join(muted[:_MOST_SAID])}" if muted else ""
    failure = None if outcome is Outcome.UP else Failure.STATED
    return Finding(outcome, f"{whole}: {said}{more}{aside}", failure, metrics)


def _texts(found: object) -> list[str]:
    """The texts of a list; a bare text is a list of one."""
    listed = found if isinstance(found, list) else [found]
    return [one for one in (text(each, 100) for each in listed) if one]


def _is_of(policies: object, globs: Sequence[str]) -> bool:
    """An issue that does not say of which policy it is may be of any."""
    if not globs or not isinstance(policies, (list, str)):
        return True
    names = [name.lower() for name in _texts(policies)]
    return any(fnmatchcase(name, glob.lower()) for name in names for glob in globs)
