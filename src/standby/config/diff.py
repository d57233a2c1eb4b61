"""What changed between two configurations, so that a reload touches only that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from standby.config.models import Table
from standby.config.references import is_sensitive
from standby.config.whole import Config
from standby.domain.text import clean

_MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids of one table. Rules are named `integration/rule`: the built-in `down` exists once an integration."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Diff:
    """What a reload has to do; `lines` say it to people, one line a change. False when nothing changed."""

    vendors: Changes = field(default_factory=Changes)
    integrations: Changes = field(default_factory=Changes)
    checks: Changes = field(default_factory=Changes)
    rules: Changes = field(default_factory=Changes)
    settings: frozenset[str] = frozenset()  # keys of [standby] that changed
    simulator: bool = False
    lines: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        tables = (self.vendors, self.integrations, self.checks, self.rules)
        return any(map(bool, tables)) or bool(self.settings) or self.simulator


def diff(old: Config, new: Config) -> Diff:
    """Compare by id: order, comments and files do not count."""
    said: list[str] = []
    settings = _fields(old.settings, new.settings)
    said += [f"standby.{key}: {_change(old.settings, new.settings, key)}" for key in sorted(settings)]
    tables = {}
    for table, before, after in (
        ("vendor", _by_id(old.vendors), _by_id(new.vendors)),
        ("integration", _by_id(old.integrations), _by_id(new.integrations)),
        ("check", _by_id(old.checks), _by_id(new.checks)),
        ("rule", _rules(old), _rules(new)),
        ("route", _by_id(old.routes), _by_id(new.routes)),
        ("channel", _by_id(old.channels), _by_id(new.channels)),
        ("person", _by_id(old.people), _by_id(new.people)),
        ("policy", _by_id(old.policies), _by_id(new.policies)),
        ("source", _by_id(old.sources), _by_id(new.sources)),
        ("inhibit", _by_id(old.inhibitions), _by_id(new.inhibitions)),
        ("maintenance", _by_id(old.maintenance), _by_id(new.maintenance)),
        ("time_interval", _by_id(old.intervals), _by_id(new.intervals)),
    ):
        tables[table] = _compare(table, before, after, said)
    simulator = old.simulator != new.simulator
    if simulator:
        said.append("simulator changed")
    if old.alerting != new.alerting:
        keys = sorted(_fields(old.alerting, new.alerting))
        said.append("alerting: " + ", ".join(f"{key} {_change(old.alerting, new.alerting, key)}" for key in keys))
    if len(said) > _MOST_LINES:
        said = [*said[: _MOST_LINES - 1], f"and {len(said) - _MOST_LINES + 1} more changes"]
    return Diff(
        vendors=tables["vendor"],
        integrations=tables["integration"],
        checks=tables["check"],
        rules=tables["rule"],
        settings=frozenset(settings),
        simulator=simulator,
        lines=tuple(said),
    )


def _by_id(models: Iterable[Table]) -> Mapping[str, Table]:
    return {str(getattr(model, "id", "")): model for model in models}


def _rules(config: Config) -> Mapping[str, Table]:
    return {f"{rule.integration}/{rule.id}": rule for rule in config.rules_in_force}


def _compare(table: str, before: Mapping[str, Table], after: Mapping[str, Table], said: list[str]) -> Changes:
    changed = set()
    for name, model in after.items():
        if name not in before:
            said.append(f"{table} {name} added")
        elif before[name] != model:
            changed.add(name)
            if type(before[name]) is not type(model):
                said.append(f"{table} {name}: is of another kind")
                continue
            keys = sorted(_fields(before[name], model))
            said.append(f"{table} {name}: " + ", ".join(f"{key} {_change(before[name], model, key)}" for key in keys))
    removed = [name for name in before if name not in after]
    said.extend(f"{table} {name} removed" for name in removed)
    return Changes(frozenset(set(after) - set(before)), frozenset(removed), frozenset(changed))


def _fields(old: Table, new: Table) -> list[str]:
    if type(old) is not type(new):
        return []
    return [name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)]


def _change(old: Table, new: Table, key: str) -> str:
    """`10s -> 20s`; of tables, lists and what may be secret only that it changed."""
    before, after = (model.model_dump(mode="json").get(key) for model in (old, new))
    plain = (str, int, float, bool, type(None))
    if is_sensitive(key) or not isinstance(before, plain) or not isinstance(after, plain) or "url" in key:
        return "changed"
    return f"{clean(str(before), 60)} -> {clean(str(after), 60)}"
