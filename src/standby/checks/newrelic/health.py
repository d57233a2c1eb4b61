"""Issues and entities, and what their words mean. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from standby.checks.api import Finding
from standby.checks.documents import Table, text
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome, worst

_MOST_SAID = 3
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
    where = _texts(found.get("entityNames"))
    return Part(f"{title} on {where[0]}" if where else title, priority or "no priority", outcome)


def entity(found: Table) -> Part:
    """How an entity is. One that reports no more says nothing about now."""
    name = text(found.get("name"), 100) or text(found.get("guid"), 60) or "an entity"
    if found.get("reporting") is not True:
        return Part(name, "not reporting", Outcome.UNKNOWN)
    word = text(found.get("alertSeverity"), 40).upper()
    return Part(name, word or "no severity", _SEVERITIES.get(word, Outcome.UNKNOWN))


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
    failure = None if outcome is Outcome.UP else Failure.STATED
    return Finding(outcome, f"{whole}: {said}{more}", failure, metrics)


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
