"""Shopify: `errors` is a text, a table or a list; GraphQL says them with status 200."""

from __future__ import annotations

from standby.checks.presets.base import Preset, Said, Verdict, by_status, first, ours, part, text_of, theirs
from standby.domain.observation import Failure

_SHOP = {402: "the shop is frozen until it is paid", 423: "the shop is locked"}
_CREDENTIALS = frozenset({"ACCESS_DENIED", "SHOP_INACTIVE"})


def judge(said: Said) -> Verdict:
    """What an answer of Shopify's means."""
    errors = part(said.document, "errors")
    why, code = _said(errors), text_of(part(first(errors), "extensions"), "code")
    if said.status in _SHOP:
        return ours(Failure.CREDENTIALS, _SHOP[said.status], said, why)
    if said.status == 430:
        return ours(Failure.REQUEST, "their guard takes our request for an attack", said, why)
    if 200 <= said.status < 300 and errors:
        if code == "THROTTLED":
            return ours(Failure.RATE_LIMITED, "we ask too often", said, why)
        if code in _CREDENTIALS:
            return ours(Failure.CREDENTIALS, "our key may not do this", said, why)
        if code == "INTERNAL_SERVER_ERROR":
            return theirs(said, why)
        return ours(Failure.REQUEST, "our request is refused", said, why)
    return by_status(said, why)


def _said(errors: object) -> str:
    if isinstance(errors, str):
        return errors
    if isinstance(errors, list):
        one = first(errors)
        return one if isinstance(one, str) else text_of(one, "message")
    if isinstance(errors, dict):
        for name, found in errors.items():
            text = found if isinstance(found, str) else first(found)
            if isinstance(text, str):
                return f"{name}: {text}"
    return ""


PRESET = Preset(
    "Shopify",
    judge,
    "{key}",
    header="X-Shopify-Access-Token",
    mend="https://SHOP.myshopify.com/admin/api/2025-07/shop.json",
)
