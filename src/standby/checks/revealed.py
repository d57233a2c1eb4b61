"""Secrets while they are in use: read for one observation, never in a message."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standby.checks.base import Context

_REFERENCE = re.compile(r"(?P<before>\S+ )?(?P<reference>(?:env|file|keyring|cmd):\S.*)", re.DOTALL)
_HIDDEN = "•••"
_SHORTEST = 4  # characters; hiding shorter ones would tear ordinary words apart


@dataclass(frozen=True, slots=True, repr=False)
class Revealed:
    """Texts with their secrets filled in, and which parts of them are secret."""

    values: tuple[str, ...]
    secrets: tuple[str, ...]

    def redact(self, message: str) -> str:
        """`message` without any of the secrets."""
        for secret in self.secrets:
            if len(secret) >= _SHORTEST and secret in message:
                message = message.replace(secret, _HIDDEN)
        return message


async def reveal(context: Context, texts: Sequence[str]) -> Revealed:
    """Fill in each text that is a secret reference, whole or after one word (`Bearer env:NAME`). Raises SecretError."""
    values, secrets = [], []
    for text in texts:
        match = _REFERENCE.fullmatch(text) if ":" in text else None
        if match is None:
            values.append(text)
            continue
        secret = (await asyncio.to_thread(context.secrets.resolve, match["reference"])).get_secret_value()
        values.append((match["before"] or "") + secret)
        secrets.append(secret)
    return Revealed(tuple(values), tuple(secrets))
