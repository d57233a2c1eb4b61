"""dnsmasq: answers names, asks nobody."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tests.servers.start import free_port, require, running


@contextlib.contextmanager
def dnsmasq(folder: Path, *lines: str) -> Iterator[int]:
    """dnsmasq on loopback with these lines of configuration; its port, UDP and TCP. It asks nobody else."""
    binary = require("dnsmasq", "dnsmasq-base")
    port = free_port()
    configuration = folder / "dnsmasq.conf"
    head = ["no-resolv", "no-hosts", "bind-interfaces", "listen-address=127.0.0.1", f"port={port}", "user=root"]
    if os.geteuid() != 0:
        head.pop()
    configuration.write_text("\n".join([*head, *lines]) + "\n")
    command = [str(binary), "--keep-in-foreground", f"--conf-file={configuration}", "--pid-file"]
    with running(command, folder / "dnsmasq.log", port):
        yield port
