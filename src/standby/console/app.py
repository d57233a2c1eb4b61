"""The app: holds the snapshot, looks at the store ten times a second, carries out actions."""

from __future__ import annotations

import asyncio
import gc
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.theme import Theme as TextualTheme

from standby.console import theme as themes
from standby.console.commands import Outbox, Told, told
from standby.console.deeds import Deeds
from standby.console.feed import Feed
from standby.console.keys import ACTIONS, BY_ID, BY_KEY, Situation, shown_keys
from standby.console.present.footer import Hint
from standby.console.present.moment import Guided, Moment
from standby.console.present.pages import PREFIX, Entry
from standby.console.prompt import Prompt
from standby.console.pulse import Pulse
from standby.console.screens.frame import Frame
from standby.console.screens.overview import OverviewScreen
from standby.console.session import Session
from standby.console.snapshot import Link, Snapshot, Suggested
from standby.domain.clock import Clock
from standby.domain.text import clean
from standby.link.protocol import Command, CommandKind, Receipt, Status

POLL_S = 0.1
_OWN: Mapping[str, Sequence[str]] = {
    "quiet": ("silence",),
    "silence": ("expire", "extend"),
    "rule": ("reviewed",),
    "usual": ("accept", "exclude"),
}
"""Actions that the footer shows first on a screen, or while a line of this kind is selected, when they do something."""
_SHORT = {"expire": "end"}
_SCREENS = ("overview", "alerts", "log", "routes", "escalation", "calendar", "quiet", "rules")
_NOT_THE_FIRST = frozenset({"q", "ctrl+c", "ctrl+q", "ctrl+z"})  # who leaves does not want a rehearsal


async def no_suggestion(_: str) -> Suggested:
    """Without a configuration there is nothing to try."""
    return Suggested(done=True, failed="name a configuration with --config FILE to have other settings tried")


Suggest = Callable[[str], Awaitable[Suggested]]
"""Another setting for a rule (`integration/rule`)."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that the app is given. `snapshot` is the last stored state, read before the first frame."""

    clock: Clock
    feed: Feed
    session: Session
    snapshot: Snapshot
    theme: themes.Theme
    environ: Mapping[str, str]
    origin: str = ""
    user: str | None = None
    zone: tzinfo | None = None
    plain: bool = False
    trouble: str = ""  # one line to show at the start
    suggest: Suggest = no_suggestion
    live: bool = True  # False: nothing happens by itself; a test calls `poll`


