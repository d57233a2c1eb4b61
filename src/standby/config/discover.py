"""Find the configuration, and learn the four things that a screen needs of it before its first frame.

Light on purpose: tomllib and the standard library, neither pydantic nor CEL.

Trust, as git and ssh do it: a file that was not named but found in the working directory must belong to the user or
to root and must not be writable by others, since whoever writes it decides which programs run. A file that was named
is trusted as to its place; `load` still refuses programs from a file that others can write.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standby.config.files import MOST_BYTES, Document, NotAFileError, as_seen, read, read_regular, read_tables
from standby.config.problems import ConfigError, Problem
from standby.domain.outcome import Environment

FILE = "config.toml"
SYSTEM = Path("/etc/standby") / FILE
SYSTEM_STORE = Path("/var/lib/standby/standby.db")
_OURS = re.compile(r"^[ \t]*\[?[ \t]*standby\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Peek:
    """What is known of a configuration before it is loaded. `store` is absolute."""

    name: str
    environment: Environment
    store: Path
    simulated: bool


def find(explicit: Path | None, cwd: Path, environ: Mapping[str, str]) -> Path:
    """The configuration file in force, absolute. Raises ConfigError when there is none or it may not be trusted.

    Order: `explicit` (`--config`), `STANDBY_CONFIG`, `config.toml` in `cwd` when it has a `[standby]` table,
    `standby/config.toml` in the user's configuration folder, `/etc/standby/config.toml`.
    """
    named = explicit if explicit is not None else _from_environment(environ)
    if named is not None:
        path = cwd / named.expanduser()
        read_named(path, str(named))
        return path
    here = cwd / FILE
    if _is_ours(here):
        check_trust(here)
        return here
    for path in user_paths(environ):
        if path.is_file():
            check_trust(path)
            return path
    if SYSTEM.is_file():  # whoever may write /etc may do anything: its owner is not asked
        return SYSTEM
    looked = ", ".join(str(path) for path in (here, *user_paths(environ), SYSTEM))
    message = f"no configuration found (looked for {looked})"
    raise ConfigError([Problem("", 0, "", message, "name one with --config FILE, or try: standby demo")])


def read_named(path: Path, shown: str) -> None:
    """Raise ConfigError when a file that was named is not there or not readable; its content is judged later."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        read(path, shown)  # says why
        return
    if not stat.S_ISREG(status.st_mode):
        read(path, shown)


def _from_environment(environ: Mapping[str, str]) -> Path | None:
    value = environ.get("STANDBY_CONFIG", "")
    return Path(value) if value else None


def user_paths(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where a user's own configuration may be, first choice first."""
    chosen = environ.get("XDG_CONFIG_HOME", "")
    home = environ.get("HOME", "")
    if chosen.startswith("/"):
        yield Path(chosen) / "standby" / FILE
    elif home:
        yield Path(home) / ".config" / "standby" / FILE
    if home and sys.platform == "darwin":
        yield Path(home) / "Library" / "Application Support" / "standby" / FILE


def _is_ours(path: Path) -> bool:
    """Whether a found `config.toml` is meant for us: it has a `standby` table, even when the rest does not parse."""
    try:
        document = read_tables(path, ("standby",))
    except ConfigError:
        return _looks_ours(path)
    return isinstance(document.data.get("standby"), dict)


def _looks_ours(path: Path) -> bool:
    try:
        raw, _ = read_regular(path, MOST_BYTES)
    except (OSError, NotAFileError):
        return False
    return _OURS.search(raw.decode(errors="replace")) is not None


def check_trust(path: Path) -> None:
    """Raise ConfigError when others could have written a file that nobody named."""
    try:
        status, folder = path.stat(), path.parent.stat()
    except OSError as error:
        raise _distrust(path, f"cannot be examined: {error.strerror}", "") from None
    if status.st_uid not in (os.getuid(), 0):
        raise _distrust(path, f"was found here but belongs to {_user(status.st_uid)}", f"to trust it: --config {path}")
    if others_write(status):
        raise _distrust(path, "was found here but can be written by others", f"run: chmod go-w {path}")
    if others_write(folder) and not folder.st_mode & stat.S_ISVTX:
        mend = f"run: chmod go-w {path.parent}, or --config {path}"
        raise _distrust(path, "was found in a folder that others can write", mend)


def others_write(status: os.stat_result) -> bool:
    """Whether somebody besides the owner can write; a group of which the owner is the only member is the owner."""
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _own_group(status)


def _own_group(status: os.stat_result) -> bool:
    import grp
    import pwd

    if status.st_gid == 0:
        return True
    try:
        group, owner = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid)
    except KeyError:
        return False
    return owner.pw_gid == status.st_gid and group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _distrust(path: Path, message: str, mend: str) -> ConfigError:
    return ConfigError([Problem(as_seen(path), 1, "", message, mend)])


