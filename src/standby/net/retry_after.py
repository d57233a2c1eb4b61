"""How long the other side asks us to wait."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime

import httpx

from standby.domain.units import SECOND
from standby.net.answer import Answer

_LONGEST_S = 86_400.0


def retry_after(answer: Answer | httpx.Response, now: int) -> float | None:
    """Seconds, from a number or an HTTP date (`now` in ns), at most a day; None when the answer asks for nothing."""
    if answer.status_code not in (429, 503):
        return None
    text = answer.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now / SECOND
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), _LONGEST_S) if math.isfinite(seconds) else None
