"""`domain`: what registries say over RDAP, and what they should not be able to say."""

from __future__ import annotations

import json

import pytest

from checks.conftest import Look
from checks.loopback import Authority, sends, serving
from checks.payloads import Answered, document, vendor
from standby.checks.base import Context
from standby.checks.domain import DomainModel, judge, registered, server_of
from standby.domain.calendar import dues
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, HOUR, MINUTE, SECOND

NOW = 1_700_000_000_000_000_000  # 2023-11-14T22:13:20Z
PATH = "/domain/acme.example"


def record(*ends: object, status: object = ("active",), name: str = "ACME.EXAMPLE.") -> dict[str, object]:
    """A registry's answer."""
    events = [{"eventAction": "expiration", "eventDate": end} for end in ends]
    other = [{"eventAction": "registration", "eventDate": "2001-01-01T00:00:00Z"}, "noise", {"eventAction": 7}]
    said = list(status) if isinstance(status, tuple) else status
    return {"objectClassName": "domain", "ldhName": name, "status": said, "events": other + events}


async def see(look: Look, answers: dict[str, Answered | list[Answered]], **keys: object) -> Observation:
    async with vendor(answers) as server:
        return await look("domain", **{"domain": "acme.example", "server": server.url, **keys})


@pytest.mark.parametrize(
    ("found", "outcome", "days"),
    [
        (record("2024-11-14T22:13:20Z"), Outcome.UP, 366.0),
        (record("2023-11-24T22:13:20Z"), Outcome.DEGRADED, 10.0),
        (record("2023-11-15T10:13:20Z"), Outcome.DEGRADED, 0.5),
        (record("2023-11-04T22:13:20Z"), Outcome.DOWN, -10.0),
        (record("2024-11-14T22:13:20"), Outcome.UP, 366.0),  # no zone is UTC
        (record("2024-11-15T00:13:20+02:00"), Outcome.UP, 366.0),
        (record("2025-11-14T22:13:20Z", "2023-11-24T22:13:20Z"), Outcome.DEGRADED, 10.0),
        (record("soon", None, 10**30, "2024-11-14T22:13:20Z"), Outcome.UP, 366.0),
        (record(), Outcome.UNKNOWN, None),
        (record("soon"), Outcome.UNKNOWN, None),
        (record("2024-11-14T22:13:20Z", status=("active", "client hold")), Outcome.DOWN, 366.0),
        (record("2024-11-14T22:13:20Z", status=("pendingDelete",)), Outcome.DOWN, 366.0),
        (record(status=("Redemption Period",)), Outcome.DOWN, None),
        (record("2024-11-14T22:13:20Z", status=("client transfer prohibited", 7, None)), Outcome.UP, 366.0),
        (record("2024-11-14T22:13:20Z", status={"client hold": 1}), Outcome.UP, 366.0),
    ],
)
def test_what_a_registry_says(found: dict[str, object], outcome: Outcome, days: float | None) -> None:
    seen = judge(found, NOW, 30.0)
    assert (seen.outcome, seen.metrics.get("domain_days")) == (outcome, days)


def test_the_end_of_a_domain_is_a_date_of_the_calendar() -> None:
    [due] = dues(judge(record("2023-11-24T22:13:20Z"), NOW, 30.0).metrics, NOW, NOW)
    assert (due.at, due.what) == (NOW + 10 * DAY, "domain registration ends")


def test_an_end_that_is_far_away_is_none_of_the_calendar() -> None:
    seen = judge(record("9999-12-31T23:59:59Z"), NOW, 30.0)
    assert seen.outcome is Outcome.UP
    assert list(dues(seen.metrics, NOW, NOW)) == []


async def test_a_look_at_a_registry(look: Look) -> None:
    seen = await see(look, {PATH: document(record("2999-01-01T00:00:00Z"))})
    assert seen.outcome is Outcome.UP
    assert seen.metrics["domain_days"] > 300_000


async def test_a_domain_that_nobody_has_is_down(look: Look) -> None:
    seen = await see(look, {PATH: document({"errorCode": 404}, 404)})
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.STATED)
    assert seen.message == "acme.example is not registered"


async def test_a_name_below_a_domain_is_a_mistake_of_ours(look: Look) -> None:
    answers = {PATH: document(record("2999-01-01T00:00:00Z")), "/domain/www.acme.example": document({}, 404)}
    seen = await see(look, answers, domain="www.acme.example")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REQUEST)
    assert "write the registered domain" in seen.message


