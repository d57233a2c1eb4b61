from __future__ import annotations

import ssl
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.conftest import SLOT, Look
from checks.loopback import Authority, RealClock, authority, sends, serving
from servers import nginx
from standby.checks.base import Context, observe
from standby.checks.tls import TlsCheck, TlsModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.net.certificates import days_left, not_after


async def at(
    look: Look, trusted: Authority, *names: str, valid: tuple[int, int] = (-30, 60), **keys: object
) -> Observation:
    async with serving(sends(b"", stay=True), tls=trusted.context(*names, valid=valid), read=False) as server:
        return await look("tls", host="127.0.0.1", port=server.port, **keys)


async def test_a_good_certificate(look: Look, trusted: Authority) -> None:
    seen = await at(look, trusted, "pay.test", sni="pay.test")
    assert (seen.outcome, seen.failure) == (Outcome.UP, None)
    assert seen.metrics["certificate_days"] == pytest.approx(60, abs=0.01)
    assert seen.phases.tls is not None
    assert seen.latency_ms is not None


async def test_the_name_asked_for_is_the_one_that_must_match(look: Look, context: Context, trusted: Authority) -> None:
    assert (await at(look, trusted, "127.0.0.1")).outcome is Outcome.UP
    async with serving(sends(b"", stay=True), tls=trusted.context("pay.test"), read=False) as server:
        assert isinstance(context.connect_to, dict)
        context.connect_to["pay.test", 443] = ("127.0.0.1", server.port)
        assert (await look("tls", host="pay.test")).outcome is Outcome.UP


@pytest.mark.parametrize(
    ("days", "warn_days", "outcome"),
    [
        (60, 21, Outcome.UP),
        (20, 21, Outcome.DEGRADED),
        (20, 10, Outcome.UP),
        (1, 21, Outcome.DEGRADED),
        (1, 0, Outcome.UP),
    ],
)
async def test_soon_is_degraded(look: Look, trusted: Authority, days: int, warn_days: int, outcome: Outcome) -> None:
    seen = await at(look, trusted, "pay.test", valid=(-30, days), sni="pay.test", warn_days=warn_days)
    assert seen.outcome is outcome
    assert seen.metrics["certificate_days"] == pytest.approx(days, abs=0.01)


@pytest.mark.parametrize(
    ("name", "valid", "says", "days"),
    [
        ("pay.test", (-30, -3), "expired", -3.0),
        ("pay.test", (2, 90), "not yet valid", 90.0),
        ("other.test", (-30, 60), "mismatch", 60.0),
    ],
)
async def test_an_invalid_certificate_is_down_and_still_measured(
    look: Look, trusted: Authority, name: str, valid: tuple[int, int], says: str, days: float
) -> None:
    seen = await at(look, trusted, name, valid=valid, sni="pay.test")
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TLS)
    assert says in seen.message
    assert seen.metrics["certificate_days"] == pytest.approx(days, abs=0.01)


async def test_an_unknown_authority_is_down_unless_named(look: Look, tmp_path: Path) -> None:
    stranger = authority(tmp_path)
    seen = await at(look, stranger, "pay.test", sni="pay.test")
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TLS)
    seen = await at(look, stranger, "pay.test", sni="pay.test", verify=str(stranger.pem))
    assert seen.outcome is Outcome.UP


async def test_no_tls_and_silence(look: Look) -> None:
    async with serving(sends(b"SSH-2.0-OpenSSH_9.2\r\n", stay=True), read=False) as server:
        seen = await look("tls", host="127.0.0.1", port=server.port)
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TLS)
    async with serving(sends(b"", stay=True), read=False) as server:
        seen = await look("tls", host="127.0.0.1", port=server.port, timeout="500ms")
    assert (seen.failure, seen.message) == (Failure.TIMEOUT, "no answer within 500ms, in the TLS handshake")


def test_the_end_of_a_certificate_is_read_from_its_bytes(tmp_path: Path) -> None:
    import datetime as dt

    for days in (-3000, 5, 20_000):  # the last is past 2050: another kind of time in the certificate
        last = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        made = authority(tmp_path).ca.issue_cert("a.test", not_before=last - dt.timedelta(days=9), not_after=last)
        der = ssl.PEM_cert_to_DER_cert(made.cert_chain_pems[0].bytes().decode())
        assert days_left(der, RealClock().now()) == pytest.approx(days, abs=0.01)
        for cut in (0, 1, 5, 40, 100):
            assert not_after(der[:cut]) is None


