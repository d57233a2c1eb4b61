"""`kind = "domain"`: how long a domain stays registered, as its registry says over RDAP (RFC 9082, RFC 9083)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from standby.checks.answers import Document, Reply
from standby.checks.api import Api, ApiCheck, ApiModel, Finding, accepted, unreadable
from standby.checks.base import Kind
from standby.checks.documents import Table, rows, table, text
from standby.checks.instants import instant
from standby.config.fields import Duration, Url, check_host, punycode
from standby.domain.calendar import DIGITS
from standby.domain.observation import NO_METRICS, Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import DAY, HOUR, MINUTE
from standby.net.trouble import Trouble

BOOTSTRAP = "https://data.iana.org/rdap/dns.json"
"""Which registry answers for which top-level domain (RFC 9224)."""

_ACCEPT = {"Accept": "application/rdap+json, application/json;q=0.9"}
_LOST = {
    "clienthold": "client hold",
    "serverhold": "server hold",
    "redemptionperiod": "redemption period",
    "pendingdelete": "pending delete",
    "inactive": "inactive",
}
"""Statuses with which a name is not in the DNS; some registries write them as EPP does, without spaces."""
_MOST_STATUSES = 100


def registered(value: str) -> str:
    """A domain as registries know it: lower case, punycode, no trailing dot. Raises ValueError."""
    bare = check_host(value).removesuffix(".")
    name = punycode(bare).lower()
    labels = name.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or ":" in name:
        raise ValueError(f'"{clean(value, 80)}" is not a domain; write the registered one, like "acme.example"')
    return name


def _retry(data: dict[str, Any]) -> int:
    every: int = data.get("every", 12 * HOUR)
    return min(10 * MINUTE, every)


class DomainModel(ApiModel):
    """The registration of a domain, by its registry's RDAP server."""

    kind: Literal["domain"] = "domain"
    domain: Annotated[str, AfterValidator(registered)] = Field(
        description="the registered domain, without `www.` and the like; in any script"
    )
    every: Duration = Field(default=12 * HOUR, description="how often; registries refuse who asks often")
    retry_every: Duration = Field(
        default_factory=_retry, description="how soon again while it is not sure (10m, or `every`)"
    )
    warn_days: float = Field(default=30.0, ge=0, description="fewer days left than this is `degraded`")
    server: Url | None = Field(
        default=None, description="where the registry's RDAP server is, instead of where IANA's list says"
    )

    @model_validator(mode="after")
    def _headers_have_one_reader(self) -> Self:
        if self.headers and self.server is None:
            raise ValueError("headers would be sent to IANA too; write server beside them")
        return self

    @property
    def ends(self) -> frozenset[str]:
        """That of the registration; a registry's certificate is nobody's here."""
        return frozenset({"domain_days"})

    @property
    def target(self) -> str:
        """The domain, and the server when it is written."""
        return self.domain if self.server is None else f"{self.domain} at {self.server}"


class DomainCheck(ApiCheck[DomainModel]):
    """Asks the registry: a domain that is lost is `down`, one that ends soon `degraded`."""

    async def look(self, api: Api) -> Finding:
        """Ask and judge. Raises Trouble."""
        model = self.model
        server = model.server or await self._server(api)
        reply = await self._ask(api, server, model.domain)
        if reply.status == 404:
            return await self._absent(api, server, reply)
        return judge(_of(api.decides(accepted(reply)).document, model.domain), api.now, model.warn_days)

    async def _server(self, api: Api) -> str:
        """Where IANA's list says that the registry answers. Raises Trouble."""
        found = server_of(accepted(await api.shared(BOOTSTRAP)).document, self.model.domain)
        if found is None:
            ending = self.model.domain.rpartition(".")[2]
            why = f"IANA's list has no RDAP server for .{ending}; write one as server"
            raise Trouble(Failure.REQUEST, why, Outcome.UNKNOWN)
        return found

    async def _ask(self, api: Api, server: str, name: str) -> Reply:
        return await api.shared(f"{server.rstrip('/')}/domain/{name}", headers=_ACCEPT)

    async def _absent(self, api: Api, server: str, reply: Reply) -> Finding:
        """Not known there: nobody's, unless it lies below a domain that is known, or no registry has answered."""
        name = self.model.domain
        if reply.text.lstrip()[:1] == "<":
            raise unreadable("a page came with status 404: that is no RDAP server; write its address as server")
        above = name.partition(".")[2]
        if "." in above and 200 <= (await self._ask(api, server, above)).status < 300:
            raise Trouble(
                Failure.REQUEST, f"{name} is part of {above}; write the registered domain as domain", Outcome.UNKNOWN
            )
        return Finding(Outcome.DOWN, f"{name} is not registered", Failure.STATED)


def server_of(document: Document, name: str) -> str | None:
    """The address that a bootstrap file (RFC 9224) has for the longest ending of a name, `https` before `http`."""
    services = table(document).get("services")
    known: dict[str, list[str]] = {}
    for service in services if isinstance(services, list) else ():
        match service:
            case [list(endings), list(addresses), *_]:
                usable = [one for one in addresses if isinstance(one, str) and one.startswith(("https://", "http://"))]
                known |= {one.lower(): usable for one in endings if isinstance(one, str) and usable}
    labels = name.split(".")
    for start in range(len(labels)):
        addresses = known.get(".".join(labels[start:]), [])
        if addresses:
            return min(addresses, key=lambda address: not address.startswith("https://"))
    return None


def _of(document: Document, name: str) -> Table:
    """The domain in an answer. Raises Trouble when it is another one, or none."""
    found = table(document)
    said = text(found.get("ldhName"), 253).rstrip(".").lower()
    if said not in ("", name):
        raise unreadable(f"the answer is about {clean(said, 80)}, not {name}")
    if not said and found.get("objectClassName") != "domain":
        raise unreadable("the answer does not tell of a domain")
    return found


def judge(found: Table, now: int, warn_days: float) -> Finding:
    """What an RDAP domain says at `now` (ns since 1970). Of several ends the nearest counts."""
    statuses = found.get("status")
    words = statuses[:_MOST_STATUSES] if isinstance(statuses, list) else []
    compact = {"".join(text(word, 40).lower().split()) for word in words}
    lost = [word for key, word in _LOST.items() if key in compact]
    ended = [instant(event.get("eventDate")) for event in rows(found.get("events")) if _tells_end(event)]
    ends = min((at for at in ended if at is not None), default=None)
    days = None if ends is None else round((ends - now) / DAY, DIGITS)
    metrics = NO_METRICS if days is None else {"domain_days": days}
    if lost:
        return Finding(Outcome.DOWN, f"the domain is out of the DNS: {', '.join(lost)}", Failure.STATED, metrics)
    if days is None:
        return Finding(Outcome.UNKNOWN, "the registry does not say when the registration ends", Failure.DATA)
    if days <= 0:
        return Finding(Outcome.DOWN, f"the registration ended {-days:.0f} days ago", Failure.STATED, metrics)
    left = f"the domain is registered for {days:.0f} more days" if days >= 2 else f"it ends in {days * 24:.0f} h"
    if days < warn_days:
        return Finding(Outcome.DEGRADED, f"{left}, fewer than {warn_days:g} days", Failure.STATED, metrics)
    return Finding(Outcome.UP, left, None, metrics)


def _tells_end(event: Table) -> bool:
    return text(event.get("eventAction"), 40).lower() == "expiration"


KIND = Kind("domain", DomainModel, DomainCheck)
