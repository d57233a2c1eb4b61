"""From bytes to values and back: what comes over the socket is checked here, field by field, before anyone uses it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from standby.domain.text import clean
from standby.link.protocol import MAX_LINE, Command, CommandKind, Receipt, Status, Welcome

NOTE_LIMIT = 2_000
NAME_LIMIT = 200
REASON_LIMIT = 500
MAX_INT = 2**63 - 1
_ID = re.compile(r"[A-Za-z0-9_.:-]{8,64}")


class BadMessageError(ValueError):
    """A message that breaks the protocol: one line that says how. `command` is the id when that much was readable."""

    def __init__(self, reason: str, command: str = "") -> None:
        super().__init__(reason)
        self.command = command


def encode(message: Mapping[str, Any]) -> bytes:
    """One line. Raises BadMessageError when it is longer than the protocol allows."""
    line = json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise BadMessageError(f"a message of {len(line)} bytes; at most {MAX_LINE} are allowed")
    return line


def decode(line: bytes) -> dict[str, Any]:
    """The JSON object of one line. Raises BadMessageError."""
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadMessageError("not one JSON object a line") from None
    if not isinstance(message, dict):
        raise BadMessageError("not one JSON object a line")
    return message


def command_message(command: Command) -> dict[str, Any]:
    """A command as it is sent and kept."""
    return {
        "type": "command",
        "id": command.id,
        "kind": command.kind.value,
        "args": dict(command.args),
        "made_at": command.made_at,
        "not_after": command.not_after,
        "user": command.user,
        "origin": command.origin,
    }


def parse_command(message: Mapping[str, Any]) -> Command:
    """A command with every field checked and every text cleaned. Raises BadMessageError."""
    name = message.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise BadMessageError("a command without a usable id (8 to 64 of A-Z a-z 0-9 _ . : -)")
    try:
        kind = CommandKind(str(message.get("kind")))
    except ValueError:
        raise BadMessageError(f"unknown command {_shown(message.get('kind'))}", name) from None
    try:
        args = _arguments(kind, message.get("args"))
        made_at = _whole(message, "made_at")
        not_after = None if message.get("not_after") is None else _whole(message, "not_after")
        user = _text(message, "user", 64, optional=True)
        return Command(name, kind, args, made_at, not_after, user or None, _text(message, "origin", NAME_LIMIT) or "")
    except BadMessageError as error:
        raise BadMessageError(f"{kind.value}: {error}", name) from None


def receipt_message(receipt: Receipt) -> dict[str, Any]:
    """A receipt as it is sent."""
    return {
        "type": "receipt",
        "command": receipt.command,
        "status": receipt.status.value,
        "reason": clean(receipt.reason, REASON_LIMIT),
        "seq": receipt.seq,
    }


def parse_receipt(message: Mapping[str, Any]) -> Receipt:
    """A receipt; an engine gives only `done` and `refused`. Raises BadMessageError."""
    status = message.get("status")
    if status not in (Status.DONE.value, Status.REFUSED.value):
        raise BadMessageError(f"a receipt with status {_shown(status)}")
    seq = message.get("seq", 0)
    return Receipt(
        command=_text(message, "command", 64) or "",
        status=Status(status),
        reason=_text(message, "reason", REASON_LIMIT) or "",
        seq=seq if isinstance(seq, int) else 0,
    )


def welcome_message(welcome: Welcome) -> dict[str, Any]:
    """A welcome as it is sent."""
    return {
        "type": "welcome",
        "fence": welcome.fence,
        "kind": welcome.kind,
        "pid": welcome.pid,
        "you": welcome.you,
        "may_act": welcome.may_act,
        "read_only": not welcome.may_act,
        "refusal": clean(welcome.refusal, REASON_LIMIT),
        "extra": dict(welcome.extra),
    }


def parse_welcome(message: Mapping[str, Any]) -> Welcome:
    """A welcome. Raises BadMessageError."""
    if message.get("type") != "welcome":
        raise BadMessageError(_text(message, "reason", REASON_LIMIT, optional=True) or "no welcome; is it an engine?")
    extra = message.get("extra")
    return Welcome(
        fence=_whole(message, "fence"),
        kind=_text(message, "kind", NAME_LIMIT) or "",
        pid=_whole(message, "pid"),
        you=_text(message, "you", NAME_LIMIT) or "",
        may_act=message.get("may_act") is True,
        refusal=_text(message, "refusal", REASON_LIMIT, optional=True) or "",
        extra=extra if isinstance(extra, dict) else {},
    )


def _arguments(kind: CommandKind, given: object) -> dict[str, Any]:
    """The arguments of one kind, and no others."""
    args: Mapping[str, Any] = given if isinstance(given, dict) else {}
    if not isinstance(given, dict) and given is not None:
        raise BadMessageError("args must be an object")
    allowed = _ALLOWED[kind]
    for key in args:
        if key not in allowed:
            raise BadMessageError(f"unknown argument {_shown(key)}; it takes {', '.join(allowed) or 'none'}")
    found: dict[str, Any] = {}
    for key in allowed:
        if args.get(key) is not None:
            found[key] = _whole(args, key) if key in _NUMBERS else _text(args, key, _LIMITS[key])
    _require(kind, found)
    return found


_ALLOWED: Mapping[CommandKind, tuple[str, ...]] = {
    CommandKind.ACK: ("alert", "note", "for"),
    CommandKind.UNACK: ("alert", "note"),
    CommandKind.NOTE: ("alert", "integration", "text"),
    CommandKind.REHEARSE: ("scenario", "party", "kind"),
    CommandKind.FAILOVER_PLAN: ("route", "to", "force"),
    CommandKind.FAILOVER_RUN: ("run", "confirm"),
    CommandKind.FAILOVER_CANCEL: ("run",),
    CommandKind.SILENCE_THERE: ("check", "matchers", "ends", "comment"),
    CommandKind.SILENCE: ("matchers", "starts", "ends", "comment"),
    CommandKind.SILENCE_EXPIRE: ("silence",),
    CommandKind.SILENCE_EXTEND: ("silence", "ends"),
    CommandKind.CONTRACT_PIN: ("check",),
    CommandKind.RULE_REVIEWED: ("rule", "note"),
    CommandKind.RULE_TUNE: ("rule", "key", "value", "at", "digest"),
    CommandKind.BASELINE_ACCEPT: ("check", "integration", "metric", "comment"),
    CommandKind.BASELINE_EXCLUDE: ("check", "integration", "metric", "starts", "ends", "comment"),
    CommandKind.REPLACE: (),
}
_NEEDED: Mapping[CommandKind, tuple[str, ...]] = {
    CommandKind.SILENCE_THERE: ("check", "matchers", "ends", "comment"),
    CommandKind.SILENCE: ("matchers", "ends", "comment"),
    CommandKind.SILENCE_EXPIRE: ("silence",),
    CommandKind.SILENCE_EXTEND: ("silence", "ends"),
    CommandKind.CONTRACT_PIN: ("check",),
    CommandKind.RULE_REVIEWED: ("rule",),
    CommandKind.RULE_TUNE: ("rule", "key", "value", "digest"),
    CommandKind.BASELINE_EXCLUDE: ("starts", "ends", "comment"),
}
_ON_BASELINES = frozenset({CommandKind.BASELINE_ACCEPT, CommandKind.BASELINE_EXCLUDE})
_LIMITS = {
    "note": NOTE_LIMIT,
    "text": NOTE_LIMIT,
    "integration": NAME_LIMIT,
    "scenario": 100,
    "party": 100,
    "kind": 100,
    "route": NAME_LIMIT,
    "to": NAME_LIMIT,
    "force": NOTE_LIMIT,
    "confirm": NAME_LIMIT,
    "check": NAME_LIMIT,
    "rule": NAME_LIMIT,
    "key": 40,
    "value": 40,
    "digest": 64,
    "matchers": NOTE_LIMIT,
    "comment": REASON_LIMIT,
    "metric": NAME_LIMIT,
}
_NUMBERS = frozenset({"alert", "run", "ends", "starts", "for", "silence", "at"})


def _require(kind: CommandKind, found: Mapping[str, Any]) -> None:
    if kind in (CommandKind.ACK, CommandKind.UNACK) and "alert" not in found:
        raise BadMessageError("which alert? its id is missing")
    if kind is CommandKind.FAILOVER_PLAN and not found.get("route"):
        raise BadMessageError("which route? its id is missing")
    if kind in (CommandKind.FAILOVER_RUN, CommandKind.FAILOVER_CANCEL) and "run" not in found:
        raise BadMessageError("which run? its number is missing")
    for key in _NEEDED.get(kind, ()):
        if not found.get(key):
            raise BadMessageError(f"{key} is missing")
    if kind in _ON_BASELINES and ("check" in found) == ("integration" in found):
        raise BadMessageError("it is about one check or about one integration")
    if kind is CommandKind.NOTE:
        if not found.get("text"):
            raise BadMessageError("an empty note")
        if ("alert" in found) == ("integration" in found):
            raise BadMessageError("a note is on one alert or on one integration")


def _whole(fields: Mapping[str, Any], key: str) -> int:
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_INT:
        raise BadMessageError(f"{key} must be a whole number, not {_shown(value)}")
    return value


def _text(fields: Mapping[str, Any], key: str, limit: int, *, optional: bool = True) -> str | None:
    value = fields.get(key)
    if value is None and optional:
        return None
    if not isinstance(value, str):
        raise BadMessageError(f"{key} must be text, not {_shown(value)}")
    return clean(value, limit)


def _shown(value: object) -> str:
    """A hostile value as a few harmless characters."""
    return clean(repr(value)[:200], 40)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)
