"""Traffic that follows an entry of a map: `use_backend %[str(payments),map(/etc/haproxy/routes.map,be_acme)]`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

from standby.directors.base import Context, DirectorError
from standby.directors.haproxy.map_file import MapFile
from standby.directors.haproxy.runtime import Runtime, Server
from standby.directors.haproxy.servers import Servers, raised
from standby.domain.route import Step, StepKind

T = TypeVar("T")


class MapDirector:
    """Points a map's entry at a backend, in HAProxy and in the file that a reload reads. A place is a backend."""

    def __init__(
        self,
        runtime: Runtime,
        targets: Mapping[str, str],
        context: Context,
        *,
        map_: str,
        key: str,
        file: MapFile | None,
        lower: bool,
    ) -> None:
        self._runtime = runtime
        self._servers = Servers(runtime)
        self._targets = dict(targets)
        self._context = context
        self._map = map_
        self._key = key
        self._file = file
        self._lower = lower

    async def where(self) -> str:
        """The target whose backend the entry names."""
        return self._target(await self._entry())

    async def plan(self, to: str) -> tuple[Step, ...]:
        """Raise the backend's servers, point the entry at it, write the file, and if asked lower the old backend."""
        backend = self._targets[to]
        now = await self._entry()
        servers = await self._runtime.servers(backend)
        if not any(one.usable or one.could_be_raised for one in servers):
            raise self._runtime.nobody(backend, servers)
        steps = [raised(one) for one in servers if one.could_be_raised]
        steps.append(Step(f"map {self._key} -> {backend}", StepKind.PIVOT, f"map {self._key}", backend, now or ""))
        if self._file is not None:
            await self._in_thread(self._file.check_writable)
            said = await self._filed()
            name = f"file {self._file.path.name}: {self._key} -> {backend}"
            steps.append(Step(name, StepKind.REVERSIBLE, f"file {self._key}", backend, said[0] if said else ""))
        if self._lower and now and now != backend and now in await self._runtime.backends():
            steps += [_lowered(one) for one in await self._runtime.servers(now) if not one.admin.startswith("maint")]
        if any(step.subject.startswith("server ") for step in steps):
            await self._servers.check_level()
        return tuple(steps)

    async def read(self, subject: str) -> str:
        """A backend for the entry and for the file, "" without an entry; ready, drain or maint for a server."""
        if subject.startswith("server "):
            return await self._servers.read(subject)
        if self._is_map(subject):
            return await self._entry() or ""
        said = await self._filed()
        return said[0] if said else ""

    async def apply(self, subject: str, desired: str) -> None:
        """Bring it there. The entry is never pointed at a backend without a server that takes traffic."""
        if await self.read(subject) == desired:
            return
        if subject.startswith("server "):
            await self._servers.apply(subject, desired, keep_one=self._serves)
        elif self._is_map(subject):
            await self._point(desired)
        elif self._file is not None:
            file = self._file
            await self._in_thread(lambda: file.write(self._key, desired))

    async def drift(self) -> tuple[str, ...]:
        """Where the entry, the file and the targets do not agree."""
        now = await self._entry()
        lines = []
        if now is None:
            lines.append(f"{self._map} has no entry {self._key!r} in HAProxy: traffic follows the default there")
        elif not self._target(now):
            lines.append(f"{self._map} sends {self._key!r} to {now}, which is the place of no target")
        if self._file is None:
            return tuple(lines)
        said = await self._filed()
        if len(set(said)) > 1:
            lines.append(f"{self._file.path} names {self._key!r} {len(said)} times, not always alike; keep one line")
        filed = said[0] if said else None
        if filed != now:
            lines.append(
                f"{self._key!r}: HAProxy says {now or 'nothing'}, {self._file.path} says {filed or 'nothing'}: "
                "a reload would move traffic"
            )
        return tuple(lines)

    async def close(self) -> None:
        """Holds nothing."""

    async def _entry(self) -> str | None:
        return await self._runtime.entry(self._map, self._key)

    async def _filed(self) -> tuple[str, ...]:
        """What the file says; nothing without one."""
        file = self._file
        return () if file is None else await self._in_thread(lambda: file.values(self._key))

    async def _point(self, backend: str) -> None:
        if backend:
            await self._runtime.until_usable(backend)
        entry = f"{self._map} {self._key}"
        if not backend:
            await self._runtime.tell(f"del map {entry}")
        elif await self._entry() is None:
            await self._runtime.tell(f"add map {entry} {backend}")
        else:
            await self._runtime.tell(f"set map {entry} {backend}")

    async def _serves(self, server: Server) -> bool:
        """Whether traffic goes to this server's backend, which must keep one that takes it."""
        return await self._entry() == server.backend

    def _is_map(self, subject: str) -> bool:
        """True for the entry, False for the file. Raises DirectorError for anything else."""
        if subject == f"map {self._key}":
            return True
        if subject == f"file {self._key}" and self._file is not None:
            return False
        raise DirectorError(f"{subject!r} is nothing that this director sets; has the configuration changed since?")

    def _target(self, backend: str | None) -> str:
        return next((target for target, place in self._targets.items() if place == backend), "")

    async def _in_thread(self, act: Callable[[], T]) -> T:
        """Files block; one at a time for all routes of the same file."""
        async with self._context.turn(str(self._file.path if self._file is not None else "")):
            return await asyncio.to_thread(act)


def _lowered(server: Server) -> Step:
    return Step(f"lower {server}", StepKind.REVERSIBLE, f"server {server}", "maint", server.admin)
