"""A person's wish as a command to the engine: who asks, from which terminal, until when it may be granted."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import uuid
from collections.abc import Mapping
from typing import Any

from standby.cli.main import globals_of
from standby.engine.clock import SystemClock
from standby.link.protocol import Command, CommandKind

REFUSED = 5
"""The exit code of a wish that was not granted."""


def wish(
    args: argparse.Namespace, kind: CommandKind, fields: Mapping[str, Any], lasts_ns: int | None = None
) -> Command:
    """A command with an id of its own; without `lasts_ns` it may be granted whenever an engine hears of it."""
    now = SystemClock().now()
    return Command(
        id=uuid.uuid4().hex,
        kind=kind,
        args=fields,
        made_at=now,
        not_after=None if lasts_ns is None else now + lasts_ns,
        user=globals_of(args).user,
        origin=_origin(),
    )


def read_only(args: argparse.Namespace, verb: str) -> bool:
    """Whether the person may only look; says so when they may."""
    if globals_of(args).read_only:
        print(f"standby: {verb} refused: --read-only was given", file=sys.stderr)
        return True
    return False


def _origin() -> str:
    try:
        tty = os.ttyname(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):
        tty = "no terminal"
    return f"cli on {socket.gethostname()} {tty}"
