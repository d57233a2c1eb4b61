"""All third parties together: every endpoint listening, every fault in force where it belongs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from standby.domain.clock import Clock
from standby.simulator.certificates import Identity, authority
from standby.simulator.faults import FaultKind
from standby.simulator.listener import Listener
from standby.simulator.parties import PARTIES, Endpoint, Party, Speaks
from standby.simulator.service import Service
from standby.simulator.world import World

_LEAVE_S = 0.02  # a client that left in the middle of a handshake is only noticed by the loop


class Town:
    """The simulated third parties. `open` before use; `tick` often, so that faults start and end on time."""

    def __init__(self, clock: Clock, seed: int, parties: Sequence[Party] = PARTIES) -> None:
        self.world = World([party.name for party in parties], seed)
        self._clock = clock
        self._parties = {party.name: party for party in parties}
        self._services: dict[str, list[Service]] = {party.name: [] for party in parties}
        self._listeners: dict[str, list[tuple[Endpoint, Listener]]] = {party.name: [] for party in parties}
        self._identities: dict[str, list[Identity]] = {party.name: [] for party in parties}

    async def open(self, certificate: Path, key: Path) -> None:
        """Make the certificates and listen everywhere. Raises OSError."""
        ca = authority(certificate, key)
        for party in self._parties.values():
            for endpoint in party.endpoints:
                service = Service(party, endpoint, self.world, self._clock)
                tls = None
                if endpoint.speaks is Speaks.HTTPS:
                    identity = Identity(ca, endpoint.host, now=self._clock.now(), days=endpoint.certificate_days)
                    self._identities[party.name].append(identity)
                    tls = identity.context
                listener = Listener(service.banner if endpoint.speaks is Speaks.TCP else service.http, tls)
                await listener.open()
                self._services[party.name].append(service)
                self._listeners[party.name].append((endpoint, listener))

    async def tick(self) -> None:
        """Bring listeners and certificates in line with the faults in force."""
        now = self._clock.monotonic()
        for name, listeners in self._listeners.items():
            kinds = {fault.kind for fault in self.world.active(name, now)}
            for identity in self._identities[name]:
                identity.expired = FaultKind.EXPIRED_CERTIFICATE in kinds
            for _, listener in listeners:
                with contextlib.suppress(OSError):  # the port was taken in between: the next tick tries again
                    if FaultKind.REFUSE in kinds:
                        listener.refuse()
                    else:
                        await listener.open()

    def connect_to(self) -> list[tuple[str, int, str, int]]:
        """Where each named place really is: host, port, address, port."""
        return [
            (endpoint.host, endpoint.port, "127.0.0.1", listener.port)
            for listeners in self._listeners.values()
            for endpoint, listener in listeners
        ]

    def ports(self) -> Mapping[tuple[str, int], int]:
        """The port on loopback of each named place."""
        return {(host, port): real for host, port, _, real in self.connect_to()}

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """One row a third party, as `list` answers."""
        now = self._clock.monotonic()
        return [
            {
                "name": party.name,
                "text": party.text,
                "endpoints": [
                    f"{endpoint} at 127.0.0.1:{listener.port}" for endpoint, listener in self._listeners[party.name]
                ],
                "faults": list(self.world.words(party.name, now)),
                "requests": sum(service.requests for service in self._services[party.name]),
            }
            for party in self._parties.values()
        ]

    async def close(self) -> None:
        """Give every port back and end every connection."""
        for listeners in self._listeners.values():
            for _, listener in listeners:
                listener.close()
        await asyncio.sleep(_LEAVE_S)
