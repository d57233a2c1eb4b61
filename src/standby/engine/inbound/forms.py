"""What a pushed body says, by the form that its source sends. Pure: bytes in, alerts out, nothing raised but Refused.

The outside of a body is judged strictly, each alert in it by itself: one that cannot be used is named in `wrong`, the
others count (as in Alertmanager). Keys that nobody asked for, and known ones of an unknown type, are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from standby.checks.documents import Table, first_text, table, text
from standby.checks.instants import instant
from standby.config.inbound import SourceKind
from standby.domain.outside import LONGEST_VALUE, MOST_LABELS, Said, fingerprint, link, tidied
from standby.domain.text import clean

MOST_AT_ONCE = 2_000
MOST_WRONG = 5  # named one by one
LONGEST_SUMMARY = 300
_SUMMARIES = ("summary", "title", "message", "description")


class Refused(Exception):  # noqa: N818 - a verdict
    """The whole body is: `answer` is what its sender hears, in JSON; the message is one line for us."""

    def __init__(self, status: HTTPStatus, why: str, answer: object = None) -> None:
        super().__init__(why)
        self.status = status
        self.answer = why if answer is None else answer


class Unusable(ValueError):  # noqa: N818 - a verdict
    """One alert is; the message says why, after its name."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The alerts that can be used, why the others cannot, and how many the sender says it left out itself."""

    said: tuple[Said, ...]
    wrong: tuple[str, ...] = ()
    cut: int = 0


def read(kind: SourceKind, body: bytes, now: int) -> Heard:
    """What a webhook's body says at `now`. Raises Refused."""
    return _FORMS[kind](document(body), now)


