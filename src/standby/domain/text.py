"""The door: text from outside is cleaned here, once, before anything else sees it."""

from __future__ import annotations

import re

# C0 and C1 controls (ESC, CSI, OSC, BEL...), line and paragraph separators, every bidirectional control, and the
# invisible tag and annotation characters: what moves a cursor, writes a clipboard or reorders a line.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]+"
)
# A whole escape sequence goes, not only its first byte: `ESC [ 31 m` would else leave `[31m` behind. One that never
# ends loses its introducer only: a stray byte must not swallow the message. No class contains what starts another
# match, so the time stays linear.
_SEQUENCE = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x80-\x9f]{0,4096}(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links, the clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x80-\x9f]{0,4096}(?:\x1b\\|\x9c)"  # DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?"  # CSI
    r"|\x1b[ -/]{0,8}[0-~]?"
)
_SPACES = re.compile(r"\s+")
ELLIPSIS = "…"


def clean(text: str, limit: int = 500) -> str:
    """One line without control sequences, at most `limit` (1 or more) characters; a cut is marked with an ellipsis.

    Idempotent, in time linear in `limit` whatever the length of `text`. Markup stays as it is: nothing parses it.
    """
    if limit < 1:
        raise ValueError(f"a limit of {limit} leaves no room for text")
    longest = limit * 8 + 4096  # enough for a line that is mostly escape sequences
    head = text[:longest]
    if not _is_clean(head):
        head = _SEQUENCE.sub(" ", head)
        head = _SPACES.sub(" ", _UNSAFE.sub(" ", head)).strip()
    if len(head) <= limit and len(text) <= longest:
        return head
    return head[: limit - 1] + ELLIPSIS


def _is_clean(text: str) -> bool:
    """A sufficient test that costs a tenth of the cleaning; most text passes it."""
    return text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " "
