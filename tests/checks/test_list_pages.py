"""A list in pages is read to its end, or is `unknown`: what was not read never shows as a difference."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.conftest import Look
from checks.payloads import Answered, document, vendor
from standby.checks.answers import Reply
from standby.checks.pages import Paged, after, read
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

HERE = httpx.URL("https://api.acme.example/v1/orders?limit=2")
BODY = {"rows": "body.data"}
CURSOR = {**BODY, "next": "body.paging.next.after", "cursor": "after"}
MORE = {**BODY, "next": "body.has_more", "cursor": "starting_after", "last": "id"}
ADDRESS = {**BODY, "next": "body.next"}


def reply(found: object, link: str = "") -> Reply:
    return Reply(200, httpx.Headers({"link": link} if link else {}), json.dumps(found).encode(), 0)


@pytest.mark.parametrize(
    ("keys", "found", "link", "there"),
    [
        ({}, [], "", None),
        ({}, [], '</v1/orders?page=2>; rel="next", </v1/orders?page=9>; rel="last"', "/v1/orders?page=2"),
        ({}, [], "<https://api.acme.example/v1/orders?page=2>; rel=next", "/v1/orders?page=2"),
        ({}, [], '</v1/orders?page=1>; rel="prev"', None),
        (CURSOR, {"data": [], "paging": {"next": {"after": "x y&z"}}}, "", "/v1/orders?limit=2&after=x+y%26z"),
        (CURSOR, {"data": [], "paging": {"next": {"after": 7}}}, "", "/v1/orders?limit=2&after=7"),
        (CURSOR, {"data": []}, "", None),
        (CURSOR, {"data": [], "paging": None}, "", None),
        (MORE, {"data": [{"id": "a"}, {"id": "b"}], "has_more": True}, "", "/v1/orders?limit=2&starting_after=b"),
        (MORE, {"data": [{"id": "a"}], "has_more": False}, "", None),
        (ADDRESS, {"data": [], "next": "?page=2"}, "", "/v1/orders?page=2"),
        (ADDRESS, {"data": [], "next": ""}, "", None),
    ],
)
def test_where_the_next_page_is(keys: Mapping[str, object], found: object, link: str, there: str | None) -> None:
    following = after(Paged.model_validate(keys), HERE, reply(found, link))
    assert (None if following is None else following.raw_path.decode().replace("%20", "+")) == there


@pytest.mark.parametrize(
    ("keys", "found", "link", "failure"),
    [
        ({}, [], "<https://evil.example/orders>; rel=next", Failure.REDIRECT),
        ({}, [], "<http://api.acme.example/v1/orders>; rel=next", Failure.REDIRECT),
        (ADDRESS, {"next": "https://evil.example/"}, "", Failure.REDIRECT),
        (ADDRESS, {"next": "http://[::"}, "", Failure.UNREADABLE),
        (ADDRESS, {"next": 7}, "", Failure.UNREADABLE),
        (ADDRESS, {"next": {"href": "/x"}}, "", Failure.UNREADABLE),
        (ADDRESS, {"next": True}, "", Failure.UNREADABLE),
        (CURSOR, {"paging": {"next": {"after": "x" * 3000}}}, "", Failure.UNREADABLE),
        (MORE, {"data": [], "has_more": True}, "", Failure.UNREADABLE),
        (MORE, {"data": [{"name": "a"}], "has_more": True}, "", Failure.UNREADABLE),
        (MORE, {"data": None, "has_more": True}, "", Failure.UNREADABLE),
    ],
)
def test_a_next_page_that_makes_no_sense_is_trouble(
    keys: Mapping[str, object], found: object, link: str, failure: Failure
) -> None:
    with pytest.raises(Trouble) as caught:
        after(Paged.model_validate(keys), HERE, reply(found, link))
    assert (caught.value.failure, caught.value.outcome) == (failure, Outcome.UNKNOWN)


async def test_pages_that_go_round_in_a_circle_end() -> None:
    asked: list[str] = []

    async def ask(url: str) -> Reply:
        asked.append(url)
        return reply([], "</a>; rel=next" if url.endswith("/b") else "</b>; rel=next")

    with pytest.raises(Trouble, match="read before"):
        await read(Paged(), "https://api.acme.example/a", ask, 1000)
    assert len(asked) == 2


@pytest.mark.parametrize(("keys", "most", "says"), [({"pages": 3}, 10**6, "3 pages"), ({}, 40, "bytes")])
async def test_there_is_a_bound_and_it_is_told(keys: dict[str, object], most: int, says: str) -> None:
    asked: list[str] = []

    async def ask(url: str) -> Reply:
        asked.append(url)
        return reply(["x" * 15], f"</{len(asked)}>; rel=next")

    with pytest.raises(Trouble, match="incomplete") as caught:
        await read(Paged.model_validate(keys), "https://api.acme.example/0", ask, most)
    assert says in str(caught.value)
    assert len(asked) == 3


@pytest.mark.parametrize("keys", [{"cursor": "after"}, {**BODY, "next": "next"}, {"next": "body.more", "last": "id"}])
def test_keys_that_do_not_belong_together_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Paged.model_validate(keys)


KEYS = st.sampled_from(["data", "next", "has_more", "paging", "after", "id"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text()
ANSWERS = st.recursive(LEAVES, lambda some: st.lists(some) | st.dictionaries(KEYS, some), max_leaves=8)
LINKS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]))


@settings(max_examples=60, deadline=None)
@given(ANSWERS, st.sampled_from([CURSOR, MORE, ADDRESS]), LINKS)
def test_no_answer_is_too_strange(found: object, keys: Mapping[str, object], link: str) -> None:
    for one in (keys, {}):
        try:
            following = after(Paged.model_validate(one), HERE, reply(found, link))
        except Trouble as trouble:
            assert trouble.outcome is Outcome.UNKNOWN  # noqa: PT017 - either is good
        else:
            assert following is None or following.host == HERE.host


def order(number: int) -> dict[str, object]:
    return {"id": number, "total": 5}


PAGES = [document({"data": [order(1), order(2)], "paging": {"next": {"after": "2"}}}),
         document({"data": [order(3)]})]  # fmt: skip


async def reconciled(look: Look, answers: list[Answered], **keys: object) -> tuple[Outcome, str, list[dict[str, str]]]:
    everything = document({"data": [order(number) for number in (1, 2, 3)]})
    async with vendor({"/all": everything, "/pages": answers}) as acme:
        left = {"name": "shop", "http": {"url": acme.url + "/all", **BODY}}
        right = {"name": "acme", "http": {"url": acme.url + "/pages?limit=2", **CURSOR, **keys}}
        seen = await look("reconcile", left=left, right=right, key=["id"])
        return seen.outcome, seen.message, [one.query for one in acme.asked if one.path == "/pages"]


async def test_two_lists_agree_over_pages(look: Look) -> None:
    outcome, message, asked = await reconciled(look, PAGES)
    assert (outcome, asked) == (Outcome.UP, [{"limit": "2"}, {"limit": "2", "after": "2"}]), message


async def test_a_cut_list_is_unknown_and_no_difference(look: Look) -> None:
    outcome, message, _ = await reconciled(look, PAGES, pages=1)
    assert outcome is Outcome.UNKNOWN
    assert message.startswith("acme: incomplete: it has more than 1 pages (pages)")


async def test_a_page_that_cannot_be_had_is_unknown(look: Look) -> None:
    outcome, message, _ = await reconciled(look, [PAGES[0], document({"message": "busy"}, 503)])
    assert (outcome, "busy" in message) == (Outcome.UNKNOWN, True)
    outcome, message, _ = await reconciled(look, [PAGES[0], document({"data": None})])
    assert (outcome, "no list on every page" in message) == (Outcome.UNKNOWN, True)


async def test_csv_goes_on_by_its_link(look: Look) -> None:
    first = Answered(b"id,total\n1,5\n2,5\n", 200, {"Content-Type": "text/csv", "Link": "</2>; rel=next"})
    last = Answered(b"id,total\n3,5\n", 200, {"Content-Type": "text/csv"})
    other = Answered(b"id,sum\n3,5\n", 200, {"Content-Type": "text/csv"})
    everything = document([order(number) for number in (1, 2, 3)])
    for second, outcome in ((last, Outcome.UP), (other, Outcome.UNKNOWN)):
        async with vendor({"/all": everything, "/1": first, "/2": second}) as acme:
            left, right = {"url": acme.url + "/all"}, {"url": acme.url + "/1", "format": "csv"}
            seen = await look("reconcile", left={"http": left}, right={"http": right}, key=["id"])
        assert seen.outcome is outcome, seen.message


async def test_what_is_expected_is_counted_over_pages(look: Look) -> None:
    keys = {"at_least": 3, "by": "00:00", "begins": "00:00"}
    async with vendor({"/pages": PAGES}) as acme:
        seen = await look("expected", count={"http": {"url": acme.url + "/pages", **CURSOR}}, **keys)
    assert seen.metrics["count"] == 3.0, seen.message
    async with vendor({"/pages": PAGES}) as acme:
        seen = await look("expected", count={"http": {"url": acme.url + "/pages", **CURSOR, "pages": 1}}, **keys)
    assert (seen.outcome, "incomplete" in seen.message) == (Outcome.UNKNOWN, True)
