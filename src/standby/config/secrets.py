"""Secrets are named in the configuration, never written: references are resolved when they are used, and only then."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import re
import selectors
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pydantic

from standby.config.files import NotAFileError, read_regular
from standby.config.hiding import hide
from standby.config.references import Reference, command_words, parse_reference, reference_mistake
from standby.domain.clock import Clock
from standby.domain.text import clean
from standby.domain.units import SECOND

COMMAND_SECONDS = 5.0
MOST_BYTES = 64 * 1024
MOST_REMEMBERED = 1000  # secrets that `redact` knows, the newest
LONG_ENOUGH = 8  # characters; a shorter one may be a word that anybody says
RETRY_AFTER = 60 * SECOND  # a command that failed is not run again for every observation
_UNUSABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class SecretError(Exception):
    """A secret that cannot be had: one line that names the reference, never a value."""


class SecretStr(pydantic.SecretStr):
    """A value that does not show itself: stars in repr, str and format, and it cannot be pickled or copied to disk."""

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


@dataclass(frozen=True, slots=True)
class _Failed:
    message: str
    at: int


class Secrets:
    """Resolves references. One instance an engine; safe to use from several threads.

    `base` is the folder that relative `file:` paths start from (the configuration's). Commands are run once and
    their answer is kept until `forget`; with a `clock` a failed one is tried again after a minute, else at each use.
    """

    def __init__(
        self, base: Path | None = None, *, environ: Mapping[str, str] | None = None, clock: Clock | None = None
    ) -> None:
        self._base = Path.cwd() if base is None else base
        self._environ = os.environ if environ is None else environ
        self._clock = clock
        self._kept: dict[str, SecretStr | _Failed] = {}
        self._known: dict[str, None] = {}  # every value that was given out, in order
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "Secrets()"

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        raise TypeError("secrets are not written anywhere")

    def resolve(self, value: str) -> SecretStr:
        """The secret that `value` refers to, with its prefix; a plain value is itself. Raises SecretError.

        May wait up to 5 s for a `cmd:` that was not run yet; on an event loop use `aresolve`.
        """
        reference = parse_reference(value)
        if reference is None:
            return SecretStr(value)
        mistake = reference_mistake(reference)
        if mistake is not None:
            raise SecretError(mistake)
        if reference.scheme == "cmd":
            return self._given(self._kept_or_run(reference, value), reference)
        if reference.scheme == "env":
            found = self._from_environment(reference)
        elif reference.scheme == "file":
            found = self._from_file(reference)
        else:
            found = _from_keyring(reference)
        return self._given(SecretStr(reference.prefix + _usable(found, reference)), reference)

    def redact(self, message: str) -> str:
        """`message` without any secret that was ever given out: what one vendor says may hold another one's key.

        Secrets of fewer than 8 characters are known to whoever uses them alone (`revealed`).
        """
        return hide(message, tuple(self._known))

    def _given(self, secret: SecretStr, reference: Reference) -> SecretStr:
        plain = secret.get_secret_value().removeprefix(reference.prefix)
        if len(plain) >= LONG_ENOUGH and plain not in self._known:
            self._known[plain] = None
            while len(self._known) > MOST_REMEMBERED:
                self._known.pop(next(iter(self._known)), None)
        return secret

    async def aresolve(self, value: str) -> SecretStr:
        """Like `resolve`, without holding up the event loop."""
        if (reference := parse_reference(value)) is None or reference.scheme == "env":
            return self.resolve(value)
        kept = self._kept.get(value)
        if isinstance(kept, SecretStr):
            return kept
        return await asyncio.to_thread(self.resolve, value)

    def forget(self, value: str | None = None) -> None:
        """Ask again next time: for one reference, or for all (a reload)."""
        with self._lock:
            if value is None:
                self._kept.clear()
            else:
                self._kept.pop(value, None)

    def _from_environment(self, reference: Reference) -> str:
        found = self._environ.get(reference.rest)
        if found is None:
            raise SecretError(f"{reference} is not set")
        return found

    def _from_file(self, reference: Reference) -> str:
        try:
            raw, _ = read_regular(self._base / Path(reference.rest).expanduser(), MOST_BYTES + 1)
        except FileNotFoundError:
            raise SecretError(f"{reference}: there is no such file") from None
        except NotAFileError as error:
            raise SecretError(f"{reference} is {error}, not a file") from None
        except (OSError, RuntimeError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise SecretError(f"{reference} cannot be read: {clean(why, 200)}") from None
        return _decode(raw, reference)

    def _kept_or_run(self, reference: Reference, value: str) -> SecretStr:
        with self._lock:
            kept = self._kept.get(value)
            if isinstance(kept, SecretStr):
                return kept
            if kept is not None and self._clock is not None and self._clock.monotonic() - kept.at < RETRY_AFTER:
                raise SecretError(kept.message)
            try:
                found = SecretStr(reference.prefix + _usable(_run(reference), reference))
            except SecretError as error:
                self._kept[value] = _Failed(str(error), 0 if self._clock is None else self._clock.monotonic())
                raise
            self._kept[value] = found
            return found


def _usable(text: str, reference: Reference) -> str:
    """The secret without its line end. A control character inside would forge headers, so it is refused."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretError(f"{reference} is empty")
    if _UNUSABLE.search(text):
        raise SecretError(f"{reference} has more than one line or control characters")
    return text


def _decode(raw: bytes, reference: Reference) -> str:
    if len(raw) > MOST_BYTES:
        raise SecretError(f"{reference} gives more than 64 kB")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise SecretError(f"{reference} is not UTF-8 text") from None


def _run(reference: Reference) -> str:
    """What a program prints, without a shell, at most 64 kB of it and for at most 5 s, children included."""
    words = command_words(reference)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # could hold the secret; the exit code has to do
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SecretError(f"{reference} cannot be run: {clean(why, 200)}") from None
    expired = threading.Event()
    timer = threading.Timer(COMMAND_SECONDS, _end, (process, expired))
    timer.daemon = True
    timer.start()
    try:
        raw = _read_output(process, expired)
        if len(raw) > MOST_BYTES:
            _end(process, threading.Event())
        code = process.wait()
    except BaseException:
        _end(process, expired)
        raise
    finally:
        timer.cancel()
    if expired.is_set():
        raise SecretError(f"{reference} did not answer within {COMMAND_SECONDS:.0f} s")
    if len(raw) <= MOST_BYTES and code != 0:
        raise SecretError(f"{reference} failed with exit code {code}")
    return _decode(raw, reference)


def _read_output(process: subprocess.Popen[bytes], expired: threading.Event) -> bytes:
    """What it prints until it closes its output, there is too much, or time is up.

    Never a blocking read: a grandchild in a session of its own can keep the pipe open after everything was killed.
    """
    assert process.stdout is not None  # noqa: S101 - PIPE was asked for
    parts: list[bytes] = []
    size = 0
    with process.stdout as output, selectors.DefaultSelector() as waiting:
        waiting.register(output, selectors.EVENT_READ)
        while not expired.is_set() and size <= MOST_BYTES:
            if waiting.select(0.1):
                part = os.read(output.fileno(), 65536)
                if not part:
                    break
                parts.append(part)
                size += len(part)
    return b"".join(parts)


def _end(process: subprocess.Popen[bytes], expired: threading.Event) -> None:
    """Kill the program and what it started in its session. Only while it has not been waited for."""
    expired.set()
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            os.killpg(process.pid, signal.SIGKILL)


def _from_keyring(reference: Reference) -> str:
    service, _, user = reference.rest.partition("/")
    try:
        found = importlib.import_module("keyring").get_password(service, user)
    except Exception as error:  # noqa: BLE001 - each backend has its own errors
        raise SecretError(f"{reference}: the keyring did not answer ({type(error).__name__})") from None
    if not isinstance(found, str):
        raise SecretError(f"{reference} is not in the keyring")
    return found
