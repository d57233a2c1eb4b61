"""Tests of rules: what is expected is compared with what the engine's own judge says; mistakes have their line."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from standby.config.problems import ConfigError
from standby.config.ruletests import read_tests
from standby.engine.kinds import kinds
from standby.engine.trials.ruletest import Report, run_tests

ROOT = Path(__file__).parents[2]
HEAD = """
[[vendor]]
id = "acme"
[[integration]]
id = "payments"
vendor = "acme"
criticality = "critical"
[[integration]]
id = "sms"
vendor = "acme"
criticality = "low"
[[check]]
id = "pay"
integration = "payments"
every = "10s"
attempts = 1
[[check]]
id = "text"
integration = "sms"
[[rule]]
id = "failing"
integration = "payments"
when = "outcome == 'down'"
for = "30s"
[[test]]
name = "t"
"""
LINES = HEAD.count("\n")
SEVERAL = HEAD.replace('criticality = "low"', 'criticality = "high"')
"""Both have templates."""


def run(folder: Path, text: str, head: str = HEAD) -> Sequence[Report]:
    file = folder / "t.toml"
    file.write_text(head + text)
    return list(run_tests(read_tests(file, kinds())))


def got(folder: Path, series: str, at: str, wanted: str, do: str = "") -> list[str]:
    text = f"series.pay = {series}\ndo = [{do}]\nexpect = [{{ at = '{at}', alerts = {{ failing = {wanted} }} }}]"
    [report] = run(folder, text)
    return [f"{one.expected}: {one.got}" for one in report.mismatches]


@pytest.mark.parametrize(
    ("series", "at", "wanted", "said"),
    [
        ("'up'", "0s", "'inactive'", []),
        ("'up, down'", "10s", "'pending'", []),
        ("'up, down x9'", "40s", "'firing'", []),
        ("'up, down x9'", "39s", "'firing'", ["firing: pending since 10s"]),
        ("'up, down x2'", "40s", "'firing'", []),  # by the clock alone
        ("'down x5, up'", "1m", "'resolved'", []),
        ("'down x5, up'", "1m", "'inactive'", []),
        ("'up'", "1m", "'resolved'", ["resolved: inactive"]),
        ("'down x5'", "40s", "{ state = 'firing', severity = 'warning', muted = false, summary = 'outcome' }", []),
        ("'down x5'", "40s", "{ state = 'firing', severity = 'info' }", ["firing, info: firing since 30s, warning"]),
        ("'down x5'", "40s", "{ state = 'firing', muted = true }", ["firing, muted: firing since 30s, not muted"]),
        ("'down x2, unknown x3, down x2'", "1m", "'pending'", []),  # what is unknown counts for no clock
        ("{ looks = 'down x9', interval = '5s' }", "30s", "'firing'", []),
    ],
)
def test_states(tmp_path: Path, series: str, at: str, wanted: str, said: list[str]) -> None:
    assert got(tmp_path, series, at, wanted) == said


@pytest.mark.parametrize(
    ("do", "at", "wanted", "said"),
    [
        ("{ at = '40s', ack = 'failing' }", "40s", "'acknowledged'", []),
        ("{ at = '40s', ack = 'failing', for = '1m' }", "1m40s", "'firing'", []),
        ("{ at = '40s', ack = 'failing' }, { at = '50s', unack = 'failing' }", "50s", "'firing'", []),
        ("{ at = '40s', maintenance = 'payments', for = '1m' }", "50s", "{ state='firing', muted='maintenance' }", []),
        ("{ at = '40s', maintenance = 'payments', for = '1m' }", "1m40s", "{ state = 'firing', muted = false }", []),
        ("{ at = '40s', maintenance = 'sms', for = '1m' }", "50s", "{ state = 'firing', muted = false }", []),
        ("{ at = '40s', silence = 'severity=warning', for = '1m' }", "40s", "{ state='firing', muted='silence' }", []),
        ("{ at = '10s', blind = true }, { at = '1m', blind = false }", "50s", "'pending'", []),
        ("{ at = '15s', away = true, for = '2h' }", "2h15s", "'inactive'", []),
        (
            "{ at = '10s', ack = 'failing' }",
            "10s",
            "'pending'",
            ["an alert to acknowledge: pending since 0s"],
        ),
        ("{ at = '40s', unack = 'failing' }", "40s", "'firing'", ["an alert that somebody has: firing since 30s"]),
    ],
)
def test_what_else_happens(tmp_path: Path, do: str, at: str, wanted: str, said: list[str]) -> None:
    assert got(tmp_path, "'down x2, _ x900'" if "away" in do else "'down x60'", at, wanted, do) == said


def test_no_other_alert_is_meant_of_all_rules(tmp_path: Path) -> None:
    [report] = run(tmp_path, "series.pay = 'unknown x5'\nexpect = [{ at = '1m', only = true }]")
    [one] = report.mismatches
    assert (one.rule, one.expected, one.got) == ("payments/no-data", "no other alert", "firing since 20s")
    assert one.line == LINES + 2
    assert one.so_far == ("firing at 20s",)


def test_figures_go_on_with_their_last(tmp_path: Path) -> None:
    head = HEAD.replace("outcome == 'down'", "latency_ms > 500 && metrics.queue > 3").replace('for = "30s"', "")
    series = "{ looks = 'up x30', latency_ms = '100 x20, 5000', metrics = { queue = '1, 5' } }"
    [report] = run(
        tmp_path, f"series.pay = {series}\nexpect = [{{ at = '5m', alerts = {{ failing = 'firing' }} }}]", head
    )
    assert report.ok


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("series.pey = 'up'", 'test[t].series.pey: there is no check "pey"; did you mean "pay"?'),
        ("series.pay = 'uo'", 'test[t].series.pay.looks: "uo" is no outcome; write one of'),
        ("series.pay = { latency_ms = 'x' }", 'test[t].series.pay.latency_ms: "x" is no number; write'),
        ("series.pay = { metrics = { q = nan } }", 'test[t].series.pay.metrics.q: "nan" is no number; write'),
        ("series.pay = { looks = 'up', latency_ms = '1 2' }", "has 2 of latency_ms and only 1 looks; write fewer"),
        ("series.pay = { look = 'up' }", "test[#1].series.pay.look: is not a key of this table; did you mean"),
        ("do = [{ at = '1m', ack = 'faling' }]", 'there is no rule "faling"; did you mean "failing"?'),
        ("do = [{ at = '1m', ack = 'no-data' }]", '"no-data" is a rule of 2 integrations; write "payments/no-data" or'),
        ("do = [{ at = '1m' }]", "does not do one thing; write one of ack, unack"),
        ("do = [{ at = '1m', ack = 'failing', unack = 'failing' }]", "does not do one thing"),
        ("do = [{ at = '1m', maintenance = 'pay', for = '1m' }]", 'there is no integration "pay"'),
        ("do = [{ at = '1m', maintenance = 'payments' }]", 'has a maintenance without an end; write for = "1h"'),
        ("do = [{ at = '9000d', ack = 'failing' }]", "is longer than 400d; test a shorter time"),
        ("start = 'noon'", "test[#1].start: 'noon' is not an instant; write one like"),
        ("config = 3", "test[#1].config: is not a key of this table"),
    ],
)
def test_a_mistake_has_its_line_and_mend(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        run(tmp_path, f"expect = [{{ at = '1m', only = true }}]\n{text}")
    assert said in str(error.value)
    assert f"t.toml:{LINES + 2}: " in str(error.value)


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("[]", "test[#1].expect: is too short; write at least 1"),
        ("[{ at = '1m' }]", "expects nothing; write alerts"),
        ("[{ at = '1m', alerts = { failing = 'firng' } }]", "is not one of inactive, pending, firing"),
        ("[{ at = '1m', alerts = { nothing = 'firing' } }]", 'there is no rule "nothing"'),
        ("[{ at = 60, only = true }]", "60 has no unit; write one like"),
    ],
)
def test_a_wrong_expectation_is_refused(tmp_path: Path, expect: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        run(tmp_path, f"expect = {expect}")
    assert said in str(error.value)
    assert f"t.toml:{LINES + 1}: " in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 't.toml:1: test: is missing; write [[test]] with name = "..."'),
        ("test = 3", "t.toml:1: test: is not a list of tests"),
        ("include = ['x.toml']\n[[test]]\nname = 't'", "t.toml:1: include: does not belong in a test; name the conf"),
        ("config = 3\n[[test]]\nname = 't'", "t.toml:1: config: is not a path"),
        ("config = 'none.toml'\n[[test]]\nname = 't'\nexpect = []", "none.toml:1: there is no such file"),
        ("[[test]]\nnam = 1", "t.toml:2: test[#1].nam: is not a key of this table; did you mean"),
        ("[[rul]]\n[[test]]", 't.toml:1: rul: is not a table of a configuration; did you mean "rule"?'),
        ("a = ", "t.toml:1: not valid TOML"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        run(tmp_path, text, "")
    assert said in str(error.value)


SORTS = """
[[vendor]]
id = "acme"
[[integration]]
id = "payments"
vendor = "acme"
criticality = "critical"
[[check]]
id = "pay"
integration = "payments"
every = "10s"
[[check]]
id = "pay2"
integration = "payments"
every = "10s"
[[rule]]
id = "silent"
integration = "payments"
check = "pay"
when = "silence_s > 60"
[[rule]]
id = "k-of-n"
integration = "payments"
check = "pay"
when = "outcome == 'down' || latency_ms > 500"
at_least = "3 of 5"
window = "10s"
[[rule]]
id = "both"
integration = "payments"
when = "checks['pay'].outcome == 'down' && checks['pay2'].outcome == 'down'"
[[rule]]
id = "budget"
integration = "payments"
check = "pay"
when = "burn_page"
objective = 99.9

