"""Every way in which a step can go wrong, at every step: the run ends, says how, and nobody is left unserved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from standby.directors.base import DirectorError
from standby.domain.failover import RunState, StepState
from standby.domain.units import SECOND
from standby.store.errors import StoreError

from .conftest import Make
from .test_failovers import confirmed, ended, kinds, planned, runs, shop
from .traffic import Traffic
from .world import World

SUBJECTS = ("spare", "map", "file", "acme")  # in the order of the plan; the map is the pivot
BEFORE = {"spare": "off", "map": "acme", "file": "acme", "acme": "on"}
AFTER = {"spare": "on", "map": "spare", "file": "spare", "acme": "off"}
DONE, BACK, PART = RunState.SUCCEEDED, RunState.ROLLED_BACK, RunState.PARTIALLY_FAILED


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one subject, and how the run ends when it is the first, second, third or last step."""

    name: str
    spoil: Callable[[Traffic, str], None]
    ends: tuple[RunState, ...]


def _once(traffic: Traffic, subject: str, error: Exception, *, after: bool) -> None:
    """The step's own act fails, before or after it had its effect; what undoes it later does not."""

    def fail(what: str, desired: str) -> None:
        if what == subject and desired == AFTER[subject]:
            raise error

    if after:
        traffic.after_apply = fail
    else:
        traffic.before_apply = fail


def _mute(traffic: Traffic, subject: str, times: int) -> None:
    """Once it was acted on, its state cannot be read so many times."""
    left = [times]

    def silent(what: str) -> None:
        acted = any(one == subject for one, _ in traffic.acts)
        if what == subject and acted and left[0]:
            left[0] -= 1
            raise DirectorError("connection refused")

    traffic.before_read = silent


BACK_OR_PART, ALL_DONE, ALL_PART = (BACK, BACK, PART, PART), (DONE,) * 4, (PART,) * 4
REFUSED, CUT, BUG = DirectorError("No such server."), DirectorError("cut", known=False), RuntimeError("bug")
TROUBLES = [
    Trouble("refused", lambda t, s: _once(t, s, REFUSED, after=False), BACK_OR_PART),
    Trouble("cut before", lambda t, s: _once(t, s, CUT, after=False), BACK_OR_PART),
    Trouble("cut after", lambda t, s: _once(t, s, CUT, after=True), ALL_DONE),
    Trouble("refused though done", lambda t, s: _once(t, s, REFUSED, after=True), ALL_DONE),
    Trouble("our own fault", lambda t, s: _once(t, s, BUG, after=False), BACK_OR_PART),
    Trouble("unreadable once", lambda t, s: _mute(t, s, 1), ALL_DONE),
    Trouble("unreadable", lambda t, s: _mute(t, s, 10_000), ALL_PART),
]


def watched(w: World) -> list[str]:
    """What is wrong with any act, found while it happens: no intent on disk, or nobody serves after it."""
    wrong: list[str] = []
    before, after = w.traffic.before_apply, w.traffic.after_apply

    def intended(what: str, desired: str) -> None:
        row = next(row for row in runs(w)[-1].steps if row.step.subject == what)
        if row.state not in {StepState.INTENT, StepState.UNDOING}:
            wrong.append(f"{what}={desired} while the journal says {row.state}")
        before(what, desired)

    def served(what: str, desired: str) -> None:
        if w.traffic.zero:
            wrong.append(f"{what}={desired} leaves nobody: {w.traffic.state}")
        after(what, desired)

    w.traffic.before_apply, w.traffic.after_apply = intended, served
    return wrong


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
@pytest.mark.parametrize("number", range(4), ids=lambda number: SUBJECTS[number])
async def test_a_trouble_at_a_step(world: Make, trouble: Trouble, number: int) -> None:
    w = await shop(world, down=False)
    run = await planned(w, to="spare")
    trouble.spoil(w.traffic, SUBJECTS[number])
    wrong = watched(w)
    await confirmed(w, run)
    run = await ended(w)
    assert run.state is trouble.ends[number], run.result
    assert not wrong
    assert run.result
    if run.state is not PART:
        assert w.traffic.state == (AFTER if run.state is DONE else BEFORE)
    elif number > 1:
        assert w.traffic.state["map"] == "spare"  # traffic had moved and stays, and the run says what is missing
        assert run.clocks.verified is not None
    last = {DONE: "failover-done", BACK: "failover-rolled-back", PART: "failover-failed"}[run.state]
    assert [kind for kind in kinds(w) if kind in {"failover-done", "failover-rolled-back", "failover-failed"}] == [last]


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_an_engine_that_lost_its_store_to_a_newer_one_acts_no_more(world: Make, subject: str) -> None:
    w = await shop(world, down=False)
    run = await planned(w, to="spare")

    def lose(what: str, desired: str) -> None:
        if what == subject:
            w.store.fail = StoreError("fenced", "a newer engine holds the store")

    w.traffic.after_apply = lose
    await confirmed(w, run)
    await w.pass_time(20 * SECOND)
    assert [what for what, _ in w.traffic.acts] == list(SUBJECTS[: SUBJECTS.index(subject) + 1])
    assert runs(w)[0].state is RunState.EXECUTING, "the newer one goes on with it"
