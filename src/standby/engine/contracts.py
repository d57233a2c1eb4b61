"""Pinning what a check's answers look like now as its contract: written down before the file is, and after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from standby.checks.base import Check
from standby.checks.contract.agreed import Holding, contract_of
from standby.checks.contract.contract import ContractError
from standby.checks.contract.pinned import told, write
from standby.domain.text import clean
from standby.domain.units import format_instant
from standby.engine.deeds import Deed, Person, RefusedError, write_down
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline
from standby.link.protocol import Command
from standby.store.rows import AuditRow

_KIND = "contract"


class Contracts:
    """Grants wishes for contracts. `check` gives what looks, by its id; `base` is the folder of the configuration."""

    def __init__(
        self,
        timeline: Timeline,
        recorder: Recorder,
        check: Callable[[str], Check | None],
        base: Callable[[], Path],
    ) -> None:
        self._timeline = timeline
        self._recorder = recorder
        self._check = check
        self._base = base

    async def pin(self, command: Command, person: Person) -> Deed:
        """Write what was learned of a check's answers. The same wish twice writes the same; raises RefusedError, and
        NotNowError when it cannot be written down: then the file is as it was."""
        name = str(command.args.get("check"))
        check = self._check(name)
        model = contract_of(check.model) if check is not None else None
        if not isinstance(check, Holding) or model is None:
            raise RefusedError(f'check {clean(name, 80)} has no contract; write contract = {{ file = "..." }} there')
        path, now = self._base() / model.file, self._timeline.now()
        try:
            old = check.agreed.pinned(self._base())
            contract = check.agreed.study.contract(format_instant(now))
            changed = told(check.agreed.study.drifts(old))
        except ContractError as error:
            raise RefusedError(f"{model.file} {error}") from None
        if old is not None and not old.answers:
            raise RefusedError(f"{model.file} is the vendor's or written by hand; put the new one in its place")
        asks = clean(f"pins {model.file}: {changed or 'there was none'}")
        wish = AuditRow(now, person.name, person.origin, _KIND, f"check:{name}", asks, command.id)
        await write_down(self._recorder, wish)
        try:
            await asyncio.to_thread(write, path, contract)
        except ContractError as error:
            raise RefusedError(str(error)) from None
        said = f"{model.file} is pinned, learned from {contract.answers} answers"
        return Deed(_KIND, f"check:{name}", said, answer=said)
