"""A program's end of the socket: a lasting one for consoles, a short one for scripts, and nothing lost in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from standby.domain.text import clean
from standby.link.dial import Link, LinkState, NoLinkError, connect, tty_name
from standby.link.messages import BadMessageError, command_message, decode, encode, parse_receipt
from standby.link.paths import LinkPaths
from standby.link.protocol import Command, NotNowError, Receipt, Status
from standby.link.spool import Spool, SpoolError

__all__ = ["Client", "Link", "LinkState", "NoLinkError", "send_once", "send_or_keep", "tty_name"]

_RETRY_S = (0.1, 0.2, 0.4, 0.5)
_LOOK_AGAIN_S = 5.0  # another program of this person may have kept something meanwhile
_AWAY_PATIENCE_S = 1.0  # nobody is there: there is no point in making a person wait for the whole time-out
_KEPT = "kept: no engine answers; it is delivered when one is back"
_KEPT_UNTIL = "kept: it is delivered when that is mended"


def send_once(paths: LinkPaths, command: Command, timeout: float = 5.0) -> Receipt:
    """For scripts: send one command, wait for its receipt. UNREACHABLE with the reason when no engine answers."""
    receipt = asyncio.run(_exchange(paths, [command], timeout, None))
    return replace(receipt, status=Status.UNREACHABLE) if receipt.status is Status.KEPT else receipt


def send_or_keep(paths: LinkPaths, command: Command, timeout: float = 5.0, spool: Spool | None = None) -> Receipt:
    """Like `send_once`, with a net below: the command is written down first, what was kept before goes first.

    KEPT when no engine answers and the command is of a kind that is kept.
    """
    spool = spool or Spool(paths)
    kept, why = _keep(spool, command)
    commands = spool.waiting() if kept else [command]
    if kept and command.id not in {waiting.id for waiting in commands}:
        commands.append(command)  # a console of this person has delivered it already: ask for its receipt
    receipt = asyncio.run(_exchange(paths, commands, timeout, spool, wanted=command.id))
    if receipt.status is Status.KEPT and kept:
        return receipt
    if receipt.status in (Status.UNREACHABLE, Status.KEPT):
        return _unanswered(receipt, kept=kept, why=why)
    spool.forget(command.id)
    return receipt


class Client:
    """A console's link: connects, greets, stays, comes back. Its open connection is the console's presence.

    `on_change` is told every change of the link, `on_receipt` what became of commands that nobody waits for any more
    (kept earlier, perhaps by another program of this person); both on the event loop. `start`, `send`, `close`.
    """

    def __init__(
        self,
        paths: LinkPaths,
        *,
        role: str = "console",
        on_change: Callable[[Link], None] | None = None,
        on_receipt: Callable[[Command, Receipt], None] | None = None,
        spool: Spool | None = None,
    ) -> None:
        self.paths = paths
        self.link = Link(LinkState.AWAY, reason="not asked yet")
        self._role = role
        self._on_change = on_change
        self._on_receipt = on_receipt
        self._spool = spool or Spool(paths)
        self._senders: dict[str, asyncio.Future[Receipt]] = {}
        self._unkept: dict[str, Command] = {}
        self._delivering: tuple[str, asyncio.Future[Receipt]] | None = None
        self._wake = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect, and go on until `close`."""
        self._running = asyncio.create_task(self._run(), name="engine link")

    async def close(self) -> None:
        """Hang up: the engine no longer counts this console."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait([running])
        self._hang_up()

    async def send(self, command: Command, timeout: float = 5.0) -> Receipt:  # noqa: ASYNC109 - a person's patience
        """Send, and wait for the receipt, over reconnects too. What is kept is written down before it is sent.

        KEPT or UNREACHABLE (with the reason) when there is none after `timeout` seconds, or 1 s when nobody listens;
        REFUSED at once when this person may not use the socket.
        """
        if self.link.state is LinkState.DENIED:
            return Receipt(command.id, Status.REFUSED, self.link.reason)
        answer = self._senders.setdefault(command.id, asyncio.get_running_loop().create_future())
        kept, why = await asyncio.to_thread(_keep, self._spool, command)
        if kept:
            self._wake.set()
        else:
            self._unkept[command.id] = command
            self._write(command)
        try:
            patience = timeout if self.link.state is not LinkState.AWAY else min(timeout, _AWAY_PATIENCE_S)
            return await asyncio.wait_for(asyncio.shield(answer), patience)
        except TimeoutError:
            reason = self.link.reason or "the engine has not answered in time"
            return _unanswered(Receipt(command.id, Status.UNREACHABLE, reason), kept=kept, why=why)
        finally:
            self._senders.pop(command.id, None)
            self._unkept.pop(command.id, None)

    async def _run(self) -> None:
        attempt = 0
        while True:
            try:
                reader, self._writer, welcome = await connect(self.paths, self._role)
            except NoLinkError as error:
                self._change(error.link)
                await asyncio.sleep(_RETRY_S[min(attempt, len(_RETRY_S) - 1)])
                attempt += 1
                continue
            attempt = 0
            self._change(Link(LinkState.CONNECTED, welcome))
            delivering = asyncio.create_task(self._deliver(), name="kept commands")
            try:
                await self._read(reader)
            finally:
                delivering.cancel()
                await asyncio.wait([delivering])
                self._hang_up()
            self._change(Link(LinkState.AWAY, reason="the engine hung up"))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := await reader.readline():
                message = decode(line)
                if message.get("type") == "receipt":
                    self._answered(parse_receipt(message))
                elif message.get("type") == "error" and self._delivering is not None:
                    name, answer = self._delivering
                    if message.get("command") == name and not answer.done():
                        answer.set_exception(NotNowError(_reason(message)))

    def _answered(self, receipt: Receipt) -> None:
        waiting = [self._senders.get(receipt.command)] if receipt.command in self._unkept else []
        if self._delivering is not None and self._delivering[0] == receipt.command:
            waiting.append(self._delivering[1])
        for answer in waiting:
            if answer is not None and not answer.done():
                answer.set_result(receipt)

    async def _deliver(self) -> None:
        """While connected: send what is kept, oldest first, each after the receipt of the one before."""
        for command in list(self._unkept.values()):
            self._write(command)
        while True:
            self._wake.clear()
            for command in await asyncio.to_thread(self._spool.waiting):
                try:
                    self._tell(command, await self._deliver_one(command))
                except NotNowError as later:
                    self._tell_later(command, later)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _LOOK_AGAIN_S)

    async def _deliver_one(self, command: Command) -> Receipt:
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._delivering = command.id, answer
        try:
            self._write(command)
            receipt = await answer
        finally:
            self._delivering = None
        await asyncio.to_thread(self._spool.forget, command.id)
        return receipt

    def _tell(self, command: Command, receipt: Receipt) -> None:
        """To whoever waits for it, else to the console."""
        sender = self._senders.get(command.id)
        if sender is not None and not sender.done():
            sender.set_result(receipt)
        elif sender is None and self._on_receipt is not None:
            self._on_receipt(command, receipt)

    def _tell_later(self, command: Command, later: NotNowError) -> None:
        sender = self._senders.get(command.id)
        if sender is not None and not sender.done():
            sender.set_result(_later(command.id, later))

    def _write(self, command: Command) -> None:
        if self._writer is None or self._writer.is_closing():
            return
        with contextlib.suppress(BadMessageError):  # too long for a line: nobody makes such a one
            self._writer.write(encode(command_message(command)))

    def _hang_up(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def _change(self, link: Link) -> None:
        if link != self.link:
            self.link = link
            if self._on_change is not None:
                self._on_change(link)


async def _exchange(
    paths: LinkPaths, commands: list[Command], patience_s: float, spool: Spool | None, wanted: str = ""
) -> Receipt:
    """Send in order, each after the receipt of the one before; the receipt of `wanted`, by default the last one.

    `patience_s` is for each answer: an engine that works off what was kept is there, however much that was.
    """
    wanted = wanted or commands[-1].id
    try:
        return await _send_all(paths, commands, patience_s, spool, wanted)
    except NoLinkError as error:
        denied = error.link.state is LinkState.DENIED
        return Receipt(wanted, Status.REFUSED if denied else Status.UNREACHABLE, error.link.reason)
    except TimeoutError:
        return Receipt(wanted, Status.UNREACHABLE, f"the engine did not answer within {patience_s:g} s")
    except BadMessageError as error:
        return Receipt(wanted, Status.REFUSED, str(error))
    except (OSError, ValueError, EOFError):
        return Receipt(wanted, Status.UNREACHABLE, "the engine hung up")


async def _send_all(
    paths: LinkPaths, commands: list[Command], patience_s: float, spool: Spool | None, wanted: str
) -> Receipt:
    reader, writer, _ = await asyncio.wait_for(connect(paths, "cli"), patience_s)
    found = Receipt(wanted, Status.UNREACHABLE, "the engine could not answer; its log says why")
    try:
        for command in commands:
            writer.write(encode(command_message(command)))
            try:
                receipt = await asyncio.wait_for(_receipt_of(reader, command.id), patience_s)
            except NotNowError as later:
                found = _later(command.id, later) if command.id == wanted else found
                continue
            found = receipt if command.id == wanted else found
            if spool is not None:
                spool.forget(command.id)
    finally:
        writer.close()
    return found


async def _receipt_of(reader: asyncio.StreamReader, command_id: str) -> Receipt:
    while line := await reader.readline():
        message = decode(line)
        if message.get("type") == "error":
            if message.get("command") == command_id:
                raise NotNowError(_reason(message))
            raise BadMessageError(clean(str(message.get("reason", "refused"))))
        if message.get("type") == "receipt" and message.get("command") == command_id:
            return parse_receipt(message)
    raise EOFError


def _later(command_id: str, later: NotNowError) -> Receipt:
    return Receipt(command_id, Status.KEPT, f"{later}; {_KEPT_UNTIL}")


def _reason(message: Mapping[str, object]) -> str:
    return clean(str(message.get("reason", "the engine cannot do it now")))


def _keep(spool: Spool, command: Command) -> tuple[bool, str]:
    """Whether the command is written down, and why not."""
    try:
        spool.keep(command)
    except SpoolError as error:
        return False, str(error)
    return True, ""


def _unanswered(receipt: Receipt, *, kept: bool, why: str) -> Receipt:
    if kept:
        return replace(receipt, status=Status.KEPT, reason=_KEPT)
    return replace(receipt, reason=f"{receipt.reason}; {why}" if why else receipt.reason)
