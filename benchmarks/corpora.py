"""The recorded corpora and their scorers, where they lie: `../shared/nab`, or `$STANDBY_SHARED/nab`.

Nothing of them is in this repository: their own scripts are loaded from there.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PROFILES = {"standard": "standard", "low FP": "reward_low_FP_rate", "low FN": "reward_low_FN_rate"}
BUDGETS = (0.25, 0.5)  # false alarms a series and week


def folder() -> Path:
    """Where they are, or would be."""
    shared = os.environ.get("STANDBY_SHARED")
    return (Path(shared) if shared else Path(__file__).resolve().parents[2] / "shared") / "nab"


@dataclass(frozen=True, slots=True)
class Operational:
    """At the lowest threshold that keeps a budget of false alarms. Shares are 0..1, the delay is in samples."""

    budget: float
    recall: float
    delay: float
    alarm_share: float


@dataclass(frozen=True, slots=True)
class Marks:
    """What scores came to: the benchmark's three profiles, and false alarms a week on its series without anomalies."""

    profiles: dict[str, float]
    clean: float
    operational: tuple[Operational, ...]


class Corpora:
    """Both, open parts. `series` are those of the benchmark, then the operational ones: `t` seconds, `v` values."""

    def __init__(self, quick: bool) -> None:  # noqa: FBT001 - the form of every benchmark
        self._nab, self._ops = _script("nabscore"), _script("opsscore")
        nab, ops = self._nab.load(("open",)), self._ops.load(("open",))
        self.nab = sorted(nab, key=lambda one: one.n)[:6] if quick else nab
        self.ops = sorted(ops, key=lambda one: one.n)[:12] if quick else ops

    @property
    def series(self) -> list[Any]:
        """All of them, in the order that scores are given in."""
        return [*self.nab, *self.ops]

    def marks(self, scores: list[Floats]) -> Marks:
        """Of one array of scores a series."""
        nab, ops = scores[: len(self.nab)], scores[len(self.nab) :]
        profiles = {name: float(self._nab.best(self.nab, nab, key)[1]) for name, key in PROFILES.items()}
        threshold = self._nab.best(self.nab, nab, PROFILES["standard"])[0]
        clean = float(self._nab.ops(self.nab, nab, threshold)["fa_clean_series_week"])
        return Marks(profiles, clean, tuple(self._at(ops, budget) for budget in BUDGETS))

    def alerts(self, alerts: list[Floats]) -> Operational:
        """Of the alert states (0 or 1) as they are, without a threshold to choose: `budget` is what they came to."""
        told = self._ops.measure(self.ops, alerts[len(self.nab) :], 0.5)
        return Operational(told["fa_week"], told["recall"], told["delay"], told["alarm_share"])

    def _at(self, scores: list[Floats], budget: float) -> Operational:
        told = self._ops.measure(self.ops, scores, self._ops.thr_for(self.ops, scores, budget))
        return Operational(budget, told["recall"], told["delay"], told["alarm_share"])


def _script(name: str) -> Any:  # noqa: ANN401 - a module that is not ours
    path = folder() / f"{name}.py"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not here; set STANDBY_SHARED to the folder that holds nab/")
    spec = importlib.util.spec_from_file_location(f"corpora_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
