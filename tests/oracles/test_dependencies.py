"""`domain.dependency` against Icinga and OneUptime: whose trouble is only what a parent's looks like."""

from __future__ import annotations

import pytest

from standby.domain.dependency import gone_because

from .loader import Case, cases, compare

CHILD = "child"


@pytest.mark.parametrize("case", cases("e_dependencies_icinga"))
def test_icinga(case: Case) -> None:
    """Their group without a name holds plain parents, each of which has to be there."""
    groups = dict(case["groups"])
    needs = [[parent] for parent in groups.pop("", [])] + list(groups.values())
    down = {parent: state == "down" for parent, state in case["parents"].items()}
    compare(case, not gone_because(CHILD, {CHILD: needs}, down.get), case["expected_child_reachable"], {})


@pytest.mark.parametrize("case", cases("e_dependency_suppression_oneuptime"))
def test_oneuptime(case: Case) -> None:
    parents, needs = case["parents"], {}
    if parents == "only itself":
        parents = [[CHILD, "offline", True]]
    elif isinstance(parents, str):
        parents, needs = [["Router", "offline", True]], {"Router": [[CHILD]]}
    needs[CHILD] = [[name] for name, *_ in parents]
    bad = case.get("configured")
    down = {
        name: None if status is None else offline if bad is None else status in bad for name, status, offline in parents
    }
    compare(case, list(gone_because(CHILD, needs, down.get)), case["expected"], {})
