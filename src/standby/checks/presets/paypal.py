"""PayPal: asked for a token, which proves their API and our credentials. Errors are `{"name", "message", "details"}`,
those of the token `{"error", "error_description"}`."""

from __future__ import annotations

from standby.checks.presets.base import Preset, Said, Verdict, by_status, first, ours, part, text_of, theirs, up
from standby.domain.observation import Failure

_MARKS = ("access_token", "id", "links", "status", "items", "user_id")
_BUSINESS = frozenset(
    {"INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED", "PAYER_CANNOT_PAY", "TRANSACTION_REFUSED", "COMPLIANCE_VIOLATION"}
)
_CREDENTIALS = frozenset({"invalid_client", "unauthorized_client", "AUTHENTICATION_FAILURE", "NOT_AUTHORIZED"})


def judge(said: Said) -> Verdict:
    """What an answer of PayPal's means."""
    document = said.document
    name = text_of(document, "name", "error")
    issue = text_of(first(part(document, "details")), "issue")
    why = ": ".join(filter(None, (issue or name, text_of(document, "message", "error_description"))))
    if issue in _BUSINESS and 400 <= said.status < 500:
        return up(said, why)
    if name in _CREDENTIALS:
        return ours(Failure.CREDENTIALS, "our credentials are refused", said, why)
    if name == "RATE_LIMIT_REACHED":
        return ours(Failure.RATE_LIMITED, "we ask too often", said, why)
    if name == "INTERNAL_SERVER_ERROR":
        return theirs(said, why)
    return by_status(said, why, marks=_MARKS)


PRESET = Preset(
    "PayPal",
    judge,
    "{account}:{key}",
    basic=True,
    url="https://api-m.paypal.com/v1/oauth2/token",
    method="POST",
    form={"grant_type": "client_credentials"},
)