[[test]]
name = "silence, of looks that tell nothing"
series = { pay = "up x3, _ x30", pay2 = "up x100" }
expect = [
  { at = "1m10s", alerts = { silent = "inactive" } },
  { at = "1m40s", alerts = { silent = "firing" } },
  { at = "10m", alerts = { silent = "firing", "payments/no-data" = "firing" }, only = true },
]
[[test]]
name = "silence, when nothing comes at all"
series = { pay = "up x3", pay2 = "up x100" }
expect = [{ at = "1m40s", alerts = { silent = "firing" } }]
[[test]]
name = "three of five"
series.pay = { latency_ms = "100 x10, 900 100 900 100 900 100 100 100 100", looks = "up x50" }
expect = [
  { at = "2m10s", alerts = { k-of-n = "inactive" } },
  { at = "2m20s", alerts = { k-of-n = "firing" } },
  { at = "3m20s", alerts = { k-of-n = "resolved" } },
]
[[test]]
name = "two checks of one integration"
series = { pay = "up x3, down x30", pay2 = "up x10, down x30" }
expect = [{ at = "1m30s", alerts = { both = "inactive" } }, { at = "2m10s", alerts = { both = "firing" } }]
[[test]]
name = "a budget that is spent too fast"
series.pay = "up 7h, down 5m, up 2h"
expect = [
  { at = "7h", alerts = { budget = "inactive" } },
  { at = "7h5m", alerts = { budget = "firing" } },
  { at = "8h30m", alerts = { budget = "resolved" } },
]
"""


def test_every_sort_of_rule_comes_along(tmp_path: Path) -> None:
    reports = run(tmp_path, SORTS, "")
    assert [one for report in reports for one in report.mismatches] == []


def examples() -> list[str]:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    return [
        block for block in re.findall(r"^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE) if "[[test]]" in block
    ]


@pytest.mark.parametrize("example", examples())
def test_the_examples_of_the_documentation_pass(tmp_path: Path, example: str) -> None:
    shutil.copy(ROOT / "config.toml", tmp_path)
    reports = run(tmp_path, example, "")
    assert reports
    assert [one for report in reports for one in report.mismatches] == []


@pytest.mark.parametrize("name", ["failing", "payments/failing", "sms/failing", "payments/slow"])
def test_a_name_alone_means_the_rule_that_somebody_wrote(tmp_path: Path, name: str) -> None:
    text = f"series.pay = 'up'\nexpect = [{{ at = '0s', alerts = {{ '{name}' = 'inactive' }} }}]"
    assert [one.ok for one in run(tmp_path, text, SEVERAL)] == [True]


def test_a_name_that_several_templates_have_is_told(tmp_path: Path) -> None:
    text = "series.pay = 'up'\nexpect = [{ at = '0s', alerts = { slow = 'inactive' } }]"
    with pytest.raises(ConfigError) as caught:
        run(tmp_path, text, SEVERAL)
    assert '"slow" is a rule of 2 integrations; write "payments/slow" or "sms/slow"' in str(caught.value)


def test_the_rule_that_was_written_is_the_one_that_is_judged(tmp_path: Path) -> None:
    text = "series.pay = 'up, down x9'\nexpect = [{ at = '40s', alerts = { failing = 'firing' } }]"
    assert [one.ok for one in run(tmp_path, text, SEVERAL)] == [True]
