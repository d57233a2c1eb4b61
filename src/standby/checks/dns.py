"""`kind = "dns"`: what resolvers say about a name, and whether they agree."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import dns.asyncquery
import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.reversename
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from standby.checks.base import Context, Kind, observation
from standby.checks.expectations import Expectations
from standby.config.cel import DNS
from standby.config.fields import DnsExpectation, Host
from standby.config.models import CheckModel
from standby.domain.nameservice import Code, Said, Verdict, disagreement, judge, unheard
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import SECOND
from standby.net.phases import TRACE, Trace
from standby.net.trouble import Trouble

MOST_ANSWERS = 100
_LONGEST_ANSWER = 300  # characters
_TRIES = 2  # UDP loses packets
_SHARE = 0.4  # of the check's timeout, each
_PAYLOAD = 1232  # bytes of UDP that pass every path unfragmented
_CODES: dict[int, Code] = {
    dns.rcode.NOERROR: Code.NOERROR,
    dns.rcode.NXDOMAIN: Code.NXDOMAIN,
    dns.rcode.SERVFAIL: Code.SERVFAIL,
    dns.rcode.REFUSED: Code.REFUSED,
}


def _resolver(value: str) -> str:
    _place(value)
    return value


def _place(text: str) -> tuple[str, int]:
    """Address and port of `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`. Raises ValueError."""
    host, port = text, "53"
    if text.startswith("[") or text.count(":") == 1:
        host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        raise ValueError(f'"{clean(text, 80)}" is not an address; write one like "192.0.2.53"') from None
    if not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65_536:
        raise ValueError(f'"{clean(text, 80)}" has no valid port; write one like "192.0.2.53:53"')
    return bare, int(port)


class DnsModel(CheckModel):
    """A question to one or several resolvers. NXDOMAIN is `down`, silent resolvers are `unknown`."""

    unanswered: ClassVar[Outcome] = Outcome.UNKNOWN

    kind: Literal["dns"] = "dns"
    name: Host = Field(description="the name to ask for; for PTR an address")
    record: Literal["A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "TLSA", "TXT"] = Field(
        default="A", description="the type of record"
    )
    resolvers: tuple[Annotated[str, AfterValidator(_resolver)], ...] = Field(
        default=(), max_length=10, description='addresses like "192.0.2.53" or "192.0.2.53:5353"; the system\'s first'
    )
    same_answers: bool = Field(
        default=True, description="resolvers that answer differently are `degraded`; false for names that go by place"
    )
    answers: tuple[str, ...] = Field(
        default=(), max_length=MOST_ANSWERS, description="exactly these, in any order, else `down`"
    )
    expect: list[DnsExpectation] = Field(default=[], description="CEL; one that does not hold is `down`")
    prefer: list[DnsExpectation] = Field(default=[], description="CEL; one that does not hold is `degraded`")

    @field_validator("answers")
    @classmethod
    def _written_alike(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        record = info.data.get("record", "A")
        if record in ("A", "AAAA"):
            try:
                return tuple(str(ipaddress.ip_address(text)) for text in value)
            except ValueError as error:
                raise ValueError(f'{clean(str(error), 80)}; write one like "192.0.2.1"') from None
        return tuple(_normal(text, record) for text in value)

    @property
    def target(self) -> str:
        """Type and name."""
        return f"{self.record} {self.name}"


@dataclass(frozen=True, slots=True)
class _Question:
    """One message, asked of several resolvers; `limit` is the seconds of one try."""

    message: dns.message.QueryMessage
    record: str
    limit: float


class DnsCheck:
    """Looks by asking every resolver at once."""

    def __init__(self, model: DnsModel) -> None:
        self.model = model
        self._expectations = Expectations(model.expect, model.prefer, DNS)

    async def run(self, context: Context, slot: int) -> Observation:
        """Ask once. Raises Trouble."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        resolvers = model.resolvers or await asyncio.to_thread(_of_the_system)
        question = self._question()
        said = await asyncio.gather(*(_ask(question, resolver) for resolver in resolvers))
        latency_ms = trace.elapsed_ms
        verdict, metrics = self._judge(said, latency_ms), _metrics(said)
        return observation(
            model,
            context,
            slot,
            verdict.outcome,
            verdict.message,
            failure=verdict.failure,
            latency_ms=None if unheard(said) else latency_ms,
            metrics=metrics,
        )

    def _question(self) -> _Question:
        model = self.model
        try:
            name: Any = dns.reversename.from_address(model.name) if model.record == "PTR" else model.name
        except dns.exception.SyntaxError:
            name = model.name
        try:
            message = dns.message.make_query(name, model.record, use_edns=0, payload=_PAYLOAD)
        except (dns.exception.DNSException, UnicodeError) as error:
            raise Trouble(Failure.INTERNAL, f"{model.name} cannot be asked for: {error}", Outcome.UNKNOWN) from error
        return _Question(message, model.record, model.timeout / SECOND * _SHARE)

    def _judge(self, said: Sequence[Said], latency_ms: float) -> Verdict:
        model = self.model
        found = unheard(said) or disagreement(said, same_answers=model.same_answers)
        if found is not None:
            return found
        values = {"latency_ms": latency_ms, "dns": _values(said)}
        verdict = judge(said, model.record, frozenset(model.answers))
        if model.expect:
            broken = self._expectations.broken(values)
            if broken:
                return Verdict(Outcome.DOWN, "; ".join(broken), Failure.EXPECTATION)
            if not model.answers:  # what the user expects decides, also that there be no such name
                verdict = Verdict(Outcome.UP, verdict.message)
        missed = self._expectations.missed(values) if verdict.outcome is Outcome.UP else []
        return Verdict(Outcome.DEGRADED, "; ".join(missed), Failure.EXPECTATION) if missed else verdict


