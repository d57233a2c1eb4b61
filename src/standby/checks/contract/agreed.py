"""What an answer says beside its content: whether it keeps its contract, and what the vendor announces to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from standby.checks.base import Check
from standby.checks.contract.contract import Contract, ContractError
from standby.checks.contract.notices import notices
from standby.checks.contract.pinned import ContractModel, Pinned, told
from standby.checks.contract.study import Study
from standby.checks.presets.base import Verdict
from standby.config.models import CheckModel
from standby.domain.observation import NO_METRICS, Failure
from standby.domain.outcome import Outcome

Listener = Callable[[object, int], None]
"""Hears the document of each good answer, and its size in bytes."""


class Agreed:
    """The contract of one check. `listener` is for whoever learns one."""

    def __init__(self, model: ContractModel | None) -> None:
        self.listener: Listener | None = None
        self.study = Study()
        self._pinned = Pinned(model) if model is not None else None

    @property
    def holds(self) -> bool:
        """Whether there is a contract; without one nothing of an answer is looked at."""
        return self._pinned is not None

    def hold(self, verdict: Verdict, document: object, size: int, base: Path) -> tuple[Verdict, Mapping[str, float]]:
        """The verdict with what breaks the contract, and the figures of it; of a good answer of `size` bytes only.

        `base` is the config's folder.
        """
        if self._pinned is None:
            return verdict, NO_METRICS
        if self.listener is not None:
            self.listener(document, size)
        try:
            contract = self._pinned.contract(base)
            drifts = contract.drifts(document, size) if contract is not None else []
        except ContractError as error:
            return without(verdict, str(error)), NO_METRICS
        if verdict.outcome is Outcome.UP:
            self.study.hear(document, size, fits=contract is not None and not drifts)
        breaking = sum(one.breaking for one in drifts)
        metrics = {"contract_breaks": float(breaking), "contract_additions": float(len(drifts) - breaking)}
        if not drifts or verdict.outcome is not Outcome.UP:
            return verdict, metrics
        if breaking:
            return Verdict(Outcome.DEGRADED, told(drifts), Failure.CONTRACT), metrics
        return Verdict(Outcome.UP, f"{verdict.message}; {told(drifts)}"), metrics

    def pinned(self, base: Path) -> Contract | None:
        """What the file holds now; None when there is none. Raises ContractError."""
        return self._pinned.contract(base) if self._pinned is not None else None

    def broken(self, document: object, size: int, base: Path) -> str:
        """What breaks the contract in an answer that could not be read otherwise; empty when nothing is known to."""
        try:
            contract = self.pinned(base)
            found = contract.drifts(document, size) if contract is not None else []
        except ContractError:
            return ""
        return told([one for one in found if one.breaking])


@runtime_checkable
class Holding(Check, Protocol):
    """A check whose kind can hold a contract."""

    agreed: Agreed


def contract_of(model: CheckModel) -> ContractModel | None:
    """The contract that the user wrote; None also for a kind that holds none."""
    found = getattr(model, "contract", None)
    return found if isinstance(found, ContractModel) else None


def without(verdict: Verdict, why: str) -> Verdict:
    """A verdict that no contract could be held against."""
    return Verdict(verdict.outcome, f"{verdict.message}; no contract: {why}", verdict.failure)


def announced(verdict: Verdict, header: Callable[[str], str], now: int) -> tuple[Verdict, Mapping[str, float]]:
    """The verdict with what an answer's headers announce to end, and the days until then. `now` is ns since 1970."""
    found = notices(header)
    if not found:
        return verdict, NO_METRICS
    return Verdict(verdict.outcome, f"{verdict.message}; {found.text(now)}", verdict.failure), found.metrics(now)
