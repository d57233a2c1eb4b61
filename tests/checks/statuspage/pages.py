"""Documents of status pages: read as the check reads them, without a network."""

from __future__ import annotations

import json
from typing import Any

import httpx

from checks.payloads import payload
from standby.checks.answers import Reply
from standby.checks.api import Finding
from standby.checks.statuspage import forms
from standby.checks.statuspage.judge import judge
from standby.checks.statuspage.page import Page
from standby.domain.units import parse_instant

NOW = parse_instant("2026-08-09T14:00:00Z")
ANYWHERE = "https://status.acme.example/document"


def body_of(name: str) -> tuple[bytes, str]:
    """A recording's bytes and the address that it was asked at: a bare body, or one inside an exchange."""
    raw = payload(name)
    try:
        found = json.loads(raw)
    except ValueError:
        return raw, ANYWHERE
    if isinstance(found, dict) and "response" in found:
        body = found["response"]["body"]
        url = "https://status.acme.example" + found["request"]["url"]
        return (body.encode() if isinstance(body, str) else json.dumps(body).encode()), url
    return raw, "https://health.aws.amazon.com/public/currentevents" if name.startswith("aws/") else ANYWHERE


def page_of(raw: bytes, url: str = ANYWHERE, form: str | None = None) -> Page | None:
    """The page in these bytes; None when no form is known. Raises Trouble."""
    document = forms.document_of(Reply(200, httpx.Headers(), raw, 0))
    found = forms.BY_NAME[form] if form else forms.form_of(document, url)
    return forms.read(found, [document], url) if found is not None else None


def page(document: Any, form: str | None = None) -> Page:
    """The page in a JSON document."""
    found = page_of(json.dumps(document).encode(), form=form)
    assert found is not None
    return found


def found(document: Any, *chosen: str, indicator: bool = True, now: int = NOW) -> Finding:
    """What a JSON document means for the chosen components."""
    return judge(page(document), chosen, now, indicator=indicator)
