"""The National Weather Service of the US: stations, forecasts of a grid, alerts, problems by their type."""

from __future__ import annotations

import re
from collections.abc import Mapping

from standby.checks.answers import Document, Reply
from standby.checks.api import refusal, sentence, unreadable
from standby.checks.documents import Table, every, table, text
from standby.checks.instants import instant
from standby.checks.weather.reading import Reading, figures
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

ADDRESS = "https://api.weather.gov"
OBSERVED = ("temperature", "relativeHumidity", "windSpeed")
FORECAST = ("temperature", "probabilityOfPrecipitation")
_OFFICE = re.compile(r"[A-Z]{3}")
_GRAVE = frozenset({"Severe", "Extreme"})
_OUTSIDE = "the NWS covers the US only"
_PROBLEMS = {
    "InvalidPoint": (Failure.REQUEST, _OUTSIDE),
    "InvalidParameter": (Failure.REQUEST, f"look at latitude and longitude; {_OUTSIDE}"),
    "MarineForecastNotSupported": (Failure.REQUEST, "this point lies at sea"),
    "ForecastGridExpired": (Failure.SERVER, "its forecast of this grid has expired and is not renewed"),
}


def place(latitude: float, longitude: float) -> str:
    """`38.8977,-77.0365`: with more digits, or zeros at the end, it answers by a redirect."""
    return ",".join(f"{part:.4f}".rstrip("0").rstrip(".") for part in (latitude, longitude))


def observed(found: Document) -> Reading:
    """The observation of a station, or the first of several. Raises Trouble for another form."""
    said = _properties(found)
    return Reading(instant(said.get("timestamp")), figures(said))


def grid(found: Document) -> str:
    """The path of the forecast of a point. Raises Trouble when there is none."""
    said = _properties(found)
    office, x, y = (said.get(key) for key in ("gridId", "gridX", "gridY"))
    good = isinstance(office, str) and _OFFICE.fullmatch(office)
    if not good or not all(isinstance(part, int) and not isinstance(part, bool) for part in (x, y)):
        raise unreadable("the answer names no grid for this point")
    return f"/gridpoints/{office}/{x},{y}/forecast"


def forecast(found: Document) -> Reading:
    """The first period of a forecast, and when it was made. Raises Trouble for another form."""
    said = _properties(found)
    periods = said.get("periods")
    if not isinstance(periods, list):
        raise unreadable("the answer is no forecast (periods)")
    made = next(filter(None, (instant(said.get(key)) for key in ("updateTime", "updated", "generatedAt"))), None)
    return Reading(made, figures(table(periods[0])) if periods else {}, "forecast")


def alerts(found: Document) -> Mapping[str, float]:
    """How many warnings of the weather are in force, and how many of them are severe. Raises Trouble."""
    listed = table(found).get("features")
    if not isinstance(listed, list):
        raise unreadable("the answer is no list of alerts")
    said = [table(one.get("properties")) for one in every(listed)]
    grave = [one for one in said if text(one.get("severity")) in _GRAVE]
    return {"alerts": float(len(said)), "alerts_severe": float(len(grave))}


def _properties(found: Document) -> Table:
    """GeoJSON keeps them apart, JSON-LD does not; of a collection the first."""
    said = table(found)
    features = said.get("features")
    if isinstance(features, list):
        said = table(features[0]) if features else {}
    properties = table(said.get("properties")) or said
    if not properties:
        raise unreadable("the answer is empty")
    return properties


def refused(reply: Reply) -> Trouble | None:
    """What a problem means, by its type; None for 2xx."""
    trouble = refusal(reply)
    if trouble is None:
        return None
    kind = re.split(r"[/:]", _type(reply))[-1]
    if kind in _PROBLEMS:
        failure, says = _PROBLEMS[kind]
        return Trouble(failure, f"{says}: {sentence(reply)}", Outcome.UNKNOWN, retry_after_s=trouble.retry_after_s)
    if reply.status == 403:
        mend = "it wants to know who asks: write contact, and ask less if it is there"
        return Trouble(Failure.CREDENTIALS, f"{trouble}; {mend}", Outcome.UNKNOWN)
    return trouble


def _type(reply: Reply) -> str:
    try:
        return text(table(reply.document).get("type"))
    except Trouble:
        return ""
