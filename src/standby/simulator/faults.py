"""The faults a simulated third party can have, as data: their names, parameters and limits."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FaultKind(StrEnum):
    """What goes wrong. The order is the precedence when several are on at once."""

    REFUSE = "refuse"
    EXPIRED_CERTIFICATE = "expired-certificate"
    LATENCY = "latency"
    TIMEOUTS = "timeouts"
    RESETS = "resets"
    ERRORS = "errors"
    RATE_LIMIT = "rate-limit"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    HUGE = "huge"
    GZIP_BOMB = "gzip-bomb"
    SLOW_DRIP = "slow-drip"
    ENDLESS = "endless"
    SCHEMA = "schema"
    ENCODING = "encoding"
    REDIRECTS = "redirects"
    HOSTILE_TEXT = "hostile-text"


class FaultError(ValueError):
    """A fault that does not exist, or a parameter outside its limits: one line with the mend."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its value when not given, and its limits (inclusive)."""

    default: float
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Spec:
    """What a kind of fault does, and its parameters."""

    text: str
    params: Mapping[str, Param]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault with every parameter filled in; equal faults are interchangeable."""

    kind: FaultKind
    params: Mapping[str, float]

    def __str__(self) -> str:
        words = [f"{name}={value:g}" for name, value in self.params.items() if value != _default(self.kind, name)]
        return " ".join([self.kind.value, *words])


_RATE = Param(1.0, 0.0, 1.0, "share of the requests that are hit")
_SPECS: Mapping[FaultKind, Spec] = MappingProxyType(
    {
        FaultKind.REFUSE: Spec("nothing listens; the port is kept", {}),
        FaultKind.EXPIRED_CERTIFICATE: Spec("the certificate ended yesterday", {}),
        FaultKind.LATENCY: Spec(
            "answers come later",
            {
                "ms": Param(800, 0, 600_000, "milliseconds added"),
                "jitter": Param(0.2, 0, 1, "the share of them that varies"),
                "rate": _RATE,
            },
        ),
        FaultKind.TIMEOUTS: Spec("connections are accepted and never answered", {"rate": _RATE}),
        FaultKind.RESETS: Spec("the connection is reset after the request", {"rate": _RATE}),
        FaultKind.ERRORS: Spec(
            "answers are errors", {"status": Param(503, 400, 599, "the HTTP status"), "rate": _RATE}
        ),
        FaultKind.RATE_LIMIT: Spec(
            "429 with Retry-After", {"seconds": Param(30, 0, 86_400, "the wait asked for"), "rate": _RATE}
        ),
        FaultKind.MALFORMED: Spec("the answer is not of its protocol", {"rate": _RATE}),
        FaultKind.TRUNCATED: Spec("the answer ends in the middle", {"rate": _RATE}),
        FaultKind.HUGE: Spec("the body is huge", {"mb": Param(1024, 1, 65_536, "megabytes sent"), "rate": _RATE}),
        FaultKind.GZIP_BOMB: Spec(
            "a small body that inflates a thousandfold",
            {"mb": Param(1024, 1, 65_536, "megabytes after decompression"), "rate": _RATE},
        ),
        FaultKind.SLOW_DRIP: Spec(
            "the answer comes byte by byte",
            {"ms": Param(1000, 1, 60_000, "milliseconds between two bytes"), "rate": _RATE},
        ),
        FaultKind.ENDLESS: Spec("the body never ends", {"rate": _RATE}),
        FaultKind.SCHEMA: Spec("the answer's fields have other names", {"rate": _RATE}),
        FaultKind.ENCODING: Spec("the text is not in the encoding it claims", {"rate": _RATE}),
        FaultKind.REDIRECTS: Spec("every answer redirects to the next", {"rate": _RATE}),
        FaultKind.HOSTILE_TEXT: Spec("texts carry markup, escape sequences and 10 kB lines", {"rate": _RATE}),
    }
)


def specs() -> Mapping[FaultKind, Spec]:
    """Every kind with its parameters, in order of precedence."""
    return _SPECS


def fault(kind: str, params: Mapping[str, object] | None = None) -> Fault:
    """The fault of that name, missing parameters filled in. Raises FaultError."""
    try:
        known = FaultKind(kind)
    except ValueError:
        raise FaultError(f"no fault {kind!r}{_nearest(kind, list(FaultKind))}") from None
    spec = _SPECS[known]
    values = {name: param.default for name, param in spec.params.items()}
    for name, given in (params or {}).items():
        if name not in spec.params:
            raise FaultError(f"{kind} has no parameter {name!r}{_nearest(name, list(spec.params))}")
        values[name] = _value(kind, name, given, spec.params[name])
    return Fault(known, MappingProxyType(values))


def _value(kind: str, name: str, given: object, param: Param) -> float:
    try:
        value = float(given) if isinstance(given, (int, float, str)) else None
    except ValueError:
        value = None
    if value is None or not param.low <= value <= param.high:  # a NaN is in no interval
        raise FaultError(f"{kind}: {name} is a number from {param.low:g} to {param.high:g}, not {given!r}")
    return value


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {str(near[0])!r}?" if near else f"; there are: {', '.join(known) or 'none'}"


def _default(kind: FaultKind, name: str) -> float:
    return _SPECS[kind].params[name].default
