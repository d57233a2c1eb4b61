"""Certificates of the simulated third parties, from a private authority that is kept beside the store."""

from __future__ import annotations

import contextlib
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def authority(certificate: Path, key: Path) -> trustme.CA:
    """The authority kept in `key`, or a new one: clients go on trusting it when the simulator starts again.

    `key` holds certificate and key together, so that they never stop matching; `certificate` is what clients read.
    """
    made = _kept(key)
    if made is None:
        made = trustme.CA(organization_name="standby simulator", organization_unit_name="simulated third parties")
        _write(key, made.cert_pem.bytes() + made.private_key_pem.bytes(), 0o600)
    _write(certificate, made.cert_pem.bytes(), 0o644)
    return made


def _kept(key: Path) -> trustme.CA | None:
    with contextlib.suppress(OSError, ValueError):
        both = key.read_bytes()
        return trustme.CA.from_pem(both, both)
    return None


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, whoever reads meanwhile."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    draft.replace(path)


class Identity:
    """The TLS side of one host: a good certificate, and an expired one that is shown on request."""

    def __init__(self, ca: trustme.CA, host: str, *, now: int, days: int) -> None:
        """`now` is wall time in nanoseconds; `days` is how long the good certificate is valid from there."""
        today = _EPOCH + timedelta(microseconds=now // 1000)
        good = ca.issue_cert(
            host, not_before=today - timedelta(days=90), not_after=today + timedelta(days=days, hours=6)
        )
        ended = ca.issue_cert(host, not_before=today - timedelta(days=91), not_after=today - timedelta(days=1))
        self.expired = False
        self.context = _server_context(good)
        self._expired = _server_context(ended)
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        if self.expired:
            connection.context = self._expired


def _server_context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context
