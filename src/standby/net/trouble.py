"""Why there is no usable answer: causes told apart, each one line that a person can act on."""

from __future__ import annotations

import errno
import re
import ssl

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome


class Trouble(Exception):  # noqa: N818 - not an error of ours: what the third party did
    """A look that ended without a usable answer. `str()` is one line without secrets, not yet cleaned.

    `retry_after_s`: what the other side asked us to wait.
    """

    def __init__(
        self,
        failure: Failure,
        message: str,
        outcome: Outcome = Outcome.DOWN,
        *,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.outcome = outcome
        self.retry_after_s = retry_after_s


class ResolveError(OSError):
    """A name without an address. `temporary`: the resolver did not answer, which says nothing about the name."""

    def __init__(self, message: str, *, temporary: bool) -> None:
        super().__init__(message)
        self.temporary = temporary


_NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
_CUT = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ESHUTDOWN, errno.ENOTCONN}
_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT}
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_CHAIN = frozenset({2, 20, 21})  # OpenSSL's codes for an issuer that is missing
_SSL_PREFIX = re.compile(r"^\[SSL(?:: \w+)?\]\s*|\s*\(_ssl\.c:\d+\)$")


def of_os_error(error: OSError, doing: str) -> Trouble:
    """The trouble behind a socket's or resolver's error. `doing` ends the sentence: `while connecting`."""
    if isinstance(error, ResolveError):
        outcome = Outcome.UNKNOWN if error.temporary else Outcome.DOWN
        return Trouble(Failure.RESOLVE, str(error), outcome)
    if isinstance(error, ssl.SSLError):
        return of_ssl_error(error)
    numbers = {error.errno} if error.errno else {int(number) for number in _ERRNO.findall(str(error))}
    # Several addresses may fail in several ways; a refusal says most: the machine is there.
    if errno.ECONNREFUSED in numbers:
        return Trouble(Failure.REFUSED, "connection refused: nothing listens there")
    if errno.ETIMEDOUT in numbers or (not numbers and isinstance(error, TimeoutError)):
        return Trouble(Failure.TIMEOUT, f"the network gave up {doing}")
    if numbers & _CUT or isinstance(error, ConnectionError):
        return Trouble(Failure.RESET, f"the connection ended {doing}")
    if numbers & _NO_WAY:
        return Trouble(Failure.UNREACHABLE, f"no route {doing}: {error.strerror or 'host or network unreachable'}")
    if numbers & _OURS:
        return Trouble(Failure.INTERNAL, f"this machine cannot connect: {error.strerror}", Outcome.UNKNOWN)
    return Trouble(Failure.UNREACHABLE, f"no connection {doing}: {error.strerror or error}")


def of_ssl_error(error: ssl.SSLError | ssl.CertificateError) -> Trouble:
    """The trouble behind a failed handshake, with the reason why verification said no."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message or str(error)
        more = ": its chain is not sent whole, or ends at an authority that is not known here"
        return Trouble(
            Failure.TLS, f"the certificate is not valid: {reason}{more if error.verify_code in _CHAIN else ''}"
        )
    reason = getattr(error, "reason", None) or ""
    text = _SSL_PREFIX.sub("", str(error.args[-1] if error.args else error))
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
        return Trouble(Failure.TLS, f"the other side does not speak TLS here: {text}")
    return Trouble(Failure.TLS, f"the TLS handshake failed: {_SSL_PREFIX.sub('', text)}")
