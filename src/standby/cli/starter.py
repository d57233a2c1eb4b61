"""A first configuration from the catalogue: what was chosen in, the text of a file and what must be said out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from standby.catalogue.models import PLACEHOLDER, Fact, Probe, VendorFacts, texts
from standby.config.references import parse_reference
from standby.config.show import as_toml

PAGE, HANDSHAKE = "statuspage", "tls"
_PAGE_EVERY = "2m"
_HANDSHAKE_EVERY = "5m"
_HEAD = """\
# Written by `standby init`. `standby config check` names every mistake; `standby config schema` describes every key.
# A block that is commented out waits for what its first line says. Facts that nobody has confirmed are marked so.
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """The five answers. `critical` are ids of `vendors`, `tell` e-mail addresses, `relay` hands their mail over."""

    vendors: Sequence[VendorFacts]
    critical: Collection[str]
    tell: Sequence[str]
    environment: str
    name: str
    relay: str = "localhost"


@dataclass(slots=True)
class Starter:
    """The file, and what its user must know. `waiting`: what is to be set or filled in, {"GITHUB_TOKEN": "github"}."""

    text: str = ""
    checks: int = 0
    unconfirmed: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


def starter(
    choices: Choices, kinds: Collection[str], environ: Mapping[str, str], experimental: Collection[str] = ()
) -> Starter:
    """Only `kinds` of checks are written; of secrets, those that are in `environ` count as set.

    `experimental` are the forms of status pages that are read without a recording to hold the reading against.
    """
    made = Starter()
    writer = _Writer(made, kinds, environ, experimental)
    settings = {"name": choices.name, "environment": choices.environment}
    parts = [_HEAD, as_toml({"standby": settings | ({"policy": "everybody"} if choices.tell else {})})]
    parts += [part for one in choices.vendors for part in writer.vendor(one, critical=one.id in choices.critical)]
    parts += _people(choices)
    made.text = "\n".join(parts)
    return made


