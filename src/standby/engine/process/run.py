"""An engine as a process: its lock, its socket, its signals, its end. Exit codes as INTERFACES has them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standby.config.problems import ConfigError
from standby.engine.assembly import Assembled, ConfiguredPlan, Plan, Running
from standby.engine.clock import EngineClock, SystemClock
from standby.engine.process.lifetime import Lifetime
from standby.engine.process.lock import Holder, Lock, LockError, LockHeldError
from standby.engine.process.replace import make_way
from standby.engine.process.sdnotify import Notifier
from standby.engine.process.terminal import Terminal
from standby.engine.process.upkeep import Upkeep
from standby.engine.process.voice import Voice
from standby.link.holder import process_birth
from standby.link.paths import LinkError, LinkPaths, link_paths
from standby.link.peer import login_name
from standby.link.protocol import Peer, Welcome
from standby.link.server import Server
from standby.link.simulator import SimulatorError
from standby.store.errors import StoreError
from standby.store.place import prepare

OK, FAILED, CONFIG, HELD, NOT_ENTITLED = 0, 1, 2, 3, 4
STOP_S = 10.0  # for the engine to write what it has
CLOSE_S = 3.0
LAST_RESORT_S = 20.0  # from the wish to end to the end, whatever hangs


@dataclass(frozen=True, slots=True)
class Options:
    """How an engine is to run. `pipe` is the descriptor whose end tells a companion that its console is gone."""

    config: Path
    store: Path | None = None
    for_ns: int | None = None
    report: Path | None = None
    replace: bool = False
    companion: bool = False
    pipe: int = 0
    takeover: bool = False
    last_resort: bool = False  # end the whole process when a wish to end takes too long; not in tests

    @property
    def kind(self) -> str:
        """service | companion."""
        return "companion" if self.companion else "service"


def run_engine(
    options: Options,
    *,
    read: Callable[[Path, Path | None], Plan] = ConfiguredPlan,
    clock: EngineClock | None = None,
) -> int:
    """Run an engine to its end; the exit code. Every reason not to is one line on standard error."""
    clock = clock or SystemClock()
    voice = Voice(clock, stamped=options.companion)
    os.umask(0o027)
    try:
        plan = read(options.config, options.store)
        paths = link_paths(plan.store)
        prepare(plan.store)
        if options.replace:
            make_way(paths, clock, voice.say)
        lock = Lock.acquire(paths.lock, _holder(options, plan, clock))
    except ConfigError as error:
        voice.say(str(error))
        return CONFIG
    except LockHeldError as error:
        if not options.companion:  # companions race for it, and whoever wins is as good
            voice.say(str(error))
        return HELD
    except (LockError, LinkError, StoreError) as error:
        voice.say(str(error))
        return FAILED
    try:
        refusal = plan.refusal(login_name(os.geteuid())) if options.takeover else ""
        if refusal:
            voice.say(refusal)
            return NOT_ENTITLED
        return asyncio.run(Process(options, plan, paths, lock, clock, voice).run())
    finally:
        lock.release()


class Process:
    """One engine's process from the taken lock to the end."""

    def __init__(
        self, options: Options, plan: Plan, paths: LinkPaths, lock: Lock, clock: EngineClock, voice: Voice
    ) -> None:
        self._options = options
        self._plan = plan
        self._paths = paths
        self._lock = lock
        self._clock = clock
        self._say = voice.say
        self._redact: Callable[[str], str] = str
        self._notifier = Notifier(os.environ)
        self._terminal = Terminal()
        self._stop = asyncio.Event()
        self._lifetime: Lifetime | None = None
        self._upkeep: Upkeep | None = None
        self._resort: threading.Timer | None = None
        self._code = OK

    async def run(self) -> int:
        """The exit code."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._fault)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, number.name)
        loop.add_signal_handler(signal.SIGHUP, self._hung_up)
        try:
            assembled = await self._plan.assemble(self._options.kind, self._clock)
        except (StoreError, SimulatorError) as error:
            self._say(str(error))
            return FAILED
        self._redact = assembled.redact
        server = self._server(assembled.engine)
        try:
            if not self._stop.is_set():
                await self._serve(assembled, server)
        except StoreError as error:
            self._say(str(error))
            self._code = HELD if error.kind == "fenced" else FAILED
        except LinkError as error:
            self._say(str(error))
            self._code = FAILED
        finally:
            await self._wind_up(assembled, server)
        return self._code

    async def _serve(self, assembled: Assembled, server: Server) -> None:
        engine, loop = assembled.engine, asyncio.get_running_loop()
        holder = _holder(self._options, self._plan, self._clock)
        await engine.start()
        await server.start()
        if self._options.companion:
            self._lifetime = Lifetime(self._clock, assembled.linger, self._end)
            self._lifetime.presence(server.consoles)
            self._lifetime.watch_pipe(loop, self._options.pipe)
        self._upkeep = Upkeep(
            assembled, self._lock, holder, self._clock, self._notifier, self._say, lambda: self._finish(HELD)
        )
        jobs = self._upkeep.jobs()
        if self._options.for_ns is not None:
            jobs.append(self._after(self._options.for_ns))
        tasks = [loop.create_task(job) for job in jobs]
        for task in tasks:
            task.add_done_callback(self._job_ended)
        self._notifier.tell("READY=1", f"MAINPID={os.getpid()}", f"STATUS=term {engine.fence}")
        try:
            await engine.run_until(self._stop)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if engine.ending:
            self._say(f"ending: {engine.ending}")

    async def _wind_up(self, assembled: Assembled, server: Server) -> None:
        """End everything within bounds; what hangs is left behind, and said."""
        self._stop.set()
        self._arm_last_resort()
        if self._lifetime is not None:
            self._lifetime.close()
        self._notifier.tell("STOPPING=1")
        engine = assembled.engine
        await self._within(CLOSE_S, "the socket", server.close())
        await self._within(STOP_S, "the engine", engine.stop())
        for line in engine.last_words():
            self._say(line)
        report = engine.report() if self._options.report is not None else {}
        await self._within(CLOSE_S, "the store and the connections", assembled.close())
        if self._options.report is not None:
            self._write_report(self._options.report, report)

    async def _within(self, seconds: float, what: str, ending: Awaitable[None]) -> None:
        try:
            await asyncio.wait_for(ending, seconds)
        except TimeoutError:
            self._say(f"{what} did not end within {seconds:g} s; left behind")
        except StoreError as error:
            self._say(str(error))

    async def _after(self, duration: int) -> None:
        await self._clock.sleep_until(self._clock.monotonic() + duration)
        self._stop.set()

    def _server(self, engine: Running) -> Server:
        def welcome(peer: Peer) -> Welcome:
            refusal = engine.refusal(peer)
            kind, extra = self._options.kind, {**engine.welcome_extra(), "consoles": server.consoles}
            return Welcome(engine.fence, kind, os.getpid(), peer.name, not refusal, refusal, extra)

        server = Server(self._paths, engine.handle, welcome, self._clock, on_presence=self._presence)
        return server

    def _presence(self, consoles: int) -> None:
        if self._lifetime is not None and not self._stop.is_set():
            self._lifetime.presence(consoles)

    def _end(self, why: str) -> None:
        if self._stop.is_set():
            if self._options.last_resort and why == signal.SIGINT.name:
                os._exit(130)  # asked twice at the keyboard: every command that was answered is on disk
            return
        self._say(f"ending: {why}")
        self._stop.set()
        self._arm_last_resort()

    def _arm_last_resort(self) -> None:
        """A thread that hangs (a name service, a disk) would else keep a process that has ended."""
        if self._options.last_resort and self._resort is None:
            self._resort = threading.Timer(LAST_RESORT_S, os._exit, (FAILED,))
            self._resort.daemon = True
            self._resort.start()

    def _hung_up(self) -> None:
        """SIGHUP: the terminal is gone, or somebody wants a reload."""
        if self._terminal.lost():
            self._end("the terminal is gone")
        elif self._upkeep is not None:
            self._upkeep.reload()

    def _job_ended(self, task: asyncio.Task[None]) -> None:
        """A job of ours that fails must not fail silently: an engine without its beat is no engine."""
        if not task.cancelled() and task.exception() is not None:
            self._fault(asyncio.get_running_loop(), {"message": "a job failed", "exception": task.exception()})
            self._finish(FAILED)

    def _finish(self, code: int) -> None:
        self._code = code
        self._stop.set()

    def _fault(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        trace = error.__traceback__ if isinstance(error, BaseException) else None
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
        said = f"a fault of ours: {context.get('message')}: {type(error).__name__}: {error}{where}"
        self._say(self._redact(said))  # a library's error may quote what was sent

    def _write_report(self, path: Path, report: dict[str, Any]) -> None:
        """Whole or not at all."""
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.write(json.dumps(report, indent=2) + "\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            self._say(f"{path}: {error.strerror}; the report could not be written")
            self._code = self._code or FAILED


def _holder(options: Options, plan: Plan, clock: EngineClock) -> Holder:
    pid = os.getpid()
    user, host = login_name(os.geteuid()), socket.gethostname()
    return Holder(pid, options.kind, user, host, clock.now(), plan.digest, process_birth(pid))
