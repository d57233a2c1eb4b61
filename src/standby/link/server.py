"""The engine's end of the socket: greets, counts consoles, hands commands over, survives every kind of caller."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from standby.domain.clock import Clock
from standby.domain.text import clean
from standby.link.connection import Connection, Limits
from standby.link.messages import (
    REASON_LIMIT,
    BadMessageError,
    decode,
    encode,
    parse_command,
    receipt_message,
    welcome_message,
)
from standby.link.paths import LinkError, LinkPaths, make_socket_folder
from standby.link.peer import Names, credentials
from standby.link.protocol import VERSION, Command, NotNowError, Peer, Receipt, Status, Welcome

Handler = Callable[[Command, Peer], Awaitable[Receipt]]
SOCKET_MODE = 0o660


@dataclass(slots=True)
class Caller:
    """One connection after its greeting."""

    connection: Connection
    peer: Peer
    is_console: bool = False


class Server:
    """Listens on the socket beside the store. Only the holder of the store's lock may make one.

    `welcome` says what the engine says of itself to a caller; `on_presence` is told the number of connected consoles
    whenever it changes. A command is carried out to its end even when its caller is gone.
    """

    def __init__(
        self,
        paths: LinkPaths,
        handler: Handler,
        welcome: Callable[[Peer], Welcome],
        clock: Clock,
        *,
        on_presence: Callable[[int], None] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.paths = paths
        self._handler = handler
        self._welcome = welcome
        self._clock = clock
        self._on_presence = on_presence
        self._limits = limits or Limits()
        self._names = Names()
        self._callers: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._work: set[asyncio.Task[Receipt]] = set()
        self._slots = asyncio.Semaphore(self._limits.handlers)
        self._listening: asyncio.Server | None = None
        self._inode = (0, 0)
        self.consoles = 0

    async def start(self) -> None:
        """Listen. A socket file of a dead engine is replaced. Raises LinkError."""
        make_socket_folder(self.paths.sock)
        try:
            listener = _bind(self.paths.sock, self.paths.store.parent)
        except OSError as error:
            mend = "is the folder writable?"
            raise LinkError(f"{self.paths.sock}: {error.strerror or error}; {mend}") from None
        found = self.paths.sock.stat()
        self._inode = (found.st_dev, found.st_ino)
        self._listening = await asyncio.start_unix_server(self._accept, sock=listener, limit=4096)

    async def close(self, patience_s: float = 2.0) -> None:
        """Stop listening, let commands in progress end (at most `patience_s`), send everybody away."""
        if self._listening is not None:
            self._unlink()
            self._listening.close()
        if self._work:
            await asyncio.wait(self._work, timeout=patience_s)
            await asyncio.sleep(0)  # the receipts go out
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_s)
        self._listening = None

    def _unlink(self) -> None:
        """Remove our socket file, not a successor's."""
        with contextlib.suppress(OSError):
            found = self.paths.sock.lstat()
            if (found.st_dev, found.st_ino) == self._inode:
                self.paths.sock.unlink()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:  # asyncio runs this as a task of its own
            return
        connection = Connection(reader, writer, self._clock, self._limits)
        self._tasks.add(task)
        uid = None
        try:
            raw: socket.socket = writer.get_extra_info("socket")
            uid, gid, pid = credentials(raw)
            self._callers[uid] += 1
            if self._callers[uid] > self._limits.per_user or self._callers.total() > self._limits.connections:
                return  # closed without a word: answering a flood feeds it
            name = await self._names.of(uid)
            await self._serve(Caller(connection, Peer(uid, gid, pid, name)))
        except (OSError, TimeoutError, asyncio.CancelledError):
            return  # gone, or too slow: their loss
        finally:
            if uid is not None:
                self._callers[uid] -= 1
                if not self._callers[uid]:
                    del self._callers[uid]
            self._tasks.discard(task)
            connection.abort()

    async def _serve(self, caller: Caller) -> None:
        """One caller from greeting to end."""
        connection = caller.connection
        try:
            hello = decode(await connection.line(self._limits.hello_s))
            _check_hello(hello)
            caller.is_console = hello.get("role") == "console"
            await connection.send(encode(welcome_message(self._welcome(caller.peer))))
        except EOFError:
            return
        except BadMessageError as error:
            await connection.send(encode({"type": "error", "reason": str(error)}))
            return
        if caller.is_console:
            self._present(1)
        try:
            await self._commands(caller)
        finally:
            if caller.is_console:
                self._present(-1)

    async def _commands(self, caller: Caller) -> None:
        connection = caller.connection
        idle_s = None if caller.is_console else self._limits.idle_s
        while True:
            await connection.pace()
            try:
                answer = await self._answer(decode(await connection.line(idle_s)), caller.peer)
            except EOFError:
                return
            except BadMessageError as error:
                if not error.command:
                    await connection.send(encode({"type": "error", "reason": str(error)}))
                    return
                answer = receipt_message(Receipt(error.command, Status.REFUSED, str(error)))
            await connection.send(encode(answer))

    async def _answer(self, message: dict[str, object], peer: Peer) -> dict[str, object]:
        """Check a command and have it carried out; its receipt, or a fault of ours. Raises BadMessageError.

        Whether it comes too late (`not_after`) is the handler's to say: a command that was done keeps its receipt.
        """
        if message.get("type") != "command":
            raise BadMessageError("expected a command")
        command = parse_command(message)
        work = asyncio.ensure_future(self._carry_out(command, peer))
        self._work.add(work)
        work.add_done_callback(self._worked)
        await asyncio.wait([work])  # a caller that leaves cancels this waiting, not the work
        if not work.cancelled() and isinstance(later := work.exception(), NotNowError):
            return {"type": "error", "command": command.id, "reason": clean(str(later), REASON_LIMIT)}
        if work.cancelled() or work.exception() is not None:
            return {"type": "error", "command": command.id, "reason": "the engine failed at it; its log says why"}
        return receipt_message(work.result())

    async def _carry_out(self, command: Command, peer: Peer) -> Receipt:
        async with self._slots:
            return await self._handler(command, peer)

    def _worked(self, work: asyncio.Task[Receipt]) -> None:
        self._work.discard(work)
        error = None if work.cancelled() else work.exception()
        if error is not None and not isinstance(error, NotNowError):
            # The caller gets no receipt and asks again; a fault of ours must not pass in silence.
            context = {"message": "a command failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    def _present(self, change: int) -> None:
        self.consoles += change
        if self._on_presence is not None:
            self._on_presence(self.consoles)


def _check_hello(hello: dict[str, object]) -> None:
    if hello.get("type") != "hello" or hello.get("role") not in ("console", "cli"):
        raise BadMessageError("say hello first: role `console` or `cli`")
    if hello.get("version") != VERSION:
        raise BadMessageError(
            f"this engine speaks version {VERSION} of the protocol; use the same standby on both ends"
        )


def _bind(path: Path, folder: Path) -> socket.socket:
    """A bound socket whose file appears under its name only with its final rights. Raises OSError."""
    if path.exists() and not stat.S_ISSOCK(path.lstat().st_mode):
        raise OSError(None, "there is something that is no socket; move it away")
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(fresh))
        fresh.chmod(SOCKET_MODE)
        with contextlib.suppress(OSError):  # who may read the store's folder may ask; not every engine may give it away
            os.chown(fresh, -1, folder.stat().st_gid)
        listener.listen(128)
        listener.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        fresh.rename(path)
    except OSError:
        listener.close()
        raise
    return listener
