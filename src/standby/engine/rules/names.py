"""What the names of a rule mean: figures out of what is remembered of the checks that it speaks about.

One line a name in `MEANINGS`; its type is in `config.cel.RULE`. (`checks` and the burn rates are added by
`engine.rules`.) `None` says that nothing is known: then the name is
left out, and a condition that needs it can be told neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from standby.domain.outcome import Outcome
from standby.domain.units import SECOND
from standby.domain.window import Window
from standby.engine.learning.learned import Learned
from standby.engine.memory import CheckMemory


class Asked(NamedTuple):
    """The checks of one rule and their window at `now` (ns since 1970)."""

    memories: Sequence[CheckMemory]
    window: Window
    now: int
    learned: Learned

    @property
    def checks(self) -> list[str]:
        """Their ids."""
        return [memory.id for memory in self.memories]


Meaning = Callable[[Asked], object]

TIMED = frozenset({"silence_s", "freshness_s"})
"""What becomes true because nothing comes: rules that ask for it are judged by the clock too."""
BURN_PAGE, BURN_TICKET = "burn_page", "burn_ticket"
BURNING = frozenset({BURN_PAGE, BURN_TICKET})
"""What `engine.burning` tells."""
WINDOWLESS = TIMED | BURNING | {"checks"}
"""What says something though the window is empty."""


def meant(wanted: Iterable[str]) -> Sequence[tuple[str, Meaning]]:
    """Those of these names that have a meaning of their own, with it."""
    return [(name, MEANINGS[name]) for name in wanted if name in MEANINGS]


def values(asked: Asked, meant: Iterable[tuple[str, Meaning]]) -> dict[str, Any]:
    """What these names are now; what is not known is left out."""
    found = {}
    for name, meaning in meant:
        value = meaning(asked)
        if value is not None:
            found[name] = value
    return found


def believed(memories: Iterable[CheckMemory]) -> Outcome | None:
    """The worst of what is believed. A check that is unknown now and was not down before has no say."""
    worst_known: Outcome | None = None
    untold = False
    for memory in memories:
        outcome = memory.outcome
        if outcome is Outcome.UNKNOWN:
            untold = untold or memory.decided is Outcome.DOWN
        elif worst_known is None or outcome.badness > worst_known.badness:
            worst_known = outcome
    return None if untold and worst_known is not Outcome.DOWN else worst_known


def _outcome(asked: Asked) -> str | None:
    found = believed(asked.memories)
    return None if found is None else found.value


def _said(asked: Asked, *, stated: bool) -> str | None:
    """What is believed by what others say about it, or by what we measure."""
    found = believed(memory for memory in asked.memories if memory.stated is stated)
    return None if found is None else found.value


def _failure(asked: Asked) -> str | None:
    """Why the worst of what is believed is not up; empty when it is."""
    worst = believed(asked.memories)
    if worst is None:
        return None
    named = (memory.failure for memory in asked.memories if memory.outcome is worst and memory.failure is not None)
    return next((failure.value for failure in named), "")


def _metrics(asked: Asked) -> dict[str, float]:
    """Of all the checks; where two have one of a name, the newer."""
    metrics: dict[str, float] = {}
    for memory in sorted(asked.memories, key=attrgetter("at")):
        metrics.update(memory.metrics)
    return metrics


def _figures(asked: Asked, name: str) -> list[float]:
    return [memory.metrics[name] for memory in asked.memories if name in memory.metrics]


def _fewest(name: str) -> Meaning:
    return lambda asked: min(_figures(asked, name), default=None)


def _together(name: str) -> Meaning:
    def told(asked: Asked) -> float | None:
        found = _figures(asked, name)
        return sum(found) if found else None

    return told


def _silence(asked: Asked) -> float:
    """While we listened: our own absence and blindness are no silence of theirs."""
    return max(0, asked.now - max(memory.heard for memory in asked.memories)) / SECOND


def _freshness(asked: Asked) -> float:
    """Of a check that never succeeded: since it is known."""
    return max(0, asked.now - max(memory.succeeded or memory.known_since for memory in asked.memories)) / SECOND


def _steady(asked: Asked) -> float | None:
    settled = [memory.settled.since for memory in asked.memories if memory.settled is not None]
    return max(0, asked.now - max(settled)) / SECOND if settled else None


def _of_window(name: str) -> Meaning:
    figure = attrgetter(name)
    return lambda asked: figure(asked.window)


MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "outcome": _outcome,
        "measured": lambda asked: _said(asked, stated=False),
        "stated": lambda asked: _said(asked, stated=True),
        "failure": _failure,
        "since_s": _steady,
        "silence_s": _silence,
        "freshness_s": _freshness,
        "certificate_days": _fewest("certificate_days"),
        "domain_days": _fewest("domain_days"),
        "contract_breaks": _together("contract_breaks"),
        "metrics": _metrics,
        "usual": lambda asked: asked.learned.usual(asked.checks),
        "deviation": lambda asked: asked.learned.deviation(asked.checks, asked.window, _metrics(asked)),
    }
    | {
        name: _of_window(name)
        for name in (
            "latency_ms",
            "latency_p50_ms",
            "latency_p95_ms",
            "latency_p99_ms",
            "error_rate",
            "failures",
            "throughput",
            "availability",
        )
    }
)
