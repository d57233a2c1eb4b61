"""An SMTP server that says exactly what a test wants, for what a real one does only on its worst day."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from checks.loopback import serving

REPLIES = {
    "": "220 mail.test ESMTP",
    "EHLO": "250-mail.test\r\n250-SIZE 1000000\r\n250 AUTH PLAIN",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 queued as 12",
    "QUIT": "221 bye",
}
HANG, CUT = "hang", "cut"


@dataclass
class MailServer:
    """A running one: its port, what it was told line by line, and the mails that it took."""

    port: int
    sessions: int = 0
    heard: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)


@contextlib.asynccontextmanager
async def mailserver(
    replies: Mapping[str, str] | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[MailServer]:
    """Answers each verb with REPLIES or `replies`: "" is the greeting, "." the end of a mail, HANG and CUT no words."""
    says = {**REPLIES, **(replies or {})}
    state = MailServer(0)

    async def say(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, verb: str) -> None:
        reply = says.get(verb, "500 what?")
        if reply == HANG:
            await reader.read()
        if reply in (HANG, CUT):
            raise ConnectionResetError
        writer.write(reply.encode() + b"\r\n")
        await writer.drain()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.sessions += 1
        await say(writer, reader, "")
        while line := (await reader.readline()).decode():
            state.heard.append(line.rstrip())
            verb = line.split()[0].upper()
            await say(writer, reader, verb)
            if verb == "DATA" and says["DATA"].startswith("354"):
                state.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                await say(writer, reader, ".")
            if verb == "QUIT":
                return

    async with serving(session, tls=tls, read=False) as server:
        state.port = server.port
        yield state
