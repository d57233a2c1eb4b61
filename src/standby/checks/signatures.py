"""Whether a call really comes from a vendor: signatures as Stripe, Slack and GitHub make them, or a shared secret.

Compared in constant time. What is wrong with a call is said to our people, never to the caller.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from standby.domain.units import SECOND, format_duration

Scheme = Literal["stripe", "slack", "github", "header"]
_MOST_SIGNATURES = 10  # Stripe sends two while a secret is rolled


@dataclass(frozen=True, slots=True, repr=False)
class Terms:
    """How calls are signed: any of `secrets` will do; `header` is in lower case; `tolerance` ns."""

    scheme: Scheme
    secrets: Sequence[bytes]
    header: str
    tolerance: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A call that is theirs. `mark` is the same for the same event sent again; empty when nobody could tell.

    A vendor that tries again signs anew, with a new time, and may count its tries in the body: the event's own id tells
    them apart where the body has one. Ids in headers (GitHub's delivery) are not signed, so that whoever plays a call
    again could write another: there the body is the mark.
    """

    mark: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that is not believed, and why, in words without anything of the caller's."""

    why: str


def verify(terms: Terms, headers: Mapping[str, str], body: bytes, now: int) -> Signed | Refused:
    """Judge a call by its headers (names in lower case), its body as it came, and the wall clock (ns since 1970)."""
    if terms.scheme == "stripe":
        return _stripe(terms, headers, body, now)
    if terms.scheme == "slack":
        return _slack(terms, headers, body, now)
    if terms.scheme == "github":
        found = _signed(terms, [headers.get("x-hub-signature-256", "").removeprefix("sha256=")], body)
        return found or Signed(_digest(body))
    given = headers.get(terms.header, "").encode("latin-1", "replace")
    good = [hmac.compare_digest(secret, given) for secret in terms.secrets]  # with each, however early one fits
    return Signed("") if any(good) else Refused(_missing(bool(given)))


def _stripe(terms: Terms, headers: Mapping[str, str], body: bytes, now: int) -> Signed | Refused:
    pairs = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1"][:_MOST_SIGNATURES]
    stamp = stamps[0] if len(stamps) == 1 else ""
    text = f"{stamp}.".encode("latin-1", "replace") + body
    return _stamped(terms, stamp, signatures, text, now) or Signed(_event(body, "id"))


def _slack(terms: Terms, headers: Mapping[str, str], body: bytes, now: int) -> Signed | Refused:
    stamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    signatures = [signature.removeprefix("v0=")] if signature.startswith("v0=") else []
    text = f"v0:{stamp}:".encode("latin-1", "replace") + body
    return _stamped(terms, stamp, signatures, text, now) or Signed(_event(body, "event_id"))


def _stamped(terms: Terms, stamp: str, signatures: Sequence[str], text: bytes, now: int) -> Refused | None:
    """First whether it is theirs, then whether it is of now: an old signature is a good one sent again."""
    found = _signed(terms, signatures, text)
    if found is not None:
        return found
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return Refused("signed without a time")
    apart = abs(now - int(stamp) * SECOND)
    if apart > terms.tolerance:
        limit = format_duration(terms.tolerance)
        return Refused(f"signed more than {limit} ago or ahead: sent again by somebody, or a clock is wrong")
    return None


def _signed(terms: Terms, signatures: Sequence[str], text: bytes) -> Refused | None:
    given = [signature.encode("latin-1", "replace") for signature in signatures if signature]
    right = [hmac.new(secret, text, hashlib.sha256).hexdigest().encode() for secret in terms.secrets]
    good = [hmac.compare_digest(one, other) for one in right for other in given]
    return None if any(good) else Refused(_missing(bool(given)))


def _event(body: bytes, key: str) -> str:
    """By the id that the event has, else by the whole body."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return _digest(body)
    said = found.get(key) if isinstance(found, dict) else None
    return _digest(said.encode("utf-8", "surrogatepass")) if isinstance(said, str) and said else _digest(body)


def _digest(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()


def _missing(given: bool) -> str:  # noqa: FBT001 - one of two sentences
    return "a wrong signature" if given else "no signature"
