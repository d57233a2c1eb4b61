"""Stripe: `{"error": {"type", "code", "message"}}`; a declined card is business."""

from __future__ import annotations

from standby.checks.presets.base import Preset, Said, Verdict, by_status, ours, part, text_of, theirs, up
from standby.domain.observation import Failure

_OURS = {"idempotency_error": "our request repeats a key", "invalid_request_error": "our request is refused"}


def judge(said: Said) -> Verdict:
    """What an answer of Stripe's means."""
    error = part(said.document, "error")
    kind, code, why = text_of(error, "type"), text_of(error, "code"), text_of(error, "message")
    if kind == "card_error" and 400 <= said.status < 500:
        return up(said, f"{code or kind}: {why}")
    if kind == "api_error":
        return theirs(said, why)
    if code == "lock_timeout":  # two of ours wanted the same object at once
        return ours(Failure.RATE_LIMITED, "our requests are in each other's way", said, why)
    if said.status == 409 and kind in _OURS:
        return ours(Failure.REQUEST, _OURS[kind], said, why)
    return by_status(said, why, marks=("object",))


PRESET = Preset(
    "Stripe",
    judge,
    "Bearer {key}",
    url="https://api.stripe.com/v1/balance",
)
