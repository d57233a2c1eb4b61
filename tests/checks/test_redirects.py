from __future__ import annotations

import httpx
import pytest

from standby.checks.redirects import allow, following
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.resolver import is_public
from standby.net.trouble import Trouble


def redirected(method: str, status: int, location: str, url: str = "http://shop.test/a/b?x=1") -> httpx.Request:
    headers = {"X-Key": "k", "Content-Type": "text/plain"}
    request = httpx.Request(method, url, headers=headers, content=b"pay" if method in ("POST", "PUT") else None)
    return following(request, status, location, ["x-key"])


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        ("GET", 301, "GET"),
        ("GET", 307, "GET"),
        ("HEAD", 303, "HEAD"),
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("POST", 307, "POST"),
        ("POST", 308, "POST"),
        ("PUT", 301, "PUT"),
        ("PUT", 302, "GET"),
    ],
)
async def test_the_method_and_its_body(method: str, status: int, then: str) -> None:
    request = redirected(method, status, "/next")
    assert request.method == then
    kept = then in ("POST", "PUT")
    assert await request.aread() == (b"pay" if kept else b"")
    assert ("content-length" in request.headers) is kept
    assert ("content-type" in request.headers) is (method == then)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/c", "http://shop.test/c"),
        ("c?y=2", "http://shop.test/a/c?y=2"),
        ("//pay.test/c", "http://pay.test/c"),
        ("http:/c", "http://shop.test/c"),
        ("https://shop.test/c", "https://shop.test/c"),
    ],
)
def test_where_it_leads(location: str, url: str) -> None:
    assert str(redirected("GET", 302, location).url) == url


@pytest.mark.parametrize(
    ("location", "host", "key"),
    [
        ("/c", "shop.test", "k"),
        ("https://shop.test/c", "shop.test", "k"),
        ("http://shop.test:8080/c", "shop.test:8080", None),
        ("http://pay.test/c", "pay.test", None),
        ("https://pay.test/c", "pay.test", None),
    ],
)
def test_what_of_ours_goes_there(location: str, host: str, key: str | None) -> None:
    request = redirected("GET", 302, location)
    assert request.headers["host"] == host
    assert request.headers.get("x-key") == key


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("http://pay.test/", "https://shop.test/"),
        ("ftp://pay.test/", "http://shop.test/"),
        ("http://pay.test:99999/", "http://shop.test/"),
        ("http://-/", "http://shop.test/"),
    ],
)
def test_where_it_may_not_lead(location: str, url: str) -> None:
    with pytest.raises(Trouble) as caught:
        redirected("GET", 302, location, url)
    assert caught.value.failure is Failure.REDIRECT


@pytest.mark.parametrize(
    ("location", "hosts", "allowed"),
    [
        ("/c", [], True),
        ("https://shop.test/c", [], True),
        ("http://shop.test.:8080/c", [], True),
        ("http://pay.test/c", [], False),
        ("http://pay.test/c", ["pay.test"], True),
        ("http://a.pay.test/c", ["pay.test"], False),
        ("http://PAY.test/c", ["pay.test"], True),
    ],
)
def test_another_host_only_when_it_is_named(location: str, hosts: list[str], allowed: bool) -> None:
    moved = redirected("GET", 302, location)
    if allowed:
        allow(httpx.URL("http://shop.test/a"), moved, hosts, "127.0.0.1")
        return
    with pytest.raises(Trouble, match='redirects_to = \\["') as caught:
        allow(httpx.URL("http://shop.test/a"), moved, hosts, "127.0.0.1")
    assert (caught.value.failure, caught.value.outcome) == (Failure.REDIRECT, Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("ip", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),  # where clouds keep their machines' credentials
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
        ("no address", False),
    ],
)
def test_addresses_that_everybody_reaches(ip: str, public: bool) -> None:
    assert is_public(ip) is public
