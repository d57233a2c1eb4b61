"""What each action of the table does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from standby.console import theme as themes
from standby.console.commands import Told
from standby.console.deciding import accept, exclude
from standby.console.edit import EditLine
from standby.console.keys import Situation
from standby.console.present.failover import title_of
from standby.console.present.guide import loudest, rehearsed
from standby.console.present.review import WORD as APPLY_WORD
from standby.console.prompt import Prompt
from standby.console.silencing import Changing, Silencing
from standby.domain.outcome import AlertState
from standby.domain.silence import SilenceState
from standby.link.protocol import CommandKind
from standby.store.rows import AlertRow

if TYPE_CHECKING:
    from standby.console.app import ConsoleApp
    from standby.console.screens.history import HistoryScreen

PIN_WORD = "pin"
_FAR = 10  # columns of a chart


class Deeds:
    """The actions, by the ids of the table."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._rehearsed = False
        self._deeds: Mapping[str, Callable[[Situation], None]] = {
            "ack": self._ack,
            "ack_note": self._ack_note,
            "unack": self._unack,
            "note": self._note,
            "failover": self._failover,
            "confirm": self._confirm,
            "drop": self._drop,
            "silence": lambda situation: Silencing(self._app, situation).begin(),
            "expire": lambda situation: self._change_silence(situation, Changing.end),
            "extend": lambda situation: self._change_silence(situation, Changing.extend),
            "pin": self._pin,
            "routes": self._routes,
            "escalation": self._escalation,
            "calendar": self._calendar,
            "quiet": self._quiet,
            "rules": self._rules,
            "reviewed": self._reviewed,
            "tune": self._tune,
            "accept": lambda situation: accept(self._app, situation),
            "exclude": lambda situation: exclude(self._app, situation),
            "open": self._open,
            "back": self._back,
            "filter": self._filter,
            "help": self._help,
            "palette": self._palette,
            "overview": lambda _: self._overview(),
            "alerts": self._alerts,
            "log": self._log,
            "history": self._history,
            "shorter": lambda _: self._in_history(lambda screen: screen.widen(-1)),
            "longer": lambda _: self._in_history(lambda screen: screen.widen(1)),
            "export": lambda _: self._in_history(self._export),
            "left": lambda _: self._in_history(lambda screen: screen.step(-1)),
            "right": lambda _: self._in_history(lambda screen: screen.step(1)),
            "far_left": lambda _: self._in_history(lambda screen: screen.step(-_FAR)),
            "far_right": lambda _: self._in_history(lambda screen: screen.step(_FAR)),
            "event_before": lambda _: self._in_history(lambda screen: screen.to_event(-1)),
            "event_after": lambda _: self._in_history(lambda screen: screen.to_event(1)),
            "up": lambda _: self._move(-1),
            "down": lambda _: self._move(1),
            "page_up": lambda _: self._page(-1),
            "page_down": lambda _: self._page(1),
            "top": lambda _: self._app.frame.to_end(last=False),
            "bottom": lambda _: self._app.frame.to_end(last=True),
            "next_pane": lambda _: self._app.frame.next_pane(1),
            "previous_pane": lambda _: self._app.frame.next_pane(-1),
            "theme": lambda _: self._theme(),
            "redraw": lambda _: self._app.frame.repaint(),
            "suspend": lambda _: self._app.action_suspend_process(),
            "quit": lambda _: self._quit(),
        }

    def do(self, name: str, situation: Situation) -> None:
        """Carry out the action `name`."""
        self._deeds[name](situation)

    def rehearse(self) -> None:
        """Ask once for the bad minute, when an engine is there and nobody else has."""
        app = self._app
        link = app.snapshot.link
        if self._rehearsed or app.snapshot.read_only or not link.connected or link.refusal:
            return
        self._rehearsed = True
        if not rehearsed(app.moment()) and not app.snapshot.open_alerts():
            app.send(CommandKind.REHEARSE, {}, "", quiet=True)

    # -- act --------------------------------------------------------------------------------------------------------

    def _ack(self, situation: Situation) -> None:
        meant = situation.alerts(AlertState.FIRING)
        if meant:
            self._send_acks(meant, "")
            return
        other = loudest(situation.snapshot.firing())
        if other is not None:
            label = f"acknowledge {self._called(other)} ({other.summary})? enter: yes   any other key: no"
            self._app.ask(Prompt(label, lambda _: self._send_acks([other], "")))

    def _ack_note(self, situation: Situation) -> None:
        other = loudest(situation.snapshot.firing())
        meant = situation.alerts(AlertState.FIRING) or ([other] if other else [])
        label = f"acknowledge {', '.join(map(self._called, meant))}, note"
        self._app.ask(Prompt(label, lambda text: self._send_acks(meant, text), EditLine()))

    def _send_acks(self, alerts: list[AlertRow], text: str) -> None:
        for alert in alerts:
            self._app.send(CommandKind.ACK, {"alert": alert.id, "note": text}, self._called(alert))

    def _unack(self, situation: Situation) -> None:
        for alert in situation.alerts(AlertState.ACKNOWLEDGED):
            self._app.send(CommandKind.UNACK, {"alert": alert.id, "note": ""}, self._called(alert))

    def _note(self, situation: Situation) -> None:
        alert, integration = situation.alert(), situation.meant()
        args = {"alert": alert.id} if alert is not None else {"integration": integration}
        subject = self._called(alert) if alert else situation.snapshot.estate.name_of(integration or "")

        def write(text: str) -> None:
            if text:
                self._app.send(CommandKind.NOTE, {**args, "text": text}, subject)

        self._app.ask(Prompt(f"note on {subject}", write, EditLine()))

    def _called(self, alert: AlertRow) -> str:
        return f"#{alert.id} {self._app.snapshot.estate.name_of(alert.integration)}"

    def _failover(self, situation: Situation) -> None:
        """Ask for a plan, and show it: the screen finds it by the command's id."""
        from standby.console.screens.failover import FailoverScreen

        found = situation.routes()
        if len(found) > 1:
            self._routes(situation)
            return
        screen = self._app.frame
        if not isinstance(screen, FailoverScreen):
            screen = FailoverScreen(found[0].id, found[0].integration)
            self._app.push_screen(screen)
        name = situation.snapshot.estate.name_of(found[0].integration)
        screen.waiting = "asking the director where traffic goes"
        screen.command = self._app.send(CommandKind.FAILOVER_PLAN, {"route": found[0].id}, name)
        self._app.frame.paint()

    def _confirm(self, situation: Situation) -> None:
        run = situation.run()
        if run is None:
            return
        title, number = title_of(self._app.moment(), run), run.id

        def start(text: str) -> None:
            self._app.send(CommandKind.FAILOVER_RUN, {"run": number, "confirm": text}, title)

        self._app.ask(Prompt(f"type {title}", start, EditLine()))

    def _drop(self, situation: Situation) -> None:
        run = situation.run()
        if run is not None:
            self._app.send(CommandKind.FAILOVER_CANCEL, {"run": run.id}, title_of(self._app.moment(), run))

    def _change_silence(self, situation: Situation, begin: Callable[[Changing], None]) -> None:
        one = situation.silence()
        if one is None:
            return
        if one.state(self._app.setup.clock.now()) is SilenceState.EXPIRED:
            self._app.flash(Told(f"silence {one.id} is over; S on it makes another", "flash.refused"))
            return
        begin(Changing(self._app, one.id))

    def _pin(self, situation: Situation) -> None:
        """The file and the check are shown; nothing is written before the word is typed."""
        check = situation.contracts()[0]

        def start(typed: str) -> None:
            if typed == PIN_WORD:
                self._app.send(CommandKind.CONTRACT_PIN, {"check": check.id}, check.id)
            else:
                self._app.flash(Told("nothing was pinned", "flash.refused"))

        label = f"{check.id}: what its answers look like now goes into {check.contract}; type {PIN_WORD}"
        self._app.ask(Prompt(label, start, EditLine()))

    def _reviewed(self, situation: Situation) -> None:
        """Whoever has looked may say what was found."""
        key = situation.rule() or ""

        def write(text: str) -> None:
            self._app.send(CommandKind.RULE_REVIEWED, {"rule": key, "note": text}, key)

        self._app.ask(Prompt(f"{key} still fits, or why not (may be empty)", write, EditLine()))

    def _tune(self, situation: Situation) -> None:
        """The difference is on the page; nothing is written before the word is typed."""
        from standby.console.screens.review import RuleScreen

        screen, key = self._app.frame, situation.rule() or ""
        if not isinstance(screen, RuleScreen):
            return
        shown = screen.suggested

        def start(typed: str) -> None:
            if typed == APPLY_WORD:
                args = {"rule": key, **shown.change, "digest": shown.digest}
                screen.asked(self._app.send(CommandKind.RULE_TUNE, args, key))
            else:
                self._app.flash(Told("nothing was written", "flash.refused"))

        self._app.ask(Prompt(f"the engine writes this into the file; type {APPLY_WORD}", start, EditLine()))

    # -- look -------------------------------------------------------------------------------------------------------

    def _open(self, situation: Situation) -> None:
        from standby.console.screens.detail import DetailScreen, RecordScreen

        kind, _, key = (situation.selected or "").partition(":")
        if situation.screen == "record":
            return
        if kind in ("route", "rule"):
            self._open_route(key) if kind == "route" else self._open_rule(situation)
            return
        name = situation.meant()
        ours = name in self._app.snapshot.estate.integrations  # what others push may belong to none of them
        if kind == "integration" or (
            kind in ("alert", "notification") and situation.screen in ("overview", "alerts", "escalation") and ours
        ):
            self._app.guided = replace(self._app.guided, detail=True)
            self._app.push_screen(DetailScreen(key if kind == "integration" else name or ""))
        elif kind == "date" and (check := situation.check()) is not None:
            self._app.push_screen(RecordScreen(f"check:{check.id}", check.integration))
        elif situation.selected is not None:
            self._app.push_screen(RecordScreen(situation.selected, situation.integration))

    def _open_rule(self, situation: Situation) -> None:
        from standby.console.screens.review import RuleScreen

        key = situation.rule()
        if key is not None and situation.screen != "rule":
            screen = RuleScreen(key)
            self._app.push_screen(screen)
            self._app.run_soon(screen.look())

    def _open_route(self, key: str) -> None:
        from standby.console.screens.failover import FailoverScreen

        route = self._app.snapshot.estate.routes.get(key)
        if route is not None:
            self._app.push_screen(FailoverScreen(route.id, route.integration))

    def _back(self, situation: Situation) -> None:
        app = self._app
        if situation.filter:
            app.filter = ""
            app.frame.paint()
        elif len(app.screen_stack) > 1:
            app.go_back()

    def _filter(self, situation: Situation) -> None:
        app = self._app

        def live(text: str) -> None:
            app.filter = text
            app.frame.paint()

        start = EditLine(situation.filter, len(situation.filter))
        app.ask(Prompt("filter", live, start, live=live, give_up=lambda: live("")))

    def _help(self, situation: Situation) -> None:
        from standby.console.screens.pages import HelpScreen

        if situation.screen != "help":
            self._app.push_screen(HelpScreen(situation))

    def _palette(self, situation: Situation) -> None:
        from standby.console.screens.pages import PaletteScreen

        self._app.push_screen(PaletteScreen(situation, self._app.theme_entries()))

    def _overview(self) -> None:
        while len(self._app.screen_stack) > 1:
            self._app.pop_screen()

    def _alerts(self, situation: Situation) -> None:
        from standby.console.screens.lists import AlertsScreen

        if situation.screen != "alerts":
            self._overview()
            self._app.push_screen(AlertsScreen())

    def _escalation(self, situation: Situation) -> None:
        from standby.console.screens.lists import EscalationScreen

        if situation.screen != "escalation":
            self._overview()
            self._app.push_screen(EscalationScreen())

    def _calendar(self, situation: Situation) -> None:
        from standby.console.screens.lists import CalendarScreen

        if situation.screen != "calendar":
            self._overview()
            self._app.push_screen(CalendarScreen())

    def _quiet(self, situation: Situation) -> None:
        from standby.console.screens.lists import QuietScreen

        if situation.screen != "quiet":
            self._overview()
            self._app.push_screen(QuietScreen())
            self._app.call_after_refresh(self._app.pulse.read_coming)

    def _routes(self, situation: Situation) -> None:
        from standby.console.screens.failover import RoutesScreen

        if situation.screen != "routes":
            self._overview()
            self._app.push_screen(RoutesScreen())

    def _rules(self, situation: Situation) -> None:
        from standby.console.screens.review import RulesScreen

        if situation.screen != "rules":
            self._overview()
            self._app.push_screen(RulesScreen())
            self._app.call_after_refresh(self._app.pulse.read_book)

    def _log(self, situation: Situation) -> None:
        from standby.console.screens.lists import LogScreen

        if situation.screen != "log":
            self._overview()
            self._app.push_screen(LogScreen())

    def _history(self, situation: Situation) -> None:
        from standby.console.screens.history import HistoryScreen

        self._app.push_screen(HistoryScreen(situation.meant() or ""))
        self._app.call_after_refresh(self._app.pulse.read_history)

    def _in_history(self, deed: Callable[[HistoryScreen], None]) -> None:
        """On the chart that is shown; the actions are refused elsewhere."""
        from standby.console.screens.history import HistoryScreen

        screen = self._app.frame
        if isinstance(screen, HistoryScreen):
            deed(screen)

    def _export(self, screen: HistoryScreen) -> None:
        from standby.console.export import export

        self._app.run_soon(export(self._app, screen.wanted()))

    # -- move -------------------------------------------------------------------------------------------------------

    def _move(self, step: int) -> None:
        grid = self._app.frame.current
        if grid is not None:
            grid.move(step)
            self._app.frame.paint_bottom()

    def _page(self, direction: int) -> None:
        grid = self._app.frame.current
        if grid is not None:
            grid.page(direction)
            self._app.frame.paint_bottom()

    # -- screen -----------------------------------------------------------------------------------------------------

    def _theme(self) -> None:
        found = themes.names(self._app.setup.environ)
        here = self._app.shown_theme.name
        if found:
            self._app.wear(found[(found.index(here) + 1) % len(found) if here in found else 0])

    def _quit(self) -> None:
        snapshot = self._app.snapshot
        engine = snapshot.engine
        mortal = engine is not None and engine.kind == "companion" and snapshot.link.connected
        if mortal and snapshot.open_alerts():
            self._app.run_soon(self._quit_last())
        else:
            self._app.exit(0)

    async def _quit_last(self) -> None:
        """Other consoles keep the engine; the last one asks."""
        consoles = await self._app.setup.session.consoles()
        if consoles is not None and consoles > 1:
            self._app.exit(0)
            return
        count = len(self._app.snapshot.open_alerts())
        noun = "alert is" if count == 1 else "alerts are"
        label = f"{count} {noun} open and the engine ends with its last console. y: quit   any other key: stay"
        self._app.ask(Prompt(label, lambda _: self._app.exit(0), yes="y"))
