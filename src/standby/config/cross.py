"""The tables of a configuration together: ids, references, circles, and rules that could never speak."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from standby.config.entries import LISTS, Entries, Entry
from standby.config.models import BUILT_IN_RULES, CheckModel, Integration, Rule
from standby.config.problems import Problems, did_you_mean
from standby.domain.text import clean
from standby.domain.units import format_duration


def check_together(entries: Entries, problems: Problems) -> None:
    """Note everything that is wrong between tables."""
    _duplicates(entries, problems)
    _references(entries, problems)
    _circles(entries, problems)
    _rules(entries, problems)


def _duplicates(entries: Entries, problems: Problems) -> None:
    for table in LISTS:
        first: dict[str, str] = {}
        for name, source, path in entries.ids[table]:
            line = source.line((*path, "id"))
            if name in first:
                label = f"{table}[{clean(name, 64)}].id"
                problems.add(
                    source.document.shown,
                    line,
                    label,
                    f"is taken already at {first[name]}",
                    "give one of them another id",
                )
            else:
                first[name] = f"{clean(source.document.shown, 200)}:{line}"


def _references(entries: Entries, problems: Problems) -> None:
    for integration in entries.integrations:
        _named(entries, integration, ("vendor",), "vendor", integration.model.vendor, problems)
        for index, other in enumerate(integration.model.depends_on):
            _named(entries, integration, ("depends_on", index), "integration", other, problems)
    for check in entries.checks:
        _named(entries, check, ("integration",), "integration", check.model.integration, problems)
    for rule in entries.rules:
        _named(entries, rule, ("integration",), "integration", rule.model.integration, problems)
        if rule.model.check is not None:
            _named(entries, rule, ("check",), "check", rule.model.check, problems)


def _named(
    entries: Entries,
    entry: Entry[Rule] | Entry[CheckModel] | Entry[Any],
    keys: tuple[str | int, ...],
    table: str,
    name: str,
    problems: Problems,
) -> None:
    known = list(dict.fromkeys(entries.known(table)))
    if name not in known:
        what = f"{table} ids" if len(known) != 1 else f"{table} id"
        entry.complain(problems, keys, f'there is no {table} "{clean(name, 64)}"', did_you_mean(name, known, what))


def _circles(entries: Entries, problems: Problems) -> None:
    """Integrations that need each other in a circle; each circle is told once, where it closes."""
    needs = {one.model.id: one for one in reversed(entries.integrations)}
    done: set[str] = set()
    for start in needs:
        if start not in done:
            _walk(start, needs, done, problems)


def _walk(start: str, needs: dict[str, Entry[Integration]], done: set[str], problems: Problems) -> None:
    """Depth first without recursion: a chain of ten thousand integrations is no reason to fall over."""
    path: list[str] = [start]
    onward = [iter(enumerate(needs[start].model.depends_on))]
    while path:
        step = next(onward[-1], None)
        if step is None:
            done.add(path.pop())
            onward.pop()
            continue
        index, other = step
        if other in path:
            circle = " -> ".join([*path[path.index(other) :], other][-12:])
            mend = "take one of them out"
            needs[path[-1]].complain(problems, ("depends_on", index), f"goes in a circle: {circle}", mend)
        elif other in needs and other not in done:
            path.append(other)
            onward.append(iter(enumerate(needs[other].model.depends_on)))


def _rules(entries: Entries, problems: Problems) -> None:
    checks: dict[str, list[CheckModel]] = defaultdict(list)
    by_id: dict[str, CheckModel] = {}
    for check in entries.checks:
        checks[check.model.integration].append(check.model)
        by_id[check.model.id] = check.model
    unsure = {name for table, name in entries.partial if table == "check"}
    for rule in entries.rules:
        model = rule.model
        if model.id in BUILT_IN_RULES:
            rule.complain(problems, ("id",), f'"{model.id}" is the name of a built-in rule', "give it another id")
        if model.check is None:
            if checks[model.integration]:
                _window(rule, checks[model.integration], problems)
            elif not unsure and model.integration in entries.known("integration"):
                message = f'integration "{model.integration}" has no check, so this rule could never speak'
                mend = f'add a [[check]] with integration = "{model.integration}"'
                rule.complain(problems, ("integration",), message, mend)
        elif model.check in by_id:
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
