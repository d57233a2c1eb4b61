"""Silencing an alert at the Alertmanager that raised it: written down before it is asked for, and after what came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from standby.checks.alertmanager.check import AlertmanagerModel
from standby.checks.alertmanager.silencing import Wanted, made_before, silence
from standby.checks.base import Context
from standby.config.secrets import SecretError
from standby.config.whole import Config
from standby.domain.matchers import Matcher, parse_matchers
from standby.domain.text import clean
from standby.domain.units import DAY, MINUTE, format_duration
from standby.engine.clock import EngineClock
from standby.engine.deeds import Deed, Person, RefusedError, write_down
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline
from standby.link.protocol import Command, Status
from standby.net.trouble import Trouble
from standby.store.rows import AuditRow

LONGEST = 30 * DAY
_KIND = "alertmanager-silence"
_AGAIN = MINUTE
_MARK = 12  # characters of the command's id: enough that no two silences share them


class Hush(Protocol):
    """Silences in an Alertmanager. Its functions raise Trouble and SecretError."""

    async def make(self, model: AlertmanagerModel, wanted: Wanted) -> str:
        """Make one; its id."""
        ...

    async def made_before(self, model: AlertmanagerModel, mark: str) -> str:
        """The id of the one with this mark; empty when there is none that is not over."""
        ...


class Hushing:
    """Silences over the network, with the secrets that the checks use."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def make(self, model: AlertmanagerModel, wanted: Wanted) -> str:
        """Make one; its id."""
        return await silence(self._context, model, wanted)

    async def made_before(self, model: AlertmanagerModel, mark: str) -> str:
        """The id of the one with this mark; empty when there is none that is not over."""
        return await made_before(self._context, model, mark)


class Silences:
    """Grants wishes for silences. `config` is the configuration in force."""

    def __init__(
        self, clock: EngineClock, timeline: Timeline, recorder: Recorder, config: Callable[[], Config], hush: Hush
    ) -> None:
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._config = config
        self._hush = hush
        self._settling: asyncio.Task[None] | None = None

    def resume(self, asked: Sequence[AuditRow]) -> None:
        """An engine ended between asking for these and writing down what came: look there what became of them."""
        if asked:
            self._settling = asyncio.create_task(self._settle(list(asked)), name="silences asked for")

    async def stop(self) -> None:
        """What is not settled is the next engine's."""
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.wait([self._settling])

    async def _settle(self, asked: list[AuditRow]) -> None:
        while asked:
            asked = [row for row in asked if not await self._settled(row)]
            if asked:
                await self._clock.sleep_until(self._clock.monotonic() + _AGAIN)

    async def _settled(self, row: AuditRow) -> bool:
        model = self._config().check_by_id.get(row.subject.removeprefix("check:"))
        if not isinstance(model, AlertmanagerModel):
            became = "nobody knows what became of it: the check was removed from the configuration"
        else:
            try:
                made = await self._hush.made_before(model, _mark(row.command or ""))
            except (Trouble, SecretError):
                return False
            became = f"it was made: silence {made}" if made else "it is not there: not made, or over already"
        text = clean(f"the engine ended before the answer, {became} ({row.message})")
        audit = AuditRow(self._timeline.now(), "engine", "", _KIND, row.subject, text, row.command)
        self._recorder.buffer.audits.append(audit)
        self._recorder.urgent()
        return True

    async def make(self, command: Command, person: Person) -> Deed:
        """Ask for one. Raises RefusedError, and NotNowError when it cannot be written down: nothing was asked then.

        The same command finds what it made before, also after an engine died in between.
        """
        model = self._model(command.args.get("check"))
        wanted = self._wanted(command, person)
        subject = f"check:{model.id}"
        asks = f"asks Alertmanager to silence {wanted.line()}"
        now, name, origin = self._timeline.now(), person.name, person.origin
        await write_down(self._recorder, AuditRow(now, name, origin, _KIND, subject, asks, command.id))
        try:
            made = await self._hush.make(model, wanted)
        except (Trouble, SecretError) as error:
            why = clean(f"Alertmanager did not silence {wanted.line()}: {error}")
            return Deed(_KIND, subject, why, answer=clean(str(error)), status=Status.REFUSED)
        said = f"silence {made}: {wanted.line()}"
        return Deed(_KIND, subject, said, answer=said)

    def _model(self, name: object) -> AlertmanagerModel:
        known = self._config().check_by_id
        model = known.get(name) if isinstance(name, str) else None
        if isinstance(model, AlertmanagerModel):
            return model
        there = ", ".join(one.id for one in known.values() if isinstance(one, AlertmanagerModel))
        mend = f"there are {there}" if there else "none is configured"
        raise RefusedError(f"{clean(str(name), 80)!r} is no check of kind alertmanager; {mend}")

    def _wanted(self, command: Command, person: Person) -> Wanted:
        now, ends = self._timeline.now(), command.args.get("ends")
        if not isinstance(ends, int) or ends <= now:
            raise RefusedError("the silence would be over already")
        if ends - now > LONGEST:
            raise RefusedError(f"a silence lasts {format_duration(LONGEST)} at most")
        comment = clean(str(command.args.get("comment") or ""), 300)
        if not comment:
            raise RefusedError("say why: a silence without a comment helps nobody who finds it")
        matchers = _matchers(command.args.get("matchers"))
        return Wanted(matchers, now, ends, person.name, comment, _mark(command.id))


def _mark(command: str) -> str:
    return f"standby {command[:_MARK]}"


def _matchers(written: object) -> tuple[Matcher, ...]:
    try:
        found = parse_matchers(str(written or ""))
    except ValueError as error:
        raise RefusedError(str(error)) from None
    if all(matcher.accepts("") for matcher in found):
        raise RefusedError("these matchers would silence everything; name a label and its value")
    return found
