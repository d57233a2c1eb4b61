"""Kinds of values that several kinds of checks share."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)


def _valid_host(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return host
    ascii_host = host
    if not host.isascii():
        try:
            ascii_host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise ValueError(f"{host!r} is not a host name") from None
    labels = ascii_host.rstrip(".").split(".")
    if len(ascii_host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f'{host!r} is not a host name or address; write it like "api.example.com", the port apart')
    return ascii_host.lower()


Host = Annotated[str, AfterValidator(_valid_host)]
"""A host name (lower case, IDNA-encoded) or an IP address without brackets."""

Port = Annotated[int, Field(ge=1, le=65535)]
