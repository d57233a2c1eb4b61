"""The engine's own judge over given observations: the same alerts at the same instants as a running engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from standby.config.load import load
from standby.config.whole import Config
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import AlertState, Outcome
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.engine.trials.trial import Trial
from standby.store.rows import AlertRow

from .conftest import Make
from .fakeclock import T0
from .world import DOWN, KINDS, UP, config, rule

DOWN_FOR = rule("outcome == 'down'", for_="30s", keep="20s")


def written(folder: Path, toml: str) -> Config:
    file = folder / "config.toml"
    file.write_text(f'[standby]\nname = "test"\nenvironment = "development"\n{toml}')
    return load(file, KINDS)


def seen(outcomes: str, every: int = 10 * SECOND, check: str = "pay") -> list[Observation]:
    """`u`, `d`, `?` and `.` (nothing was seen), one a slot."""
    words = {"u": Outcome.UP, "d": Outcome.DOWN, "?": Outcome.UNKNOWN}
    slots = [(T0 + number * every, letter) for number, letter in enumerate(outcomes)]
    return [Observation(check, slot, slot, words[letter]) for slot, letter in slots if letter != "."]


def told(rows: list[AlertRow]) -> list[tuple[str, str, float]]:
    """Rule, state and when it began, in seconds."""
    found = []
    for row in rows:
        at = {AlertState.PENDING: row.since, AlertState.FIRING: row.fired_at, AlertState.RESOLVED: row.resolved_at}
        line = (row.rule, row.state.value, ((at[row.state] or 0) - T0) / SECOND)
        if line not in found:
            found.append(line)
    return found


def run(one: Config, outcomes: str) -> list[tuple[str, str, float]]:
    rows: list[AlertRow] = []
    Trial(one, T0, changed=rows.append).run({"pay": seen(outcomes)}, until=T0 + HOUR)
    return told(rows)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("uuuuuu", []),
        ("uudduuu", [("r", "pending", 20), ("r", "resolved", 40)]),
        ("uudddduuu", [("r", "pending", 20), ("r", "firing", 50), ("r", "resolved", 80)]),
        ("uudddduduuu", [("r", "pending", 20), ("r", "firing", 50), ("r", "resolved", 100)]),  # the clock began anew
        ("uudd??ddduuu", [("r", "pending", 20), ("r", "firing", 80), ("r", "resolved", 110)]),  # unknown freezes
    ],
)
def test_states_follow_what_was_seen(tmp_path: Path, outcomes: str, expected: list[tuple[str, str, float]]) -> None:
    more = DOWN_FOR.replace('window = "1m"', 'window = "10s"')
    assert run(written(tmp_path, config(rules=more)), outcomes) == expected


async def test_a_running_engine_says_the_same(tmp_path: Path, world: Make) -> None:
    """Each look of the engine is handed to a trial afterwards."""
    toml = config(rules=DOWN_FOR)
    engine = await world(toml)
    for answer, seconds in ((UP, 60), (DOWN, 50), (UP, 40), (DOWN, 20), (UP, 60)):
        engine.answers["pay"] = answer
        await engine.pass_time(seconds * SECOND)
    stored = [row for row in engine.alerts() if row.fired_at is not None]
    looks = engine.observations("pay")[::-1]
    rows: list[AlertRow] = []
    Trial(written(tmp_path, toml), T0, changed=rows.append).run({"pay": looks}, until=engine.clock.now())
    over = [row for row in rows if row.state is AlertState.RESOLVED and row.fired_at]
    assert [(row.since, row.fired_at, row.resolved_at) for row in stored] == [
        (row.since, row.fired_at, row.resolved_at) for row in over
    ]
    assert stored


def test_the_clock_alone_lets_a_rule_fire(tmp_path: Path) -> None:
    assert run(written(tmp_path, config(rules=DOWN_FOR)), "udd") == [("r", "pending", 10), ("r", "firing", 40.05)]


def test_who_acknowledges_has_it_until_the_lease_ends(tmp_path: Path) -> None:
    trial = Trial(written(tmp_path, config(rules=rule("outcome == 'down'"))), T0)
    trial.run({"pay": seen("dd")})
    live = trial.live(("payments", "r"))
    assert live is not None
    trial.acknowledge(live, "alice", 5 * MINUTE)
    assert live.state is AlertState.ACKNOWLEDGED
    trial.advance(T0 + 6 * MINUTE)
    assert live.state is AlertState.FIRING


def test_nothing_fires_while_no_engine_ran(tmp_path: Path) -> None:
    """The time away counts for no clock; what was pending for too long is dropped."""
    one = written(tmp_path, config(rules=rule("outcome == 'down'", for_="30s")))
    for away, expected in ((10 * MINUTE, ["pending"]), (2 * HOUR, ["pending", "resolved"])):
        rows: list[AlertRow] = []
        trial = Trial(one, T0, changed=rows.append)
        left, back = T0 + 15 * SECOND, T0 + 15 * SECOND + away
        deeds = [(left, trial.leave), (back, lambda trial=trial, left=left: trial.come_back(left))]
        trial.run({"pay": seen("dd")}, deeds, until=back)
        assert [state for _, state, _ in told(rows)] == expected


def test_blind_results_move_nothing(tmp_path: Path) -> None:
    one = written(tmp_path, config(rules=rule("outcome == 'down'")))
    rows: list[AlertRow] = []
    trial = Trial(one, T0, changed=rows.append)
    dark = [
        Observation("pay", T0 + number * 10 * SECOND, T0 + number * 10 * SECOND, Outcome.UNKNOWN, failure=Failure.BLIND)
        for number in range(1, 9)
    ]
    trial.run({"pay": [*seen("u"), *dark]}, [(T0 + SECOND, trial.go_blind)])
    assert {row.rule for row in rows} == {"blind"}


def test_a_trial_learns_what_is_usual(tmp_path: Path) -> None:
    """Eight days of 20 ms, then 400."""
    one = written(tmp_path, config(every="5m", rules=rule("deviation.latency_ms > 20", window="10m")))
    rows: list[AlertRow] = []
    usual, last = 8 * 24 * 12, 12
    looks = [
        Observation("pay", at, at, Outcome.UP, latency_ms=400.0 if number >= usual else 20.0 + number % 7)
        for number in range(usual + last)
        for at in [T0 + number * 5 * MINUTE]
    ]
    Trial(one, T0, changed=rows.append).run({"pay": looks})
    fired = [row.fired_at for row in rows if row.rule == "r" and row.fired_at]
    assert fired
    assert min(fired) >= T0 + usual * 5 * MINUTE
