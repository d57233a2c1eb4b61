"""Keep a secret out of what is shown, in every form in which another program may say it back."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from standby.domain.text import ELLIPSIS, clean

HIDDEN = "•••"
_SHORTEST = 4  # characters; hiding shorter ones would tear ordinary words apart
_SHORTEST_PIECE = 6
_PASSWORD = re.compile(r"\bpassword\s*=\s*'?([^\s']{4,})")  # of a database's connection string
_SHORTEST_PART = 12  # of an address; `services` is a word, not a key
_LONGEST_LINE = 100_000


@lru_cache(maxsize=4096)
def forms(secret: str) -> tuple[str, ...]:
    """The secret, and how addresses, JSON, HTML, base64 and one-line texts write it; longest first.

    Of what Basic authentication sends, `user:password` in base64, the password alone is one, too, and of an address
    its path.
    """
    found = {secret, *_opened(secret), *_parts(secret)}
    for plain in tuple(found):
        found |= {
            quote(plain, safe=""),
            quote(plain),
            quote_plus(plain),
            html.escape(plain),
            clean(plain, _LONGEST_LINE),
        }
        found |= {json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1], repr(plain)[1:-1]}
        found |= {base64.b64encode(plain.encode()).decode(), plain.lower()}  # hosts are written in lower case
    return tuple(sorted((form for form in found if len(form) >= _SHORTEST), key=lambda form: (-len(form), form)))


def hide(message: str, secrets: Iterable[str]) -> str:
    """`message` without any of the secrets, nor the beginning of one where a text was cut."""
    for secret in secrets:
        for form in forms(secret):
            if form in message:
                message = message.replace(form, HIDDEN)
            if form[:_SHORTEST_PIECE] in message:
                message = _without_beginnings(message, form)
    return message


def _opened(secret: str) -> set[str]:
    """What base64 of `user:password` holds."""
    try:
        text = base64.b64decode(secret, validate=True).decode()
    except (binascii.Error, ValueError):
        return set()
    password = text.partition(":")[2]
    return {text, password} if text.isprintable() and len(password) >= _SHORTEST else set()


def _parts(secret: str) -> set[str]:
    """Of an address that is a secret as a whole: its path, its password and other keys in it."""
    found = set(_PASSWORD.findall(secret))
    if "://" not in secret:
        return found
    try:
        parts = urlsplit(secret)
        found |= {text for text in (parts.password, unquote(parts.password or "")) if text}
        words = [parts.path, *parts.path.split("/"), *(text for _, text in parse_qsl(parts.query))]
    except ValueError:
        return found
    return found | {word for word in words if len(word) >= _SHORTEST_PART}


def _without_beginnings(message: str, form: str) -> str:
    """Without the first characters of a secret that stand at the end, or where an ellipsis says that it went on."""
    parts = [_cut_off(part, form) for part in message.split(ELLIPSIS)]
    return ELLIPSIS.join(parts)


def _cut_off(part: str, form: str) -> str:
    for length in range(min(len(form) - 1, len(part)), _SHORTEST_PIECE - 1, -1):
        if part.endswith(form[:length]):
            return part[:-length] + HIDDEN
    return part
