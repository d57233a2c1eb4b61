"""Real servers from Debian packages, for the tests marked `servers`.

Each is started on free ports with a configuration of its own and stopped after the test. A missing one skips the test
with the reason, or fails it when STANDBY_REQUIRE_SERVERS=1 (as CI does).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_WHERE = ("/usr/sbin", "/usr/lib/nagios/plugins", "/usr/lib/monitoring-plugins", "/opt/homebrew/bin")
_UP_WITHIN_S = 10.0


def require(binary: str, package: str) -> Path:
    """The path of `binary`; skips, or fails where servers are required, when it is not installed."""
    found = shutil.which(binary) or shutil.which(binary, path=os.pathsep.join(_WHERE))
    if found is not None:
        return Path(found)
    reason = f"{binary} is not installed (Debian: apt install {package})"
    if os.environ.get("STANDBY_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx: plain and TLS port, and the folder that it serves."""

    process: subprocess.Popen[bytes]
    port: int
    tls_port: int
    root: Path

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait(5)


@contextlib.contextmanager
def nginx(folder: Path, certificate: Path, key: Path, *, locations: str = "") -> Iterator[Nginx]:
    """nginx serving `folder`/html on a plain and a TLS port; `locations` goes into both servers."""
    binary = require("nginx", "nginx-light")
    port, tls_port = free_port(), free_port()
    root = folder / "html"
    root.mkdir(exist_ok=True)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _NGINX.format(
            port=port,
            tls_port=tls_port,
            root=root,
            folder=folder,
            certificate=certificate,
            key=key,
            locations=locations,
        )
    )
    log = folder / "nginx.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(binary), "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        wait_for_port(port, process, log)
        wait_for_port(tls_port, process, log)
        yield Nginx(process, port, tls_port, root)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once something listens; fails with the log when the process ends or takes too long."""
    deadline = time.monotonic() + _UP_WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    pytest.fail(f"nothing listens on {port}: {log.read_text(errors='replace')[-500:]}")


_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    default_type application/json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_min_length 1;
    gzip_types application/json;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        {locations}
    }}
    server {{
        listen 127.0.0.1:{tls_port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        root {root};
        {locations}
    }}
}}
"""
