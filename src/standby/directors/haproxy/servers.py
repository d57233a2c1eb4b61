"""Servers as the subject of a step: `server BACKEND/NAME`, to be ready, drain or maint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from standby.directors.base import DirectorError
from standby.directors.haproxy.runtime import ADMIN, Runtime, Server
from standby.domain.route import Step, StepKind

_STATES = ("ready", "drain", "maint")


class Servers:
    """Reads and sets the administrative state of servers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def read(self, subject: str) -> str:
        """ready, drain or maint; maint with the reason when it is not people who hold it there."""
        return (await self._find(subject)).admin

    async def apply(self, subject: str, desired: str, *, keep_one: Callable[[Server], Awaitable[bool]]) -> None:
        """Set it. Where `keep_one` holds, another server of the backend has to take traffic before one is taken out."""
        if desired not in _STATES:
            raise DirectorError(f"{subject} cannot be brought to {desired!r}; servers are {', '.join(_STATES)}")
        server = await self._find(subject)
        if desired != "ready" and await keep_one(server):
            await self._runtime.until_usable(server.backend, without=server.name)
        await self._runtime.set_state(server, desired)

    async def check_level(self) -> None:
        """Raises DirectorError when this socket may not set servers."""
        level = await self._runtime.level()
        if level and level != ADMIN:
            mend = f"give this `stats socket` the level {ADMIN}"
            raise DirectorError(f"{self._runtime.address} has the level {level}, which may not set servers; {mend}")

    async def _find(self, subject: str) -> Server:
        backend, _, name = subject.removeprefix("server ").partition("/")
        return await self._runtime.server(backend, name)


def raised(server: Server) -> Step:
    """The step that lets a server take traffic."""
    return Step(f"raise {server}", StepKind.REVERSIBLE, f"server {server}", "ready", server.admin)
