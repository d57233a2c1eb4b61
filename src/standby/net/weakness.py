"""What a TLS server should not accept any more: old protocols, and ciphers that hide or prove nothing."""

from __future__ import annotations

import functools
import ssl
import warnings

from standby.net.dial import dial
from standby.net.phases import TRACE
from standby.net.resolver import Resolver
from standby.net.trouble import Trouble

_BROKEN = "aNULL:eNULL:LOW:EXPORT:3DES:RC4:@SECLEVEL=0"


async def weaknesses(resolver: Resolver, host: str, port: int, name: str | None) -> list[str]:
    """What it accepts of these, each in a few words: `TLSv1.1`; empty when it refuses all. Two handshakes.

    They leave no trace in the running observation: a refusal is what is hoped for.
    """
    token = TRACE.set(None)
    try:
        tried = [await _accepted(resolver, host, port, name, tls) for tls in (_old_protocols(), _broken_ciphers())]
    finally:
        TRACE.reset(token)
    version, cipher = tried
    return ([version[0]] if version is not None else []) + ([cipher[1]] if cipher is not None else [])


async def _accepted(
    resolver: Resolver, host: str, port: int, name: str | None, tls: ssl.SSLContext | None
) -> tuple[str, str] | None:
    """Protocol and cipher of a handshake that should fail; None when it does."""
    if tls is None:
        return None
    try:
        async with dial(resolver, host, port, tls=tls, name=name) as (_, writer):
            connection = writer.get_extra_info("ssl_object")
            return str(connection.version()), str(connection.cipher()[0])
    except Trouble:
        return None


@functools.cache
def _old_protocols() -> ssl.SSLContext | None:
    """TLS 1.0 and 1.1 only; None where this OpenSSL has neither."""
    tls = _blind()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
            tls.minimum_version, tls.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        tls.set_ciphers("ALL:@SECLEVEL=0")
    except (ssl.SSLError, ValueError):
        return None
    return tls


@functools.cache
def _broken_ciphers() -> ssl.SSLContext | None:
    """No encryption, no authentication, or keys that can be guessed; None where this OpenSSL has none of them."""
    tls = _blind()
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        tls.set_ciphers(_BROKEN)
    except ssl.SSLError:
        return None
    return tls


def _blind() -> ssl.SSLContext:
    """Whose certificate it is does not matter here; nothing is sent."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    return tls
