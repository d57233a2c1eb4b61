"""What goes over the engine's socket: one JSON object a line, at most 64 kB, both ways.

    program -> engine   {"type": "hello", "role": "console" | "cli", "version": 1, "host", "tty"}
    engine  -> program  {"type": "welcome", "fence", "kind", "pid", "you": "alice", "may_act": true, "read_only": false}
    program -> engine   {"type": "command", "id", "kind", "args": {}, "made_at", "not_after", "user", "origin"}
    engine  -> program  {"type": "receipt", "command", "status", "reason", "seq"}

A console's open connection is its presence: a companion engine ends when the last one is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

VERSION = 1
MAX_LINE = 65_536


class CommandKind(StrEnum):
    """What a person may ask of the engine."""

    ACK = "ack"  # args: alert (id), note, for (how long, ns)
    UNACK = "unack"  # args: alert, note
    NOTE = "note"  # args: alert or integration, text
    REHEARSE = "rehearse"  # args: fault scenario; only with simulated third parties
    FAILOVER_PLAN = "failover-plan"  # args: route, to, force ("rule=reason; rule=reason")
    FAILOVER_RUN = "failover-run"  # args: run (id), confirm (what was typed)
    FAILOVER_CANCEL = "failover-cancel"  # args: run
    SILENCE_THERE = "alertmanager-silence"  # args: check, matchers, ends (ns since 1970), comment
    SILENCE = "silence"  # args: matchers, starts (now when left out), ends, comment
    SILENCE_EXPIRE = "silence-expire"  # args: silence (id)
    SILENCE_EXTEND = "silence-extend"  # args: silence, ends
    CONTRACT_PIN = "contract-pin"  # args: check
    RULE_REVIEWED = "rule-reviewed"  # args: rule (`integration/rule`), note
    RULE_TUNE = "rule-tune"  # args: rule, key, value, at (of the number in `when`), digest (of the shown change)
    BASELINE_ACCEPT = "baseline-accept"  # args: check or integration, metric, comment
    BASELINE_EXCLUDE = "baseline-exclude"  # args: check or integration, metric, starts, ends, comment
    REPLACE = "replace"  # ask the engine to end (`standby engine --replace`)


class Status(StrEnum):
    """What became of a command."""

    DONE = "done"
    REFUSED = "refused"  # with the reason; asking again does not help
    UNREACHABLE = "unreachable"  # never given by the engine: no engine answered, and nothing was kept
    KEPT = "kept"  # never given by the engine: no engine answered; delivered when one is back


class NotNowError(Exception):
    """The engine cannot record the command now, so it did nothing: one line with the reason. Ask again later."""


@dataclass(frozen=True, slots=True)
class Command:
    """One wish of one person, safe to send twice: the engine answers the same id with the same receipt."""

    id: str
    kind: CommandKind
    args: Mapping[str, Any]
    made_at: int
    not_after: int | None = None
    user: str | None = None  # who the person says they are (`--user`); the kernel's answer is recorded beside it
    origin: str = ""  # `cli` or `console`, host and terminal


@dataclass(frozen=True, slots=True)
class Receipt:
    """The engine's answer, given after the command is on disk."""

    command: str
    status: Status
    reason: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, as the kernel says."""

    uid: int
    gid: int
    pid: int | None
    name: str  # login name of uid, or `uid 1001`


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the engine says of itself and of what you may do."""

    fence: int
    kind: str
    pid: int
    you: str
    may_act: bool
    refusal: str = ""  # why you may not, when you may not
    extra: Mapping[str, Any] = field(default_factory=dict)
