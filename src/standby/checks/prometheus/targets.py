"""The targets that a Prometheus scrapes: which are down, and what it says of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from standby.checks.answers import Document
from standby.checks.api import Finding, unreadable
from standby.checks.monitors import labels_of, listed, several, shown
from standby.domain.matchers import Matcher, match_all
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean


@dataclass(frozen=True, slots=True)
class Target:
    """One target. `health` is its word, lower-case; `error` is what the last scrape met."""

    labels: Mapping[str, str]
    health: str
    error: str

    def line(self) -> str:
        """For a person: `{instance="web1:9100", job="node"}: connection refused`."""
        return f"{shown(self.labels) or 'a target without labels'}: {self.error or self.health}"


def targets(data: Document) -> list[Target]:
    """The active targets of `/targets`. Raises Trouble, `unknown`."""
    return [
        _target(entry) for entry in listed(data.get("activeTargets") if isinstance(data, dict) else None, "targets")
    ]


def judge(found: Sequence[Target], matchers: Sequence[Matcher]) -> Finding | None:
    """`down` when all that are chosen are, `degraded` when some are; None when there is none to judge."""
    mine = [target for target in found if not target.labels or match_all(matchers, target.labels)]
    if not mine:
        return None
    counts = Counter(target.health for target in mine)
    down = [target.line() for target in mine if target.health == "down"]
    dark = [target.line() for target in mine if target.health not in ("up", "down")]
    metrics = {
        "targets": float(len(mine)),
        "targets_up": float(counts["up"]),
        "targets_down": float(len(down)),
        "targets_unknown": float(len(dark)),
    }
    if down:
        outcome = Outcome.DOWN if len(down) == len(mine) else Outcome.DEGRADED
        message = f"{len(down)} of {len(mine)} targets down: {several(down)}"
    elif dark:
        outcome, message = Outcome.UNKNOWN, f"{len(dark)} of {len(mine)} targets not known: {several(dark)}"
    else:
        outcome, message = Outcome.UP, f"all {len(mine)} targets are up"
    return Finding(outcome, message, None if outcome is Outcome.UP else Failure.STATED, metrics)


def _target(entry: Document) -> Target:
    if not isinstance(entry, dict):
        raise unreadable("a target is not an object")
    health, error = entry.get("health"), entry.get("lastError")
    return Target(
        labels_of(entry.get("labels")),
        clean(health.lower(), 40) if isinstance(health, str) and health else "without health",
        clean(error, 120) if isinstance(error, str) else "",
    )
