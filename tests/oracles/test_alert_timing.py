"""`domain.alerting` against Prometheus and vmalert; what is sent again is `domain.grouping`'s."""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Mapping
from typing import Any

import pytest

from standby.domain.alerting import INACTIVE, Change, Machine, Phase, Timing, next_deadline, restore, step
from standby.domain.grouping import Entry, Pace, needs_update
from standby.domain.units import MINUTE, SECOND

from .loader import Case, assert_agrees, cases, compare, oracle, strangers

FILE = "a_alert_timing"
WAIVERS = {
    "vmalert-send-firing": "theirs is due when the interval is over, ours (as Alertmanager's) once it is longer",
    "vmalert-send-resolved": "they say an end again and again lest it was lost; our outbox tries until it arrived",
}
GAP = "a gap resets their alert; ours stops the clock, what fires goes on firing"
PHASES = (1, 7, 14, 16, 22, 29)  # of a 30 s evaluation over 15 s samples; 0 and 15 tie with a sample


def ns(seconds: float) -> int:
    return round(seconds * SECOND)


def timing_of(rule: Mapping[str, Any]) -> Timing:
    return Timing(ns(rule["for_s"]), ns(rule.get("keep_firing_for_s", 0)))


def shown(machine: Machine, *, retained: bool) -> str | None:
    """What upstream lists: vmalert also lists resolved alerts, neither lists dropped ones."""
    if machine.phase is not Phase.INACTIVE:
        return machine.phase.value
    return "inactive" if retained and machine.resolved_at is not None else None


SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne}


def fulfils(value: float | None, condition: str) -> bool:
    """Whether a sample, or that there is none, is what a rule asks for."""
    if condition in {"always true", "series absent"}:
        return condition == "always true" or value is None
    found = re.fullmatch(r"(?:value|up) (>=?|<=?|==|!=) (-?[0-9.]+)", condition)
    assert found, f"no test knows the condition {condition}"
    return value is not None and bool(SIGNS[found[1]](value, float(found[2])))


def holds(rule: Mapping[str, Any], entry: Mapping[str, Any], label: str) -> bool:
    return label in entry["active"] if "active" in entry else fulfils(entry["values"].get(label), rule["condition"])


STEPWISE = [case for case in cases(FILE) if "steps" in case.values[0] or not case.values[0]]
CHECKED = [case for case in cases(FILE) if "checks" in case.values[0] or not case.values[0]]


@pytest.mark.parametrize("case", STEPWISE)
def test_stepwise(case: Case) -> None:
    timing = timing_of(case["rule"])
    labels = {label for entry in case["steps"] for label in entry.get("active", entry.get("values", ()))}
    machines = dict.fromkeys(labels, INACTIVE)
    ours, active = [], []
    for entry in case["steps"]:
        for label in labels:
            machines[label], _ = step(machines[label], holds(case["rule"], entry, label), ns(entry["t"]), timing)
        states = {
            label: shown(machine, retained=case["id"].startswith("vmalert")) for label, machine in machines.items()
        }
        ours.append({label: state for label, state in states.items() if state})
        active.append([machine.active_at for machine in machines.values()])
    compare(case, ours, [entry["expected"] for entry in case["steps"]], WAIVERS)
    for [ours_at], expected_at in zip(active, case.get("expected_active_at", ()), strict=False):
        assert ours_at in {None, ns(expected_at)}  # theirs keep the instant of a resolved alert


def samples(series: str) -> list[float | None]:
    """Of vmalert's notation: `_` and `stale` are none, `1x5` is six, `1+2x2` is 1 3 5; what is in brackets is said."""
    found: list[float | None] = []
    for token in series.partition("(")[0].split():
        word, _, count = token.partition("x")
        parts = re.fullmatch(r"(-?[0-9.]+)([+-][0-9.]+)?", word)
        assert parts or word in {"_", "stale"}, f"no test knows the sample {token}"
        first, by = (float(parts[1]), float(parts[2] or 0)) if parts else (None, 0.0)
        found += [None if first is None else first + number * by for number in range(int(count or 0) + 1)]
    return found


@pytest.mark.parametrize("case", CHECKED)
def test_at_given_instants(case: Case) -> None:
    rule, timing = case["rule"], timing_of(case["rule"])
    interval = rule["evaluation_interval_s"]
    seen = samples(case.get("input", {"series": ""})["series"])
    machine, at = INACTIVE, 0
    for check in case["checks"]:
        while at <= check["t"]:
            place = at // case["input"]["interval_s"] if seen else 0
            value = seen[place] if place < len(seen) else None
            machine, _ = step(machine, fulfils(value, rule["condition"]), ns(at), timing)
            at += interval
        expected = check.get("expected_state") or ("firing" if check["expected_firing"] else None)
        if expected is not None:
            assert machine.phase == expected
        else:
            assert machine.phase is not Phase.FIRING


@pytest.mark.parametrize("case", cases(FILE, "range_cases_gap_resets_for"))
def test_gaps_in_a_range(case: Case) -> None:
    rule = case["rule"]
    timing = Timing(ns(rule["for_s"]), patience_ns=ns(rule["evaluation_interval_s"]))
    ours, expected = [], []
    for series in case["series"]:
        machine = INACTIVE
        for entry in series["expected"]:
            machine, _ = step(machine, True, ns(entry["t"]), timing)
            ours.append((machine.phase.value, machine.active_at))
            expected.append((entry["state"], ns(entry["active_at"])))
    assert_agrees(ours, expected, GAP if any(map(loses_ground, case["series"])) else None)


def loses_ground(series: Case) -> bool:
    """Whether theirs begins anew although it fired, or had waited for some time."""
    return any(
        after["state"] == "pending"
        and after["active_at"] == after["t"]
        and (before["state"] == "firing" or before["active_at"] < before["t"])
        for before, after in itertools.pairwise(series["expected"])
    )


