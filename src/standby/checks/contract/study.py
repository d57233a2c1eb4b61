"""Learning a contract out of the answers that come anyway, for as long as what is pinned does not fit them."""

from __future__ import annotations

from standby.checks.contract.contract import Contract, ContractError
from standby.checks.contract.drift import Drift
from standby.checks.contract.learn import Learner

NEEDED = 20
"""So many good answers make a contract: lists of words can be whole by then."""


class Study:
    """The first `NEEDED` good answers since the pinned contract fitted no more, or of a check that has none yet."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._learner = Learner()
        self._last: object = None
        self._why = ""

    def hear(self, document: object, size: int, *, fits: bool) -> None:
        """One more good answer of `size` bytes; one that fits what is pinned makes all that was learned void."""
        if fits:
            if self._learner.count or self._why:
                self._begin()
            return
        if self._learner.count >= NEEDED or self._why:
            return
        try:
            self._learner.add(document, size)
        except ContractError as error:
            self._why = str(error)
            return
        self._last = document

    def contract(self, learned: str) -> Contract:
        """What they have in common, learned at `learned` (RFC 3339). Raises ContractError while that is too little."""
        if self._why:
            raise ContractError(f"cannot be learned: {self._why}")
        if self._learner.count == 0:
            raise ContractError("needs no new pin: the answers keep it, or none came since the start")
        if self._learner.count < NEEDED:
            raise ContractError(f"is learned from {self._learner.count} of {NEEDED} good answers so far; wait for them")
        return self._learner.contract(learned)

    def drifts(self, old: Contract | None) -> list[Drift]:
        """How the newest answer differs from what was pinned before."""
        return [] if old is None else old.drifts(self._last, self._learner.most)
