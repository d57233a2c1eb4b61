"""`domain.quorum` against OneUptime: what several probes agree on."""

from __future__ import annotations

import pytest

from standby.domain.quorum import agree

from .loader import Case, cases


@pytest.mark.parametrize("case", cases("e_probe_quorum_oneuptime"))
def test_as_oneuptime(case: Case) -> None:
    votes = {one["probe"]: one["criteria_met"] for one in case["probes"] if one["enabled"] and one["connected"]}
    found = agree(votes, case["minimum_agreement"])
    ours = {
        "agreement": found.reached,
        "count": found.count,
        "required": found.required,
        "active": found.active,
        "criteria": found.outcome,
        "probes": list(found.probes),
    }
    assert {name: ours[name] for name in case["expected"]} == case["expected"]