class ConsoleApp(App[int], inherit_bindings=False):
    """Standby's console. The result is the exit code."""

    TITLE = "standby"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), f"do('{action.id}')", action.label, show=False, id=action.id)
        for action in ACTIONS
    ]
    CSS = "Screen { overflow: hidden; }"

    def __init__(self, setup: Setup) -> None:
        super().__init__(ansi_color=setup.theme.ansi)  # decides which of its filters serves NO_COLOR
        self.setup = setup
        self.snapshot = setup.snapshot
        self.filter = ""
        self.prompt: Prompt | None = None
        self.flashed: Told | None = None
        self.flashed_at = 0
        self.guided = Guided()
        self.shown_theme = setup.theme
        self.first = True
        self.outbox = Outbox(setup.clock, user=setup.user, origin=setup.origin, on_change=self._outbox_changed)
        self.deeds = Deeds(self)
        self.pulse = Pulse(self)
        self._tasks: set[asyncio.Task[None]] = set()
        self._wears(setup.theme)

    def compose(self) -> ComposeResult:
        """Nothing: the screens have everything."""
        return ()

    def get_default_screen(self) -> Frame:
        """The status panes."""
        return OverviewScreen()

    def on_mount(self) -> None:
        """Show the stored state; whatever is slow comes after the first frame."""
        # Back from Ctrl-Z the terminal shows the shell's lines: what did not change since must be sent again too.
        self.app_resume_signal.subscribe(self, lambda _: self.frame.repaint())
        self.frame.paint()
        if self.setup.trouble:
            self.flash(Told(self.setup.trouble, "flash.refused"))
        if self.setup.live:
            self.call_after_refresh(self._go_live)

    def on_resize(self) -> None:
        """The terminal says that its size changed; what it made of the lines meanwhile nobody knows."""
        if self.screen_stack:
            self.frame.repaint()

    def _go_live(self) -> None:
        gc.freeze()
        gc.enable()  # the launcher switched it off for the way here
        self.setup.session.start(self.link_changed, self.kept_receipt)
        self.set_interval(POLL_S, self.poll)

    async def on_unmount(self) -> None:
        """Hang up, so that a companion knows."""
        for task in list(self._tasks):
            task.cancel()
        if self.setup.live:
            await self.setup.session.close()

    def last_words(self) -> list[str]:
        """What a person must know after the screen is gone: trouble with the store, and commands that only wait."""
        snapshot = self.snapshot
        engine = snapshot.engine
        told = [self._fault(), snapshot.store_trouble, snapshot.link.trouble or (engine.trouble if engine else "")]
        kept = sum(one.status is Status.KEPT for one in snapshot.sent.values())
        if kept:
            told.append(f"{kept} command(s) wait for an engine; they are delivered when one is back")
        return [line for line in told if line]

    def _fatal_error(self) -> None:
        """A fault of ours: one line after the screen is gone, the whole story with STANDBY_DEBUG=1."""
        if self.setup.environ.get("STANDBY_DEBUG") or self.is_headless:
            super()._fatal_error()
            return
        self._close_messages_no_wait()

    def _fault(self) -> str:
        error = self._exception
        if error is None:
            return ""
        where = traceback.extract_tb(error.__traceback__)[-1:]
        place = f" at {Path(where[0].filename).name}:{where[0].lineno}" if where else ""
        told = clean(f"{type(error).__name__}: {error}", 200)
        return f"the console failed ({told}{place}); the engine goes on: start it again, STANDBY_DEBUG=1 shows more"

    def _set_pointer_shape(self, shape: str) -> None:
        """Nothing: there is no mouse, and not every terminal swallows this sequence."""

    # -- what screens ask -------------------------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """The screen that is shown."""
        assert isinstance(self.screen, Frame)  # noqa: S101 - all of ours are
        return self.screen

    def look(self) -> tuple[themes.Theme, bool]:
        """The theme in force, and whether only ASCII may be shown."""
        return self.shown_theme, self.setup.plain

    def moment(self) -> Moment:
        """This instant, for the presenters."""
        return Moment(
            snapshot=self.snapshot,
            now=self.setup.clock.now(),
            zone=self.setup.zone,
            heartbeat_age=self.pulse.heartbeat_age,
            filter=self.filter,
            first=self.first,
            guided=self.guided,
        )

    def hints(self, situation: Situation) -> Sequence[Hint]:
        """The footer's keys: those of the table that are meant for it, dimmed when they do nothing now."""
        if self.prompt is not None:
            return (Hint("enter", "send"), Hint("esc", "give up")) if self.prompt.text is not None else ()
        found = [
            Hint(shown_keys(action).split()[0], action.label, action.refusal(situation) is None)
            for action in ACTIONS
            if action.footer
        ]
        kind = (situation.selected or "").partition(":")[0]
        own = (BY_ID[name] for name in dict.fromkeys((*_OWN.get(situation.screen, ()), *_OWN.get(kind, ()))))
        found[:0] = [
            Hint(shown_keys(action), _SHORT.get(action.id, action.label))
            for action in own
            if action.refusal(situation) is None
        ]
        if situation.screen not in _SCREENS:
            found.insert(0, Hint("esc", "back"))
        return found

    def poll(self) -> None:
        """One beat of the pulse: ten times a second."""
        self.pulse.beat()

    def update(self, snapshot: Snapshot) -> None:
        """Take over a newer snapshot; it is painted at the next beat."""
        before = self.snapshot
        if snapshot is not before:
            self.snapshot = snapshot
            self.pulse.changed(before, snapshot)
            self._settle_kept()

    def run_soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it on the loop, keeping hold of it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- the engine's side ------------------------------------------------------------------------------------------

    def link_changed(self, link: Link) -> None:
        """The link came, went, or was refused."""
        self.update(replace(self.snapshot, link=link))
        if link.connected and self.guided.pressed:
            self.deeds.rehearse()

    def kept_receipt(self, command: Command, receipt: Receipt) -> None:
        """A command kept earlier, perhaps by another console of this person, was delivered."""
        self.outbox.forget(command.id)
        self.flash(told(command, receipt, "kept earlier"))

    def doubt_engine(self) -> None:
        """While its heartbeat in the store is late, the session asks the engine itself."""
        self.setup.session.doubt(doubted=self.snapshot.link.connected and not self.moment().engine_alive)

    def _outbox_changed(self) -> None:
        self.update(replace(self.snapshot, sent=self.outbox.sent))

    def _settle_kept(self) -> None:
        """What was kept and now stands in the log needs no mark any more."""
        kept = [one.id for one in self.snapshot.sent.values() if one.status is Status.KEPT]
        if kept:
            done = {entry.command for entry in self.snapshot.audits}
            for key in kept:
                if key in done:
                    self.outbox.forget(key)

    def send(self, kind: CommandKind, args: Mapping[str, Any], subject: str, *, quiet: bool = False) -> str:
        """Send a command, whose id is returned; the line above the keys says `sent`, then what came of it."""
        command = self.outbox.command(kind, args)
        if not quiet:
            self.flash(Told(f"{kind.value} {subject}: sent", "sent"))
        self.run_soon(self._sent(command, subject, quiet=quiet))
        return command.id

    async def _sent(self, command: Command, subject: str, *, quiet: bool) -> None:
        result = await self.outbox.send(self.setup.session, command, subject)
        if result.style != "flash.done":
            self.frame.refused(command.id, result.text)
        if not quiet:
            self.flash(result)
        self.frame.paint()

    # -- keys -------------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Notice the first key of a demonstration, whatever it does besides."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._first_key(event.key)
        await super().on_event(event)

    def _first_key(self, key: str) -> None:
        if self.guided.pressed or key in _NOT_THE_FIRST or not self.snapshot.estate.simulated:
            return
        self.guided = replace(self.guided, pressed=True)
        self.deeds.rehearse()

    async def action_do(self, name: str) -> None:
        """Carry out an action of the table, or say why not."""
        self.perform(name)

    def table_key(self, key: str) -> None:
        """Do what the action table says of a key."""
        name = BY_KEY.get(key)
        if name is not None:
            self.perform(name)

    def perform(self, name: str) -> None:
        """Carry out an action of the table, or say why not."""
        action, situation = BY_ID[name], self.frame.situation()
        if self.flashed is not None:
            self.flashed = None
            self.frame.paint_bottom()
        refusal = action.refusal(situation)
        if refusal is not None:
            self.flash(Told(f"{action.label}: {refusal}", "flash.refused"))
            return
        self.deeds.do(action.id, situation)

    def choose(self, key: str | None) -> None:
        """Do what was chosen in the palette, on the screen below it."""
        self.go_back()
        name = (key or "").removeprefix(PREFIX)
        if name.startswith("theme:"):
            self.call_after_refresh(self.wear, name.removeprefix("theme:"))
        elif name in BY_ID:
            self.call_after_refresh(self.perform, name)

    def theme_entries(self) -> list[Entry]:
        """The themes, for the palette."""
        found = themes.names(self.setup.environ)
        return [Entry(f"theme:{name}", "", f"theme {name}", "wear it", "screen") for name in found]

    def prompt_key(self, key: str, character: str | None) -> bool:
        """Give a key to the prompt; whether there was one."""
        prompt = self.prompt
        if prompt is None:
            return False
        left = prompt.key(key, character)
        if self.prompt is prompt:  # submitting may have opened another
            self.prompt = left
        self.frame.paint_bottom()
        return True

    def prompt_paste(self, text: str) -> None:
        """Give pasted text to the prompt."""
        if self.prompt is not None:
            self.prompt = self.prompt.pasted(text)
            self.frame.paint_bottom()

    def ask(self, prompt: Prompt) -> None:
        """Open a prompt in the line above the keys."""
        self.prompt, self.flashed = prompt, None
        self.frame.paint_bottom()

    def flash(self, line: Told) -> None:
        """Say one line until the next key or for eight seconds."""
        self.flashed = line
        self.flashed_at = self.setup.clock.monotonic()
        if self.is_running and self.screen_stack:
            self.frame.paint_bottom()

    def go_back(self) -> None:
        """To the screen below."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def wear(self, name: str) -> None:
        """Put on another theme; a bad one changes nothing and says why."""
        try:
            self.shown_theme = themes.load(name, self.setup.environ)
        except themes.ThemeError as error:
            self.flash(Told(str(error), "flash.refused"))
            return
        self._wears(self.shown_theme)
        self.flash(Told(f"theme {name}", "flash.done"))
        self.frame.repaint()

    def _wears(self, theme: themes.Theme) -> None:
        """Tell Textual the little it needs: the ground, and whether colours are the terminal's own."""
        ground = theme.styles["text"].bgcolor
        colour = None if ground is None or ground.is_default else ground.get_truecolor().hex
        name = f"standby-{theme.name}"
        worn = TextualTheme(name, primary="#4f8fba", background=colour, surface=colour, dark=theme.dark)
        if theme.ansi:
            # Textual's own style sheet names these two, and derives them for no ANSI theme but its own.
            paper, ink = ("ansi_black", "ansi_white") if theme.dark else ("ansi_white", "ansi_black")
            worn.variables.update({"ansi-background": paper, "ansi-foreground": ink})
            worn.ansi = True
        self.register_theme(worn)
        self.theme = name
        self.ansi_color = theme.ansi
