"""A runtime socket that answers exactly what a test says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Reply = str | bytes | None  # None: never an answer

STATE_HEAD = (
    "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr srv_agent_port"
)
STAT_HEAD = "# pxname,svname,scur,status,weight,act,bck,chkfail,"


def state(
    name: str, *, backend: str = "be_b", op: int = 2, admin: int = 0, weight: int = 1, checked: str = "3 3 6"
) -> str:
    """One row of `show servers state`; `checked` is result, health and state of its check."""
    return f"4 {backend} 1 {name} 127.0.0.1 {op} {admin} {weight} 1 2 8 {checked} 0 0 0 - 80 - 0 0 - - 0"


def servers(*rows: str) -> str:
    """A reply of `show servers state`."""
    return "\n".join(["1", STATE_HEAD, *rows]) + "\n\n"


def stat(*backups: str) -> str:
    """A reply of `show stat` in which these servers are backups."""
    return "\n".join([STAT_HEAD, *(f"be_b,{name},0,UP,1,0,1,," for name in backups)]) + "\n\n"


@dataclass
class Fake:
    """Replies by command; a longer beginning wins. What is not known gets HAProxy's own refusal."""

    path: Path
    replies: dict[str, Reply | Callable[[str], Reply]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            command = (await reader.readline()).decode().rstrip("\n")
            self.asked.append(command)
            reply = self._reply(command)
            if reply is None:
                await reader.read()
            elif reply:
                writer.write(reply.encode() if isinstance(reply, str) else reply)
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
        finally:
            self.open_now -= 1
            writer.close()

    def _reply(self, command: str) -> Reply:
        known = max((one for one in self.replies if command.startswith(one)), key=len, default=None)
        if known is None:
            return "Unknown command, but maybe one of the following ones is a better match:\n\n"
        reply = self.replies[known]
        return reply(command) if callable(reply) else reply


@contextlib.asynccontextmanager
async def fake(path: Path, replies: Mapping[str, Reply | Callable[[str], Reply]]) -> AsyncIterator[Fake]:
    """A fake HAProxy on a unix socket."""
    one = Fake(path, dict(replies))
    server = await asyncio.start_unix_server(one.answer, str(path))
    try:
        yield one
    finally:
        server.close()
