"""What comes over the socket is checked field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.link.messages import (
    BadMessageError,
    command_message,
    decode,
    encode,
    parse_command,
    parse_receipt,
    parse_welcome,
    receipt_message,
    welcome_message,
)
from standby.link.protocol import MAX_LINE, Command, CommandKind, Receipt, Status, Welcome

ACK = {"type": "command", "id": "ack-00001", "kind": "ack", "args": {"alert": 7, "note": "mine"}, "made_at": 5}


def test_a_command_survives_the_way() -> None:
    command = Command("ack-00001", CommandKind.ACK, {"alert": 7, "note": "mine"}, 5, 9, "alice", "cli on bastion")
    assert parse_command(decode(encode(command_message(command)))) == command


def test_a_receipt_and_a_welcome_survive_the_way() -> None:
    receipt = Receipt("ack-00001", Status.REFUSED, "no alert 7", 3)
    assert parse_receipt(decode(encode(receipt_message(receipt)))) == receipt
    welcome = Welcome(3, "service", 42, "alice", may_act=False, refusal="not an operator", extra={"trouble": ""})
    assert parse_welcome(decode(encode(welcome_message(welcome)))) == welcome


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"id": None}, "usable id"),
        ({"id": "short"}, "usable id"),
        ({"id": "x" * 65}, "usable id"),
        ({"id": "ack 0001\n"}, "usable id"),
        ({"kind": "failover"}, "unknown command"),
        ({"kind": ["ack"]}, "unknown command"),
        ({"args": [1]}, "args must be an object"),
        ({"args": {"alert": "7"}}, "alert must be a whole number"),
        ({"args": {"alert": True}}, "alert must be a whole number"),
        ({"args": {"alert": -1}}, "alert must be a whole number"),
        ({"args": {"alert": 2**63}}, "alert must be a whole number"),
        ({"args": {"alert": 7.0}}, "alert must be a whole number"),
        ({"args": {}}, "id is missing"),
        ({"args": None}, "id is missing"),
        ({"args": {"alert": 7, "note": 3}}, "note must be text"),
        ({"args": {"alert": 7, "shell": "rm"}}, "unknown argument"),
        ({"made_at": None}, "made_at must be"),
        ({"made_at": "now"}, "made_at must be"),
        ({"not_after": 1.5}, "not_after must be"),
        ({"user": 3}, "user must be text"),
        ({"origin": {}}, "origin must be text"),
        ({"kind": "note", "args": {"alert": 7, "text": ""}}, "empty note"),
        ({"kind": "alertmanager-silence", "args": {"check": "am", "ends": 1, "comment": "c"}}, "matchers is missing"),
        ({"kind": "alertmanager-silence", "args": {"check": "am", "ends": "1h"}}, "ends must be a whole number"),
        ({"kind": "note", "args": {"text": "x"}}, "one alert or on one integration"),
        ({"kind": "note", "args": {"alert": 7, "integration": "a", "text": "x"}}, "one alert or on one integration"),
    ],
)
def test_a_bad_field_is_named(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(BadMessageError, match=says):
        parse_command({**ACK, **changed})


def test_text_is_cleaned_at_the_door() -> None:
    command = parse_command({**ACK, "args": {"alert": 7, "note": "\x1b]52;c;AAAA\x07hi\nthere" + "x" * 9000}})
    note = command.args["note"]
    assert "\x1b" not in note
    assert "\n" not in note
    assert len(note) == 2000
    assert parse_command({**ACK, "user": "\x1b[31mroot", "origin": "a\x9bb"}).user == "root"


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b"3", b"null", b"{", b"\xff\xfe", b"[" * 60_000, b'{"a":' * 10_000, b'{"a":NaN}', b"9" * 60_000],
)
def test_what_is_no_object_is_refused(line: bytes) -> None:
    with pytest.raises(BadMessageError, match="one JSON object a line"):
        decode(line)


@pytest.mark.parametrize("status", ["kept", "unreachable", "", None, 3, "DONE"])
def test_an_engine_says_only_done_or_refused(status: object) -> None:
    with pytest.raises(BadMessageError):
        parse_receipt({"type": "receipt", "command": "ack-00001", "status": status})


def test_too_long_a_message_is_not_sent() -> None:
    with pytest.raises(BadMessageError, match=str(MAX_LINE)):
        encode({"text": "x" * MAX_LINE})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*ACK, "not_after", "user", "origin", "x"]), _JSON))
def test_any_object_is_a_command_or_a_clean_refusal(fields: dict[str, Any]) -> None:
    try:
        command = parse_command({**ACK, **fields})
    except BadMessageError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert json.dumps(command_message(command))
        assert parse_command(command_message(command)) == command
    assert refusal.isprintable()


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_clean_refusal(line: bytes) -> None:
    try:
        found: object = decode(line)
    except BadMessageError as error:
        found = str(error)
    assert isinstance(found, dict) or str(found).isprintable()
