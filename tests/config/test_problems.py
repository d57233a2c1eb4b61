"""How problems are said."""

from __future__ import annotations

import pytest

from standby.config.problems import MOST_SHOWN, ConfigError, Problem, Problems, did_you_mean, nearest


def test_a_problem_is_one_line_with_place_key_and_mend() -> None:
    problem = Problem("config.toml", 12, "check[payments-api].timeout", "12s is not below every = 10s", "write less")
    assert str(problem) == "config.toml:12: check[payments-api].timeout: 12s is not below every = 10s; write less"
    assert str(Problem("", 0, "", "no configuration found")) == "no configuration found"


def test_nothing_in_a_problem_reaches_the_terminal_raw() -> None:
    line = str(Problem("a\x1b[2Jb\n", 1, "k\u202ee\x07y", "m\x9b31mx\r\n" * 500, "\x1b]0;t\x07"))
    assert line.isprintable()
    assert len(line) < 1100


def test_problems_are_told_by_file_and_line_each_once() -> None:
    problems = Problems()
    problems.add("b.toml", 2, "", "first file, second")
    problems.add("b.toml", 1, "", "first file, first")
    problems.add("a.toml", 1, "", "second file")
    problems.add("b.toml", 1, "", "first file, first")
    assert str(problems.error()).splitlines() == [
        "b.toml:1: first file, first", "b.toml:2: first file, second", "a.toml:1: second file",
    ]  # fmt: skip
    with pytest.raises(ConfigError):
        problems.raise_if_any()
    Problems().raise_if_any()


def test_thousands_of_problems_do_not_bury_the_first() -> None:
    error = ConfigError(Problem("x.toml", n + 1, "", "wrong") for n in range(5000))
    lines = str(error).splitlines()
    assert len(lines) == MOST_SHOWN + 1
    assert lines[-1] == "x.toml:101: many more problems from here on; mend the ones above first"
    few = str(ConfigError(Problem("x.toml", n + 1, "", "wrong") for n in range(150))).splitlines()
    assert few[-1] == "x.toml:101: 50 more problems from here on; mend the ones above first"
    assert len(error.problems) == 5000


def test_the_nearest_word_is_found() -> None:
    assert nearest("tiemout", ["timeout", "every"]) == "timeout"
    assert nearest("Keep-Firing-For", ["keep_firing_for"]) == "keep_firing_for"
    assert nearest("prod", ["production", "staging"]) == "production"
    assert nearest("zzz", ["timeout"]) is None
    assert nearest("x" * 100_000, ["timeout"]) is None


def test_the_mend_for_an_unknown_word_names_what_there_is() -> None:
    assert did_you_mean("zzz", ["a", "b"], "keys") == "the keys are a, b"
    assert did_you_mean("zzz", ["a"], "vendor id") == "the vendor id is a"
    assert did_you_mean("zzz", [], "vendors") == "there are none yet; add one"
    assert did_you_mean("zzz", [f"k{n}" for n in range(30)], "keys").endswith("k19, …")
