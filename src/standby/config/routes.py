"""Routes together with the checks and integrations that they name."""

from __future__ import annotations

from collections.abc import Mapping

from standby.config.entries import Entries, Entry
from standby.config.models import CheckModel, Route
from standby.config.problems import Problems, did_you_mean
from standby.domain.text import clean

_PASSIVE = ("heartbeat", "webhook")


def check_routes(entries: Entries, problems: Problems) -> None:
    """Note everything that would make a failover impossible at night."""
    checks = {entry.model.id: entry.model for entry in entries.checks}
    known = entries.known("check")
    for route in entries.routes:
        _primary(route, problems)
        _twice(route, problems)
        for index, target in enumerate(route.model.target):
            if target.check not in known:
                message = f'there is no check "{clean(target.check, 64)}"'
                mend = did_you_mean(target.check, list(dict.fromkeys(known)), "check ids")
                route.complain(problems, ("target", index, "check"), message, mend)
        _verify(route, checks, problems)


def _primary(route: Entry[Route], problems: Problems) -> None:
    names = [target.id for target in route.model.target]
    if len(names) < 2:
        route.complain(problems, ("target",), "has nowhere else to go", "write at least two [[route.target]]")
    if route.model.primary not in names:
        message = f'there is no target "{clean(route.model.primary, 64)}" in this route'
        route.complain(problems, ("primary",), message, did_you_mean(route.model.primary, names, "targets"))


def _twice(route: Entry[Route], problems: Problems) -> None:
    for key in ("id", "place"):
        seen: set[str] = set()
        for index, target in enumerate(route.model.target):
            value = getattr(target, key)
            if value in seen:
                message = f'"{clean(value, 64)}" is another target\'s already'
                route.complain(problems, ("target", index, key), message, f"give each target its own {key}")
            seen.add(value)


def _verify(route: Entry[Route], checks: Mapping[str, CheckModel], problems: Problems) -> None:
    model = checks.get(route.model.verify or "")
    if model is not None and model.kind in _PASSIVE:
        message = f'check "{model.id}" waits to be called: it cannot be asked at once'
        route.complain(problems, ("verify",), message, "name a check that goes through the director")
    for index, target in enumerate(route.model.target):
        if target.answers is not None and (route.model.verify is None or (model is not None and model.kind != "http")):
            mend = 'write verify = "the id of an http check"'
            route.complain(problems, ("target", index, "answers"), "needs an http check to be asked of", mend)
