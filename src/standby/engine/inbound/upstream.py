"""`POST /api/v2/alerts` as Alertmanager takes it: the same body, the same verdicts, the same words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from standby.checks.documents import Table, table, text
from standby.checks.instants import instant
from standby.domain.outside import Said, link
from standby.engine.inbound.forms import Heard, Refused, Unusable, document, said, several, summary, texts

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARSING = 'parsing alerts body from "" failed, because '


def read(body: bytes, now: int) -> Heard:
    """The alerts that are told at `now`. Raises Refused with Alertmanager's own answer."""
    if not body.strip():
        raise _refused(HTTPStatus.UNPROCESSABLE_ENTITY, 602, "alerts in body is required")
    try:
        found = document(body)
    except Refused as error:
        raise _refused(HTTPStatus.BAD_REQUEST, 400, f"{_PARSING}{error}") from None
    if found is not None and not isinstance(found, list):
        raise _refused(HTTPStatus.BAD_REQUEST, 400, f"{_PARSING}it is no list of alerts")
    for number, entry in enumerate(found or ()):
        _typed(number, entry)
    return several(found or [], lambda entry: _posted(entry, now), named="")


def wrong_kind(kind: str) -> Refused:
    """For a body that says that it is no JSON."""
    shown = text(kind, 80)
    told = f'unsupported media type "{shown}", only [application/json] are allowed'
    return _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, 415, told)


def wrong_method(method: str, allowed: str) -> Refused:
    """For a method that an address does not have."""
    told = f"method {text(method, 20)} is not allowed, but [{allowed}] are"
    return _refused(HTTPStatus.METHOD_NOT_ALLOWED, 405, told)


def status(version: str, started: str) -> Mapping[str, Any]:
    """The document of `GET /api/v2/status`: that of an Alertmanager without a cluster."""
    return {
        "cluster": {"status": "disabled", "peers": []},
        "config": {"original": ""},
        "uptime": started,
        "versionInfo": {
            "version": version,
            "revision": "",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        },
    }


def _typed(number: int, entry: object) -> None:
    """One entry that has not the types of the API refuses the whole body."""
    if not isinstance(entry, dict):
        raise _refused(HTTPStatus.BAD_REQUEST, 400, f"{_PARSING}alert {number + 1} is no object")
    for key in ("labels", "annotations"):
        pairs = entry.get(key)
        if pairs is not None and not (isinstance(pairs, dict) and all(isinstance(v, str) for v in pairs.values())):
            raise _refused(HTTPStatus.BAD_REQUEST, 400, f"{_PARSING}{number}.{key} is no object of texts")
    if not isinstance(entry.get("generatorURL", ""), (str, type(None))):
        raise _refused(HTTPStatus.BAD_REQUEST, 400, f"{_PARSING}{number}.generatorURL is no text")
    for key in ("startsAt", "endsAt"):
        at = entry.get(key)
        if at is not None and not (isinstance(at, str) and (not at or _is_time(at))):
            raise _refused(HTTPStatus.BAD_REQUEST, 400, f"{_PARSING}parsing time of {number}.{key}")
    if entry.get("labels") is None:
        raise _refused(HTTPStatus.UNPROCESSABLE_ENTITY, 602, f"{number}.labels in body is required")


def _is_time(at: str) -> bool:
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return False
    return True


def _posted(entry: Table, now: int) -> Said:
    labels, notes = texts(entry["labels"]), texts(entry.get("annotations"))
    starts_at, ends_at = instant(entry.get("startsAt")), instant(entry.get("endsAt"))
    if starts_at is None:
        starts_at = now if ends_at is None else min(now, ends_at)
    if ends_at is not None and ends_at < starts_at:
        raise Unusable("start time must be before end time")
    labels = {name: value for name, value in labels.items() if value}
    if not labels:
        raise Unusable("at least one label pair required")
    for what, pairs in (("label set", labels), ("annotations", notes)):
        for name in pairs:
            if not _NAME.fullmatch(name):
                raise Unusable(f'invalid {what}: invalid name "{text(name, 60)}"')
    return said(
        labels,
        firing=ends_at is None or ends_at > now,
        starts_at=starts_at,
        ends_at=ends_at,
        summary=summary(table(notes)),
        link=link(text(entry.get("generatorURL"), 4_000)),
    )


def _refused(status: HTTPStatus, code: int, message: str) -> Refused:
    return Refused(status, message, {"code": code, "message": message})
