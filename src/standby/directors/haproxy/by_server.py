"""Traffic that follows the state of servers: one backend, and each target is a server of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from standby.directors.base import DirectorError
from standby.directors.haproxy.runtime import Runtime, Server
from standby.directors.haproxy.servers import Servers, raised
from standby.domain.route import Step, StepKind


class ServerDirector:
    """Makes one server ready and puts the others in maint. A place is a server of `backend`.

    Maint and not drain or weight 0: those leave every client with a cookie where it is (measured: 1000 of 1000).
    """

    def __init__(self, runtime: Runtime, targets: Mapping[str, str], backend: str) -> None:
        self._runtime = runtime
        self._servers = Servers(runtime)
        self._targets = dict(targets)
        self._backend = backend

    async def where(self) -> str:
        """The target whose server takes all the traffic."""
        taking = [one.name for one in _taking(await self._runtime.servers(self._backend))]
        return next((target for target, place in self._targets.items() if taking == [place]), "")

    async def plan(self, to: str) -> tuple[Step, ...]:
        """Make its server ready, then put those in maint that take its traffic.

        A server that HAProxy itself holds back as `backup` stays as it is when traffic goes to one that is not.
        """
        chosen = await self._runtime.server(self._backend, self._targets[to])
        if not (chosen.usable or chosen.could_be_raised):
            raise self._runtime.nobody(self._backend, (chosen,))
        servers = await self._runtime.servers(self._backend)
        others = [one for one in servers if one.name != chosen.name and (chosen.backup or not one.backup)]
        self._check_no_stranger(others)
        lower = [one for one in others if not one.admin.startswith("maint")]
        await self._servers.check_level()
        return _in_order(chosen, lower, _taking(servers))

    async def read(self, subject: str) -> str:
        """ready, drain or maint."""
        return await self._servers.read(self._checked(subject))

    async def apply(self, subject: str, desired: str) -> None:
        """Set the server. The last one that takes traffic is never taken out."""
        if await self.read(subject) != desired:
            await self._servers.apply(subject, desired, keep_one=_always)

    async def drift(self) -> tuple[str, ...]:
        """Servers that take traffic and should not: of no target, or beside another one."""
        servers = await self._runtime.servers(self._backend)
        taking = _taking(servers)
        places = set(self._targets.values())
        lines = [
            f"{one} takes traffic and is the place of no target; put it in maint or make it a target"
            for one in taking
            if one.name not in places
        ]
        if len(taking) > 1:
            names = ", ".join(one.name for one in taking[:20])
            lines.append(f"backend {self._backend} spreads its traffic over {names}")
        missing = sorted(places - {one.name for one in servers})
        lines += [f"backend {self._backend} has no server {name!r}, the place of a target" for name in missing]
        return tuple(lines)

    async def close(self) -> None:
        """Holds nothing."""

    def _check_no_stranger(self, others: Iterable[Server]) -> None:
        for one in others:
            if one.name not in self._targets.values() and not one.admin.startswith("maint"):
                mend = "put it in maint or make it a target"
                raise DirectorError(f"{one} would go on to take traffic and is the place of no target; {mend}")

    def _checked(self, subject: str) -> str:
        if not subject.startswith(f"server {self._backend}/"):
            raise DirectorError(f"{subject!r} is nothing that this director sets; has the configuration changed since?")
        return subject


async def _always(_server: Server) -> bool:
    return True


def _taking(servers: Sequence[Server]) -> list[Server]:
    """The servers that new clients are sent to; of backups only the first, as HAProxy does by itself."""
    usable = [one for one in servers if one.usable]
    return [one for one in usable if not one.backup] or usable[:1]


def _in_order(chosen: Server, lower: Sequence[Server], taking: Sequence[Server]) -> tuple[Step, ...]:
    """Make before break. The pivot takes the traffic off a server; with nobody to take it off, it is the raise."""
    first = [one for one in lower if one in taking]
    rest = [one for one in lower if one not in taking]
    steps = [raised(chosen)] if chosen.admin != "ready" or not first else []
    pivot = len(steps) if first else 0
    steps += [
        Step(f"{one} to maint", StepKind.REVERSIBLE, f"server {one}", "maint", one.admin) for one in (*first, *rest)
    ]
    return tuple(replace(step, kind=StepKind.PIVOT) if index == pivot else step for index, step in enumerate(steps))
