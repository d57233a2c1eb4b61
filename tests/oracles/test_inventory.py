"""Every list of every oracle about alerts is run by some test, and every field of its cases read, or stands here with
the reason why not: what no reader knows of must not pass in silence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from .loader import folder, oracle

SORTS = ("a_", "b_", "c_", "e_", "f_", "g_")
NO_CASES = {"source", "semantics"}
FOR_PEOPLE = {"id", "from", "note"}
LEFT_OUT = {
    ("a_alert_timing", "rule_state_cases"): "the state of a rule with many alerts; a rule here has one an integration",
}
UNREAD = {
    (
        "a_alert_generator_compliance",
        "annotation_value",
    ): "what they write into a text; ours is of the rule's own words",
    ("a_alert_generator_compliance", "samples_notation"): "the samples once more, in short",
    ("a_alert_timing", "resolve_duration_s"): "for how long they say an end again; our outbox tries until it arrived",
    ("b_silences_alertmanager", "asserted_upstream"): "whether their own test would notice",
    ("e_flapping_icinga", "expected"): "the rule in words; it is tried by `then_repeat`",
    ("e_probe_quorum_oneuptime", "current_criteria"): "what counts without any probe; whoever asks decides that here",
    ("e_thresholds_k_of_n", "expected_failures"): "how often it failed beyond what the threshold needs",
    ("e_thresholds_k_of_n", "expected_successes"): "how often it succeeded beyond what the threshold needs",
    ("e_thresholds_k_of_n", "send_on_resolved"): "whether an end is told; it ends all the same",
    ("f_conditions_gatus", "dont_resolve_failed"): "how they write a condition down that did not hold",
    ("f_conditions_gatus", "expected_display"): "how they write a condition down",
    ("f_conditions_gatus", "expected_error_count"): "what is refused here is refused once, with the configuration",
    ("f_conditions_gatus", "expected_length"): "the length of what is found, which is compared whole",
    ("f_conditions_gatus", "resolve_successful"): "how they write a condition down that held",
    ("g_heartbeat_healthchecks", "cron"): "their daily lines are a period of one day",
    ("g_heartbeat_healthchecks", "timezone"): "their daily lines are a period of one day",
    ("g_slo_burn_rate", "expected_monitor_seconds_average"): "another reckoning of the same; ours is any outage",
    ("g_slo_burn_rate", "speed"): "its name; the windows say what it is",
    ("g_slo_burn_rate", "window"): "its length is in what is expected",
    ("g_uptime_calculator", "expected_30d_after_each"): "the rule in words; it is tried day by day",
}
FILES = sorted(path.stem for path in folder().glob("*.json") if path.stem.startswith(SORTS))
TESTS = {path.name: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")}


def readers(name: str) -> list[str]:
    """The tests that read this file."""
    return [text for test, text in TESTS.items() if f'"{name}"' in text and test != Path(__file__).name]


def sections(name: str) -> dict[str, Any]:
    """What there is in the file: lists of cases, and what they share."""
    document = oracle(name)
    assert document is not None
    found = {section: value for section, value in document.items() if section not in NO_CASES}
    return {section: value for section, value in found.items() if value and (name, section) not in LEFT_OUT}


def named(word: str, texts: list[str]) -> bool:
    return any(re.search(rf"[\"']{re.escape(word)}[\"']", text) for text in texts)


@pytest.mark.skipif(not FILES, reason="the oracles are not here")
@pytest.mark.parametrize("name", FILES)
def test_every_list_is_run(name: str) -> None:
    texts = readers(name)
    assert texts, "no test reads this file"
    for section, found in sections(name).items():
        if isinstance(found, list | dict):
            assert named(section, texts) or (section == "cases" and any("cases(" in text for text in texts)), section


@pytest.mark.skipif(not FILES, reason="the oracles are not here")
@pytest.mark.parametrize("name", FILES)
def test_every_field_is_read(name: str) -> None:
    texts = readers(name)
    cases = [case for found in sections(name).values() if isinstance(found, list) for case in found]
    fields = {field for case in cases if isinstance(case, dict) for field in case} - FOR_PEOPLE
    assert not {field for field in fields if (name, field) not in UNREAD and not named(field, texts)}


@pytest.mark.skipif(not FILES, reason="the oracles are not here")
def test_nothing_is_excused_without_need() -> None:
    assert {name for name, _ in (*LEFT_OUT, *UNREAD)} <= set(FILES)
    assert not {(name, field) for name, field in UNREAD if named(field, readers(name))}