@given(st.binary(max_size=400))
def test_any_bytes_as_a_certificate(data: bytes) -> None:
    not_after(data)
    not_after(b"\x30\x82" + len(data).to_bytes(2) + data)


def weak(trusted: Authority, ciphers: str, *versions: ssl.TLSVersion) -> ssl.SSLContext:
    context = trusted.context("pay.test")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = versions
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    return context


@pytest.mark.parametrize(
    ("ciphers", "first", "says"),
    [
        ("ALL:!aNULL", ssl.TLSVersion.TLSv1_2, ""),
        (
            "ALL:!aNULL",
            ssl.TLSVersion.TLSv1,
            "it accepts TLSv1.1, which it should refuse; the certificate is valid for 60",
        ),
        ("ALL:eNULL:!aNULL", ssl.TLSVersion.TLSv1_2, "-NULL-SHA"),
    ],
)
async def test_what_a_server_should_refuse(
    look: Look, trusted: Authority, ciphers: str, first: ssl.TLSVersion, says: str
) -> None:
    tls = weak(trusted, ciphers, first, ssl.TLSVersion.TLSv1_3)
    async with serving(sends(b"", stay=True), tls=tls, read=False) as server:
        seen = await look("tls", host="127.0.0.1", port=server.port, sni="pay.test")
        quiet = await look("tls", host="127.0.0.1", port=server.port, sni="pay.test", weak=False)
    assert (seen.outcome, seen.failure) == ((Outcome.DEGRADED, Failure.TLS) if says else (Outcome.UP, None))
    assert says in seen.message
    assert seen.metrics["tls_weaknesses"] == float(bool(says))
    assert quiet.outcome is Outcome.UP
    assert seen.metrics["certificate_days"] == pytest.approx(60, abs=0.01)


async def test_what_it_accepts_is_tried_once_an_hour(context: Context, trusted: Authority) -> None:
    tls = weak(trusted, "ALL:!aNULL", ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2)
    async with serving(sends(b"", stay=True), tls=tls, read=False) as server:
        row = {"id": "c", "integration": "i", "host": "127.0.0.1", "port": server.port, "sni": "pay.test"}
        check = TlsCheck(TlsModel.model_validate(row))
        seen = [await observe(check, context, SLOT) for _ in range(3)]
        assert server.connections == 4  # three looks, and once the old protocols; broken ciphers never got so far
    assert [one.outcome for one in seen] == [Outcome.DEGRADED] * 3


async def test_a_chain_that_is_not_whole_is_told_as_such(look: Look, tmp_path: Path, trusted: Authority) -> None:
    made = trusted.ca.create_child_ca().issue_cert("pay.test")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    alone = tmp_path / "alone.pem"
    alone.write_bytes(made.private_key_pem.bytes() + made.cert_chain_pems[0].bytes())
    tls.load_cert_chain(alone)
    async with serving(sends(b"", stay=True), tls=tls, read=False) as server:
        seen = await look("tls", host="127.0.0.1", port=server.port, sni="pay.test")
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TLS)
    assert seen.message.endswith("its chain is not sent whole, or ends at an authority that is not known here")
    assert seen.metrics["certificate_days"] > 0


@pytest.mark.servers
async def test_a_real_server_with_old_protocols(context: Context, trusted: Authority, tmp_path: Path) -> None:
    made = trusted.ca.issue_cert("pay.test")
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
    key.write_bytes(made.private_key_pem.bytes())
    with nginx(
        tmp_path, certificate, key, tls="ssl_protocols TLSv1.1 TLSv1.2; ssl_ciphers ALL:!aNULL:@SECLEVEL=0;"
    ) as server:
        row = {"id": "c", "integration": "i", "host": "127.0.0.1", "port": server.tls_port, "sni": "pay.test"}
        seen = await observe(TlsCheck(TlsModel.model_validate(row)), context, SLOT)
    assert (seen.outcome, seen.message.partition(",")[0]) == (Outcome.DEGRADED, "it accepts TLSv1.1")