def _of_the_system() -> tuple[str, ...]:
    """The resolvers that this machine uses. Raises Trouble."""
    try:
        found = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError) as error:
        raise Trouble(Failure.RESOLVE, f"this machine names no resolver: {error}", Outcome.UNKNOWN) from error
    return tuple(str(one) for one in found[:3])


async def _ask(question: _Question, resolver: str) -> Said:
    """What one resolver says; its silence is one of the things that it can say."""
    host, port = _place(resolver)
    for _ in range(_TRIES):
        try:
            reply, _ = await dns.asyncquery.udp_with_fallback(
                question.message, host, question.limit, port, ignore_unexpected=True, ignore_errors=True
            )
        except (dns.exception.Timeout, TimeoutError):
            continue
        except OSError as error:
            return Said(resolver, Code.SILENT, note=clean(error.strerror or str(error), 80))
        except (dns.exception.DNSException, EOFError, ValueError) as error:
            return Said(resolver, Code.UNREADABLE, note=clean(f"{type(error).__name__}: {error}", 80))
        return read(reply, resolver, question.record)
    return Said(resolver, Code.SILENT)


def read(reply: dns.message.Message, resolver: str, record: str) -> Said:
    """An answer as one thing that a resolver says."""
    code = _CODES.get(reply.rcode())
    if code is None:
        return Said(resolver, Code.UNREADABLE, note=clean(dns.rcode.to_text(reply.rcode()), 80))
    if code is not Code.NOERROR:
        return Said(resolver, code, note=_reason(reply))
    try:
        chain = reply.resolve_chaining() if isinstance(reply, dns.message.QueryMessage) else None
    except (dns.exception.DNSException, ValueError) as error:
        return Said(resolver, Code.UNREADABLE, note=clean(str(error), 80))
    if chain is None or chain.answer is None:
        return Said(resolver, Code.NODATA)
    answers = sorted({_text(one, record) for one in list(chain.answer)[:MOST_ANSWERS]})
    return Said(resolver, Code.NOERROR, tuple(answers), float(chain.minimum_ttl))


def _reason(reply: dns.message.Message) -> str:
    """Why a resolver failed, in its own words (extended DNS errors)."""
    for option in reply.options:
        if isinstance(option, dns.edns.EDEOption):
            said = f": {option.text}" if option.text else ""
            return clean(option.code.name.replace("_", " ").lower() + said, 80)
    return ""


def _text(rdata: Any, record: str) -> str:  # noqa: ANN401 - one class a type of record
    if record == "TXT":
        return clean(b"".join(rdata.strings).decode("utf-8", "replace"), _LONGEST_ANSWER)
    return _normal(rdata.to_text(), record)


def _normal(text: str, record: str) -> str:
    """An answer as people write it: names in lower case without their final dots."""
    if record in ("TXT", "CAA"):
        return clean(text, _LONGEST_ANSWER)
    parts = (part.removesuffix(".") or "." for part in text.lower().split())
    return clean(" ".join(parts), _LONGEST_ANSWER)


def _heard(said: Sequence[Said]) -> list[Said]:
    return [one for one in said if one.code in (Code.NOERROR, Code.NODATA, Code.NXDOMAIN)]


def _values(said: Sequence[Said]) -> Mapping[str, Any]:
    """What expectations see: the answers of all, the shortest TTL, the code that they agree on."""
    heard = _heard(said)
    values: dict[str, Any] = {
        "answers": sorted({answer for one in heard for answer in one.answers}),
        "code": heard[0].code.value,
    }
    ttl = min((one.ttl for one in heard if one.ttl is not None), default=None)
    return values if ttl is None else {**values, "ttl": ttl}


def _metrics(said: Sequence[Said]) -> dict[str, float]:
    heard = _heard(said)
    found = {"resolvers": float(len(said)), "resolvers_answering": float(len(heard))}
    if heard:
        found["answers"] = float(len(_values(said)["answers"]))
        if "ttl" in (values := _values(said)):
            found["ttl_s"] = values["ttl"]
    return found


KIND = Kind("dns", DnsModel, DnsCheck)
