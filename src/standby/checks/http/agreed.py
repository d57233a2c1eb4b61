"""What an answer says beside its content: whether it keeps its contract, and what the vendor announces to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from standby.checks.contract.contract import ContractError
from standby.checks.contract.notices import notices
from standby.checks.contract.pinned import Pinned, told
from standby.checks.http.look import Heard, Seen
from standby.checks.http.model import HttpModel
from standby.checks.presets.base import Verdict
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome

Listener = Callable[[object, int], None]
"""Hears the document of each good answer, and its size in bytes."""


class Agreed:
    """Looks at good answers only. `listener` is for whoever learns a contract."""

    def __init__(self, model: HttpModel) -> None:
        self.listener: Listener | None = None
        self._pinned = Pinned(model.contract) if model.contract is not None else None

    def hold(self, seen: Seen, heard: Heard, base: Path, now: int) -> tuple[Verdict, Mapping[str, float]]:
        """The verdict with what is known beside the content, and the figures of it. `base`: the config's folder."""
        verdict, metrics = seen.verdict, dict[str, float]()
        found = notices(heard.answer.header)
        if found:
            metrics |= found.metrics(now)
            verdict = Verdict(verdict.outcome, f"{verdict.message}; {found.text(now)}", verdict.failure)
        if self._pinned is None or not 200 <= heard.answer.status_code < 300:
            return verdict, metrics
        if self.listener is not None:
            self.listener(seen.document, heard.size)
        try:
            drifts = self._pinned.drifts(base, seen.document, heard.size)
        except ContractError as error:
            return Verdict(verdict.outcome, f"{verdict.message}; no contract: {error}", verdict.failure), metrics
        breaking = sum(one.breaking for one in drifts)
        metrics |= {"contract_breaks": float(breaking), "contract_additions": float(len(drifts) - breaking)}
        if not drifts or verdict.outcome is not Outcome.UP:
            return verdict, metrics
        if breaking:
            return Verdict(Outcome.DEGRADED, told(drifts), Failure.CONTRACT), metrics
        return Verdict(Outcome.UP, f"{verdict.message}; {told(drifts)}"), metrics