@dataclass(frozen=True, slots=True)
class _Writer:
    made: Starter
    kinds: Collection[str]
    environ: Mapping[str, str]
    experimental: Collection[str]

    def vendor(self, one: VendorFacts, *, critical: bool) -> list[str]:
        """Its tables."""
        integration = {"id": one.id, "vendor": one.id, "criticality": "critical" if critical else "medium"}
        parts = [
            f"# {'-' * 20} {one.name}: {', '.join(one.categories)}",
            as_toml({"vendor": [{"id": one.id, "name": one.name}], "integration": [integration]}).rstrip(),
            '# data = ["e-mail"]    # the classes of data that it sees',
            f"# support: {one.support.url} {_origin(one.support)}\n",
        ]
        before = self.made.checks
        parts += [*self._page(one), *self._probes(one)]
        if self.made.checks == before:
            parts += self._handshake(one)
        return parts

    def _page(self, one: VendorFacts) -> list[str]:
        status = one.status
        if status is None:
            return []
        if not status.readable:
            note = f"# {status.note}\n" if status.note else ""
            return [f"# Its status page {status.url} is for people, no check reads it {_origin(status)}\n{note}"]
        if PAGE not in self.kinds:
            return []
        row = {"id": f"{one.id}-status", "integration": one.id, "kind": PAGE, "url": status.url, "every": _PAGE_EVERY}
        says = "what it says of itself"
        if status.form in self.experimental:
            says += "; pages of this form are read experimentally"
            self.made.unconfirmed.append(f"{row['id']}: pages of the form {status.form} are read experimentally")
        return [self._active(one, status, says, row)]

    def _probes(self, one: VendorFacts) -> list[str]:
        """The first that can run now; the better ones before it wait in comments."""
        parts: list[str] = []
        for number, probe in enumerate(probe for probe in one.probe if probe.kind in self.kinds):
            row = {"id": f"{one.id}-api" if not number else f"{one.id}-api-{number + 1}", "integration": one.id}
            row |= {"kind": probe.kind, "every": probe.every, "timeout": probe.timeout, **probe.keys}
            missing = self._missing(probe)
            if not missing:
                return [*parts, self._active(one, probe, probe.says, row)]
            parts.append(self._waiting(one, probe, row, missing))
        return parts

    def _handshake(self, one: VendorFacts) -> list[str]:
        """Without anything better: whether its API can be reached, and its certificate."""
        host = urlsplit(one.api.base).hostname if one.api and not PLACEHOLDER.search(one.api.base) else None
        if one.api is None or host is None or HANDSHAKE not in self.kinds:
            return ["# Nothing looks at it yet.\n"]
        row = {"id": f"{one.id}-tls", "integration": one.id, "kind": HANDSHAKE, "host": host, "every": _HANDSHAKE_EVERY}
        return [self._active(one, one.api, "whether its API can be reached, and its certificate", row)]

    def _active(self, one: VendorFacts, fact: Fact, says: str, row: dict[str, Any]) -> str:
        self.made.checks += 1
        if not fact.confirmed:
            what = row.get("url") or row.get("host") or says
            self.made.unconfirmed.append(
                f"{row['id']}: {what} is unconfirmed; see that it is right before you trust it"
            )
        return f"# {one.name}: {says} {_origin(fact)}\n{as_toml({'check': [row]})}"

    def _missing(self, probe: Probe) -> list[str]:
        """What has to be set or filled in first: `GITHUB_TOKEN`, `{shop}`."""
        references = [parse_reference(text) for text in texts(probe.keys)]
        unset = [one.rest for one in references if one is not None and one.rest not in self.environ]
        return [*(f"{{{name}}}" for name in probe.placeholders), *dict.fromkeys(unset)]

    def _waiting(self, one: VendorFacts, probe: Probe, row: dict[str, Any], missing: Sequence[str]) -> str:
        self.made.waiting |= dict.fromkeys(missing, one.id)
        fill = [f"fill in {name}" if name.startswith("{") else f"set {name}" for name in missing]
        head = f"# {one.name}: {probe.says} {_origin(probe)}\n# To ask it: {', '.join(fill)}, then take the # away."
        lines = as_toml({"check": [row]}).rstrip().splitlines()
        return "\n".join([head, *(f"# {line}" for line in lines), ""])


def _origin(fact: Fact) -> str:
    return f"({fact.source})" if fact.confirmed else "(UNCONFIRMED: see that it is right)"


def _people(choices: Choices) -> list[str]:
    """Who is told, by e-mail."""
    if not choices.tell:
        return ["# Nobody is told: write [[channel]], [[person]] and [[policy]] (docs/escalation.md).\n"]
    own = choices.relay in ("localhost", "127.0.0.1", "::1")
    sender = f"standby@{choices.tell[0].rpartition('@')[2].rstrip('>')}"
    channel = {"id": "mail", "kind": "email", "host": choices.relay, "security": "none" if own else "starttls"}
    ids = _ids(choices.tell)
    people = [
        {"id": name, "reach": [{"channel": "mail", "to": address}]}
        for name, address in zip(ids, choices.tell, strict=True)
    ]
    policy = {"id": "everybody", "level": [{"targets": ids, "respond_within": "5m"}]}
    return [
        f"# {'-' * 20} who is told",
        '# A server that asks who we are: add username, and password = "env:SMTP_PASSWORD".',
        as_toml({"channel": [channel | {"from": sender}]}),
        as_toml({"person": people, "policy": [policy]}),
    ]


def _ids(addresses: Sequence[str]) -> list[str]:
    """An id for each person, from the address: `anna`, `anna-2`."""
    found: list[str] = []
    for address in addresses:
        local = address.rpartition("<")[2].partition("@")[0].lower()
        name = re.sub(r"[^a-z0-9._-]+", "-", local).strip("-._")[:50] or "person"
        found.append(name if name not in [*found, "mail"] else f"{name}-{len(found) + 1}")
    return found
