"""Adyen: `{"status", "errorCode", "message", "errorType"}`; a refused payment comes with status 200."""

from __future__ import annotations

from standby.checks.presets.base import Preset, Said, Verdict, by_status, ours, text_of, theirs, up
from standby.domain.observation import Failure

_MARKS = ("paymentMethods", "storedPaymentMethods", "resultCode", "pspReference", "response", "data")


def judge(said: Said) -> Verdict:
    """What an answer of Adyen's means. `errorType` says whose fault it is, whatever the status."""
    document = said.document
    kind, result = text_of(document, "errorType"), text_of(document, "resultCode")
    why = ": ".join(filter(None, (text_of(document, "errorCode"), text_of(document, "message"))))
    if said.status == 429 or said.status >= 500:
        return by_status(said, why)
    if kind == "internal":
        return theirs(said, why)
    if kind in ("security", "configuration"):
        return ours(Failure.CREDENTIALS, "our key or account is refused", said, why)
    if kind == "validation":
        return ours(Failure.REQUEST, "our request is refused", said, why)
    if 200 <= said.status < 300 and result in ("Refused", "Error", "Cancelled"):
        return up(said, f"{result}: {text_of(document, 'refusalReason') or 'no reason given'}")
    return by_status(said, why, marks=_MARKS)


PRESET = Preset(
    "Adyen",
    judge,
    "{key}",
    header="X-API-Key",
    method="POST",
    json={"merchantAccount": "{account}"},
    mend="https://checkout-test.adyen.com/v71/paymentMethods, or "
    "https://PREFIX-checkout-live.adyenpayments.com/checkout/v71/paymentMethods",
)
