"""What an answer's headers say of its own end: deprecations (RFC 9745), sunsets (RFC 8594), warnings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from standby.domain.calendar import DIGITS
from standby.domain.text import clean
from standby.domain.units import DAY, SECOND

SINCE = 0
"""An instant that stands for "already, nobody says since when"."""
_STRUCTURED = re.compile(r"@(-?\d{1,12})")
_WARNING = re.compile(r'(\d{3}) \S+ "([^"]{1,200})"')
_REASONS = ("x-shopify-api-deprecated-reason", "x-api-warn", "x-api-deprecation-info", "x-deprecated")


@dataclass(frozen=True, slots=True)
class Notices:
    """`deprecated` and `sunset` are ns since 1970; `says` are the vendor's own words. Falsy when there is nothing."""

    deprecated: int | None = None
    sunset: int | None = None
    says: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether the vendor announces anything."""
        return self.deprecated is not None or self.sunset is not None or bool(self.says)

    def metrics(self, now: int) -> dict[str, float]:
        """`sunset_days` and `deprecated_days` from now on; below zero when it is past, 0 when `SINCE`."""
        named = {"sunset_days": self.sunset, "deprecated_days": self.deprecated}
        told = {name: at for name, at in named.items() if at is not None}
        return {name: round((at - now) / DAY, DIGITS) if at != SINCE else 0.0 for name, at in told.items()}

    def text(self, now: int) -> str:
        """`sunsets in 41 days`, with the vendor's words; empty when there is nothing."""
        parts = []
        if self.sunset is not None:
            days = (self.sunset - now) // DAY
            parts.append(f"sunsets in {days} days" if days >= 0 else f"was to end {-days} days ago")
        elif self.deprecated is not None:
            parts.append("is deprecated" if self.deprecated <= now else "will be deprecated")
        return "; ".join([*parts, *self.says])


def tell(pairs: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether an answer's headers may announce anything. Most do not, and this is asked of each: it is cheap."""
    names = b"\n".join([name for name, _ in pairs]).lower()
    return b"sunset" in names or b"deprecat" in names or b"warn" in names


def notices(header: Callable[[str], str]) -> Notices:
    """From an answer's headers: `header` gives one, or nothing. What cannot be read is left out."""
    warning = _WARNING.match(header("warning"))
    says = [clean(warning[2], 120)] if warning is not None and warning[1] in ("199", "299") else []
    says += [clean(said, 120) for name in _REASONS if (said := header(name))]
    deprecation = header("deprecation").strip()
    deprecated = SINCE if deprecation.lower() in ("true", "?1") else _instant(deprecation)
    return Notices(deprecated, _instant(header("sunset")), tuple(says))


def _instant(said: str) -> int | None:
    """`@1688169599` or an HTTP date."""
    text = said.strip()
    structured = _STRUCTURED.fullmatch(text)
    if structured is not None:
        return int(structured[1]) * SECOND
    try:
        return round(parsedate_to_datetime(text).timestamp()) * SECOND if text else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
