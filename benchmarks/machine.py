"""Where the figures come from: the machine, and the versions of everything that was measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sqlite3
import ssl
import subprocess
from pathlib import Path

_LIBRARIES = ("textual", "rich", "httpx", "aiohttp", "aiosqlite", "pydantic", "cel-expr-python")
_PACKAGES = (
    "prometheus",
    "prometheus-blackbox-exporter",
    "prometheus-alertmanager",
    "nginx-light",
    "haproxy",
    "htop",
    "btop",
)


def machine() -> str:
    """Cores, processor, memory, kernel."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({_processor()}), {memory_gb:.0f} GB, {platform.system()} {platform.release()}"


def ours() -> str:
    """Standby and its commit."""
    return f"Standby {importlib.metadata.version('standby')}{_commit()}"


def libraries() -> str:
    """Python and the libraries that matter."""
    parts = [f"Python {platform.python_version()}"]
    parts += [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
    return ", ".join([*parts, f"SQLite {sqlite3.sqlite_version}", ssl.OPENSSL_VERSION.rsplit(" ", 3)[0]])


def theirs() -> str:
    """The peers that are installed, as Debian numbers them."""
    if shutil.which("dpkg-query") is None:
        return "none from Debian packages"
    found = []
    for package in _PACKAGES:
        asked = _said("dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Version}", package)
        if asked.startswith("installed "):
            found.append(f"{package} {asked.partition(' ')[2]}")
    return ", ".join(found) or "none installed"


def load() -> str:
    """How busy the machine is with other things."""
    return f"{os.getloadavg()[0]:.2f}"


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.machine()


def _commit() -> str:
    said = _said("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty")
    return f" ({said})" if said else ""


def _said(*argv: str) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=10).stdout.strip()
    except OSError:
        return ""
