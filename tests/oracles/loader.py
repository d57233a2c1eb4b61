"""Cases of other projects, read where they lie: `../shared/oracles` from the repository, or `$STANDBY_SHARED/oracles`.

A case that we answer differently on purpose is waived with a reason: by what makes it differ, or by id where nothing in
the case says so. A waived case that agrees after all fails, so that what is waived stays true.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

Case = dict[str, Any]


def folder() -> Path:
    """Where the oracles are, or would be."""
    shared = os.environ.get("STANDBY_SHARED")
    root = Path(shared) if shared else Path(__file__).resolve().parents[3] / "shared"
    return root / "oracles"


def oracle(name: str) -> Mapping[str, Any] | None:
    """The whole of one file, `None` when it is not there."""
    path = folder() / f"{name}.json"
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def cases(name: str, section: str = "cases") -> list[Any]:
    """Parameters for `pytest.mark.parametrize("case", ...)`, one a case; one that skips when the file is absent."""
    document = oracle(name)
    if document is None:
        reason = f"{folder() / name}.json is not here; set STANDBY_SHARED to the folder that holds oracles/"
        return [pytest.param({}, marks=pytest.mark.skip(reason=reason), id="absent")]
    return [pytest.param(case, id=case["id"]) for case in document[section]]


def compare(case: Case, ours: object, expected: object, waivers: Mapping[str, str]) -> None:
    """Ours must be the expected answer; for a case that is waived by id it must not."""
    assert_agrees(ours, expected, waivers.get(case["id"]))


def assert_agrees(ours: object, expected: object, reason: str | None) -> None:
    """Ours must be the expected answer; with a reason to differ it must not."""
    if reason is None:
        assert ours == expected
    else:
        assert ours != expected, f"waived without need: {reason}"


def strangers(waivers: Iterable[str], name: str, *sections: str) -> set[str]:
    """Waived ids that no case has; empty when the file is absent."""
    document = oracle(name)
    if document is None:
        return set()
    return set(waivers) - {case["id"] for section in sections for case in document[section]}
