"""PostgreSQL with TLS and a reader."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.servers.start import UP_WITHIN_S, free_port, require, running


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL with the database `shop`, its owner and `reader`, whose password is s3cr3t-token."""

    port: int
    psql: Sequence[str]

    @property
    def dsn(self) -> str:
        """For who may only read."""
        return f"postgresql://reader:s3cr3t-token@127.0.0.1:{self.port}/shop"

    def do(self, statements: str) -> str:
        """Run SQL as the owner; what it prints."""
        ended = subprocess.run([*self.psql, "-c", statements], check=True, capture_output=True, text=True)
        return ended.stdout.strip()


@contextlib.contextmanager
def postgres(certificate: Path, key: Path) -> Iterator[Postgres]:
    """PostgreSQL on loopback, with TLS. It refuses to be root, so root becomes `postgres`."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    binaries = installed[-1] if installed else require("initdb", "postgresql").parent
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as name:
        data = Path(name) / "data"
        _own(Path(name), become)
        initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "-N", "-E", "UTF8"]
        subprocess.run([*become, *initdb], check=True, capture_output=True, cwd="/")
        for source, target in ((certificate, "server.crt"), (key, "server.key")):
            shutil.copy(source, data / target)
            (data / target).chmod(0o600)
            _own(data / target, become)
        (data / "pg_hba.conf").write_text("local all owner trust\nhost all reader 127.0.0.1/32 scram-sha-256\n")
        log = Path(name) / "log"
        options = ["-p", str(port), "-k", name, "-h", "127.0.0.1", "-F", "-c", "ssl=on"]
        command = [*become, str(binaries / "postgres"), "-D", str(data), *options]
        psql = [str(binaries / "psql"), "-h", name, "-p", str(port), "-U", "owner", "-qAtX", "-v", "ON_ERROR_STOP=1"]
        with running(command, log, port, within=20.0, cwd="/"):
            _until([*psql, "-d", "postgres", "-c", "SELECT 1"], log)  # it listens before it serves
            subprocess.run([*psql, "-d", "postgres", "-c", "CREATE DATABASE shop"], check=True, capture_output=True)
            served = Postgres(port, [*psql, "-d", "shop"])
            served.do("CREATE ROLE reader LOGIN PASSWORD 's3cr3t-token'; GRANT pg_read_all_data TO reader")
            yield served


def _own(path: Path, become: Sequence[str]) -> None:
    if become:
        shutil.chown(path, "postgres")


def _until(command: Sequence[str], log: Path) -> None:
    """Return when the command succeeds."""
    deadline = time.monotonic() + UP_WITHIN_S
    while subprocess.run(command, capture_output=True).returncode != 0:
        if time.monotonic() > deadline:
            pytest.fail(f"it does not serve: {log.read_text(errors='replace')[-500:]}")
