"""Forks real engines and real senders without paying for the imports each time: the children are killed, not this.

One JSON object a line on standard input, one pid a line on standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import standby.engine.process.run  # noqa: F401 - what an engine needs, imported once
from kill import files
from standby.directors import registry
from standby.link.client import send_or_keep
from standby.link.messages import parse_command
from standby.link.paths import link_paths
from standby.link.spool import Spool

_KINDS = MappingProxyType({**registry.kinds(), files.KIND.name: files.KIND})


def main() -> None:
    registry.kinds = lambda: _KINDS  # type: ignore[assignment]  # a director of these tests alone
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are nobody's to wait for
    children: dict[str, Callable[[dict[str, Any]], int]] = {"engine": _engine, "send": _send}
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(nothing, 1)
            code = 70
            try:
                code = children[order["do"]](order)
            finally:
                os._exit(code)
        print(pid, flush=True)


def _engine(order: dict[str, Any]) -> int:
    from standby.engine.process.run import Options, run_engine

    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    return run_engine(Options(Path(order["config"])))


def _send(order: dict[str, Any]) -> int:
    """Send every command as `standby ack` does, and say each receipt at once."""
    paths = link_paths(Path(order["store"]))
    spool = Spool(paths, Path(order["state"]))
    said = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for message in order["commands"]:
        command = parse_command(message)
        receipt = send_or_keep(paths, command, 2.0, spool)
        os.write(said, f"{command.id} {receipt.status.value}\n".encode())
    return 0


if __name__ == "__main__":
    main()
