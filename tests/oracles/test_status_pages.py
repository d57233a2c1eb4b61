"""openstatus's cases: the same answers of status pages mean the same, except where "fine" is said of what nobody knows.

Its severities are our outcomes: none is up (or maintenance), minor and major are degraded, critical is down; an error
of its fetchers is our `unknown`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from standby.checks.answers import Answers, Reply
from standby.checks.api import accepted
from standby.checks.statuspage import forms
from standby.checks.statuspage.check import moved
from standby.checks.statuspage.judge import judge
from standby.checks.statuspage.page import Page
from standby.checks.statuspage.words import outcome_of
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import parse_instant
from standby.net.trouble import Trouble

from .loader import Case, cases, compare, oracle, strangers

FILE = "h_status_pages_openstatus"
NOW = parse_instant("2024-02-16T12:00:00Z")
FORMS = {
    "atlassian": "atlassian",
    "atlassian-statuspage": "atlassian",
    "incidentio": "incidentio",
    "instatus": "instatus",
    "betterstack": "betterstack",
    "better-uptime": "betterstack",
    "uptimerobot": "uptimerobot",
    "uptime-robot": "uptimerobot",
    "html-scraper": "html",
}
PARSERS = {"slack": "slack", "aws": "aws"}
SEVERITIES = {
    "none": {Outcome.UP, Outcome.MAINTENANCE},
    "minor": {Outcome.DEGRADED},
    "major": {Outcome.DEGRADED},
    "critical": {Outcome.DOWN},
}
STATUSES = {
    "operational": Outcome.UP,
    "resolved": Outcome.UP,
    "under_maintenance": Outcome.MAINTENANCE,
    "major_outage": Outcome.DOWN,
}
_DATE = "a date that cannot be read is no reason to disbelieve the state beside it"
_DOWN = "`down` and `downtime` are down: a service that answers nobody is not degraded"
_ONE = "the worst monitor counts; who can live without one of them chooses the others"
WAIVERS: Mapping[str, str] = {
    "os-edge-cases-59": _DATE,
    "os-betterstack-20": _DOWN,
    "os-custom-32": _DOWN,
    "os-html-43": _DOWN,
}
AGGREGATES = {"os-aggregate-3": _ONE, "os-aggregate-4": _ONE}
_VAGUE = "a word for a fault without its extent is a degradation, however loudly it is said beside it"
WORDS = {"os-infer-36": _VAGUE, "os-infer-37": _VAGUE}


def form_of(entry: Case) -> forms.Form | None:
    """The form that an entry asks for, or that its host is known for."""
    config = entry.get("api_config") or {}
    kind = config.get("type") or entry.get("provider")
    if kind == "custom":
        name = PARSERS.get(config.get("parser", ""), "json") if config.get("endpoint") else None
        return forms.BY_NAME[name] if name else None
    name = FORMS.get(kind)
    return forms.BY_NAME[name] if name else forms.form_of_host(entry["status_page_url"])


def content_of(response: Case) -> bytes:
    if response.get("invalid_json"):
        return b"{ not json"
    return response["text"].encode() if "text" in response else json.dumps(response.get("json")).encode()


def read(entry: Case, response: Case) -> Page | Trouble:
    """The page in a stubbed answer, or why there is none."""
    if "network_error" in response:
        return Trouble(Failure.TIMEOUT, response["network_error"], Outcome.UNKNOWN)
    form = form_of(entry)
    assert form is not None
    url = entry["status_page_url"]
    reply = Reply(response.get("http_status", 200), httpx.Headers(), content_of(response), NOW)
    try:
        return forms.read(form, [forms.document_of(accepted(reply))], url)
    except Trouble as trouble:
        return trouble


def asked(entry: Case) -> str | None:
    """Where we ask for this page."""
    endpoint = (entry.get("api_config") or {}).get("endpoint")
    form = form_of(entry)
    assert form is not None
    return endpoint or forms.address_of(form, entry["status_page_url"])


@pytest.mark.parametrize("case", cases(FILE))
def test_an_answer_means_the_same(case: Case) -> None:
    expected, found = case["expected"], read(case["entry"], case["response"])
    outcome = found.outcome if isinstance(found, Trouble) else judge(found, (), NOW).outcome
    if "requested_url" in expected:
        assert asked(case["entry"]) == expected["requested_url"]
    if case.get("quirk"):
        assert outcome is Outcome.UNKNOWN
        return
    if expected.get("error"):
        compare(case, outcome, Outcome.UNKNOWN, WAIVERS)
        return
    if "severity" in expected:
        compare(case, outcome in SEVERITIES[expected["severity"]], True, WAIVERS)
    if "description" in expected and not isinstance(found, Trouble) and case["id"] not in WAIVERS:
        said = found.indicator.says if found.indicator else ""
        ours = {"Degraded Service": "degraded", "All Systems Operational": "ok"}
        assert expected["description"] in said or ours.get(expected["description"]) == said


@pytest.mark.parametrize("case", cases(FILE, "aggregate_cases"))
def test_monitors_of_a_page_together(case: Case) -> None:
    document = {"status": "ok", "data": [{"name": "m", "statusClass": word} for word in case["status_classes"]]}
    page = forms.read(forms.BY_NAME["uptimerobot"], [document], "https://stats.uptimerobot.com/api/getMonitorList/1")
    ours = judge(page, (), NOW).outcome
    if case.get("quirk"):
        assert ours is Outcome.UNKNOWN
        return
    compare(case, ours, STATUSES.get(case["expected"]["status"], Outcome.DEGRADED), AGGREGATES)


@pytest.mark.parametrize("case", cases(FILE, "incident_cases"))
def test_incidents_are_the_same(case: Case) -> None:
    found = read(case["entry"], case["response"])
    if case["expected"].get("error"):
        assert isinstance(found, Trouble)
        return
    assert isinstance(found, Page)
    open_ = [one for one in case["expected"]["incidents"] if one["status"] != "resolved"]
    assert [one.name for one in found.incidents] == [one["name"] for one in open_]
    for ours, theirs in zip(found.incidents, open_, strict=True):
        assert ours.phase.startswith(theirs["status"])
        assert ours.outcome in SEVERITIES[theirs["impact"]]


def test_components_are_leaves_with_their_headings() -> None:
    document = oracle(FILE)
    if document is None:
        pytest.skip("the oracles are not here")
    case = document["component_case"]
    whole = {"page": {"name": "Acme"}, "components": case["components"]}
    page = forms.read(forms.BY_NAME["atlassian"], [whole], "https://status.acme.example")
    leaves = [one for one in page.components if not one.heading]
    for theirs in case["expected_leaves"]:
        [ours] = [one for one in leaves if one.name == theirs["name"]]
        assert (ours.group, ours.says) == (theirs["group_name"], theirs["status"])
    with pytest.raises(Trouble):
        forms.read(forms.BY_NAME["atlassian"], [{"page": {}, "components": {"not": "an array"}}], "https://a.example")


@pytest.mark.parametrize("case", cases(FILE, "infer_status_cases"))
def test_words_mean_the_same(case: Case) -> None:
    severities = {"none": Outcome.UP, "critical": Outcome.DOWN}
    ours = outcome_of(case["text"]) or severities.get(case["severity"], Outcome.DEGRADED)
    compare(case, ours, STATUSES.get(case["expected"], Outcome.DEGRADED), WORDS)


@pytest.mark.parametrize("case", cases(FILE, "hostname_cases"))
def test_a_host_belongs_to_a_domain(case: Case) -> None:
    assert forms.belongs(case["url"], case["domain"]) is case["expected"]


@pytest.mark.parametrize("case", cases(FILE, "can_handle_cases"))
def test_the_form_of_an_entry(case: Case) -> None:
    names = {"custom": ("json", "slack", "aws")}
    form = form_of(case["entry"])
    assert ((form.name if form else "") in names.get(case["fetcher"], (case["fetcher"],))) is case["expected"]


def test_which_troubles_may_mean_that_a_page_has_moved() -> None:
    document = oracle(FILE)
    if document is None:
        pytest.skip("the oracles are not here")
    kinds = {"parse": Failure.UNREADABLE, "network": Failure.UNREACHABLE, "timeout": Failure.TIMEOUT}
    for case in document["suspicious_cases"]:
        if case["kind"] is None:
            continue
        if case["kind"] == "http":
            with pytest.raises(Trouble) as raised:
                accepted(Reply(case["http_status"], httpx.Headers(), b"", NOW))
            trouble = raised.value
        else:
            trouble = Trouble(kinds[case["kind"]], "", Outcome.UNKNOWN)
        assert moved(trouble) is case["expected_suspicious"]


async def test_a_page_is_asked_again_when_its_answer_is_old() -> None:
    class Clock:
        at = 0

        def now(self) -> int:
            return self.at

        def monotonic(self) -> int:
            return self.at

    document = oracle(FILE)
    if document is None:
        pytest.skip("the oracles are not here")
    clock, ttl = Clock(), 500
    answers, asks = Answers(clock), 0

    async def ask(_: Mapping[str, str]) -> Reply:
        nonlocal asks
        asks += 1
        return Reply(200, httpx.Headers(), b"{}", clock.at)

    for key, at, again in document["probe_ttl_cases"][0]["calls"]:
        moment: Any = {"1000+TTL-1": 1000 + ttl - 1, "1000+TTL": 1000 + ttl}.get(at, at)
        clock.at, before = moment, asks
        await answers.get(key, ask, max_age=ttl)
        assert (asks > before) is again


def test_waivers_name_cases_that_are_there() -> None:
    assert not strangers(WAIVERS, FILE, "cases")
    assert not strangers(AGGREGATES, FILE, "aggregate_cases")
    assert not strangers(WORDS, FILE, "infer_status_cases")
