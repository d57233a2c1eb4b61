"""tinyproxy, for who knows the password."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers.start import free_port, require, running


@dataclass(frozen=True, slots=True)
class Tinyproxy:
    """A running tinyproxy that wants to know who we are: its port, and what it wrote."""

    port: int
    log: Path


@contextlib.contextmanager
def tinyproxy(folder: Path, user: str, password: str) -> Iterator[Tinyproxy]:
    """tinyproxy on loopback for who says this name and password."""
    binary = require("tinyproxy", "tinyproxy-bin")
    port, log = free_port(), folder / "tinyproxy.log"
    configuration = folder / "tinyproxy.conf"
    lines = [f"Port {port}", "Listen 127.0.0.1", "MaxClients 8", f'LogFile "{log}"', "LogLevel Connect"]
    configuration.write_text("\n".join([*lines, f"BasicAuth {user} {password}", ""]))
    output = folder / "tinyproxy.out"
    with running([str(binary), "-d", "-c", str(configuration)], output, port):
        yield Tinyproxy(port, log)
