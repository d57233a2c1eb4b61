"""What reading a large status page costs: 539 components with their headings, from bytes to the outcome.

    PYTHONPATH=src:. python -m benchmarks pages

It holds everything that a real one does (ids, dates, descriptions, an incident with its updates), as much of it as the
largest page that was recorded. No peer: others do not judge components.
"""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from benchmarks.figure import Figure, Target
from standby.checks.answers import Reply
from standby.checks.statuspage import forms
from standby.checks.statuspage.choose import plain
from standby.checks.statuspage.judge import judge
from standby.domain.outcome import Outcome

COMPONENTS = 539
GROUPS = 20
URL = "https://status.acme.example/api/v2/summary.json"
TARGET = Target(10.0)


def component(number: int) -> dict[str, Any]:
    """One entry; the first ones are headings, one is out."""
    heading = number < GROUPS
    return {
        "id": f"c{number:011}",
        "name": f"{'Region' if heading else 'Authentication Service – DUO'}{chr(160)}{number}",
        "status": "major_outage" if number == COMPONENTS - 1 else "operational",
        "created_at": "2017-01-31T20:05:05.370Z",
        "updated_at": "2026-08-09T13:55:00.167Z",
        "position": number,
        "description": "Performance of sign-ins, pushes and associated operations in this deployment",
        "showcase": False,
        "start_date": None,
        "group_id": None if heading else f"c{number % GROUPS:011}",
        "page_id": "kctbh9vrtdwd",
        "group": heading,
        "only_show_if_degraded": False,
    }


def page() -> bytes:
    """The document as it comes."""
    updates = [{"status": "investigating", "body": "We are looking into it. " * 20, "affected_components": None}] * 10
    incident = {"id": "i1", "name": "Trouble", "status": "identified", "impact": "major", "incident_updates": updates}
    document = {
        "page": {"id": "kctbh9vrtdwd", "name": "Acme", "url": "https://status.acme.example"},
        "components": [component(number) for number in range(COMPONENTS)],
        "incidents": [incident],
        "scheduled_maintenances": [],
        "status": {"indicator": "major", "description": "Partial System Outage"},
    }
    return json.dumps(document).encode()


def read(content: bytes) -> Outcome:
    """All that a check does with the bytes, for two globs."""
    document = forms.document_of(Reply(200, httpx.Headers(), content, 0))
    form = forms.form_of(document, URL)
    if form is None:
        raise RuntimeError("the page is of no form")
    return judge(forms.read(form, [document], URL), ("auth* 5??", "region 7"), 0).outcome


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the form of every benchmark
    """The processor time of one reading, each of them measured alone."""
    content, taken = page(), []
    for _ in range(10 if quick else 200):
        plain.cache_clear()  # the first look at a page costs most
        began = time.process_time()
        outcome = read(content)
        taken.append((time.process_time() - began) * 1000)
    if outcome is not Outcome.DOWN:
        raise RuntimeError(f"the page was read as {outcome}")
    note = f"{len(content) / 1000:.0f} kB, {COMPONENTS} components"
    return [Figure("a status page of 539 components, from bytes to outcome", taken, None, "ms", TARGET, note)]
