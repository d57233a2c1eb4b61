"""Errors of GraphQL, which come with status 200: whose fault they are, by the words that servers use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from standby.checks.presets.base import Verdict, part, text_of
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean

_WORDS: Mapping[Failure, frozenset[str]] = MappingProxyType(
    {
        Failure.RATE_LIMITED: frozenset({"THROTTLED", "TOO_MANY_REQUESTS", "RATE_LIMITED", "RATE_LIMIT_EXCEEDED"}),
        Failure.CREDENTIALS: frozenset(
            {"UNAUTHENTICATED", "UNAUTHORIZED", "FORBIDDEN", "ACCESS_DENIED", "BAD_API_KEY", "SHOP_INACTIVE"}
        ),
        Failure.REQUEST: frozenset(
            {
                "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "PERSISTED_QUERY_NOT_FOUND",
                "BAD_REQUEST", "INVALID_INPUT", "MAX_COST_EXCEEDED", "OPERATION_RESOLUTION_FAILURE",
            }
        ),
        Failure.SERVER: frozenset({"INTERNAL_SERVER_ERROR", "SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"}),
    }
)  # fmt: skip
_SAYS = {
    Failure.RATE_LIMITED: "we ask too often",
    Failure.CREDENTIALS: "our credentials are refused",
    Failure.REQUEST: "our query is refused",
    Failure.SERVER: "they cannot answer",
}


def judge(document: object) -> Verdict | None:
    """What `errors` in an answer mean; None when there are none.

    Theirs is `down`, or `degraded` when some of the data came; ours is `unknown`. What no word explains is theirs: a
    query that was right yesterday.
    """
    if not isinstance(document, Mapping) or not ("data" in document or "errors" in document):
        return Verdict(Outcome.UNKNOWN, "the answer has neither data nor errors: no GraphQL", Failure.UNREADABLE)
    errors = document.get("errors")
    if not errors:
        return None
    found = errors if isinstance(errors, list) else [errors]
    whose = [_failure(error) for error in found]
    ours = next((one for one in whose if one is not Failure.SERVER), None)
    failure = ours or Failure.SERVER
    said = next((error for error, one in zip(found, whose, strict=True) if one is failure), None)
    text = clean(said if isinstance(said, str) else text_of(said, "message") or "no reason given", 200)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    if ours is not None:
        return Verdict(Outcome.UNKNOWN, f"{_SAYS[ours]}: {text}{more}", ours)
    partial = isinstance(data := document.get("data"), Mapping) and any(one is not None for one in data.values())
    outcome = Outcome.DEGRADED if partial else Outcome.DOWN
    return Verdict(outcome, f"{'part of it failed' if partial else _SAYS[failure]}: {text}{more}", failure)


def _failure(error: object) -> Failure:
    extensions = part(error, "extensions")
    words = {text_of(extensions, key).upper() for key in ("code", "errorClass", "error_code", "classification")}
    return next((failure for failure, known in _WORDS.items() if words & known), Failure.SERVER)
