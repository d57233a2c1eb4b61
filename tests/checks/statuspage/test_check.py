"""The check over HTTP: where it asks, how often, and what it says when there is no page."""

from __future__ import annotations

import asyncio

import pytest

from checks.conftest import Look
from checks.payloads import Answered, capture, document, vendor
from standby.checks.answers import Answers
from standby.checks.base import Context, observe
from standby.checks.registry import build
from standby.checks.statuspage.check import StatusPageModel
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome

SUMMARY = {
    "page": {"name": "Acme"},
    "status": {"indicator": "minor", "description": "Trouble"},
    "components": [{"name": "API", "status": "operational"}, {"name": "Web", "status": "major_outage"}],
}
ROW = {"id": "c", "integration": "i", "kind": "statuspage", "every": "60s", "timeout": "5s"}
HTML = Answered(b"<!doctype html><title>Acme status</title>", 200, {"Content-Type": "application/json"})


async def test_a_page_of_an_unknown_make_is_found_out_once(look: Look, context: Context) -> None:
    async with vendor(
        {"/": HTML, "/summary.json": HTML, "/index.json": capture("betterstack/index-operational.json")}
    ) as acme:
        seen = await look("statuspage", url=acme.url)
        assert (seen.outcome, seen.metrics["components"]) == (Outcome.UP, 1.0)
        assert [one.path for one in acme.asked] == ["/api/v2/summary.json", "/summary.json", "/index.json"]


async def test_what_was_found_is_asked_again_alone(context: Context) -> None:
    async with vendor({"/summary.json": document({"page": {"status": "UP"}})}) as acme:
        check = build(StatusPageModel.model_validate({**ROW, "url": acme.url}))
        assert (await observe(check, context, 0)).outcome is Outcome.UP
        context.answers = Answers(context.clock)  # time has passed
        assert (await observe(check, context, 0)).outcome is Outcome.UP
    assert [one.path for one in acme.asked] == ["/api/v2/summary.json", "/summary.json", "/summary.json"]


async def test_one_request_for_all_checks_of_a_page(look: Look) -> None:
    async with vendor({"/api/v2/summary.json": document(SUMMARY)}) as acme:
        chosen = [("API",), ("Web",), (), ("api", "web")]
        seen = await asyncio.gather(*(look("statuspage", url=acme.url, components=one) for one in chosen))
    assert [one.outcome for one in seen] == [Outcome.DEGRADED, Outcome.DOWN, Outcome.DOWN, Outcome.DOWN]
    assert len(acme.asked) == 1
    assert seen[0].message == 'Acme: the page says "Trouble" (minor) while API is up'
    assert seen[0].failure is Failure.STATED


async def test_the_form_comes_from_the_answer_and_not_from_its_label(look: Look) -> None:
    odd = Answered(document(SUMMARY).body, 200, {"Content-Type": "text/html"})
    async with vendor({"/v2/x.json": odd}) as acme:
        assert (await look("statuspage", url=acme.url + "/v2/x.json")).outcome is Outcome.DOWN
        seen = await look("statuspage", url=acme.url + "/v2/x.json", form="slack")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.UNREADABLE)


async def test_further_documents_are_asked_when_needed(look: Look) -> None:
    components = document({"components": [{"name": "API", "status": "MAJOROUTAGE"}]})
    pages = {"/summary.json": document({"page": {"name": "Acme", "status": "UP"}}), "/v2/components.json": components}
    async with vendor(pages) as acme:
        assert (await look("statuspage", url=acme.url, form="instatus")).outcome is Outcome.UP
        assert (await look("statuspage", url=acme.url, form="instatus", components=["API"])).outcome is Outcome.DOWN
    del pages["/v2/components.json"]
    async with vendor(pages) as acme:
        seen = await look("statuspage", url=acme.url, form="instatus", components=["API"])
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REQUEST)


async def test_monitors_get_their_names_where_they_are(look: Look) -> None:
    names = {"publicGroupList": [{"name": "Core", "monitorList": [{"id": 1, "name": "API"}]}]}
    beats = document({"heartbeatList": {"1": [{"status": 0}]}})
    url = "/api/status-page/heartbeat/shop"
    async with vendor({url: beats, "/api/status-page/shop": document(names)}) as acme:
        seen = await look("statuspage", url=acme.url + "/status/shop", form="uptimekuma")
    assert (seen.outcome, seen.message) == (Outcome.DOWN, "API down")
    async with vendor({url: beats}) as acme:
        seen = await look("statuspage", url=acme.url + url)
    assert (seen.outcome, seen.message) == (Outcome.DOWN, "monitor 1 down")
    async with vendor({url: beats, "/api/status-page/shop": document(names)}) as acme:
        for found in ("/status/shop", "/api/status-page/shop"):
            seen = await look("statuspage", url=acme.url + found)
            assert (seen.outcome, seen.message) == (Outcome.DOWN, "API down")


@pytest.mark.parametrize(
    ("answer", "failure", "says"),
    [
        (HTML, Failure.UNREADABLE, "answers HTML for people; write the address of the page's API or feed"),
        (capture, Failure.UNREADABLE, "answers HTML for people"),
        (document({"largestatus": "up"}), Failure.UNREADABLE, "answers a document of no form that is known"),
        (Answered(b"", 404), Failure.REQUEST, "status 404"),
        (Answered(b"", 200), Failure.UNREADABLE, "the answer is empty"),
        (Answered(b"no", 503), Failure.SERVER, "status 503"),
        (document({}, 429, retry_after="9"), Failure.RATE_LIMITED, "we ask too often"),
        (Answered(b"", 302, {"Location": "https://moved.example/"}), Failure.REDIRECT, "it moved to https://moved.ex"),
    ],
)
async def test_no_page_is_unknown(look: Look, answer: Answered, failure: Failure, says: str) -> None:
    given = answer if isinstance(answer, Answered) else capture("other-html/access-denied-200.json")
    async with vendor({"/api/v2/summary.json": given}) as acme:
        seen = await look("statuspage", url=acme.url + "/api/v2/summary.json")
        assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
        assert says in seen.message
        if failure not in (Failure.SERVER, Failure.RATE_LIMITED):
            seen = await look("statuspage", url=acme.url)  # the other guesses are 404
            assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)


async def test_html_is_read_only_when_somebody_says_so(look: Look) -> None:
    page = Answered(b'<html><body><p class="x status">All <b>systems</b><br> operational</p><p>down</p></body></html>')
    async with vendor({"/": page}) as acme:
        seen = await look("statuspage", url=acme.url, form="html")
        assert (seen.outcome, seen.message) == (Outcome.UP, 'the page says "All systems operational"')
        assert (await look("statuspage", url=acme.url)).outcome is Outcome.UNKNOWN


def test_a_form_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match='"fax" is no form; there are slack'):
        StatusPageModel.model_validate({**ROW, "url": "https://acme.example", "form": "fax"})
