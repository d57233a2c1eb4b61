"""`domain.routing` against Alertmanager: which routes take an alert, with which options."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from standby.domain.matchers import Matcher, parse_matchers
from standby.domain.routing import Written, grow, routes_of
from standby.domain.units import SECOND, parse_duration

from .loader import Case, cases

FILE = "b_routing_grouping_alertmanager"


def written(doc: dict[str, Any]) -> Written:
    """A route as Alertmanager's configuration has it; `match` and `match_re` are its older words for matchers."""
    return Written(
        matchers=matchers(doc),
        go_on=doc.get("continue", False),
        routes=[written(child) for child in doc.get("routes", ())],
        receiver=doc.get("receiver"),
        group_by=doc.get("group_by"),
        group_wait_ns=duration(doc.get("group_wait")),
        group_interval_ns=duration(doc.get("group_interval")),
        repeat_interval_ns=duration(doc.get("repeat_interval")),
    )


def matchers(doc: dict[str, Any], prefix: str = "") -> list[Matcher]:
    """All matchers of a route, or with a prefix of one side of an inhibition rule."""
    return [
        *(Matcher(name, value) for name, value in doc.get(f"{prefix}match", {}).items()),
        *(Matcher(name, f"^(?:{value})$", regex=True) for name, value in doc.get(f"{prefix}match_re", {}).items()),
        *(one for text in doc.get(f"{prefix}matchers", ()) for one in parse_matchers(text)),
    ]


def duration(text: str | None) -> int | None:
    return None if text is None else parse_duration(text)


@pytest.mark.parametrize("case", cases(FILE))
def test_as_alertmanager(case: Case) -> None:
    taken = routes_of(grow(written(yaml.safe_load(case["route_yaml"]))), case["labels"])
    assert [route.key for route in taken] == case["expected_route_keys"]
    assert [
        {
            "receiver": route.options.receiver,
            "group_by": sorted(route.options.group_by or ()),
            "group_by_all": route.options.group_by is None,
            "group_wait_s": route.options.group_wait_ns / SECOND,
            "group_interval_s": route.options.group_interval_ns / SECOND,
            "repeat_interval_s": route.options.repeat_interval_ns / SECOND,
        }
        for route in taken
    ] == [{**options, "group_by": sorted(options["group_by"])} for options in case["expected"]]
