"""One rule changed in the file that holds it: comments and layout stay, the file is replaced whole or not at all."""

from __future__ import annotations

import difflib
import hashlib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Item, String

from standby.config.entries import Kinds
from standby.config.files import MOST_BYTES, NotAFileError, as_seen, read_regular
from standby.config.load import load
from standby.config.models import Rule
from standby.config.problems import ConfigError
from standby.config.whole import Config
from standby.domain.text import clean


class EditError(Exception):
    """The file is as it was: one line with the reason and the mend."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a file holds and would hold."""

    path: Path
    before: bytes
    after: bytes

    @property
    def digest(self) -> str:
        """Of what the file holds and would hold: who saw the difference saw this one."""
        return hashlib.blake2b(self.before + b"\0" + self.after, digest_size=16).hexdigest()

    @property
    def diff(self) -> str:
        """A unified diff, for people and for `patch`."""
        name = as_seen(self.path)
        old, new = (part.decode().splitlines(keepends=True) for part in (self.before, self.after))
        lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def edit_rule(config: Config, rule: Rule, keys: Mapping[str, str]) -> Edit:
    """The file that holds the rule, with other values for some of its keys. Raises EditError."""
    for path in config.files:
        before = _read(path)
        changed = _changed(before, rule, keys, as_seen(path))
        if changed is not None:
            return Edit(path, before, changed)
    raise EditError(
        f"rule {rule.integration}/{rule.id} is in no file: it is built in; write a [[rule]] of your own instead"
    )


def apply(edit: Edit, config: Config, kinds: Kinds) -> None:
    """Put it into the file, when the file is still what it was and the whole still loads. Raises EditError.

    The new file has the old one's owner and mode; where these cannot be kept, or the folder or the file may not be
    written, nothing is changed. A link is followed: what it leads to is changed.
    """
    try:
        load(config.path, kinds, instead={edit.path: edit.after})
    except ConfigError as error:
        raise EditError(f"the change would not load: {clean(str(error.problems[0]), 300)}") from None
    path, name = edit.path.resolve(), as_seen(edit.path)
    if not os.access(path, os.W_OK):
        raise EditError(f"{name} may not be written by this user; apply the diff by hand")
    try:
        status = path.stat()
        handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(edit.after)
                file.flush()
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
                os.fchmod(file.fileno(), status.st_mode & 0o7777)
                os.fsync(file.fileno())
            if _read(edit.path) != edit.before:
                raise EditError(f"{name} was changed meanwhile; ask again")
            os.replace(fresh, path)  # noqa: PTH105
        finally:
            Path(fresh).unlink(missing_ok=True)
        _sync(path.parent)
    except OSError as error:
        raise EditError(f"{name} cannot be written: {error.strerror or error}; apply the diff by hand") from None


def _read(path: Path) -> bytes:
    try:
        raw, _ = read_regular(path, MOST_BYTES + 1)
    except NotAFileError as error:
        raise EditError(f"{as_seen(path)} is {error}, not a file") from None
    except (OSError, ValueError) as error:
        raise EditError(f"{as_seen(path)} cannot be read: {error}") from None
    return raw


def _changed(raw: bytes, rule: Rule, keys: Mapping[str, str], name: str) -> bytes | None:
    """The text with the change; `None` when it does not hold the rule."""
    try:
        document = tomlkit.parse(raw)
        found = _entry(document.get("rule"), rule)
        if found is None:
            return None
        for key, value in keys.items():
            found[key] = _like(found.get(key), value)
        text = tomlkit.dumps(document)
        if tomllib.loads(text) != _wanted(raw, rule, keys):
            raise EditError(f"{name} cannot be changed in one place alone; change it by hand")
    except (TOMLKitError, ValueError, TypeError) as error:
        raise EditError(f"{name} cannot be changed: {clean(str(error), 200)}; apply it by hand") from None
    return text.encode()


def _wanted(raw: bytes, rule: Rule, keys: Mapping[str, str]) -> dict[str, Any]:
    """What the file is to say: a belt for the library, which is to change nothing else."""
    data = tomllib.loads(raw.decode())
    found = _entry(data.get("rule"), rule)
    if found is not None:
        found.update(keys)
    return data


def _entry(rules: object, rule: Rule) -> dict[str, Any] | None:
    """Several integrations may have a rule of one id."""
    entries = rules if isinstance(rules, list) else []
    wanted = (rule.integration, rule.id)
    found = (one for one in entries if isinstance(one, dict) and (one.get("integration"), one.get("id")) == wanted)
    return next(found, None)


def _like(old: object, value: str) -> Item:
    """Text in the quotes that were there."""
    literal = isinstance(old, String) and old.as_string().startswith("'") and "'" not in value
    return tomlkit.string(value, literal=literal)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
