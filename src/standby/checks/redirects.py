"""Where a redirect leads, and what of ours may go there."""

from __future__ import annotations

from collections.abc import Collection

import httpx

from standby.config.fields import check_host
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.resolver import is_public
from standby.net.transport import PORTS, PUBLIC_ONLY
from standby.net.trouble import Trouble

STATUSES = frozenset({301, 302, 303, 307, 308})


def following(request: httpx.Request, status: int, location: str, private: Collection[str]) -> httpx.Request:
    """The request that a redirect asks for, as browsers understand it. `private` headers stay with their origin.

    Raises Trouble for one out of HTTP or TLS; httpx.InvalidURL and UnicodeError for one to nowhere.
    """
    url = _target(request.url, location)
    _allow(request.url, url)
    method = _method(request.method, status)
    headers = httpx.Headers(request.headers)
    if (url.scheme, url.netloc) != (request.url.scheme, request.url.netloc):
        headers["host"] = url.netloc.decode("ascii")
    if not same_party(request.url, url):
        for name in private:
            if name.lower() != "host":
                headers.pop(name, None)
    if method == request.method:
        return httpx.Request(method, url, headers=headers, stream=request.stream)
    for name in ("content-length", "content-type"):
        headers.pop(name, None)
    return httpx.Request(method, url, headers=headers)


def allow(origin: httpx.URL, moved: httpx.Request, hosts: Collection[str], peer: str) -> None:
    """Let a redirect stay on `origin`'s host or lead to one of `hosts`; from a public `peer` never inside our network.

    Raises Trouble, `unknown`: whoever answers there, it is not whom we were to look at.
    """
    host = moved.url.host.rstrip(".")
    if host != origin.host.rstrip(".") and host not in hosts:
        text = f'a redirect to {place(moved.url)}, another host: allow it by redirects_to = ["{host}"] if it is theirs'
        raise Trouble(Failure.REDIRECT, text, Outcome.UNKNOWN)
    if is_public(peer):
        moved.extensions[PUBLIC_ONLY] = True


def place(url: httpx.URL) -> str:
    """Scheme and host: the rest of an address may hold keys."""
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"


def _target(origin: httpx.URL, location: str) -> httpx.URL:
    url = httpx.URL(location)
    if url.scheme and not url.host:  # `http:/path`, which browsers take for the same host
        url = url.copy_with(host=origin.host)
    return origin.join(url) if url.is_relative_url else url


def _method(method: str, status: int) -> str:
    if method == "HEAD":
        return method
    return "GET" if status in (302, 303) or (status == 301 and method == "POST") else method


def _allow(origin: httpx.URL, url: httpx.URL) -> None:
    if url.scheme not in PORTS or not url.host:
        raise Trouble(Failure.REDIRECT, f"a redirect to {url.scheme or 'nothing'}:, which is not the web")
    try:
        check_host(url.host)
    except ValueError:
        raise Trouble(Failure.REDIRECT, "a redirect to an address without a valid host") from None
    if not 0 < (url.port or PORTS[url.scheme]) < 65_536:
        raise Trouble(Failure.REDIRECT, f"a redirect to port {url.port}, which cannot be")
    if origin.scheme == "https" and url.scheme == "http":
        raise Trouble(Failure.REDIRECT, f"a redirect from https to plain {place(url)}")


def same_party(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether what one may know the other may know: the same origin, or its step up to TLS."""
    ports = [url.port or PORTS.get(url.scheme) for url in (one, other)]
    return one.host == other.host and (
        (one.scheme == other.scheme and ports[0] == ports[1]) or (one.scheme == "http" and ports == [80, 443])
    )
