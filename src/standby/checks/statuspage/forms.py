"""The forms of status pages: how to tell each by its document, how to read it, and where a page keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from standby.checks.answers import Reply
from standby.checks.api import unreadable
from standby.checks.statuspage import atlassian, clouds, feeds, homemade, hosted, incidentio, products, selfhosted
from standby.checks.statuspage.page import Page

_DOCUMENT = re.compile(
    r"\.(?:json|rss|xml|atom)$|(?:^|/)(?:api|feeds?|rss|atom|public|v?\d+(?:\.\d+)+|v\d+)(?:/|$)", re.IGNORECASE
)
_MARKUP = re.compile(r"\s*<(?:\?xml|!--|rss|feed|rdf:RDF)", re.IGNORECASE)


def _nothing(address: SplitResult, chosen: bool) -> tuple[str, ...]:  # noqa: FBT001, ARG001 - the form of `more`
    return ()


@dataclass(frozen=True, slots=True)
class Form:
    """One form. `path` is where a page of it keeps its document; None when that cannot be told from the page's address.

    `more` gives the addresses of further documents, from that of the first one and whether components are chosen; those
    that do not answer are done without, unless components were chosen. `hosts` are known to be of this form, with all
    below them. `by_name`: read only when the user says so. `experimental`: no recording of it was at hand.
    """

    name: str
    fits: Callable[[Any], bool]
    decode: Callable[[Sequence[Any]], Page]
    path: str | None
    hosts: tuple[str, ...] = ()
    more: Callable[[SplitResult, bool], tuple[str, ...]] = _nothing
    by_name: bool = False
    experimental: bool = False


def _instatus_more(address: SplitResult, chosen: bool) -> tuple[str, ...]:  # noqa: FBT001 - the form of `more`
    return (_at(address, "/v2/components.json"),) if chosen and address.path.endswith("/summary.json") else ()


def _kuma_more(address: SplitResult, chosen: bool) -> tuple[str, ...]:  # noqa: FBT001, ARG001 - the form of `more`
    if "/heartbeat/" in address.path:
        return (_at(address, address.path.replace("/heartbeat/", "/")),)
    return (_at(address, address.path.replace("/status-page/", "/status-page/heartbeat/")),)


def _zendesk_more(address: SplitResult, chosen: bool) -> tuple[str, ...]:  # noqa: FBT001, ARG001 - the form of `more`
    return (_at(address, "/api/incidents/maintenance"),) if address.path.endswith("/active") else ()


FORMS: tuple[Form, ...] = (
    Form("slack", products.slack_fits, products.slack, "/api/v2.0.0/current", ("status.slack.com", "slack-status.com")),
    Form(
        "heroku",
        products.heroku_fits,
        products.heroku,
        "/api/v4/current-status",
        ("status.heroku.com",),
        experimental=True,
    ),
    Form(
        "instatus",
        products.instatus_fits,
        products.instatus,
        "/summary.json",
        ("instatus.com",),
        more=_instatus_more,
    ),
    Form("atlassian", atlassian.fits, atlassian.decode, "/api/v2/summary.json", ("statuspage.io",)),
    Form("incidentio", incidentio.fits, incidentio.decode, "/api/v2/summary.json", ("incident.io",)),
    Form(
        "betterstack",
        hosted.betterstack_fits,
        hosted.betterstack,
        "/index.json",
        ("betterstack.com", "betteruptime.com"),
        experimental=True,
    ),
    Form("statusio", hosted.statusio_fits, hosted.statusio, None, ("status.io",), experimental=True),
    Form("uptimekuma", selfhosted.kuma_fits, selfhosted.kuma, None, more=_kuma_more, experimental=True),
    Form("uptimerobot", hosted.uptimerobot_fits, hosted.uptimerobot, None, ("uptimerobot.com",), experimental=True),
    Form(
        "zendesk",
        products.zendesk_fits,
        products.zendesk,
        "/api/incidents/active",
        ("status.zendesk.com",),
        more=_zendesk_more,
        experimental=True,
    ),
    Form("cachet", selfhosted.cachet_fits, selfhosted.cachet, "/api/v1/components?per_page=1000", experimental=True),
    Form("google", clouds.google_fits, clouds.google, "/incidents.json", ("status.cloud.google.com",)),
    Form("aws", clouds.aws_fits, clouds.aws, "/public/currentevents", ("health.aws.amazon.com",), experimental=True),
    Form("aws-rss", feeds.aws_fits, feeds.aws, None, ("status.aws.amazon.com",)),
    Form("azure", feeds.azure_fits, feeds.azure, "/en-us/status/feed/", ("azure.status.microsoft", "status.azure.com")),
    Form("feed", feeds.generic_fits, feeds.generic, None, experimental=True),
    Form("json", homemade.json_fits, homemade.json_page, None, by_name=True, experimental=True),
    Form("html", homemade.html_fits, homemade.html_page, None, by_name=True, experimental=True),
)
BY_NAME = {form.name: form for form in FORMS}
_GUESSES = tuple(BY_NAME[name] for name in ("atlassian", "instatus", "betterstack"))
_EMPTY_LISTS = (("aws", "/public/currentevents"), ("google", "/incidents.json"))


def belongs(url: str, domain: str) -> bool:
    """Whether the host of `url` is `domain` or below it."""
    host = urlsplit(url).hostname or ""
    return host == domain or host.endswith(f".{domain}")


def form_of_host(url: str) -> Form | None:
    """The form that pages of this host are known to have."""
    return next((form for form in FORMS if any(belongs(url, domain) for domain in form.hosts)), None)


def is_document(url: str) -> bool:
    """Whether an address names a document rather than a page for people: it is asked as it is."""
    parts = urlsplit(url)
    return bool(parts.query) or _DOCUMENT.search(parts.path) is not None


def guesses(url: str) -> list[Form]:
    """What a page of a host that nobody knows may be, likeliest first."""
    by_path = [BY_NAME["uptimekuma"]] if re.fullmatch(r"/status/[^/]+/?", urlsplit(url).path) else []
    return [*by_path, *_GUESSES]


def address_of(form: Form, url: str) -> str | None:
    """Where the page at `url` keeps the document of this form; None when only its owner knows."""
    parts = urlsplit(url)
    words = [word for word in parts.path.split("/") if word]
    if form.name == "uptimekuma":
        slug = words[1] if words[:1] == ["status"] and len(words) > 1 else "default"
        return _at(parts, f"/api/status-page/heartbeat/{slug}")
    if form.name == "statusio" and words[:1] == ["pages"] and words[-1:] != ["pages"]:
        return f"https://api.status.io/1.0/status/{words[-1]}"
    if form.name == "google" and words[:1] == ["appsstatus"]:
        return _at(parts, "/appsstatus/dashboard/incidents.json")
    if form.by_name or form.name == "feed":
        return url
    return None if form.path is None else _at(parts, form.path)


def document_of(reply: Reply) -> Any:  # noqa: ANN401 - JSON, a feed or HTML
    """What was answered, by its first bytes and never by its label. Raises Trouble (`unknown`)."""
    start = reply.text[:500].lstrip("\ufeff")
    if _MARKUP.match(start) and "<!doctype html" not in start.lower() and "<html" not in start.lower():
        return feeds.parse(reply.content)
    if start.lstrip()[:1] == "<":
        return homemade.Html(reply.text)
    return reply.document


def form_of(document: Any, url: str) -> Form | None:  # noqa: ANN401 - what `document_of` gives
    """The form that a document has; None when it has none of those that are told by their documents."""
    if document == []:
        name = next((name for name, path in _EMPTY_LISTS if urlsplit(url).path.endswith(path)), None)
        return BY_NAME[name] if name else form_of_host(url)
    return next((form for form in FORMS if not form.by_name and form.fits(document)), None)


def read(form: Form, documents: Sequence[Any], url: str) -> Page:
    """The page. Raises Trouble (`unknown`) when the first document is of another form."""
    first = documents[0]
    if not form.fits(first) and not (first == [] and form.name in ("aws", "google")):
        raise unreadable(f'{_shown(url)} answers no document of the form "{form.name}"; look at it with a browser')
    return form.decode(documents)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _at(parts: SplitResult, path: str) -> str:
    path, _, query = path.partition("?")
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))
