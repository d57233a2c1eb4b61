"""TLS as seen from outside: contexts that note handshake times and the peer's certificate, verified or not."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from standby.domain.units import DAY, MICROSECOND
from standby.net.phases import TRACE

_SEQUENCE, _INTEGER, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x02, 0x17, 0x18, 0xA0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ObservedTLS(ssl.SSLObject):
    """A TLS connection that writes its handshake and the peer's certificate into the running trace."""

    def do_handshake(self) -> None:
        """One step of the handshake; called again for every flight of the peer's."""
        _observed(self, super().do_handshake)


class ObservedSocket(ssl.SSLSocket):
    """The same, on a socket of its own."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as the standard library has it
        """One step of the handshake; called again for every flight of the peer's."""
        _observed(self, functools.partial(super().do_handshake, block))


def _observed(connection: ssl.SSLObject | ssl.SSLSocket, step: Callable[[], None]) -> None:
    trace = TRACE.get()
    if trace is None:
        return step()
    if trace.current != "tls":
        trace.enter("tls")
    try:
        step()
    except ssl.SSLCertVerificationError:
        trace.certificate = _unverified(connection)
        raise
    trace.certificate = connection.getpeercert(binary_form=True)
    trace.enter("first_byte")
    return None


def _unverified(connection: ssl.SSLObject | ssl.SSLSocket) -> bytes | None:
    """What the peer sent although verification refused it; None where this Python does not tell (before 3.10)."""
    inner: Any = getattr(connection, "_sslobj", None)
    chain = getattr(inner, "get_unverified_chain", lambda: None)()
    if not chain:
        return None
    first = chain[0]
    return first if isinstance(first, bytes) else ssl.PEM_cert_to_DER_cert(first.public_bytes())


def client_context(
    *,
    verify: bool = True,
    authorities: Path | None = None,
    extra: Path | None = None,
    http: bool = True,
    client: tuple[Path, Path | None] | None = None,
) -> ssl.SSLContext:
    """A client's TLS context. `authorities` replaces the system's, `extra` adds to them; both are PEM files.

    `client` are PEM files with a certificate and its key that say who we are. `http` says in the handshake that HTTP
    will be spoken, which a server of another protocol may refuse.

    Costs tens of milliseconds: make one for each set of options and keep it. Raises OSError and ssl.SSLError.
    """
    context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
    if extra is not None:
        context.load_verify_locations(cafile=str(extra))
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if client is not None:
        context.load_cert_chain(*client)
    if http:
        context.set_alpn_protocols(["http/1.1"])
    context.sslobject_class = ObservedTLS
    context.sslsocket_class = ObservedSocket
    return context


def days_left(certificate: bytes, now: int) -> float | None:
    """Days until a DER certificate ends (negative: since), `now` in ns; None when it cannot be read."""
    end = not_after(certificate)
    return None if end is None else (end - now) / DAY


@functools.lru_cache(maxsize=512)  # the same one is seen at every look
def not_after(certificate: bytes) -> int | None:
    """The end of a DER certificate's validity in ns since 1970; None when it cannot be read."""
    try:
        body = next(_elements(next(_elements(certificate))[1]))[1]
        fields = [field for field in _elements(body) if field[0] != _VERSION]
        # serial, signature algorithm, issuer, validity
        if len(fields) < 4 or fields[0][0] != _INTEGER or fields[3][0] != _SEQUENCE:
            return None
        _, (tag, text) = _elements(fields[3][1])
        return _time(tag, text.decode("ascii"))
    except (StopIteration, IndexError, ValueError, OverflowError):
        return None


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each DER element in `data`. Raises ValueError and IndexError for what is none."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("length")
            length, at = int.from_bytes(data[at : at + count]), at + count
        if at + length > len(data):
            raise ValueError("cut")
        yield tag, data[at : at + length]
        at += length


def _time(tag: int, text: str) -> int | None:
    if tag == _UTC_TIME:  # two digits of a year: RFC 5280 says where the century turns
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERALIZED_TIME:
        return None
    at = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    return (at - _EPOCH) // timedelta(microseconds=1) * MICROSECOND
