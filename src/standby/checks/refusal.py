"""What the status of an answer means, as most of the web uses it: whose trouble an answer is that is none."""

from __future__ import annotations

from standby.checks.answers import Reply
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.quotas import quotas
from standby.net.quotas import wait as wait_s
from standby.net.trouble import Trouble

_SAID = ("message", "error_description", "reason", "detail", "title", "error", "errors", "msg", "description")
"""Where APIs put the sentence for a person, best first."""


def accepted(reply: Reply) -> Reply:
    """The answer when its status is 2xx. Raises Trouble, `unknown`, that says whose fault another one is."""
    trouble = refusal(reply)
    if trouble is not None:
        raise trouble
    return reply


def refusal(reply: Reply) -> Trouble | None:
    """What a status means, as most of the web uses it; None for 2xx.

    401, 402, 403 and 407 are our credentials or plan, 429 our quota, other 4xx our request, 5xx theirs. A challenge for
    people instead of an answer (a page of HTML with 403) is on the path between.
    """
    status = reply.status
    if 200 <= status < 300:
        return None
    said = sentence(reply)
    if reply.headers.get("cf-mitigated") == "challenge":
        return _unknown(Failure.UNREADABLE, f"a challenge for browsers stands before it: {said}")
    if status in (401, 402, 403, 407):
        return _unknown(Failure.CREDENTIALS, f"our credentials are refused: {said}")
    found = quotas(reply.headers.raw, reply.at)
    wait = wait_s(status, reply.headers.get("retry-after", ""), found, reply.at)
    if status == 429:
        return _unknown(Failure.RATE_LIMITED, f"we ask too often: {said}", wait)
    if status in (408, 425) or status >= 500:
        return _unknown(Failure.SERVER, f"the vendor's API does not answer: {said}", wait)
    return _unknown(Failure.REQUEST, f"what we ask is refused: {said}")


def unreadable(why: str) -> Trouble:
    """An answer that is not of the form that it should have: `unknown`."""
    return _unknown(Failure.UNREADABLE, why)


def sentence(reply: Reply) -> str:
    """The status and the sentence for a person in an error document, of whatever form."""
    try:
        found = _said(reply.document, 0)
    except Trouble:
        found = ""
    line = f"status {reply.status}"
    return f"{line}: {clean(found, 200)}" if found else line


def _unknown(failure: Failure, message: str, wait: float | None = None) -> Trouble:
    return Trouble(failure, message, Outcome.UNKNOWN, retry_after_s=wait)


def _said(found: object, depth: int) -> str:
    if isinstance(found, str):
        return found
    if depth > 3:
        return ""
    if isinstance(found, list):
        return next(filter(None, (_said(one, depth + 1) for one in found[:5])), "")
    if isinstance(found, dict):
        return next(filter(None, (_said(found.get(key), depth + 1) for key in _SAID)), "")
    return ""
