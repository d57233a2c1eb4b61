"""What every screen has: header, notices, panes, the line above the keys, the keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen

from standby.console.keys import Situation
from standby.console.output import compositor, front_of
from standby.console.present import footer, header
from standby.console.present.cells import Row, blank
from standby.console.present.moment import Moment
from standby.console.present.plan import Box, page
from standby.console.snapshot import Wanted
from standby.console.widgets.grid import Grid

if TYPE_CHECKING:
    from standby.console.app import ConsoleApp

Show = Callable[[Moment, Box], Sequence[Row]]
"""A presenter with its pane: an instant and a box in, rows out."""


class Frame(Screen[None], inherit_bindings=False):
    """One task: which panes there are, what they show, which of them has the keys."""

    AUTO_FOCUS = ""
    PLACE: ClassVar[str] = ""  # in the header; empty on the first screen
    NAME: ClassVar[str] = "overview"
    PLANS: ClassVar[bool] = False  # it shows when maintenance comes
    CSS = "Frame { layout: vertical; overflow: hidden; } Screen { overflow: hidden; }"

    def __init__(self) -> None:
        super().__init__()
        self._compositor = compositor()
        self.active = 0
        self._ready = False  # the panes exist
        self._painted_size = Size(0, 0)
        self._early: list[events.Key] = []  # came before them

    @property
    def console_app(self) -> ConsoleApp:
        """The app, with its own type."""
        return cast("ConsoleApp", self.app)

    def heads(self) -> Mapping[str, int]:
        """The panes in the order of the tab key, and how many rows at the top of each do not scroll."""
        raise NotImplementedError

    def boxes(self, notices: int) -> Mapping[str, Box]:
        """Where each pane lies under so many lines of notices; without more, the first has all the room."""
        return {next(iter(self.heads())): page(*self.app.size, notices)}

    def panes(self) -> Mapping[str, Show]:
        """What each pane shows."""
        raise NotImplementedError

    def integration(self) -> str | None:
        """The integration that the whole screen is about."""
        return None

    def wanted(self) -> Wanted | None:
        """The history that is to be read for this screen."""
        return None

    def reads_book(self) -> bool:
        """Whether what the rules did is to be read for this screen."""
        return False

    def compose(self) -> ComposeResult:
        """All panes; where they lie is decided at each painting."""
        look = self.console_app.look
        for name in ("header", "notices", "info", "footer"):
            yield Grid(look, id=name)
        for name, head in self.heads().items():
            yield Grid(look, id=name, head=head)

    @property
    def shown(self) -> bool:
        """Whether this screen is the one on top, with all its panes: the others are painted when they are again.

        On the way out screens lose their panes one by one, while a painting may still be due.
        """
        return self._ready and self.app.is_running and self.app.screen_stack[-1:] == [self]

    @property
    def grids(self) -> list[Grid]:
        """The panes that have room."""
        return [grid for name in self.heads() if (grid := self.grid(name)).display and grid.size.height > 0]

    @property
    def current(self) -> Grid | None:
        """The pane that has the keys."""
        grids = self.grids
        return grids[min(self.active, len(grids) - 1)] if grids else None

    def grid(self, name: str) -> Grid:
        """A pane by name."""
        return self.query_one(f"#{name}", Grid)

    def situation(self) -> Situation:
        """What the keys would act on."""
        app, grid = self.console_app, self.current
        return Situation(app.snapshot, self.NAME, grid.selected if grid else None, self.integration(), app.filter)

    def paint(self) -> None:
        """Compute everything again; only cells that look different reach the terminal."""
        if not self.shown:
            return
        width, height = self._painted_size = self.app.size
        moment = self.console_app.moment()
        told = header.notices(moment, width)[: max(0, height - 6)]
        self._place("header", Box(0, 0, width, min(1, height)), [header.header(moment, width, self.PLACE)])
        self._place("notices", Box(0, 1, width, len(told)), told)
        current = self.current
        active = current.id if current is not None else next(iter(self.heads()))
        panes = self.panes()
        for name, box in self.boxes(len(told)).items():
            rows = panes[name](moment, box) if box.height > 0 else ()
            self._place(name, box, rows, active=name == active)

        self.paint_bottom(moment)

    def paint_header(self) -> None:
        """The header and the notices only: what a tick can change. A change of height paints everything."""
        if not self.shown:
            return
        width, height = self.app.size
        moment = self.console_app.moment()
        told = header.notices(moment, width)[: max(0, height - 6)]
        if len(told) != len(self.grid("notices").rows):
            self.paint()
            return
        self.grid("header").show([header.header(moment, width, self.PLACE)])
        self.grid("notices").show(told)

    def refused(self, command: str, text: str) -> None:
        """A command of this console was refused or reached nobody, with these words."""

    def tick(self) -> None:
        """A second has passed and nothing else."""
        self.paint_header()

    def paint_bottom(self, moment: Moment | None = None) -> None:
        """The prompt, the flash or the selected line's message; and the keys."""
        if not self.shown:
            return
        app = self.console_app
        width, height = app.size
        moment = moment or app.moment()
        if app.prompt is not None:
            told = app.prompt.row(width)
        elif app.flashed is not None:
            told = footer.flash(app.flashed.text, app.flashed.style, width)
        else:
            told = self.info(moment, width)
        self._place("info", Box(0, height - 2, width, 1 if height > 2 else 0), [told])
        self._place("footer", Box(0, height - 1, width, 1 if height > 1 else 0), [footer.keys(self.hints(), width)])

    def info(self, moment: Moment, width: int, /) -> Row:
        """What the selected line says."""
        return footer.info(moment, width, self.current.selected if self.current else None)

    def hints(self) -> Sequence[footer.Hint]:
        """The keys worth a place in the last line."""
        return self.console_app.hints(self.situation())

    def repaint(self) -> None:
        """Paint everything again, whatever the terminal shows."""
        front_of(self.app.console).forget()
        self.paint()
        for grid in self.query(Grid):
            grid.repaint()
        self.refresh()

    def next_pane(self, step: int) -> None:
        """Give the keys to another pane."""
        grids = self.grids
        if grids:
            self.active = (min(self.active, len(grids) - 1) + step) % len(grids)
            self.paint()

    def to_end(self, *, last: bool) -> None:
        """To the first or the last line of the pane that has the keys."""
        if self.current is not None:
            self.current.to_end(last=last)
            self.paint_bottom()

    def on_mount(self) -> None:
        """All panes exist now."""
        self._ready = True
        self.paint()
        early, self._early = self._early, []
        for event in early:
            self.console_app.frame.take(event)

    def on_resize(self, _event: events.Resize) -> None:
        """Another size: every pane is planned again. At the start Textual says the same size three times."""
        if self.app.size != self._painted_size:
            self.paint()

    def on_screen_resume(self) -> None:
        """Shown again: time has passed meanwhile."""
        self.call_after_refresh(self.paint)

    def on_key(self, event: events.Key) -> None:
        """Keys come in bursts over a slow link, and each has to find what the one before it opened.

        So they are carried out here, at once and in order, and not by bindings, which wait their turn in another queue:
        `nq` is the beginning of a note, not the end of the console.
        """
        event.stop()
        event.prevent_default()
        self.console_app.frame.take(event)

    def take(self, event: events.Key) -> None:
        """Carry a key out, or keep it until the panes exist."""
        if self._ready:
            self.key(event)
        else:
            self._early.append(event)

    def key(self, event: events.Key) -> None:
        """A prompt swallows every key; without one, keys go to the action table."""
        if not self.console_app.prompt_key(event.key, event.character):
            self.console_app.table_key(event.key)

    def on_paste(self, event: events.Paste) -> None:
        """Text from a clipboard goes into a prompt or nowhere."""
        self.console_app.prompt_paste(event.text)
        event.stop()

    def _place(self, name: str, box: Box, rows: Sequence[Row], *, active: bool = False) -> None:
        grid = self.grid(name)
        styles = grid.styles
        shown = box.height > 0 and box.width > 0
        if grid.display != shown:
            grid.display = shown
        if not shown:
            return
        wanted = (box.x, box.y, box.width, box.height)
        if grid.placed != wanted:
            grid.placed = wanted
            styles.offset = (box.x, box.y)
            styles.width, styles.height = box.width, box.height
        grid.show(_padded(rows, box), active=active)


class Sectioned(Frame):
    """One pane that scrolls whole: the tab key goes from section to section of it."""

    def heads(self) -> Mapping[str, int]:
        """The page."""
        return {"page": 0}

    def next_pane(self, step: int) -> None:
        """To the next section; from the last to the first."""
        grid = self.current
        if grid is not None and not grid.to_section(step):
            grid.to_end(last=step < 0)
        self.paint_bottom()


def _padded(rows: Sequence[Row], box: Box) -> Sequence[Row]:
    return rows or [blank(box.width)]
