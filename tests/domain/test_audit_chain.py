"""The hash chain notices every change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standby.domain.audit import GENESIS, chain, verify

TEXT = st.text(max_size=20) | st.just("\ud800")
FIELDS = st.fixed_dictionaries(
    {
        "no": st.integers(1, 2**63 - 1),
        "at": st.integers(0, 2**63 - 1),
        "actor": TEXT,
        "origin": TEXT,
        "kind": TEXT,
        "subject": TEXT,
        "message": TEXT,
        "command": st.none() | TEXT,
    }
)


@dataclass(frozen=True)
class Line:
    no: int
    at: int
    actor: str
    origin: str
    kind: str
    subject: str
    message: str
    command: str | None
    hash: bytes = b""

    def fields(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "hash"}


def log(length: int) -> list[Line]:
    lines, previous = [], GENESIS
    for no in range(1, length + 1):
        line = Line(no, no * 1_000, "ann", "unix:ann", "ack", f"alert:{no}", "on it", f"c{no}" if no % 2 else None)
        previous = chain(previous, **line.fields())
        lines.append(replace(line, hash=previous))
    return lines


def test_an_untouched_log_holds() -> None:
    assert verify([]) is None
    assert verify(log(20)) is None
    lines = log(20)
    assert verify(lines[10:], previous=lines[9].hash, first=11) is None


@pytest.mark.parametrize(
    "change",
    [
        {"at": 1},
        {"actor": "bob"},
        {"origin": ""},
        {"kind": "unack"},
        {"subject": "alert:70"},
        {"message": ""},
        {"command": None},
        {"command": ""},
        {"hash": bytes(32)},
        {"no": 70},
    ],
)
def test_a_changed_field_breaks_there(change: dict[str, Any]) -> None:
    lines = log(10)
    lines[6] = replace(lines[6], **change)
    assert verify(lines) == 7


def test_a_line_changed_with_its_hash_breaks_the_next() -> None:
    lines = log(10)
    forged = replace(lines[6], actor="bob")
    lines[6] = replace(forged, hash=chain(lines[5].hash, **forged.fields()))
    assert verify(lines) == 8


def test_a_missing_doubled_or_moved_line_breaks_there() -> None:
    lines = log(10)
    assert verify(lines[:3] + lines[4:]) == 4
    assert verify(lines[:4] + lines[3:]) == 5
    assert verify([*lines[:3], lines[4], lines[3], *lines[5:]]) == 4
    assert verify(lines[1:]) == 1


def test_absent_is_not_empty() -> None:
    fields = log(1)[0].fields()
    assert chain(GENESIS, **{**fields, "command": None}) != chain(GENESIS, **{**fields, "command": ""})


def test_a_number_left_out_is_noticed_though_the_hashes_fit() -> None:
    [line] = log(1)
    line = replace(line, no=2)
    assert verify([replace(line, hash=chain(GENESIS, **line.fields()))]) == 1


@settings(max_examples=40)
@given(FIELDS, FIELDS)
def test_different_fields_give_different_hashes(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert (chain(GENESIS, **first) == chain(GENESIS, **second)) == (first == second)


@given(FIELDS, TEXT, TEXT, TEXT)
def test_text_cannot_move_between_fields(fields: dict[str, Any], first: str, second: str, third: str) -> None:
    one = chain(GENESIS, **{**fields, "subject": first + second, "message": third})
    other = chain(GENESIS, **{**fields, "subject": first, "message": second + third})
    assert (one == other) == (second == "")


def test_the_encoding_is_written_down() -> None:
    """Logs of today must verify for ever."""
    [line] = log(1)
    assert line.hash.hex() == "be8e1c64b59a0d355d7deb3663ae5991e33eca585eb92d9e8a34f8823f9a6bf1"
