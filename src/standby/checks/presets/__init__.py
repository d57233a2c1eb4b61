"""Vendors that an `http` check knows: how each is probed, and which answer is business, our fault or their outage.

One file a vendor. What is said of each is what its documentation says; nothing here was tried on a live account.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from standby.checks.presets import adyen, easypost, mailchimp, paypal, sendgrid, shippo, shopify, stripe, twilio
from standby.checks.presets.base import Preset

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "adyen": adyen.PRESET,
        "easypost": easypost.PRESET,
        "mailchimp": mailchimp.PRESET,
        "paypal": paypal.PRESET,
        "sendgrid": sendgrid.PRESET,
        "shippo": shippo.PRESET,
        "shopify": shopify.PRESET,
        "stripe": stripe.PRESET,
        "twilio": twilio.PRESET,
    }
)
