"""What a metric query gives, in the form of v1 (`pointlist`) and of v2 (`times`, `values`). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from standby.checks.answers import Document
from standby.checks.api import unreadable
from standby.checks.documents import number
from standby.checks.instants import instant
from standby.checks.series import Series
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.trouble import Trouble

MOST = 1000
"""Series that one query may give."""

TAKES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "last": lambda values: values[-1],
    "avg": lambda values: sum(values) / len(values),
    "min": min,
    "max": max,
    "sum": sum,
}
"""What one series is boiled down to."""


def series(found: Document, take: str) -> list[Series]:
    """The series of an answer. Raises Trouble: for a query that failed inside HTTP 200, and for another form."""
    if not isinstance(found, dict):
        raise unreadable("the answer is no result of a query")
    attributes = found["data"].get("attributes") if isinstance(found.get("data"), dict) else None
    if isinstance(attributes, dict):
        return _of_v2(attributes, take)
    status = found.get("status")
    if isinstance(status, str) and status != "ok":
        said = next((found[key] for key in ("error", "message") if isinstance(found.get(key), str)), status)
        raise Trouble(Failure.REQUEST, f"the query failed: {clean(said, 200)}", Outcome.UNKNOWN)
    listed = found.get("series")
    if status != "ok" or not isinstance(listed, list):
        raise unreadable("the answer is no result of a query")
    _bounded(listed)
    return [_of_v1(one, take) for one in listed]


def _bounded(listed: Sequence[Document]) -> None:
    """What is not looked at may be worse than what is: nothing is left out."""
    if len(listed) > MOST:
        message = f"the query gives {len(listed)} series, more than {MOST}; narrow it"
        raise Trouble(Failure.TOO_LARGE, message, Outcome.UNKNOWN)


def _of_v1(one: Document, take: str) -> Series:
    if not isinstance(one, dict):
        return Series(None)
    listed = one.get("pointlist")
    pairs = [pair for pair in listed if isinstance(pair, list) and len(pair) >= 2] if isinstance(listed, list) else []
    tags = one.get("tag_set")
    if not isinstance(tags, list) or not tags:
        scope = one.get("scope")
        tags = scope.split(",") if isinstance(scope, str) and scope != "*" else []
    return _boiled([pair[0] for pair in pairs], [pair[1] for pair in pairs], tags, take)


def _of_v2(attributes: Mapping[str, Document], take: str) -> list[Series]:
    listed, times, values = (attributes.get(key) for key in ("series", "times", "values"))
    if not isinstance(listed, list) or not isinstance(times, list) or not isinstance(values, list):
        raise unreadable("the answer is no result of a query")
    _bounded(listed)
    found = []
    for index, one in enumerate(listed):
        tags = one.get("group_tags") if isinstance(one, dict) else None
        row = values[index] if index < len(values) and isinstance(values[index], list) else []
        found.append(_boiled(times, row, tags if isinstance(tags, list) else [], take))
    return found


def _boiled(times: Sequence[Document], values: Sequence[Document], tags: Sequence[Document], take: str) -> Series:
    points: list[tuple[int, float]] = []
    for time, value in zip(times, values, strict=False):
        at, figure = instant(time), number(value)
        if at is not None and figure is not None:
            points.append((at, figure))
    points.sort(key=lambda point: point[0])
    labels = dict(_label(tag) for tag in tags if isinstance(tag, str) and tag)
    if not points:
        return Series(None, labels=labels)
    return Series(TAKES[take]([value for _, value in points]), labels=labels, at=points[-1][0])


def _label(tag: str) -> tuple[str, str]:
    name, colon, value = clean(tag, 200).partition(":")
    return (name, value) if colon else ("tag", name)
