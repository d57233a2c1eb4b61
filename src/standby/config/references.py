"""What a secret reference looks like: `env:NAME`, `file:PATH`, `cmd:PROGRAM ARG...`, `keyring:SERVICE/USER`.

A value may have an HTTP scheme word before its reference: `Bearer env:ACME_TOKEN`.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
from dataclasses import dataclass

from standby.domain.text import clean

SCHEMES = ("env", "file", "keyring", "cmd")
_REFERENCE = re.compile(
    r"((?:(?:Bearer|Basic|Token|ApiKey|GenieKey|Splunk|SSWS) )?)(env|file|keyring|cmd):(.*)", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,200}")
# Names under which a value is a secret, whatever it says.
_SENSITIVE = re.compile(
    r"authorization|cookie|passw|secret|token|credential|signature|(^|[-_])(api[-_]?)?key$|(^|[-_])auth([-_]|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is: `prefix` goes before it as it is, `rest` is what the scheme needs."""

    prefix: str
    scheme: str
    rest: str

    def __str__(self) -> str:
        """As written, but of a command only its program: its arguments may say too much."""
        if self.scheme == "cmd":
            words = _words(self.rest)
            return clean(f"cmd:{words[0]}{' …' if len(words) > 1 else ''}" if words else "cmd:", 200)
        return clean(f"{self.scheme}:{self.rest}", 200)


def parse_reference(text: str) -> Reference | None:
    """The reference in a value; None when it is a plain value."""
    found = _REFERENCE.fullmatch(text)
    return None if found is None else Reference(found[1], found[2], found[3])


def reference_mistake(reference: Reference) -> str | None:
    """What is wrong with how a reference is written, with its mend; None when it can be resolved."""
    if reference.scheme == "env":
        # What stands there is not shown: it may be the secret itself.
        return None if _NAME.fullmatch(reference.rest) else "env: names no variable; write env:ACME_TOKEN"
    if reference.scheme == "file":
        good = reference.rest.strip() and "\0" not in reference.rest
        return None if good else f"{reference} names no file; write file:/run/secrets/acme"
    if reference.scheme == "cmd":
        return None if _words(reference.rest) else "cmd: names no program; write cmd:pass show acme"
    return _keyring_mistake(reference)


def _keyring_mistake(reference: Reference) -> str | None:
    if importlib.util.find_spec("keyring") is None:
        return f"{reference} needs the keyring library, which is not installed; use env:, file: or cmd:"
    service, _, user = reference.rest.partition("/")
    return None if service and user else f"{reference} names no entry; write keyring:SERVICE/USER"


def _words(text: str) -> list[str]:
    """A command as a program and its arguments; empty when it cannot be read so. No shell is involved."""
    try:
        words = shlex.split(text)
    except ValueError:
        return []
    return [] if any("\0" in word for word in words) else words


def command_words(reference: Reference) -> list[str]:
    """Program and arguments of a `cmd:` reference."""
    return _words(reference.rest)


def is_sensitive(name: str) -> bool:
    """Whether a value under this name (a header, a query parameter, a key) is a secret whatever it says."""
    return _SENSITIVE.search(name) is not None