async def test_a_name_below_a_public_ending_may_be_nobodys(look: Look) -> None:
    nobodys = {f"/domain/{name}": document({}, 404) for name in ("acme.co.example", "co.example")}
    assert (await see(look, nobodys, domain="acme.co.example")).outcome is Outcome.DOWN


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Answered(b"<html>gone</html>", 404), Failure.UNREADABLE),
        (Answered(b"<html>hello</html>"), Failure.UNREADABLE),
        (Answered(b"[" * 100_000), Failure.UNREADABLE),
        (document([]), Failure.UNREADABLE),
        (document({"ldhName": "other.example"}), Failure.UNREADABLE),
        (document({}, 429, retry_after="600"), Failure.RATE_LIMITED),
        (document({}, 503), Failure.SERVER),
        (Answered(b" " * 2000 + b"{}"), Failure.TOO_LARGE),
    ],
)
async def test_what_is_no_answer_says_nothing_about_the_domain(look: Look, answer: Answered, failure: Failure) -> None:
    most = "1kB" if failure is Failure.TOO_LARGE else "1MB"
    seen = await see(look, {PATH: answer}, max_body=most)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert seen.retry_after_s == (600.0 if failure is Failure.RATE_LIMITED else None)


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("acme.example", "https://rdap.example/v1/"),
        ("acme.co.example", "https://co.example/"),
        ("acme.test", "http://old.test/"),
        ("acme.odd", None),
        ("acme.none", None),
    ],
)
def test_the_list_of_iana_names_the_server(name: str, server: str | None) -> None:
    services: list[object] = [
        [["EXAMPLE", "net"], ["http://rdap.example/v1/", "https://rdap.example/v1/"]],
        [["co.example"], ["https://co.example/"]],
        [["test"], ["http://old.test/"]],
        [["odd", 7], ["ftp://odd/", None]],
        ["noise"],
        None,
        [7, 8],
    ]
    assert server_of({"services": services}, name) == server


@pytest.mark.parametrize("strange", [None, [], {"services": 7}, {"services": [[[[]], [[]]]]}])
def test_a_strange_list_names_none(strange: object) -> None:
    assert server_of(strange, "acme.example") is None


@pytest.mark.parametrize(
    ("written", "name"),
    [("Acme.Example.", "acme.example"), ("bücher.example", "xn--bcher-kva.example"), ("a.co.uk", "a.co.uk")],
)
def test_names_are_as_registries_know_them(written: str, name: str) -> None:
    assert registered(written) == name


@pytest.mark.parametrize(
    "written",
    ["com", "10.0.0.1", "::1", "a b.example", "https://acme.example", "", "ü" * 300, "ü..example", "a\u2024\u2024b"],
)
def test_what_is_no_domain_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="; write"):
        registered(written)


def test_it_asks_rarely_unless_told() -> None:
    row = {"id": "d", "integration": "i", "domain": "acme.example"}
    model = DomainModel.model_validate(row)
    assert (model.every, model.retry_every, model.timeout) == (12 * HOUR, 10 * MINUTE, 10 * SECOND)
    assert DomainModel.model_validate({**row, "every": "1m"}).retry_every == MINUTE


async def test_the_list_is_asked_once_for_all_domains(look: Look, context: Context, trusted: Authority) -> None:
    names = ("a.example", "b.example")
    ends = {f"/domain/{name}": document(record("2999-01-01T00:00:00Z", name=name)) for name in names}
    async with vendor(ends) as registry:
        services = json.dumps({"services": [[["example"], [registry.url]]]}).encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(services), services)
        async with serving(sends(answer), tls=trusted.context("data.iana.org")) as iana:
            assert isinstance(context.connect_to, dict)
            context.connect_to["data.iana.org", 443] = ("127.0.0.1", iana.port)
            seen = [await look("domain", domain=name, every="12h") for name in names]
    assert [one.outcome for one in seen] == [Outcome.UP, Outcome.UP], seen
    assert len(iana.requests) == 1
    assert b"GET /rdap/dns.json" in iana.requests[0]


def test_headers_are_for_a_server_that_is_named() -> None:
    row = {"id": "d", "integration": "i", "domain": "acme.example", "headers": {"X-Key": "env:KEY"}}
    with pytest.raises(ValueError, match="write server"):
        DomainModel.model_validate(row)
    assert DomainModel.model_validate({**row, "server": "https://rdap.example"}).headers == {"X-Key": "env:KEY"}
