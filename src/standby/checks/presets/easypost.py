"""EasyPost: `{"error": {"code", "message", "errors"}}`, where `errors` holds texts or tables."""

from __future__ import annotations

from standby.checks.presets.base import Preset, Said, Verdict, by_status, first, ours, part, text_of, up
from standby.domain.observation import Failure

_MARKS = ("object", "id", "has_more", "trackers")
_BUSINESS = ("ADDRESS.VERIFY", "ADDRESS.VERIFICATION", "SHIPMENT.POSTAGE", "TRACKER.")


def judge(said: Said) -> Verdict:
    """What an answer of EasyPost's means."""
    error = part(said.document, "error")
    code = text_of(error, "code")
    one = first(part(error, "errors"))
    detail = one if isinstance(one, str) else " ".join(filter(None, (text_of(one, "field"), text_of(one, "message"))))
    why = ": ".join(
        filter(None, (code, text_of(error, "message") or (error if isinstance(error, str) else ""), detail))
    )
    if said.status == 422 and code.startswith(_BUSINESS):
        return up(said, why)
    if code in ("RATE_LIMITED", "RATE_LIMIT_EXCEEDED"):
        return ours(Failure.RATE_LIMITED, "we ask too often", said, why)
    return by_status(said, why, marks=_MARKS)


PRESET = Preset(
    "EasyPost",
    judge,
    "{key}:",
    basic=True,
    url="https://api.easypost.com/v2/trackers?page_size=1",
)
