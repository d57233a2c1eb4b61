"""Tell systemd how we are: a datagram a message (sd_notify(3)), without its library."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import MutableMapping

from standby.domain.units import MICROSECOND


class Notifier:
    """Silent when nobody listens. Takes its variables out of `environ`: children must not speak in our name."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        address = environ.pop("NOTIFY_SOCKET", "")
        usec = environ.pop("WATCHDOG_USEC", "")
        pid = environ.pop("WATCHDOG_PID", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_ns: int | None = None  # how often it wants to hear from us at the latest
        if usec.isdigit() and int(usec) > 0 and pid in ("", str(os.getpid())):
            self.watchdog_ns = int(usec) * MICROSECOND

    def tell(self, *assignments: str) -> None:
        """Send `READY=1`, `STATUS=...` and the like. Never raises and never waits."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)  # noqa: FBT003 - the standard library's own signature
            sock.sendto("\n".join(assignments).encode(), self._address)
