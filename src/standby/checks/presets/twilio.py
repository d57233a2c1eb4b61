"""Twilio: `{"code", "message", "more_info", "status"}`; the code says whose fault it is."""

from __future__ import annotations

from standby.checks.presets.base import Preset, Said, Verdict, by_status, number_of, ours, part, text_of, up
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome

_MARKS = ("account_sid", "sid", "accounts", "messages", "usage_records")
_CREDENTIALS = frozenset({20003, 20005, 20006, 20008, 21608})  # the last: a trial account may not
_BUSINESS = frozenset({21610, 21612, 21614})  # opted out, cannot be reached, no mobile number
_RECIPIENT = frozenset({30003, 30005, 30006})
_MOVING = frozenset(
    {"queued", "accepted", "scheduled", "sending", "sent", "delivered", "read", "receiving", "received"}
)


def judge(said: Said) -> Verdict:
    """What an answer of Twilio's means, also one about a single message."""
    code, why = number_of(part(said.document, "code")), text_of(said.document, "message")
    if said.status >= 400:
        told = f"{code}: {why}" if code is not None and why else why
        if code in _CREDENTIALS:
            return ours(Failure.CREDENTIALS, "our account is refused", said, told)
        if code == 20429:
            return ours(Failure.RATE_LIMITED, "we ask too often", said, told)
        return up(said, told) if code in _BUSINESS and said.status < 500 else by_status(said, told)
    verdict = by_status(said, marks=_MARKS)
    return _message(said, verdict) if verdict.outcome is Outcome.UP and part(said.document, "num_segments") else verdict


def _message(said: Said, good: Verdict) -> Verdict:
    """A message: what became of it."""
    status, code = text_of(said.document, "status"), number_of(part(said.document, "error_code"))
    if status in _MOVING:
        return good
    if code in _RECIPIENT:
        return up(said, f"the recipient cannot be reached ({code})")
    line = f"the message is {status or 'in no known state'}" + (f" ({code})" if code is not None else "")
    return Verdict(Outcome.DEGRADED, line, Failure.STATED)


PRESET = Preset(
    "Twilio",
    judge,
    "{account}:{key}",
    basic=True,
    url="https://api.twilio.com/2010-04-01/Accounts/{account}/Balance.json",
    metrics={"balance": "body.balance"},
)
