"""What free text says about a service: for feeds, headlines and home-made pages, whose words nobody has agreed on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from standby.domain.outcome import Outcome

# The first that is found decides, so what says most precisely how things stand comes first: a fault that is being
# investigated is open whatever it is called, "partial outage" is no outage, and "not operational" not operational.
_RULES: Sequence[tuple[Outcome, re.Pattern[str]]] = tuple(
    (outcome, re.compile(pattern))
    for outcome, pattern in (
        (Outcome.DEGRADED, r"\bnot (?:yet )?(?:fully )?(?:resolved|operational|available|recovered|mitigated)\b"),
        (Outcome.DEGRADED, r"\b(?:un|non-?)(?:resolved|available|operational|healthy|stable)\b"),
        (Outcome.DEGRADED, r"\b(?:investigat|identified\b|monitoring\b)"),
        (Outcome.UP, r"\b(?:resolved|mitigated|recovered|completed)\b"),
        (Outcome.MAINTENANCE, r"\bmaintenance\b"),
        (Outcome.DEGRADED, r"\b(?:partial|partially|minor)\b"),
        (Outcome.DOWN, r"\b(?:outage|down|offline|unreachable|critical|disruption)\b"),
        (Outcome.DEGRADED, r"\b(?:degrad|slow|delay|performance (?:issue|problem)|elevated|intermittent|impaired)"),
        (Outcome.DEGRADED, r"\b(?:issues?|problems?|errors?|incident|failing|failed|failure|warning|unhealthy|fail)\b"),
        (
            Outcome.UP,
            r"\b(?:operational|operating normally|available|online|healthy|running|ok|okay|up|green|normal|pass)\b",
        ),
    )
)
_NEGATED = re.compile(
    r"\b(?:no|without|zero) (?:known |reported |current |open |active )*"
    r"(?:issues?|problems?|errors?|incidents?|outages?|disruptions?|downtime)\b"
)


def outcome_of(text: str) -> Outcome | None:
    """How things stand by the words of `text`; None when none of them is known."""
    plain = " ".join(text.casefold().replace("_", " ").split())[:2000]
    rest = _NEGATED.sub(" ", plain)
    found = next((outcome for outcome, pattern in _RULES if pattern.search(rest)), None)
    return Outcome.UP if found is None and rest != plain else found
