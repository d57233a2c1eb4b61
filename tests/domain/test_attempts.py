"""Soft and hard states."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest

from standby.domain.attempts import Settled, step
from standby.domain.outcome import Outcome

UP, DEGRADED, DOWN, MAINTENANCE, UNKNOWN = Outcome
WORSE = {DEGRADED, DOWN}
WORDS = {"u": UP, "g": DEGRADED, "d": DOWN, "m": MAINTENANCE, "?": UNKNOWN}
LETTERS = {outcome: letter for letter, outcome in WORDS.items()}


def play(history: str, attempts: int, settled: Settled | None = None) -> list[tuple[Settled, bool]]:
    played = []
    for now, letter in enumerate(history):
        settled, changed = step(settled, WORDS[letter], now, attempts)
        played.append((settled, changed))
    return played


def letters(played: Iterable[tuple[Settled, bool]]) -> str:
    return "".join(LETTERS[settled.outcome] for settled, _ in played)


@pytest.mark.parametrize(
    ("attempts", "history", "settled"),
    [
        (1, "udugu?m", "udugu?m"),
        (3, "uddduu", "uuuduu"),
        (3, "udduddd", "uuuuuud"),  # a soft recovery starts the count again
        (3, "ugdgd", "uuugg"),  # a change among the worse keeps counting; the newest is believed
        (3, "ugddu", "uuudu"),
        (3, "dddgu", "??dgu"),  # better is believed at once
        (3, "gggdd", "??ggg"),  # worse than degraded counts anew
        (3, "gggddd", "??gggd"),
        (3, "udmddd", "uummmd"),
        (3, "u?d?d?d", "uuuuuud"),  # unknown neither counts nor resets
        (3, "ud??d?d", "uuuuuud"),
        (3, "u??u???d", "uuuuuu??"),
        (3, "ddd???d", "??ddd??"),
        (3, "ddd???ddd", "??ddd???d"),
        (2, "?u", "?u"),
        (2, "m???", "mm??"),
    ],
)
def test_histories(attempts: int, history: str, settled: str) -> None:
    assert letters(play(history, attempts)) == settled


def test_since_is_when_it_was_believed() -> None:
    played = play("uuddduu", 3)
    assert [settled.since for settled, _ in played] == [0, 0, 0, 0, 4, 5, 5]
    assert [changed for _, changed in played] == [True, False, False, False, True, True, False]


def test_soft_while_something_speaks_against_it() -> None:
    assert [settled.soft for settled, _ in play("ud?duddd", 3)] == [False, True, True, True, False, True, True, False]


def test_a_steady_state_is_the_same_object() -> None:
    """500 checks every 5 s make no garbage while nothing happens."""
    settled = Settled(UP, 5, UP)
    assert step(settled, UP, 10, 3)[0] is settled


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_every_short_history(attempts: int) -> None:
    for history in itertools.product("ugdm?", repeat=5):
        before = UNKNOWN
        played = play("".join(history), attempts)
        for number, (settled, changed) in enumerate(played):
            raw = WORDS[history[number]]
            assert settled.raw is raw
            assert changed == (settled.outcome is not before)
            assert 0 <= settled.attempt < attempts
            assert settled.since == number if changed else settled.since <= number
            if raw is UNKNOWN:
                assert settled.outcome in {before, UNKNOWN}
            if changed and settled.outcome is UNKNOWN:
                assert set(history[number + 1 - attempts : number + 1]) == {"?"}
            if changed and settled.outcome in WORSE and before is not DOWN:
                told = [letter for letter in history[: number + 1] if letter != "?"][-attempts:]
                assert len(told) == attempts
                assert set(told) <= {"g", "d"}
            before = settled.outcome
