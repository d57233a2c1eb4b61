"""How long the other side asks us to wait."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime

from standby.domain.units import SECOND

LONGEST_S = 86_400.0
EPOCH_S = 1.5e9  # more is no span but an instant


def retry_after(status: int, said: str, now: int) -> float | None:
    """Seconds, at most a day, that the header asks for; None for none. `now` in ns since 1970.

    It says a number of seconds ("2.0"), of milliseconds ("1500ms"), an HTTP date, or an instant in seconds since 1970.
    """
    if status not in (429, 503):
        return None
    text = said.strip()
    unit = 0.001 if text.endswith("ms") else 1.0
    try:
        seconds = float(text.removesuffix("ms")) * unit
        if seconds > EPOCH_S:
            seconds -= now / SECOND
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now / SECOND
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_S) if math.isfinite(seconds) else None
