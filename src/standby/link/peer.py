"""Who is at the other end of a unix socket, as the kernel says."""

from __future__ import annotations

import asyncio
import pwd
import socket
import struct
import sys

_NAME_PATIENCE_S = 1.0  # a directory service behind getpwuid may hang; the number then has to do
# <sys/un.h> of macOS; Python's socket module does not name them.
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 0x001, 0x002
_XUCRED = struct.Struct("=IIh2x16I")  # version, uid, number of groups, groups: the first is the effective one


def credentials(sock: socket.socket) -> tuple[int, int, int | None]:
    """uid, gid and pid of the process that connected, as they were when it did. Raises OSError."""
    if sys.platform == "darwin":
        _, uid, count, *groups = _XUCRED.unpack(sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size))
        try:
            pid = struct.unpack("=i", sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4))[0]
        except OSError:
            pid = None
        return uid, groups[0] if count > 0 else -1, pid
    size = struct.calcsize("=3i")
    pid, uid, gid = struct.unpack("=iII", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return uid, gid, pid or None


class Names:
    """Login names of user ids, looked up once, off the event loop, and never waited for long."""

    def __init__(self) -> None:
        self._asked: dict[int, asyncio.Future[str]] = {}

    async def of(self, uid: int) -> str:
        """The login name of `uid`, or `uid 1001`."""
        asked = self._asked.get(uid)
        if asked is None:
            # One question a user in flight at most: many connections cannot fill the pool with hanging lookups.
            asked = asyncio.ensure_future(asyncio.to_thread(login_name, uid))
            self._asked[uid] = asked
        try:
            return await asyncio.wait_for(asyncio.shield(asked), _NAME_PATIENCE_S)
        except TimeoutError:
            return f"uid {uid}"


def login_name(uid: int) -> str:
    """The login name of `uid`, or `uid 1001` when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OSError, OverflowError):
        return f"uid {uid}"
