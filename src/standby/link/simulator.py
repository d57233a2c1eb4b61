"""The way to the simulated third parties: attach to their process, start it when wanted, ask it for faults.

One JSON object a line, at most 64 kB, both ways:

    program   -> simulator  {"type": "attach", "role": "engine", "version": 1}
    simulator -> program    {"type": "attached", "version": 1, "pid", "ca": path, "connect_to", "places"}
    program   -> simulator  {"type": "fault" | "clear" | "list" | "rehearse" | "end", "ask": number, ...}
    simulator -> program    {"type": "answer", "ask": number, "done": true | false, "says": one line, ...}
    simulator -> program    {"type": "step", "scenario", "step", "of", "says", "elapsed_ns"}

`connect_to` is a list of [host, port, to_host, to_port]; `places` gives the paths of sockets and files by their names.

An open connection is a program's presence: the simulator ends when the last one has been gone for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standby.domain.text import clean
from standby.link.paths import LinkError, check_socket_folder, link_paths

VERSION = 1
MAX_LINE = 65_536
SEED = 0
ATTACH_S = 15.0
ANSWER_S = 5.0
HELD = 3  # exit code of a starter that finds another simulator starting or ending on the same store
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)


class SimulatorError(ValueError):
    """The simulated third parties cannot be reached or refuse: one line with the mend."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a scenario is: `step` of `of` (from 1; 0 when it has ended), with a line for a person."""

    scenario: str
    step: int
    of: int
    says: str
    elapsed_ns: int


@dataclass(frozen=True, slots=True)
class Party:
    """One simulated third party: its endpoints as `https://host:port`, and the faults in force as words."""

    name: str
    text: str
    endpoints: Sequence[str]
    faults: Sequence[str]
    requests: int


OnStep = Callable[[Step], None]


