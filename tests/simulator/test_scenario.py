from __future__ import annotations

import pytest

from standby.domain.units import MILLISECOND, SECOND
from standby.simulator.faults import FaultError, FaultKind
from standby.simulator.parties import PARTIES
from standby.simulator.scenario import BAD_MINUTE, SCENARIOS
from standby.simulator.world import World

START = 5_000 * SECOND


def world() -> World:
    return World([party.name for party in PARTIES], seed=7)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_stages_are_in_order_begin_at_once_and_name_third_parties_that_exist(scenario: object) -> None:
    assert scenario is BAD_MINUTE
    starts = [stage.at_ns for stage in BAD_MINUTE.stages]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    assert starts[-1] < BAD_MINUTE.ends_ns
    names = {party.name for party in PARTIES}
    assert all(set(stage.faults) <= names and stage.says for stage in BAD_MINUTE.stages)


def kinds(at: int, party: str = "payments") -> set[FaultKind]:
    return {fault.kind for fault in BAD_MINUTE.faults_at(party, at)}


def test_the_bad_minute_climbs_fails_long_enough_to_act_and_recovers() -> None:
    assert kinds(-1) == set()
    assert kinds(0) == {FaultKind.LATENCY}
    failing = [at for at in range(BAD_MINUTE.ends_ns // SECOND) if FaultKind.ERRORS in kinds(at * SECOND)]
    assert failing[0] <= 5
    assert 120 <= len(failing) <= 150
    assert failing == list(range(failing[0], failing[-1] + 1))
    assert kinds((failing[-1] + 1) * SECOND) == {FaultKind.LATENCY}
    assert kinds(BAD_MINUTE.ends_ns) == set()


def test_sms_suffers_after_payments_and_never_fails() -> None:
    sick = [at for at in range(BAD_MINUTE.ends_ns // SECOND) if kinds(at * SECOND, "sms")]
    assert sick[0] >= 10
    assert all(FaultKind.ERRORS not in kinds(at * SECOND, "sms") for at in sick)


def test_nobody_else_is_touched() -> None:
    for at in range(0, BAD_MINUTE.ends_ns, SECOND):
        assert {name for party in PARTIES if kinds(at, name := party.name)} <= {"payments", "sms"}


def test_progress_tells_each_stage_then_once_the_end_then_nothing() -> None:
    it = world()
    assert it.progress(START) is None
    first = it.rehearse("bad-minute", START)
    assert (first.step, first.of) == (1, len(BAD_MINUTE.stages))
    seen = []
    for at in range(START, START + BAD_MINUTE.ends_ns + 2 * SECOND, 200 * MILLISECOND):
        progress = it.progress(at)
        if progress is not None and progress.step not in seen:
            seen.append(progress.step)
    assert seen == [*range(1, len(BAD_MINUTE.stages) + 1), 0]
    assert it.progress(START + BAD_MINUTE.ends_ns + 9 * SECOND) is None
    assert it.active("payments", START + BAD_MINUTE.ends_ns) == []


def test_rehearsing_again_starts_from_the_beginning() -> None:
    it = world()
    it.rehearse("bad-minute", START)
    it.rehearse("bad-minute", START + 50 * SECOND)
    progress = it.progress(START + 50 * SECOND)
    assert progress is not None
    assert progress.step == 1


def test_an_unknown_scenario_is_refused_with_those_that_exist() -> None:
    with pytest.raises(FaultError, match="there are: bad-minute"):
        world().rehearse("worse-minute", START)
