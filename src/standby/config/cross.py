"""The tables of a configuration together: ids, references, circles, and rules that could never speak."""

from __future__ import annotations

from collections.abc import Iterator

from standby.config.entries import LISTS, Entries, Row
from standby.config.lines import KeyPath
from standby.config.policies import check_policies
from standby.config.problems import Problems, did_you_mean
from standby.config.routes import check_routes
from standby.config.rules import check_rules
from standby.config.senders import check_sources
from standby.domain.text import clean

_REFERENCES = (
    ("integration", "vendor", "vendor"),
    ("integration", "depends_on", "integration"),
    ("check", "integration", "integration"),
    ("rule", "integration", "integration"),
    ("rule", "check", "check"),
    ("route", "integration", "integration"),
    ("route", "verify", "check"),
    ("integration", "policy", "policy"),
    ("maintenance", "vendors", "vendor"),
    ("maintenance", "integrations", "integration"),
)

_DEEPEST = 2  # lists within lists


def check_together(entries: Entries, problems: Problems) -> None:
    """Note everything that is wrong between tables."""
    _duplicates(entries, problems)
    _references(entries, problems)
    _circles(entries, problems)
    check_rules(entries, problems)
    check_routes(entries, problems)
    check_policies(entries, problems)
    check_sources(entries, problems)


def _duplicates(entries: Entries, problems: Problems) -> None:
    for table in LISTS:
        first: dict[str, str] = {}
        for row in entries.rows[table]:
            name = row.data.get("id")
            if not isinstance(name, str):
                continue
            if name in first:
                row.complain(problems, ("id",), f"is taken already at {first[name]}", "give one of them another id")
            else:
                line = row.source.line((*row.path, "id"))
                first[name] = f"{clean(row.source.document.shown, 200)}:{line}"


def _references(entries: Entries, problems: Problems) -> None:
    known = {table: list(dict.fromkeys(entries.known(table))) for table in LISTS}
    ids = {table: frozenset(names) for table, names in known.items()}
    for table, key, target in _REFERENCES:
        for row in entries.rows[table]:
            for keys, name in _written(row, key):
                if name not in ids[target] and not problems.enough:
                    what = f"{target} ids" if len(known[target]) != 1 else f"{target} id"
                    mend = did_you_mean(name, known[target], what)
                    row.complain(problems, keys, f'there is no {target} "{clean(name, 64)}"', mend)


def _written(row: Row, key: str) -> list[tuple[KeyPath, str]]:
    """The ids that a key names, in lists of lists too, with their places; what is not text is told elsewhere."""
    return list(_texts((key,), row.data.get(key)))


def _texts(keys: KeyPath, value: object) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, list) and len(keys) <= _DEEPEST:
        for index, item in enumerate(value):
            yield from _texts((*keys, index), item)


def _circles(entries: Entries, problems: Problems) -> None:
    """Integrations that need each other in a circle; each circle is told once, where it closes."""
    rows = [row for row in entries.rows["integration"] if isinstance(row.data.get("id"), str)]
    needs = {row.data["id"]: row for row in reversed(rows)}
    done: set[str] = set()
    for start in [row.data["id"] for row in rows]:
        if start not in done:
            _walk(start, needs, done, problems)


def _walk(start: str, needs: dict[str, Row], done: set[str], problems: Problems) -> None:
    """Depth first without recursion: a chain of ten thousand integrations is no reason to fall over."""
    path = {start: None}  # in order, with quick membership
    onward = [iter(_written(needs[start], "depends_on"))]
    while path:
        step = next(onward[-1], None)
        if step is None:
            done.add(path.popitem()[0])
            onward.pop()
            continue
        keys, other = step
        if other in path:
            names = list(path)
            circle = " -> ".join(clean(name, 64) for name in [*names[names.index(other) :], other][-12:])
            needs[names[-1]].complain(problems, keys, f"goes in a circle: {circle}", "take one of them out")
        elif other in needs and other not in done:
            path[other] = None
            onward.append(iter(_written(needs[other], "depends_on")))
