"""Shippo: `{"detail"}`, or a table of fields with what is wrong with each."""

from __future__ import annotations

from standby.checks.presets.base import Preset, Said, Verdict, by_status, first, text_of

_MARKS = ("results", "object_id", "tracking_status", "count")


def judge(said: Said) -> Verdict:
    """What an answer of Shippo's means."""
    document = said.document
    why = text_of(document, "detail", "message")
    if not why and isinstance(document, dict):
        why = next((f"{name}: {text}" for name, found in document.items() if isinstance(text := first(found), str)), "")
    return by_status(said, why, marks=_MARKS)


PRESET = Preset(
    "Shippo",
    judge,
    "ShippoToken {key}",
    url="https://api.goshippo.com/carrier_accounts?results=1",
)
