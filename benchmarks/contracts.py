"""What holding an answer of 20 kB against a learned contract costs, its parsing apart."""

from __future__ import annotations

import json
import time

from benchmarks.figure import Figure, Target
from standby.checks.contract.contract import Contract
from standby.checks.contract.learn import Learner

ROWS = 185
TARGET = Target(100.0)
_PER_REPETITION = 100


def document() -> dict[str, object]:
    """A page of rows with texts, numbers, lists, words and nulls."""
    rows = [
        {
            "id": f"i{number}",
            "name": f"n{number}",
            "price": 1.5,
            "tags": ["a", "b"],
            "status": "open",
            "sub": {"x": None, "y": True},
        }
        for number in range(ROWS)
    ]
    return {"items": rows}


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the form of every benchmark
    """Microseconds of processor time for one answer that keeps its contract."""
    answer, learner, taken = document(), Learner(), []
    size = len(json.dumps(answer))
    for _ in range(20):
        learner.add(answer)
    contract = Contract(learner.schema(), learner.count, size)
    contract.check()
    for _ in range(3 if quick else 50):
        began = time.process_time()
        for _ in range(_PER_REPETITION):
            if contract.drifts(answer, size):
                raise RuntimeError("what it was learned from breaks it")
        taken.append((time.process_time() - began) / _PER_REPETITION * 1e6)
    name = "an answer held against a learned contract, its parsing apart"
    return [Figure(name, taken, None, "us", TARGET, f"{size / 1000:.0f} kB of JSON")]
