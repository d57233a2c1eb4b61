"""A check's contract as its file holds it at this moment: read again when the file has changed."""

from __future__ import annotations

import threading
from pathlib import Path

from pydantic import Field

from standby.checks.contract.contract import Contract, ContractError, read
from standby.checks.contract.drift import Drift
from standby.config.models import Table
from standby.domain.text import clean

_SHOWN = 3


class ContractModel(Table):
    """`contract` of a check: what its answers look like, and what has changed since."""

    file: Path = Field(
        description="a contract that `standby contract learn` wrote, a JSON Schema or an OpenAPI document"
    )
    operation: str | None = Field(
        default=None, max_length=300, description="of an OpenAPI document: `GET /v1/balance`; its good answer counts"
    )


class Pinned:
    """Holds answers against the file. A file that is not there yet holds nothing against any answer."""

    def __init__(self, model: ContractModel) -> None:
        self._model = model
        self._read: tuple[tuple[int, int, int], Contract | str] | None = None

    def contract(self, base: Path) -> Contract | None:
        """What the file holds now; None when there is none yet. Raises ContractError. `base` is the config's folder."""
        path = base / self._model.file
        try:
            stat = path.stat()
            mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if self._read is None or self._read[0] != mark:
                self._read = (mark, _read(path, self._model.operation))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ContractError(f"{path} cannot be read: {error.strerror or error}") from None
        found = self._read[1]
        if isinstance(found, str):
            raise ContractError(found)
        return found


def _read(path: Path, operation: str | None) -> Contract | str:
    try:
        return read(path, operation)
    except ContractError as error:
        return str(error)  # kept: a bad file is not read anew at each look


def write(path: Path, contract: Contract) -> None:
    """Put a contract into its file, whole or not at all. Raises ContractError."""
    fresh = path.with_name(f".{path.name}.{threading.get_native_id()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(contract.text(), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ContractError(f"{path} cannot be written: {error.strerror or error}") from None


def told(drifts: list[Drift]) -> str:
    """`the contract is broken: body.total: is gone; 2 more`; additions only where nothing breaks. Empty for none."""
    breaking = [one for one in drifts if one.breaking]
    shown = breaking or drifts
    if not shown:
        return ""
    head = "the contract is broken" if breaking else "more than the contract says"
    more = f"; {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return clean(f"{head}: {'; '.join(map(str, shown[:_SHOWN]))}{more}")
