"""Rules and what they speak about: checks of their integration, windows that can hold something, objectives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from standby.config.builtin import BUILT_IN_RULES
from standby.config.cel import compile_rule
from standby.config.entries import Entries, Entry
from standby.config.models import CheckModel, Rule
from standby.config.problems import Problems, did_you_mean
from standby.domain.text import clean
from standby.domain.units import format_duration


def check_rules(entries: Entries, problems: Problems) -> None:
    """Note what is wrong between rules and what they speak about."""
    checks: dict[str, list[CheckModel]] = defaultdict(list)
    by_id: dict[str, CheckModel] = {}
    for check in entries.checks:
        checks[check.model.integration].append(check.model)
        by_id[check.model.id] = check.model
    integrations = frozenset(entries.known("integration"))
    unsure = {name for table, name in entries.partial if table == "check"}
    for row in entries.rows["rule"]:
        if isinstance(name := row.data.get("id"), str) and name in BUILT_IN_RULES:
            row.complain(problems, ("id",), f'"{name}" is the name of a built-in rule', "give it another id")
    objectives = {one.model.id: one.model.objective for one in entries.integrations}
    for rule in entries.rules:
        model = rule.model
        _named_checks(rule, by_id, unsure, problems)
        if model.objective is None and objectives.get(model.integration, 0.0) is None:
            _burns(rule, problems)
        if model.check is None:
            if checks[model.integration]:
                _window(rule, checks[model.integration], problems)
            elif not unsure and model.integration in integrations:
                message = f'integration "{model.integration}" has no check, so this rule could never speak'
                mend = f'add a [[check]] with integration = "{model.integration}"'
                rule.complain(problems, ("integration",), message, mend)
        elif model.check in by_id and by_id[model.check].integration in integrations:
            _of_one(rule, by_id[model.check], problems)


def _of_one(rule: Entry[Rule], check: CheckModel, problems: Problems) -> None:
    if check.integration != rule.model.integration:
        message = f'check "{check.id}" looks at integration "{check.integration}", not "{rule.model.integration}"'
        rule.complain(problems, ("check",), message, "name a check of the same integration")
    else:
        _window(rule, [check], problems)


def _window(rule: Entry[Rule], checks: list[CheckModel], problems: Problems) -> None:
    """The window has to hold a run of the quickest check, and as many runs as the rule wants."""
    window, wanted = rule.model.window, rule.model.min_samples
    quickest = min(checks, key=lambda check: check.every)
    if window < quickest.every:
        every = format_duration(quickest.every)
        message = f"{format_duration(window)} is shorter than every = {every} of check {quickest.id}: often empty"
        rule.complain(problems, ("window",), message, f"write at least {every}")
        return
    most = sum(window // check.every for check in checks)
    if wanted > most:
        message = f"{wanted} observations never fit in {format_duration(window)}: there are at most {most}"
        rule.complain(problems, ("min_samples",), message, f"write at most {most}, or a longer window")


def _named_checks(rule: Entry[Rule], by_id: Mapping[str, CheckModel], unsure: set[str], problems: Problems) -> None:
    """`checks["id"]` is one of the integration."""
    own = [check.id for check in by_id.values() if check.integration == rule.model.integration]
    named = [
        str(name.path[1]) for name in compile_rule(rule.model.when).names if name.path[0] == "checks" and name.path[1:]
    ]
    for name in dict.fromkeys(named):
        if name not in own and name not in unsure:
            of = f'"{rule.model.integration}" has no check "{clean(name, 64)}"'
            rule.complain(problems, ("when",), f"integration {of}", did_you_mean(name, own, "checks of it"))


def _burns(rule: Entry[Rule], problems: Problems) -> None:
    """A burn rate is how fast the budget of an objective is spent."""
    asked = sorted(compile_rule(rule.model.when).roots & {"burn_page", "burn_ticket"})
    if asked:
        mend = "write objective = 99.9 here or at its integration"
        rule.complain(problems, ("when",), f"{asked[0]} needs an objective", mend)