def document(body: bytes) -> object:
    """The JSON in a body. Raises Refused."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # what is no UTF-8 is a ValueError as well
        raise Refused(HTTPStatus.BAD_REQUEST, clean(f"the body is not JSON: {error}", 200)) from None


def several(found: object, one: Callable[[Table], Said], *, named: str = "alert {} ") -> Heard:
    """The alerts of a list; `named` is how one that is wrong is called. Raises Refused: no list, or too long."""
    if not isinstance(found, list):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body holds no list of alerts")
    if len(found) > MOST_AT_ONCE:
        why = f"{len(found)} alerts at once; send at most {MOST_AT_ONCE}"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why)
    said, wrong = [], []
    for number, entry in enumerate(found):
        try:
            said.append(one(_object(entry)))
        except Unusable as error:
            wrong.append(f"{named.format(number + 1)}{error}")
    return Heard(tuple(said), tuple(wrong))


def _object(entry: object) -> Table:
    if not isinstance(entry, dict):
        raise Unusable("is not an object")
    return entry


def webhook(found: object, now: int) -> Heard:  # noqa: ARG001 - the contract of all forms
    """Alertmanager's webhook, and Grafana's, which is that and more."""
    whole = table(found)
    heard = several(whole.get("alerts"), _notified)
    cut = whole.get("truncatedAlerts")
    return Heard(heard.said, heard.wrong, cut if isinstance(cut, int) and 0 < cut < 2**31 else 0)


def _notified(entry: Table) -> Said:
    status = entry.get("status")
    if status not in ("firing", "resolved"):
        raise Unusable(f'has the status {clean(repr(status), 40)}; "firing" or "resolved" is known')
    labels, notes = texts(entry.get("labels")), table(entry.get("annotations"))
    return said(
        labels,
        firing=status == "firing",
        starts_at=instant(entry.get("startsAt")),
        summary=summary(notes),
        link=link(first_text(entry, "panelURL", "dashboardURL", "generatorURL", limit=4_000)),
    )


def plain(found: object, now: int) -> Heard:
    """The form of our own, for scripts: see docs/inbound.md."""
    return several(table(found).get("alerts"), lambda entry: _plain(entry, now))


def _plain(entry: Table, now: int) -> Said:
    status = entry.get("status", "firing")
    if status not in ("firing", "resolved"):
        raise Unusable(f'has the status {clean(repr(status), 40)}; "firing" or "resolved" is known')
    written = entry.get("labels")
    if not isinstance(written, (dict, type(None))):
        raise Unusable("has labels that are no object of texts")
    labels = texts(written)
    for key, name in (("name", "alertname"), ("severity", "severity")):
        if found := text(entry.get(key)):
            labels[name] = found
    if not labels.get("alertname"):
        raise Unusable("has no name")
    ends_at = instant(entry.get("ends_at"))
    return said(
        labels,
        firing=status == "firing" and (ends_at is None or ends_at > now),
        starts_at=instant(entry.get("starts_at")),
        ends_at=ends_at,
        summary=first_text(entry, "summary", limit=LONGEST_SUMMARY),
        link=link(text(entry.get("url"), 4_000)),
    )


_TITLE = re.compile(r"\[(?P<word>[A-Za-z -]{2,40}?)(?: on \{(?P<scope>[^}]{0,200})\})?\] ?(?P<name>.{1,300})")
_OVER = frozenset({"recovered", "resolved", "success", "ok", "closed"})
_TRIGGERED = frozenset(
    {"triggered", "retriggered", "warn", "warning", "data", "renotify", "alert", "error", "open", "opened", "info"}
)


def datadog(found: object, now: int) -> Heard:  # noqa: ARG001 - the contract of all forms
    """Datadog's webhook: one alert a call. Its payload is the user's own text, so several keys say the same."""
    if not isinstance(found, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is not an object")
    try:
        return Heard((_monitored(found),))
    except Unusable as error:
        return Heard((), (f"the alert {error}",))


def _monitored(entry: Table) -> Said:
    parts = _TITLE.match(first_text(entry, "title", "event_title", limit=500))
    title = parts.groupdict() if parts else {}
    words = [first_text(entry, "transition", "alert_transition"), title.get("word") or "", text(entry.get("type"))]
    words.append(text(entry.get("alert_type")))
    over = next((found for word in words if (found := _is_over(word)) is not None), None)
    if over is None:
        raise Unusable("does not say whether it is triggered or recovered; add transition = $ALERT_TRANSITION")
    name = first_text(entry, "monitor_name", "alert_title") or title.get("name") or first_text(entry, "title")
    labels = {
        "alertname": name,
        "monitor_id": first_text(entry, "monitor_id", "alert_id"),
        "scope": first_text(entry, "scope", "alert_scope") or title.get("scope") or "",
        "group": first_text(entry, "aggreg_key", "alert_cycle_key"),
    }
    who = {key: value for key, value in labels.items() if value}
    if not name and "monitor_id" not in who:
        raise Unusable("names no monitor; add monitor_name = $ALERT_TITLE and monitor_id = $ALERT_ID")
    who.setdefault("alertname", f"monitor {who.get('monitor_id', '')}")
    return said(
        {**_tags(entry.get("tags")), **who, "severity": _loud(entry, title.get("word") or "")},
        firing=not over,
        starts_at=instant(entry.get("date")),
        summary=first_text(entry, "description", "alert_status", "body", "title", limit=LONGEST_SUMMARY),
        link=link(first_text(entry, "url", "link", limit=4_000)),
        identity=who if "monitor_id" not in who else {**who, "alertname": ""},
    )


def _is_over(word: str) -> bool | None:
    """By the last word of `Recovered`, `Re-Triggered`, `No data`, `Warn Recovered`, `monitor.alert.resolved`."""
    last = re.split(r"[ .-]+", word.casefold().strip())[-1]
    return True if last in _OVER else False if last in _TRIGGERED else None


def _loud(entry: Table, word: str) -> str:
    told = first_text(entry, "transition", "alert_transition") or word
    if told.casefold().replace("re-", "").startswith("warn"):
        return "warning"
    return text(entry.get("alert_type")) or text(entry.get("priority")) or "error"


def _tags(found: object) -> dict[str, str]:
    """`env:production,service:api`, or a list of such; a tag without a colon is its own name."""
    tags = found.split(",") if isinstance(found, str) else found if isinstance(found, list) else []
    pairs = (str(tag).strip().partition(":") for tag in tags[:MOST_LABELS] if isinstance(tag, str))
    return {name: value or "true" for name, _, value in pairs if name}


def said(
    labels: Mapping[str, str],
    *,
    firing: bool,
    starts_at: int | None = None,
    ends_at: int | None = None,
    summary: str = "",
    link: str = "",
    identity: Mapping[str, str] | None = None,
) -> Said:
    """One alert. Its identity are its labels, unless another is given. Raises Unusable."""
    known = {name: value for name, value in labels.items() if value}
    if not known:
        raise Unusable("has no label")
    if len(known) > MOST_LABELS:
        raise Unusable(f"has {len(known)} labels; at most {MOST_LABELS} are taken")
    clear = tidied(known)
    if not clear:
        raise Unusable("has no label that can be shown")
    who = fingerprint(known if identity is None else {name: value for name, value in identity.items() if value})
    name = clear.get("alertname", "")
    shown = clean(summary, LONGEST_SUMMARY) or name or ", ".join(f"{key}={value}" for key, value in clear.items())
    return Said(who, clear, firing, starts_at, ends_at if firing else None, clean(shown, LONGEST_SUMMARY), link)


def texts(found: object) -> dict[str, str]:
    """Names and texts of an object; numbers are read as texts, what is neither is left out."""
    return {
        name: value if isinstance(value, str) else text(value, LONGEST_VALUE)
        for name, value in table(found).items()
        if isinstance(value, (str, int, float))
    }


def summary(notes: Table) -> str:
    """What an alert's annotations say in one line."""
    return first_text(notes, *_SUMMARIES, limit=LONGEST_SUMMARY)


def _no_number(word: str) -> Any:  # noqa: ANN401 - it never returns
    raise ValueError(f"{word} is no number")


_FORMS: Mapping[SourceKind, Callable[[object, int], Heard]] = {
    SourceKind.ALERTMANAGER: webhook,
    SourceKind.GRAFANA: webhook,
    SourceKind.DATADOG: datadog,
    SourceKind.JSON: plain,
}
