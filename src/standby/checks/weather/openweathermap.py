"""OpenWeatherMap: the current weather of 2.5 or One Call 3.0, and codes that are numbers or texts of such."""

from __future__ import annotations

from dataclasses import replace

from standby.checks.answers import Document, Reply
from standby.checks.api import refusal, unreadable
from standby.checks.documents import number, table
from standby.checks.instants import instant
from standby.checks.weather.reading import Reading, figures
from standby.domain.observation import Failure
from standby.net.trouble import Trouble

ADDRESS = "https://api.openweathermap.org"
PATHS = {"current": "/data/2.5/weather", "onecall": "/data/3.0/onecall"}
DEFAULTS = ("temp", "humidity", "pressure", "wind_speed")
_MENDS = {
    "current": "a new key works up to 2 hours after it was made",
    "onecall": 'One Call 3.0 is a plan of its own; product = "current" works with any key',
}


def reading(found: Document) -> Reading:
    """The current weather, of either form. Raises Trouble when there is none."""
    said = table(found)
    now = table(said.get("current")) or said
    if "dt" not in now:
        raise unreadable("the answer has no current weather (dt)")
    values = {name.removeprefix("main_"): value for name, value in figures(now).items()}
    return Reading(instant(now["dt"]), values)


def refused(reply: Reply, product: str) -> Trouble | None:
    """What a status means, or the `cod` of a document, which may say otherwise; None for an answer."""
    trouble = refusal(replace(reply, status=_code(reply)))
    if trouble is None or trouble.failure is not Failure.CREDENTIALS:
        return trouble
    return Trouble(trouble.failure, f"{trouble}; {_MENDS[product]}", trouble.outcome)


def _code(reply: Reply) -> int:
    if not 200 <= reply.status < 300:
        return reply.status
    try:
        said = number(table(reply.document).get("cod"))
    except Trouble:
        return reply.status
    return int(said) if said is not None and 300 <= said < 600 else reply.status
