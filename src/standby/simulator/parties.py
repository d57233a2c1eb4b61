"""The third parties of the sample web shop: who they are, where they listen, what they serve. Data only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from standby.simulator import payloads
from standby.simulator.latency import Pace
from standby.simulator.payloads import Page


class Speaks(StrEnum):
    """The protocol of an endpoint."""

    HTTPS = "https"
    HTTP = "http"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that checks name: `host` ends in the reserved `.test`, so that it can never be a real one.

    `pages` maps a path to what it answers; `greeting` is what a TCP service says first; `certificate_days` is how long
    the certificate is still valid.
    """

    speaks: Speaks
    host: str
    port: int
    pace: Pace
    pages: Mapping[str, Page] = field(default_factory=dict)
    greeting: str = ""
    certificate_days: int = 60

    def __str__(self) -> str:
        return f"{self.speaks.value}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Party:
    """One third party; `name` is what faults and scenarios call it."""

    name: str
    text: str
    endpoints: Sequence[Endpoint]


PARTIES: Sequence[Party] = (
    Party(
        "payments",
        "Acme Pay, the payment gateway",
        [
            Endpoint(
                Speaks.HTTPS,
                "api.acme-pay.test",
                443,
                Pace(70),
                {
                    "/v1/health": payloads.pay_health,
                    "/v1/balance": payloads.pay_balance,
                    "/v1/charges": payloads.pay_charge,
                },
                certificate_days=74,
            ),
            Endpoint(
                Speaks.HTTPS,
                "charges.acme-pay.test",
                443,
                Pace(70),
                {"/v1/health": payloads.pay_health, "/v1/charges": payloads.pay_charge},
                certificate_days=74,
            ),
        ],
    ),
    Party(
        "payments-standby",
        "Borealis Payments, the standby gateway",
        [
            Endpoint(
                Speaks.HTTPS,
                "gateway.borealis-pay.test",
                443,
                Pace(95),
                {"/v2/ping": payloads.standby_ping, "/v2/payments": payloads.pay_charge},
                certificate_days=212,
            ),
            Endpoint(
                Speaks.HTTPS,
                "charges.borealis-pay.test",
                443,
                Pace(95),
                {"/v2/ping": payloads.standby_ping, "/v2/payments": payloads.pay_charge},
                certificate_days=212,
            ),
        ],
    ),
    Party(
        "inventory",
        "Stockroom, the inventory system",
        [
            Endpoint(
                Speaks.HTTP,
                "api.stockroom.test",
                80,
                Pace(35),
                {
                    "/health": payloads.health,
                    "/admin/api/2026-07/inventory_levels.json": payloads.stock_levels,
                },
            )
        ],
    ),
    Party(
        "shipping",
        "Parcelway, labels and tracking",
        [
            Endpoint(
                Speaks.HTTPS,
                "api.parcelway.test",
                443,
                Pace(110, 0.4),
                {"/health": payloads.health, "/v2/trackers": payloads.trackers},
                certificate_days=33,
            )
        ],
    ),
    Party(
        "crm",
        "Rolobase, the customer records",
        [
            Endpoint(
                Speaks.HTTPS,
                "api.rolobase.test",
                443,
                Pace(85),
                {"/health": payloads.health, "/crm/v3/objects/contacts": payloads.contacts},
                certificate_days=151,
            )
        ],
    ),
    Party(
        "email",
        "Postbird, e-mail marketing",
        [
            Endpoint(
                Speaks.HTTPS,
                "eu1.api.postbird.test",
                443,
                Pace(60),
                {"/3.0/ping": payloads.mail_ping, "/3.0/campaigns": payloads.mail_campaigns},
                certificate_days=58,
            )
        ],
    ),
    Party(
        "sms",
        "Textwell, the SMS gateway",
        [
            Endpoint(
                Speaks.HTTPS,
                "rest.textwell.test",
                443,
                Pace(50),
                {"/account/get-balance": payloads.sms_balance, "/sms/json": payloads.sms_send},
                certificate_days=97,
            ),
            Endpoint(Speaks.TCP, "smsc.textwell.test", 2775, Pace(20), greeting="220 smsc.textwell.test ready"),
        ],
    ),
    Party(
        "weather",
        "Skycast, the weather feed",
        [Endpoint(Speaks.HTTP, "api.skycast.test", 80, Pace(45), {"/v1/forecast": payloads.forecast})],
    ),
)