@pytest.mark.parametrize("case", cases(FILE, "restart_restore_cases"))
def test_restart(case: Case) -> None:
    setup, up_at = case["setup"], case["restart_eval_at"]
    timing = Timing(ns(setup["for_s"]))

    def true_at(instance: str, at: int) -> bool:
        values = setup["values"][instance]
        return fulfils(values[min(at // setup["series_interval_s"], len(values) - 1)], setup["condition"])

    machines: dict[str, Machine] = {}
    for instance in setup["values"]:
        machine = INACTIVE
        for at in case["evaluated_before_down_at"]:
            machine, _ = step(machine, true_at(instance, at), ns(at), timing)
        machine, _ = restore(
            machine,
            ns(case["evaluated_before_down_at"][-1]),
            ns(up_at),
            timing,
            tolerance_ns=ns(setup["outage_tolerance_s"]),
            grace_ns=ns(setup["for_grace_period_s"]),
        )
        machine, _ = step(machine, true_at(instance, up_at - setup["query_offset_s"]), ns(up_at), timing)
        if machine.phase is not Phase.INACTIVE:
            machines[instance] = machine

    if "expected_count" in case:
        assert len(machines) == case["expected_count"]
    if "expected_active_at_all" in case:
        assert {machine.active_at for machine in machines.values()} == {ns(case["expected_active_at_all"])}
    for entry in case.get("expected_active", ()):
        assert machines[entry["instance"]].active_at == ns(entry["active_at"])
    if "expected_seconds_until_firing_all" in case:
        deadline = ns(up_at + case["expected_seconds_until_firing_all"])
        assert {next_deadline(machine, timing) for machine in machines.values()} == {deadline}


@pytest.mark.parametrize("case", cases(FILE, "resend_cases"))
def test_what_is_sent_again(case: Case) -> None:
    """Each alert as a group of its own, told last as it was then."""
    pace = Pace(0, 0, ns(case["resend_delay_s"]))
    ours = [alert["name"] for alert in case["alerts"] if again(alert, pace)]
    compare(case, ours, case["expected_sent"], WAIVERS)


def again(alert: Case, pace: Pace) -> bool:
    fires, ago = alert["state"] == "firing", alert["last_sent_ago_s"]
    last_was_over = alert.get("end_in_s", 1) < 0 or (not fires and ago <= alert["resolved_ago_s"])
    firing, resolved = ({1}, set()) if fires else (set(), {1})
    entry = None
    if ago is not None:
        before = (frozenset(), frozenset({1})) if last_was_over else (frozenset({1}), frozenset())
        entry = Entry(*before, -ns(ago))
    return needs_update(entry, firing, resolved, 0, pace)


Walk = list[tuple[int, Machine, Change | None]]


def walk(case: Case, phase: int) -> Walk:
    """Evaluate every 30 s from `phase` on the last sample at or before; stop a minute after the last sample."""
    timing, series, machine, walked = timing_of(case["rule"]), case["samples"], INACTIVE, []
    for at in range(phase, 15 * (len(series) + 3), 30):
        condition = fulfils(series[min(at // 15, len(series) - 1)], case["rule"]["condition"])
        machine, change = step(machine, condition, ns(at), timing)
        walked.append((at, machine, change))
    return walked


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("case", cases("a_alert_generator_compliance"))
def test_compliance_of_states(case: Case, phase: int) -> None:
    for at, machine, _ in walk(case, phase):
        allowed = [window for window in case["allowed_states"] if window["after_s"] < at <= window["until_s"]]
        assert machine.phase in {window["state"] for window in allowed}
        for window in allowed:
            if window["state"] == machine.phase and "active_at_s" in window:
                assert machine.active_at is not None
                assert ns(window["active_at_s"]) <= machine.active_at <= ns(window["active_at_s"] + 30)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("case", cases("a_alert_generator_compliance"))
def test_compliance_of_what_is_told(case: Case, phase: int) -> None:
    """Each firing and each resolve that upstream must send first is one change of ours, in time."""
    told = [(at, change) for at, _, change in walk(case, phase) if change in {Change.FIRED, Change.RESOLVED}]
    words = {"firing": Change.FIRED, "resolved": Change.RESOLVED}
    assert [change for _, change in told] == [words[sent["kind"]] for sent in case["sent"]]
    for (at, _), sent in zip(told, case["sent"], strict=True):
        assert sent["first_at_s"] <= at <= sent["first_at_s"] + sent.get("first_tolerance_s", 30)


def test_a_rule_on_rules_fires_in_the_same_cycle() -> None:
    document = oracle("a_alert_generator_compliance")
    dependent = document and document["dependent_rule_case"]
    named = {case["id"]: case for case in document["cases"]} if document else {}
    if not dependent or not named.keys() >= set(dependent["inputs"]):
        pytest.skip("not all inputs of the dependent rule are here")
    walks = [walk(named[name], PHASES[0]) for name in dependent["inputs"]]
    machine, told = INACTIVE, []
    for rows in zip(*walks, strict=False):
        both = all(row[1].phase is Phase.FIRING for row in rows)
        machine, change = step(machine, both, ns(rows[0][0]), Timing(ns(dependent["for_s"])))
        told += [rows[0][0]] if change else []
    assert dependent["firing_first_at_s"] <= told[0] <= dependent["firing_first_at_s"] + 30
    assert dependent["resolved_at_s"] <= told[1] <= dependent["resolved_at_s"] + MINUTE


def test_every_waiver_names_a_case() -> None:
    assert not strangers(WAIVERS, FILE, "cases", "resend_cases")
