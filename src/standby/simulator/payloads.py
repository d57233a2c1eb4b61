"""What the simulated third parties answer when they are well: the shapes of real payment, shop, shipping, CRM, e-mail,
SMS and weather APIs, with invented content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType

from standby.domain.units import HOUR, SECOND
from standby.simulator.exchange import Answer, Request


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer may depend on; `now` is wall time in nanoseconds."""

    request: Request
    dice: Random
    now: int

    def at(self, back_ns: int = 0) -> datetime:
        """The wall time, or an instant before it."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=(self.now - back_ns) // 1000)


Page = Callable[[Asked], Answer]


def _hex(dice: Random, digits: int) -> str:
    return f"{dice.getrandbits(4 * digits):0{digits}x}"


def fixed(document: Mapping[str, object]) -> Page:
    """A page that never changes."""
    return lambda _asked: Answer(200, document)


pay_health = fixed(
    {
        "status": "ok",
        "region": "eu-west-1",
        "build": "2026.11.2",
        "components": {"authorizations": "ok", "captures": "ok", "payouts": "ok", "webhooks": "ok"},
    }
)
mail_ping = fixed({"health_status": "Every bird is in the air!"})
health = fixed({"status": "ok"})


def pay_balance(asked: Asked) -> Answer:
    """Money that can be paid out, in cents."""
    cents = 1_840_000 + asked.now // SECOND % 3600 * 37
    return Answer(
        200,
        {
            "object": "balance",
            "available": [{"amount": cents, "currency": "eur", "source_types": {"card": cents}}],
            "pending": [{"amount": 212_450, "currency": "eur", "source_types": {"card": 212_450}}],
            "livemode": False,
        },
        {"Request-Id": f"req_{_hex(asked.dice, 14)}"},
    )


def pay_charge(asked: Asked) -> Answer:
    """One card charge: taken on POST, listed on GET."""
    charge = {
        "id": f"ch_{_hex(asked.dice, 16)}",
        "object": "charge",
        "amount": asked.dice.randrange(900, 24_000),
        "currency": "eur",
        "created": asked.now // SECOND,
        "status": "succeeded",
        "outcome": {"network_status": "approved_by_network", "risk_level": "normal"},
    }
    if asked.request.method == "POST":
        return Answer(200, charge)
    return Answer(200, {"object": "list", "url": "/v1/charges", "has_more": True, "data": [charge]})


def standby_ping(asked: Asked) -> Answer:
    """The standby gateway's ping."""
    return Answer(200, {"result": "OK", "psp": "borealis", "serverTime": asked.at().isoformat(timespec="seconds")})


def stock_levels(asked: Asked) -> Answer:
    """How many of what lie where."""
    updated = asked.at(90 * SECOND).isoformat(timespec="seconds")
    levels = [
        {
            "inventory_item_id": item,
            "location_id": place,
            "available": asked.dice.randrange(3, 60),
            "updated_at": updated,
        }
        for item in (39072856, 39072857, 80895081)
        for place in (48783, 90568)
    ]
    return Answer(200, {"inventory_levels": levels}, {"X-Shop-Api-Call-Limit": f"{asked.dice.randrange(1, 9)}/40"})


def trackers(asked: Asked) -> Answer:
    """One parcel on its way."""
    tracker: dict[str, object] = {
        "id": f"trk_{_hex(asked.dice, 32)}",
        "object": "Tracker",
        "mode": "test",
        "tracking_code": f"PW{asked.dice.randrange(10**9, 10**10)}",
        "status": asked.dice.choice(("pre_transit", "in_transit", "out_for_delivery", "delivered")),
        "created_at": asked.at(26 * HOUR).isoformat(timespec="seconds"),
        "updated_at": asked.at(HOUR).isoformat(timespec="seconds"),
        "carrier": "ParcelwayExpress",
        "tracking_details": [],
    }
    return Answer(200, {"trackers": [tracker], "has_more": True})


def contacts(asked: Asked) -> Answer:
    """The newest contact."""
    created = asked.at(3 * HOUR).isoformat(timespec="milliseconds")
    contact = {
        "id": str(asked.dice.randrange(10_000, 99_999)),
        "properties": {"firstname": "Ada", "lastname": "Example", "email": "ada@shop.test", "createdate": created},
        "createdAt": created,
        "updatedAt": created,
        "archived": False,
    }
    left = {"X-RateLimit-Max": "190", "X-RateLimit-Remaining": str(asked.dice.randrange(120, 190))}
    return Answer(200, {"results": [contact], "paging": {"next": {"after": contact["id"]}}}, left)


def mail_campaigns(asked: Asked) -> Answer:
    """The last campaign and what became of it."""
    sent = asked.dice.randrange(18_000, 21_000)
    report = {"opens": sent // 3, "clicks": sent // 20, "bounces": sent // 400}
    campaign = {"id": _hex(asked.dice, 10), "status": "sent", "emails_sent": sent, "report_summary": report}
    return Answer(200, {"campaigns": [campaign], "total_items": 214})


def sms_balance(asked: Asked) -> Answer:
    """Credit left, in euros."""
    return Answer(200, {"value": 412.5 - asked.now // SECOND % 3600 * 0.0412, "autoReload": True})


def sms_send(asked: Asked) -> Answer:
    """One message taken."""
    message = {
        "to": "447700900000",
        "message-id": _hex(asked.dice, 32),
        "status": "0",
        "remaining-balance": "412.46",
        "message-price": "0.0412",
        "network": "23420",
    }
    return Answer(200, {"message-count": "1", "messages": [message]})


def forecast(asked: Asked) -> Answer:
    """The weather at a point; 400 where there is none."""
    query = asked.request.query
    try:
        latitude, longitude = float(query.get("latitude", "52.52")), float(query.get("longitude", "13.41"))
    except ValueError:
        latitude = longitude = 1000.0
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return Answer(400, {"error": True, "reason": "Latitude must be in range of -90 to 90°."})
    current = {
        "time": asked.at().strftime("%Y-%m-%dT%H:%M"),
        "interval": 900,
        "temperature_2m": round(asked.dice.gauss(7.0, 0.6), 1),
        "wind_speed_10m": round(abs(asked.dice.gauss(11.0, 2.0)), 1),
    }
    units = {"time": "iso8601", "interval": "seconds", "temperature_2m": "°C", "wind_speed_10m": "km/h"}
    place = {"latitude": latitude, "longitude": longitude, "timezone": "GMT", "elevation": 38.0}
    return Answer(200, {**place, "generationtime_ms": 0.06, "current_units": units, "current": current})


# What a vendor says when it answers with an error: each its own way.
_ERRORS: Mapping[str, object] = MappingProxyType(
    {
        "payments": {"error": {"message": "An unknown error occurred", "type": "api_error"}},
        "inventory": {"errors": "Service temporarily unavailable"},
        "sms": {"title": "Internal Error", "detail": "There was an error processing your request"},
        "weather": {"error": True, "reason": "The upstream model is unavailable"},
    }
)


def error(party: str, status: int) -> object:
    """The document of an error answer of that third party."""
    return _ERRORS.get(party, {"status": "error", "code": status, "message": "try again later"})