class Attached:
    """A kept-open connection to the simulator; reconnects by itself until it is closed.

    `connect_to` maps the (host, port) that a check names to where it really listens, like `curl --connect-to`; `places`
    does the same for the sockets and files that a director names. Both are changed in place after a reconnect, so they
    may be handed out once. `ca_path` stays the same over restarts.
    """

    def __init__(self, store: Path, *, spawn: bool, role: str, seed: int, on_step: OnStep | None) -> None:
        self.connect_to: dict[tuple[str, int], tuple[str, int]] = {}
        self.places: dict[str, str] = {}
        self.ca_path = Path()
        self.pid = 0
        self.step: Step | None = None
        self._store = store.absolute()
        self._spawn = spawn
        self._role = role
        self._seed = seed
        self._on_step = on_step
        self._asks = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def rehearse(self, name: str = "bad-minute") -> str:
        """Start a scenario; a line that says what begins. Raises SimulatorError."""
        return str((await self._ask("rehearse", scenario=name))["says"])

    async def rehearsal(self, args: Mapping[str, Any]) -> str:
        """Carry out the `rehearse` command of the engine's socket; a line that says what begins. Raises SimulatorError.

        `{"scenario": "bad-minute"}` (also without arguments), or one fault: `{"party", "fault", "for_ns"?, "params"?}`.
        """
        if "party" not in args:
            return await self.rehearse(str(args.get("scenario") or "bad-minute"))
        params, for_ns = args.get("params"), args.get("for_ns")
        named = params if isinstance(params, dict) else {}
        wish = {"party": str(args["party"]), "kind": str(args.get("fault")), "for_ns": for_ns, "params": named}
        return str((await self._ask("fault", **wish))["says"])

    async def fault(self, party: str, kind: str, *, for_ns: int | None = None, **params: object) -> str:
        """Switch a fault on, for a while or until cleared; a line that says so. Raises SimulatorError."""
        answer = await self._ask("fault", party=party, kind=kind, for_ns=for_ns, params=params)
        return str(answer["says"])

    async def clear(self, party: str | None = None) -> str:
        """End the faults of one third party, or all faults and the scenario. Raises SimulatorError."""
        return str((await self._ask("clear", party=party))["says"])

    async def list(self) -> Sequence[Party]:
        """The third parties with the faults in force. Raises SimulatorError."""
        rows = (await self._ask("list"))["parties"]
        return [
            Party(row["name"], row["text"], tuple(row["endpoints"]), tuple(row["faults"]), row["requests"])
            for row in rows
        ]

    async def end(self) -> str:
        """End the simulator now, whoever else is attached. Raises SimulatorError."""
        self._spawn = False
        return str((await self._ask("end"))["says"])

    async def close(self) -> None:
        """Let go; the simulator ends by itself when nobody is left."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
        await self._drop()

    async def open(self) -> None:
        """Connect, starting the simulator when wanted. Raises SimulatorError."""
        await self._keep(await self._connect())

    async def _connect(self) -> asyncio.StreamReader:
        try:
            async with asyncio.timeout(ATTACH_S):
                while True:
                    reader = await self._try()
                    if reader is not None:
                        return reader
                    if not self._spawn:
                        raise SimulatorError(
                            f"no simulated third parties run for {self._store}; start `standby` with it first"
                        )
                    await _start(self._store, self._seed)
        except TimeoutError:
            mend = f"look into {simulator_paths(self._store).log}"
            raise SimulatorError(f"the simulated third parties did not start in {ATTACH_S:.0f} s; {mend}") from None

    async def _try(self) -> asyncio.StreamReader | None:
        """One attempt: the reader of a greeted connection, or `None` when nobody listens or they are just ending."""
        path = simulator_paths(self._store).sock
        try:
            check_socket_folder(link_paths(self._store))
            reader, writer = await asyncio.open_unix_connection(str(path), limit=MAX_LINE)
        except (FileNotFoundError, ConnectionError):
            return None
        except LinkError as error:
            raise SimulatorError(str(error)) from None
        except OSError as error:
            raise SimulatorError(f"{path}: {error.strerror or error}; is it yours?") from None
        self._writer = writer
        try:
            await _send(writer, {"type": "attach", "role": self._role, "version": VERSION, "pid": os.getpid()})
            line = await reader.readline()
        except (ConnectionError, ValueError):
            line = b""
        if not line:
            await self._drop()
            return None
        self._greeted(_parse(line))
        return reader

    def _greeted(self, hello: Mapping[str, Any]) -> None:
        if hello.get("type") != "attached" or hello.get("version") != VERSION:
            says = clean(str(hello.get("says", "another version of standby runs them")))
            raise SimulatorError(f"the simulated third parties refuse: {says}; end them with `standby simulator end`")
        self.connect_to.clear()
        self.connect_to.update({(host, port): (to, to_port) for host, port, to, to_port in hello["connect_to"]})
        self.places.clear()
        self.places.update(hello.get("places", {}))
        self.ca_path = Path(hello["ca"])
        self.pid = int(hello["pid"])

    async def _keep(self, reader: asyncio.StreamReader) -> None:
        self._reading = asyncio.create_task(self._read(reader), name="simulator link")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Read until closed; a lost simulator is looked for, and started, again and again."""
        while True:
            with contextlib.suppress(ConnectionError, ValueError):
                while line := await reader.readline():
                    self._hear(_parse(line))
            await self._drop()
            for pause in itertools.chain(_RETRY_S, itertools.repeat(_RETRY_S[-1])):
                await asyncio.sleep(pause)
                with contextlib.suppress(SimulatorError):
                    reader = await self._connect()
                    break

    def _hear(self, message: Mapping[str, Any]) -> None:
        if message.get("type") == "answer":
            waiting = self._answers.get(int(message.get("ask", 0)))
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif message.get("type") == "step":
            step = Step(
                clean(str(message["scenario"])),
                int(message["step"]),
                int(message["of"]),
                clean(str(message["says"])),
                int(message["elapsed_ns"]),
            )
            self.step = step if step.step else None
            if self._on_step is not None:
                self._on_step(step)

    async def _ask(self, what: str, /, **rest: object) -> Mapping[str, Any]:
        if self._writer is None:
            raise SimulatorError("the simulated third parties are gone for the moment; try again in a few seconds")
        number = next(self._asks)
        waiting = asyncio.get_running_loop().create_future()
        self._answers[number] = waiting
        try:
            async with asyncio.timeout(ANSWER_S):
                await _send(self._writer, {"type": what, "ask": number, **rest})
                answer: Mapping[str, Any] = await waiting
        except (TimeoutError, ConnectionError):
            raise SimulatorError(f"the simulated third parties did not answer {what!r}; try again") from None
        finally:
            self._answers.pop(number, None)
        if not answer.get("done"):
            raise SimulatorError(clean(str(answer.get("says", "refused"))))
        return answer

    async def _drop(self) -> None:
        writer, self._writer = self._writer, None
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError())
        if writer is not None:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def attach(
    store: Path, *, spawn: bool, role: str = "engine", seed: int = SEED, on_step: OnStep | None = None
) -> Attached:
    """Attach to the simulator of the store at `store`; with `spawn`, start it when none runs, under that seed.

    `on_step` is called in the event loop at each step of a scenario. Raises SimulatorError.
    """
    attached = Attached(store, spawn=spawn, role=role, seed=seed, on_step=on_step)
    await attached.open()
    return attached


@dataclass(frozen=True, slots=True)
class SimulatorPaths:
    """Where the simulator of one store keeps what is its own."""

    lock: Path
    sock: Path
    log: Path
    ca: Path
    key: Path


def simulator_paths(store: Path) -> SimulatorPaths:
    """The paths beside `store`."""
    paths = link_paths(store)
    base = f"{paths.store}.simulator"
    return SimulatorPaths(
        Path(base + ".lock"), paths.simulator, Path(base + ".log"), Path(base + ".ca.pem"), Path(base + ".key")
    )


async def _start(store: Path, seed: int) -> None:
    """Start the process and wait until it listens or says why not; it leaves our session and is nobody's child."""
    # -P: the folder we happen to be in must not shadow a module of the program.
    program = [sys.executable, "-P", "-m", "standby"]
    command = [*program, "--store", str(store), "simulator", "run", "--detach", "--seed", str(seed)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode == HELD:
        await asyncio.sleep(_RETRY_S[0])
    elif process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines() or [f"exit {process.returncode}"]
        raise SimulatorError(f"the simulated third parties did not start: {clean(lines[-1])}")


async def _send(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
    await writer.drain()


def _parse(line: bytes) -> Mapping[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
