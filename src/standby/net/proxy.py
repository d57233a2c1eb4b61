"""An HTTP proxy on the way: it hands plain requests on, and gives a tunnel for TLS."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.resolver import Resolver
from standby.net.trouble import Trouble
from standby.net.wire import Wire, connect

AUTHORIZATION = "Proxy-Authorization"
_LONGEST = 16_384  # bytes of what it says before the tunnel
_REFUSED = {
    401: "the proxy refuses our credentials",
    403: "the proxy does not let us there",
    407: "the proxy refuses our credentials",
}


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Proxy:
        """`http://proxy.shop.example:3128`; port 80 when none is written."""
        parts = urlsplit(url)
        return cls(parts.hostname or "", parts.port or 80)

    async def reach(self, resolver: Resolver, host: str, port: int, authorization: str | None) -> Wire:
        """A connection to the proxy, and through it to `host` unless `authorization` is None. Raises Trouble.

        That the proxy cannot be reached says nothing about who is behind it: `unknown`.
        """
        try:
            wire = Wire(await connect(resolver, self.host, self.port))
        except Trouble as trouble:
            raise Trouble(trouble.failure, f"the proxy: {trouble}", Outcome.UNKNOWN) from trouble
        if authorization is not None:
            try:
                await _tunnel(wire, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", authorization)
            except BaseException:
                wire.close()
                raise
        return wire


async def _tunnel(wire: Wire, place: str, authorization: str) -> None:
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    lines += [f"{AUTHORIZATION}: {authorization}"] if authorization else []
    await wire.send("\r\n".join([*lines, "", ""]).encode("ascii"))
    said = b""
    while b"\r\n\r\n" not in said:
        data = await wire.receive()
        said += data
        if not data or len(said) > _LONGEST:
            raise Trouble(Failure.PROTOCOL, "the proxy gives no answer that is HTTP", Outcome.UNKNOWN)
    words = said.partition(b"\r\n")[0].decode("latin-1").split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise Trouble(Failure.PROTOCOL, "the proxy gives no answer that is HTTP", Outcome.UNKNOWN)
    status = int(words[1][:3])
    if not 200 <= status < 300:
        why = _REFUSED.get(status, "the proxy cannot reach it")
        failure = Failure.CREDENTIALS if status in (401, 407) else Failure.UNREACHABLE
        raise Trouble(failure, f"{why}: {clean(' '.join(words[1:]), 80)}", Outcome.UNKNOWN)
