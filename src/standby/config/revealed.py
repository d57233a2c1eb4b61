"""Secrets while they are in use: read for one look or act, never in a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from standby.config.hiding import hide
from standby.config.references import parse_reference
from standby.config.secrets import Secrets


@dataclass(frozen=True, slots=True, repr=False)
class Revealed:
    """Texts with their secrets filled in, and which parts of them are secret."""

    values: tuple[str, ...]
    secrets: tuple[str, ...]

    def redact(self, message: str) -> str:
        """`message` without any of the secrets, in whatever form (see `hiding`)."""
        return hide(message, self.secrets)


async def reveal(secrets: Secrets, texts: Iterable[str]) -> Revealed:
    """Fill in each text that is a secret reference; the others stay as they are. Raises SecretError."""
    values, hidden = [], []
    for text in texts:
        reference = parse_reference(text)
        if reference is None:
            values.append(text)
            continue
        value = (await secrets.aresolve(text)).get_secret_value()
        values.append(value)
        hidden.append(value.removeprefix(reference.prefix))
    return Revealed(tuple(values), tuple(hidden))
