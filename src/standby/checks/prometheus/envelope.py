"""What every answer of Prometheus's API comes in: `{"status": "success", "data": ...}`, or an error and its type."""

from __future__ import annotations

from dataclasses import dataclass

from standby.checks.answers import Document, Reply
from standby.checks.api import refusal, unreadable
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.trouble import Trouble

_OURS = (401, 402, 403, 407, 408, 429)
_MOST_NOTES = 10
_TYPES = {
    "bad_data": (Failure.REQUEST, "what we ask is refused"),
    "execution": (Failure.REQUEST, "the query cannot be evaluated"),
    "not_found": (Failure.REQUEST, "there is no such thing there"),
    "not_acceptable": (Failure.REQUEST, "what we ask is refused"),
    "timeout": (Failure.SERVER, "the query took too long there"),
    "canceled": (Failure.SERVER, "the query was given up there"),
    "unavailable": (Failure.SERVER, "it cannot answer now"),
    "internal": (Failure.SERVER, "a fault of its own"),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """The data of a good answer. `notes` are its warnings and infos, cleaned: the data may not be whole."""

    data: Document
    notes: tuple[str, ...] = ()


def opened(reply: Reply) -> Opened:
    """What is in the envelope. Raises Trouble, `unknown`, that says whose fault an error is."""
    document = _document(reply)
    status = document.get("status")
    if status == "error":
        raise _error(reply, document)
    if refusal(reply) is not None:
        raise _without_envelope(reply)
    if status != "success":
        raise unreadable(f"the answer is not Prometheus's: its status is {clean(repr(status), 40)}")
    return Opened(document.get("data"), _notes(document))


def _document(reply: Reply) -> dict[str, Document]:
    """The envelope. An answer that has none, with the status of an error, is told by that status."""
    try:
        document = reply.document
    except Trouble:
        if refusal(reply) is None:
            raise
        raise _without_envelope(reply) from None
    if isinstance(document, dict):
        return document
    raise _without_envelope(reply) if refusal(reply) is not None else unreadable("the answer is not an object of JSON")


def _without_envelope(reply: Reply) -> Trouble:
    said = clean(reply.text, 80)
    if reply.status in (404, 405) and not said.startswith(("<", "{")):
        why = f"there is no such API here: status {reply.status}: {said}; write its address up to /api"
        return Trouble(Failure.REQUEST, why, Outcome.UNKNOWN)
    if reply.status == 503 and not said.startswith(("<", "{")):
        why = f"it is starting, stopping or overloaded: status 503: {said}"
        return Trouble(Failure.SERVER, why, Outcome.UNKNOWN, retry_after_s=_wait(reply))
    return refusal(reply) or unreadable("the answer is not Prometheus's")


def _wait(reply: Reply) -> float | None:
    refused = refusal(reply)
    return refused.retry_after_s if refused is not None else None


def _error(reply: Reply, document: dict[str, Document]) -> Trouble:
    refused = refusal(reply)
    if reply.status in _OURS and refused is not None:
        return refused
    kind, error = document.get("errorType"), clean(str(document.get("error") or ""), 200)
    known = _TYPES.get(kind) if isinstance(kind, str) else None
    if known is None:
        if refused is not None:
            return refused
        known = (Failure.SERVER, f"an error of the type {clean(repr(kind), 40)}")
    failure, what = known
    return Trouble(failure, f"{what}: {error or 'no reason given'}", Outcome.UNKNOWN, retry_after_s=_wait(reply))


def _notes(document: dict[str, Document]) -> tuple[str, ...]:
    found = [one for key in ("warnings", "infos") if isinstance(document.get(key), list) for one in document[key]]
    return tuple(clean(one, 200) for one in found[:_MOST_NOTES] if isinstance(one, str) and one)