def peek(path: Path) -> Peek:
    """Name, environment, store and whether the third parties are simulated. Raises ConfigError.

    Only the file itself is read: `[standby]` and `[simulator]` are not taken from included files. A mistake in another
    table keeps nobody from looking at the store.
    """
    document = read_tables(path, ("standby", "simulator"))
    settings = document.data.get("standby", {})
    if not isinstance(settings, dict):
        raise _key_error(document, "standby", "is not a table", "write [standby]")
    simulator = document.data.get("simulator")
    simulated = isinstance(simulator, dict) and simulator.get("enabled", True) is True
    return Peek(_name(document, settings), _environment(document, settings), _store(document, settings), simulated)


def _key_error(document: Document, key: str, message: str, mend: str) -> ConfigError:
    word = re.escape(key.rsplit(".", maxsplit=1)[-1])
    found = re.search(rf"^.*\b{word}\b", document.text, re.MULTILINE)
    line = 1 if found is None else document.text.count("\n", 0, found.start()) + 1
    return ConfigError([Problem(document.shown, line, key, message, mend)])


def _name(document: Document, settings: Mapping[str, Any]) -> str:
    name = settings.get("name", "standby")
    if not isinstance(name, str) or not name.strip():
        raise _key_error(document, "standby.name", "is not text", 'write name = "shop-eu"')
    return name


def _environment(document: Document, settings: Mapping[str, Any]) -> Environment:
    word = settings.get("environment", Environment.DEVELOPMENT.value)
    try:
        return Environment(word)
    except ValueError:
        mend = f"write one of {', '.join(Environment)}"
        raise _key_error(document, "standby.environment", "is not an environment", mend) from None


def _store(document: Document, settings: Mapping[str, Any]) -> Path:
    store = settings.get("store")
    if store is None:
        return default_store(document.path)
    if not isinstance(store, str):
        raise _key_error(document, "standby.store", "is not text", 'write a path like "standby.db"')
    try:
        return resolve_store(store, document.path)
    except ValueError as error:
        raise _key_error(document, "standby.store", str(error), 'write a path like "standby.db"') from None


def default_store(config: Path) -> Path:
    """Where a store is kept that the configuration does not name: beside it, or where services keep theirs."""
    return SYSTEM_STORE if config == SYSTEM else config.absolute().parent / "standby.db"


def resolve_store(text: str, config: Path) -> Path:
    """The absolute path of a store as written. Raises ValueError; a relative path is relative to the configuration."""
    if "://" in text:
        raise ValueError("only a path to a SQLite file is supported")
    if not text.strip() or "\0" in text or text.endswith("/"):
        raise ValueError("is not the path of a file")
    try:
        written = Path(text).expanduser()
    except RuntimeError:  # ~nobody
        raise ValueError("names a home folder that does not exist") from None
    return Path(os.path.normpath(config.absolute().parent / written))


def sample_path() -> Path:
    """The working sample: package data first, the checkout second."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "data" / FILE
    return packaged if packaged.is_file() else package.parents[1] / FILE
