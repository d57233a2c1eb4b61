"""SendGrid: `{"errors": [{"message", "field", "help"}]}`; accepted mail is 202 with an empty body."""

from __future__ import annotations

from standby.checks.presets.base import Preset, Said, Verdict, by_status, first, ours, part, text_of
from standby.domain.observation import Failure

_MARKS = ("scopes", "result", "results", "stats")


def judge(said: Said) -> Verdict:
    """What an answer of SendGrid's means. Used up credits are told as a refused key."""
    one = first(part(said.document, "errors"))
    field, why = text_of(one, "field"), text_of(one, "message")
    if said.status in (401, 403) and "credits" in why.lower():
        return ours(Failure.QUOTA, "our plan is used up", said, why)
    return by_status(said, f"{field}: {why}" if field and why else why, marks=_MARKS)


PRESET = Preset(
    "SendGrid",
    judge,
    "Bearer {key}",
    url="https://api.sendgrid.com/v3/scopes",
)
