"""What a configuration does that is unsafe on the way to a third party: written on purpose, and shown for ever."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from standby.config.models import CheckModel, Table
from standby.config.whole import Config
from standby.domain.text import clean

_NOT_ASKED = frozenset({"body", "proxy", "scope"})
"""Keys whose text may begin with `http://` and is no address that a secret or an answer goes over in plain."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One unsafe thing that a check does: what, one line, and its mend."""

    check: str
    what: str
    mend: str


def risks(config: Config) -> list[Risk]:
    """Those of every check, in the order of the configuration. Simulated third parties are on this machine: no way."""
    simulated = config.simulator is not None and config.simulator.enabled
    return [] if simulated else [risk for check in config.checks for risk in risks_of(check)]


def risks_of(check: CheckModel) -> list[Risk]:
    """Certificates that nobody verifies, and addresses in plain http beyond this machine."""
    found = []
    if _unverified(check):
        what = "verify = false: anybody on the way can pretend to be this vendor"
        found.append(Risk(check.id, what, 'Name their authority: verify = "ca.pem", or leave the key out'))
    for host in dict.fromkeys(_plain_hosts(check)):
        what = f"plain http to {clean(host, 80)}: anybody on the way can read and change it"
        found.append(Risk(check.id, what, "Write https:// when the vendor has it"))
    return found


def _unverified(table: Table) -> bool:
    """Whether it, or a table within it, takes any certificate."""
    inner = [held for name in type(table).model_fields if isinstance(held := getattr(table, name), Table)]
    return getattr(table, "verify", None) is False or any(map(_unverified, inner))


def _plain_hosts(table: Table) -> Iterator[str]:
    for name in type(table).model_fields:
        if name not in _NOT_ASKED:
            yield from _hosts(getattr(table, name))


def _hosts(value: object) -> Iterator[str]:
    if isinstance(value, Table):
        yield from _plain_hosts(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _hosts(item)
    elif isinstance(value, str) and value[:7].lower() == "http://":
        host = urlsplit(value).hostname
        if host and not _own(host):
            yield host


def _own(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
