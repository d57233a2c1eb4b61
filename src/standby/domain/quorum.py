"""Several look at the same thing: what enough of them agree on (S56)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """`outcome` is what `probes` agree on, `None` when too few do; `count` of `required` said the same."""

    outcome: str | None
    probes: tuple[str, ...]
    count: int
    required: int
    active: int

    @property
    def reached(self) -> bool:
        """Whether there is one; without any probe there is, and whoever asks decides alone."""
        return self.count >= self.required


def agree(votes: Mapping[str, str | None], minimum: int | None = None) -> Agreement:
    """What the active probes agree on; by default all have to, and more than there are is never asked.

    `votes` has what each active probe saw last, `None` for one that has said nothing yet: it is asked, and has not
    agreed. Disabled and disconnected probes are not in it. Of two outcomes with as many votes, the first seen counts.
    """
    active = len(votes)
    required = active if minimum is None else max(min(minimum, active), min(active, 1))
    said = Counter(vote for vote in votes.values() if vote is not None)
    outcome, count = said.most_common(1)[0] if said else (None, 0)
    if count < required:
        return Agreement(None, (), count, required, active)
    return Agreement(outcome, tuple(probe for probe, vote in votes.items() if vote == outcome), count, required, active)
