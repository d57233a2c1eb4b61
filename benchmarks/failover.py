"""What a failover costs: requests lost in a planned switch, the time from the typed word to the standby's first
answer, and how many of 300 engines that were killed in the middle left something that nobody could explain.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.figure import Figure, Target
from benchmarks.processes import Unavailable
from benchmarks.switching import RATE, Shop, client, first_answer

PLANNED = "requests lost in a planned switch through HAProxy, of {count} at {rate}/s"
SWITCH = "planned switch: typed word to the new target's first answer"
WORD = "outage: typed word to the standby's first answer"
KILLS = "kill -9 of the engine in a switch of four steps: consistent and explained"
_NONE_LOST = Target(0, always=True)
_AT_ONCE = Target(100)


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """The figures of failovers."""
    return [*_switches(quick=quick), _kills(6 if quick else 300)]


def _switches(*, quick: bool) -> list[Figure]:
    seconds, times = (2.0, 1) if quick else (10.0, 3)
    planned = PLANNED.format(count=round(seconds * RATE), rate=RATE)
    with tempfile.TemporaryDirectory(prefix="fo", dir="/tmp") as folder:
        try:
            shop = Shop(Path(folder))
        except Unavailable as why:
            names = ((planned, "requests", _NONE_LOST), (SWITCH, "ms", None), (WORD, "ms", _AT_ONCE))
            return [Figure.unmeasured(name, unit, target, str(why)) for name, unit, target in names]
        try:
            shop.begin()
            lost, switched = _planned(shop, seconds, times)
            waited = _outages(shop, 1 if quick else 5)
        finally:
            shop.stop()
    return [
        Figure(planned, lost, None, "requests", _NONE_LOST, "POST, kept-alive connections, there and back in turn"),
        Figure(SWITCH, switched, None, "ms", None, "20 ms of it is the answer itself"),
        Figure(WORD, waited, None, "ms", _AT_ONCE, "the primary was killed under the same load; 20 ms is the answer"),
    ]


def _planned(shop: Shop, seconds: float, times: int) -> tuple[list[float], list[float]]:
    """Requests lost, and ms to the first answer of the new target, of each switch."""
    lost, switched = [], []
    for number in range(2 * times):
        to = "acme" if number % 2 else "spare"
        armed = shop.armed(to)
        asked, called = asyncio.run(client(shop.port, seconds, lambda run=armed: shop.type_word(run), seconds / 2))
        ended = shop.ended(armed)
        if ended.state.value != "succeeded":
            raise RuntimeError(f"run {ended.id} {ended.state}: {ended.result}")
        lost.append(float(sum(not one.by for one in asked)))
        switched.append(1000 * first_answer(asked, to, called))
    return lost, switched


def _outages(shop: Shop, times: int) -> list[float]:
    """Ms from the typed word to the first answer of the standby, the primary being dead."""
    waited = []
    for _ in range(times):
        shop.kill("acme")
        armed = shop.armed("spare")
        asked, called = asyncio.run(client(shop.port, 1.0, lambda run=armed: shop.type_word(run), 0.5))
        shop.ended(armed)
        waited.append(1000 * first_answer(asked, "spare", called))
        shop.revive("acme")
        back = shop.armed("acme")
        shop.type_word(back)
        shop.ended(back)
    return waited


def _kills(rounds: int) -> Figure:
    """The rounds of tests/kill, counted instead of stopped at the first that fails."""
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from kill.plants import files_plant
    from kill.switching import Switching

    good, wrong = 0, ""
    with tempfile.TemporaryDirectory(prefix="fo", dir="/tmp") as name, files_plant(Path(name)) as plant:
        world = Switching(Path(name), plant, seed=2026)
        engine = world.engine()
        for _ in range(rounds):
            try:
                red, span_s = world.random.random() < 0.25, world.random.choice((0.2, 0.6))
                engine = world.round(engine, span_s=span_s, red=red)
                good += 1
            except AssertionError as error:
                wrong = wrong or f"; the first that was not: {str(error)[:200]}"
                break  # what follows would be judged by what this one left
        world.close()
    died = ", ".join(f"{count} {state}" for state, count in sorted(world.interrupted.items()))
    target = Target(rounds, at_least=True, always=True)
    return Figure(KILLS, [good], None, f"of {rounds}", target, f"each was when its engine died: {died}{wrong}")
