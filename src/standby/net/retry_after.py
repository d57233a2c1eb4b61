"""How long the other side asks us to wait."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime

from standby.domain.units import SECOND

_LONGEST_S = 86_400.0


def retry_after(status: int, said: str, now: int) -> float | None:
    """Seconds, at most a day, that the header asks for by number or HTTP date (`now` in ns); None for none."""
    if status not in (429, 503):
        return None
    text = said.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now / SECOND
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), _LONGEST_S) if math.isfinite(seconds) else None
