"""A real HAProxy as the router, when it is installed: a child of ours with a configuration made for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from standby.simulator.checkout.gateways import GATEWAYS, KEY, MAP, SERVER, Gateway

READY_S = 5.0
_POLL_S = 0.02
_END_S = 3.0
_ELSEWHERE = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"  # not on everybody's PATH


class NotReadyError(Exception):
    """HAProxy does not run: too old, not allowed, or not HAProxy. Its own words are in the simulator's log."""


def installed() -> Path | None:
    """The HAProxy of this machine."""
    found = shutil.which("haproxy") or shutil.which("haproxy", path=_ELSEWHERE)
    return None if found is None else Path(found)


class HaproxyRouter:
    """HAProxy on `listening`. `folder` is private and holds its map; `ports` are the gateways' ports by backend."""

    def __init__(
        self, binary: Path, folder: Path, listening: socket.socket, ports: Mapping[str, int], ca: Path
    ) -> None:
        self._binary = binary
        self._folder = folder
        self._listening = listening
        self._ports = ports
        self._ca = ca
        self._keeper: asyncio.subprocess.Process | None = None

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._keeper is not None and self._keeper.returncode is None

    async def open(self) -> None:
        """Start it, also once more after it ended, and return when it answers. Raises NotReadyError, OSError."""
        self._end_group()
        fd = self._listening.fileno()
        (self._folder / "haproxy.cfg").write_text(_configuration(fd, self._ports, self._ca))
        (self._folder / "admin.sock").unlink(missing_ok=True)
        # -P: the folder we happen to be in must not shadow a module of the program.
        keeper = [sys.executable, "-P", "-m", "standby.simulator.checkout.keeper", str(self._folder), str(fd)]
        self._keeper = await asyncio.create_subprocess_exec(
            *keeper,
            str(self._binary),
            "-db",
            "-f",
            "haproxy.cfg",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            pass_fds=(fd,),
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(READY_S):
                while not await self._answers():
                    if not self.alive:
                        raise NotReadyError
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise NotReadyError from None

    async def close(self) -> None:
        """End it; nothing of it is left."""
        keeper = self._keeper
        if keeper is None:
            return
        if keeper.stdin is not None:
            keeper.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await keeper.wait()
        self._end_group()

    def _end_group(self) -> None:
        """End what is left when the keeper was killed, or does not end: it leads a group of its own."""
        keeper = self._keeper
        if keeper is not None and (keeper.returncode is None or keeper.returncode < 0):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(keeper.pid, signal.SIGKILL)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._folder / "admin.sock"))
        except OSError:
            return False
        try:
            writer.write(b"show cli level\n")
            return (await reader.read(100)).startswith(b"admin")
        except OSError:
            return False
        finally:
            writer.transport.abort()


def _configuration(fd: int, ports: Mapping[str, int], ca: Path) -> str:
    front = _FRONT.format(fd=fd, key=KEY, map=MAP, default=GATEWAYS[0].backend)
    return front + "".join(_backend(gateway, ports[gateway.backend], ca) for gateway in GATEWAYS)


def _backend(gateway: Gateway, port: int, ca: Path) -> str:
    lines = [f"backend {gateway.backend}", f"    http-request set-header Host {gateway.host}"]
    lines += [f"    http-request set-path {theirs} if {{ path {ours} }}" for ours, theirs in gateway.paths.items()]
    # Also on what HAProxy answers by itself, when the gateway does not.
    lines.append(f"    http-after-response set-header X-Gateway {gateway.name}")
    quoted = (
        str(ca).replace("\\", "\\\\").replace(" ", "\\ ").replace("#", "\\#").replace('"', '\\"').replace("'", "\\'")
    )
    lines.append(f"    server {SERVER} 127.0.0.1:{port} ssl verify required ca-file {quoted} sni str({gateway.host})")
    return "\n".join([*lines, "", ""])


# Without checks of its own: who notices and who moves traffic is what is being shown.
_FRONT = """global
    stats socket unix@admin.sock mode 600 level admin
    maxconn 200
    nbthread 1
defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 2s
    retries 0
frontend payments
    bind fd@{fd}
    use_backend %[str({key}),map({map},{default})]
"""
