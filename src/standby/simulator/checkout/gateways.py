"""The gateways of the payment route, as the shop's router knows them. Data only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KEY = "payments"
SERVER = "gw1"
ROUTER = ("pay.shop.test", 80)
"""Where the shop sends its payments: the router's front."""
COUNTER = ("traffic.shop.test", 80)
"""Where the counts of requests answered and lost can be read: `/payments`."""
SOCKET = "haproxy.payments.test"
"""What a configuration writes for the router's runtime socket, `unix:haproxy.payments.test`."""
MAP = "routes.payments.test"
"""What a configuration writes for the router's map; also the name of its file."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway: what its answers carry as `X-Gateway`, its backend, the endpoint, and its words for our paths."""

    name: str
    backend: str
    host: str
    paths: Mapping[str, str]


GATEWAYS: Sequence[Gateway] = (
    Gateway("acme", "be_acme", "charges.acme-pay.test", {"/charges": "/v1/charges", "/health": "/v1/health"}),
    Gateway(
        "borealis", "be_borealis", "charges.borealis-pay.test", {"/charges": "/v2/payments", "/health": "/v2/ping"}
    ),
)
