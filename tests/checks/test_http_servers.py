"""Mutual TLS and HTTP/2 of a real nginx, and a real proxy on the way."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from checks.conftest import SLOT, Look
from checks.loopback import Authority, RealClock, authority, sends, serving
from servers import Nginx, nginx, tinyproxy
from standby.checks.base import Context, observe
from standby.checks.http import HttpCheck, HttpModel
from standby.config.secrets import Secrets
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome

pytestmark = pytest.mark.servers
BASE = {"id": "c", "integration": "i", "kind": "http", "every": "60s", "timeout": "5s"}
PASSWORD = "s3cr3t-password"


def written(folder: Path, ca: Authority, *names: str) -> tuple[Path, Path]:
    made = ca.ca.issue_cert(*names)
    certificate, key = folder / f"{names[0]}.pem", folder / f"{names[0]}.key"
    certificate.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
    key.write_bytes(made.private_key_pem.bytes())
    return certificate, key


@pytest.fixture
def clients(tmp_path: Path) -> Authority:
    return authority(tmp_path)


@pytest.fixture
def server(tmp_path: Path, trusted: Authority, clients: Authority) -> Iterator[Nginx]:
    certificate, key = written(tmp_path, trusted, "pay.test")
    tls = f"ssl_client_certificate {clients.pem}; ssl_verify_client optional;"
    locations = """
        location /who { return 200 '{"verified": "$ssl_client_verify", "protocol": "$server_protocol"}'; }
        location /partner { if ($ssl_client_verify != SUCCESS) { return 403; } return 200 '{}'; }
        location /large { return 200 '%s'; }
        location /moved { absolute_redirect off; return 302 /who; }
    """ % ("x" * 3000)
    with nginx(tmp_path, certificate, key, locations=locations, tls=tls, listen="ssl http2") as running:
        yield running


@pytest.fixture
async def context(server: Nginx, trusted: Authority, tmp_path: Path) -> AsyncIterator[Context]:
    environ = {"PROXY": "Basic " + base64.b64encode(f"shop:{PASSWORD}".encode()).decode(), "WRONG": "Basic eDp5"}
    table = {("pay.test", 443): ("127.0.0.1", server.tls_port), ("pay.test", 80): ("127.0.0.1", server.port)}
    context = Context(RealClock(), Secrets(environ=environ), table, trusted.pem, base=tmp_path)
    yield context
    await context.close()


async def seen_by(context: Context, **keys: object) -> Observation:
    return await observe(HttpCheck(HttpModel.model_validate({**BASE, **keys})), context, SLOT)


async def test_a_certificate_says_who_we_are(context: Context, clients: Authority, tmp_path: Path) -> None:
    certificate, key = written(tmp_path, clients, "shop.test")
    url = "https://pay.test/partner"
    assert (await seen_by(context, url=url)).metrics["status"] == 403.0
    known = {"client_certificate": certificate.name, "client_key": key.name}
    assert (await seen_by(context, url=url, **known)).outcome is Outcome.UP
    whole = tmp_path / "whole.pem"
    whole.write_bytes(key.read_bytes() + certificate.read_bytes())
    assert (await seen_by(context, url=url, client_certificate=str(whole))).outcome is Outcome.UP


async def test_a_renewed_certificate_is_read_again(context: Context, clients: Authority, tmp_path: Path) -> None:
    certificate, key = written(tmp_path, authority(tmp_path / ".."), "shop.test")
    keys = {"url": "https://pay.test/partner", "client_certificate": certificate.name, "client_key": key.name}
    check = HttpCheck(HttpModel.model_validate({**BASE, **keys}))
    assert (await observe(check, context, SLOT)).outcome is not Outcome.UP
    written(tmp_path, clients, "shop.test")
    os.utime(key, ns=(1, 1))  # a file system's clock may be too coarse for this test
    assert (await observe(check, context, SLOT)).outcome is Outcome.UP


async def test_a_certificate_that_is_not_there_is_ours(context: Context) -> None:
    seen = await seen_by(context, url="https://pay.test/", client_certificate="nowhere.pem")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.CREDENTIALS)
    assert seen.message == "our client certificate cannot be used: No such file or directory"


@pytest.mark.parametrize("proxied", [False, True])
async def test_http2_is_spoken_where_the_server_does(
    context: Context, clients: Authority, tmp_path: Path, proxied: bool
) -> None:
    with tinyproxy(tmp_path, "shop", PASSWORD) as relay:
        address = f"http://127.0.0.1:{relay.port}"
        way = {"proxy": address, "headers": {"Proxy-Authorization": "env:PROXY"}} if proxied else {}
        if proxied:
            assert isinstance(context.connect_to, dict)
            host, port = context.connect_to["pay.test", 443]
            way["url"] = f"https://{host}:{port}/moved"
            way["verify"] = False
        expect = ["body.protocol == 'HTTP/2.0'", "body.verified == 'SUCCESS'", "headers['content-type'] != ''"]
        certificate, key = written(tmp_path, clients, "shop.test")
        keys = {"client_certificate": certificate.name, "client_key": key.name, "http2": True, "expect": expect}
        seen = await seen_by(context, **{"url": "https://pay.test/moved", **keys, **way})
    assert (seen.outcome, seen.message) == (Outcome.UP, "status 200")
    assert seen.metrics["http_version"] == 2.0
    assert seen.phases.tls is not None
    assert seen.phases.first_byte is not None
    assert seen.metrics["certificate_days"] > 0


async def test_a_body_over_http2_has_its_cap_and_is_inflated(context: Context) -> None:
    url = "https://pay.test/large"
    assert (await seen_by(context, url=url, http2=True, expect=["text.startsWith('xxx')"])).outcome is Outcome.UP
    seen = await seen_by(context, url=url, http2=True, expect=["text.startsWith('xxx')"], max_body="1kB")
    assert seen.failure is Failure.TOO_LARGE
    posted = await seen_by(context, url="https://pay.test/who", http2=True, method="POST", form={"a": "b"})
    assert posted.outcome is Outcome.UP


async def test_http2_where_nobody_speaks_it(context: Context, trusted: Authority) -> None:
    assert isinstance(context.connect_to, dict)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with serving(sends(answer), tls=trusted.context("old.test")) as old:
        context.connect_to["old.test", 443] = ("127.0.0.1", old.port)
        seen = await seen_by(context, url="https://old.test/", http2=True, expect=["text == 'ok'"])
    assert (seen.outcome, seen.metrics["http_version"]) == (Outcome.UP, 1.1)
    async with serving(sends(b""), tls=trusted.context("old.test"), read=False) as silent:
        context.connect_to["old.test", 443] = ("127.0.0.1", silent.port)
        gone = await seen_by(context, url="https://old.test/", http2=True)
    assert (gone.outcome, gone.failure) == (Outcome.DOWN, Failure.RESET)
    assert (await seen_by(context, url="https://old.test/", http2=True)).failure is Failure.REFUSED


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_on_the_way(context: Context, server: Nginx, tmp_path: Path, scheme: str) -> None:
    port = server.port if scheme == "http" else server.tls_port
    with tinyproxy(tmp_path, "shop", PASSWORD) as relay:
        keys = {"url": f"{scheme}://127.0.0.1:{port}/moved", "verify": False, "proxy": f"http://127.0.0.1:{relay.port}"}
        seen = await seen_by(context, **keys, headers={"Proxy-Authorization": "env:PROXY"}, expect=["status == 200"])
        assert seen.outcome is Outcome.UP, seen.message
        assert relay.log.read_text().count(f"{'CONNECT 127' if scheme == 'https' else 'GET http://127'}") >= 1
        refused = await seen_by(context, **keys, headers={"Proxy-Authorization": "env:WRONG"})
        if scheme == "https":
            assert (refused.outcome, refused.failure) == (Outcome.UNKNOWN, Failure.CREDENTIALS)
            assert refused.message.startswith("the proxy refuses our credentials: 40")
        gone = await seen_by(
            context, **{**keys, "url": f"{scheme}://127.0.0.1:1/"}, headers={"Proxy-Authorization": "env:PROXY"}
        )
        assert gone.outcome is not Outcome.UP
    seen = await seen_by(context, **keys)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REFUSED)
    assert seen.message.startswith("the proxy: connection refused")


async def test_what_is_for_the_proxy_goes_to_nobody_else(look: Look) -> None:
    async with serving(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as other:
        await look("http", url=other.url, headers={"Proxy-Authorization": "env:PROXY"})
    assert b"proxy-authorization" not in other.requests[0].lower()
