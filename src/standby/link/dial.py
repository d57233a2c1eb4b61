"""Reach the engine's socket and be greeted, or learn how and why not."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
from dataclasses import dataclass
from enum import StrEnum

from standby.domain.text import clean
from standby.link.messages import decode, encode, parse_welcome
from standby.link.paths import LinkError, LinkPaths, check_socket_folder
from standby.link.protocol import MAX_LINE, VERSION, Welcome

WELCOME_S = 3.0


class LinkState(StrEnum):
    """How a program stands to the engine."""

    AWAY = "away"  # nobody listens
    CONNECTED = "connected"
    SILENT = "silent"  # somebody holds the socket and does not answer
    DENIED = "denied"  # we may not use it, or it refuses us


@dataclass(frozen=True, slots=True)
class Link:
    """The state of the link, who is there, and why not when not."""

    state: LinkState
    welcome: Welcome | None = None
    reason: str = ""


class NoLinkError(Exception):
    """No engine answers; `link` says how and why."""

    def __init__(self, link: Link) -> None:
        super().__init__(link.reason)
        self.link = link


async def connect(paths: LinkPaths, role: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, Welcome]:
    """A greeted connection. Raises NoLinkError."""
    try:
        check_socket_folder(paths)
        reader, writer = await asyncio.wait_for(
            asyncio.open_unix_connection(str(paths.sock), limit=MAX_LINE), WELCOME_S
        )
    except LinkError as error:
        raise NoLinkError(Link(LinkState.DENIED, reason=str(error))) from None
    except TimeoutError:
        raise NoLinkError(Link(LinkState.SILENT, reason=_silent())) from None
    except OSError as error:
        raise NoLinkError(_why(paths, error)) from None
    try:
        writer.write(encode({"type": "hello", "role": role, "version": VERSION, "host": _host(), "tty": tty_name()}))
        line = await asyncio.wait_for(reader.readline(), WELCOME_S)
        welcome = parse_welcome(decode(line)) if line else None
    except BaseException as error:
        writer.close()
        if isinstance(error, TimeoutError):
            raise NoLinkError(Link(LinkState.SILENT, reason=_silent())) from None
        if isinstance(error, OSError):
            raise NoLinkError(Link(LinkState.AWAY, reason="the engine hung up")) from None
        if isinstance(error, ValueError):
            raise NoLinkError(Link(LinkState.DENIED, reason=clean(str(error)))) from None
        raise
    if welcome is None:
        writer.close()
        raise NoLinkError(Link(LinkState.AWAY, reason="the engine hung up"))
    return reader, writer, welcome


def _why(paths: LinkPaths, error: OSError) -> Link:
    if error.errno in (errno.ENOENT, errno.ECONNREFUSED):
        return Link(LinkState.AWAY, reason="no engine runs on this store; start `standby` or `standby engine`")
    if error.errno in (errno.EACCES, errno.EPERM):
        return Link(
            LinkState.DENIED, reason=f"you may look but not act: no right to write {paths.sock}; join its group"
        )
    if error.errno == errno.EAGAIN:  # its queue of callers is full: it does not take any
        return Link(LinkState.SILENT, reason=_silent())
    return Link(LinkState.AWAY, reason=f"{paths.sock}: {error.strerror or error}")


def _silent() -> str:
    return "the engine does not answer; if that lasts, end it with `standby engine --replace`"


def _host() -> str:
    return clean(socket.gethostname(), 100)


def tty_name() -> str:
    """The terminal of this program, or `no terminal`."""
    try:
        return os.ttyname(sys.__stdin__.fileno()) if sys.__stdin__ is not None else "no terminal"
    except (OSError, ValueError):
        return "no terminal"
