"""Mailchimp: problems as RFC 9457 says them; the ping says `Everything's Chimpy!`."""

from __future__ import annotations

from standby.checks.presets.base import Preset, Said, Verdict, by_status, part, text_of
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean

_MARKS = ("health_status", "_links", "id", "account_id")
_WELL = "Everything's Chimpy!"


def judge(said: Said) -> Verdict:
    """What an answer of Mailchimp's means. A wrong data centre reads like a wrong key: theirs is the sentence."""
    document = said.document
    why = ": ".join(filter(None, (text_of(document, "title"), text_of(document, "detail"))))
    verdict = by_status(said, why, marks=_MARKS)
    health = part(document, "health_status")
    if verdict.outcome is Outcome.UP and health is not None and health != _WELL:
        return Verdict(Outcome.DEGRADED, f"it says {clean(str(health), 80)!r} of its health", Failure.STATED)
    return verdict


PRESET = Preset(
    "Mailchimp",
    judge,
    "any:{key}",
    basic=True,
    mend="https://DC.api.mailchimp.com/3.0/ping, where DC is what follows the last - of the key",
)
