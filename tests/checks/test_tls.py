from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.conftest import Look
from checks.loopback import Authority, RealClock, authority, sends, serving
from standby.checks.base import Context
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
    import ssl

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
