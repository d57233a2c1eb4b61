"""The one table of actions. Bindings, footer, help, palette and docs/keys.md are made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from standby.console.estate import Check, Route
from standby.console.present.calendar import check_of
from standby.console.present.guide import loudest
from standby.console.present.usual import series, several
from standby.console.snapshot import Snapshot
from standby.domain.failover import RunState
from standby.domain.muting import MuteKind
from standby.domain.outcome import AlertState
from standby.domain.silence import Silence
from standby.store.baselines import BaselineRow
from standby.store.failovers import FailoverRow
from standby.store.rows import AlertRow


@dataclass(frozen=True, slots=True)
class Situation:
    """What the keys would act on: the snapshot, the screen, and the selected line (`alert:12`, `integration:x`...)."""

    snapshot: Snapshot
    screen: str = "overview"
    selected: str | None = None
    integration: str | None = None  # of the detail that is open
    filter: str = ""
    offered: bool = False  # another setting is shown for the rule

    def meant(self) -> str | None:
        """The integration that the cursor is on."""
        kind, _, key = (self.selected or "").partition(":")
        if kind == "integration":
            return key
        if kind == "rule":
            return key.partition("/")[0]
        alert, check = self.alert(), self.check()
        return alert.integration if alert else check.integration if check else self.integration

    def alert(self) -> AlertRow | None:
        """The alert that the cursor is on."""
        kind, _, key = (self.selected or "").partition(":")
        if kind == "notification" and key.isdigit():
            told = self.snapshot.notifications.get(int(key))
            found = (self.snapshot.alerts.get(one) for one in told.alerts) if told is not None else ()
            return next((alert for alert in found if alert is not None), None)
        return self.snapshot.alerts.get(int(key)) if kind == "alert" and key.isdigit() else None

    def check(self) -> Check | None:
        """The check that the cursor is on, or whose date it is on."""
        kind, _, key = (self.selected or "").partition(":")
        name = check_of(key) if kind == "date" else key if kind == "check" else ""
        return self.snapshot.estate.checks.get(name)

    def silence(self) -> Silence | None:
        """The silence that the cursor is on, or the only one that keeps the alert quiet which it is on."""
        kind, _, key = (self.selected or "").partition(":")
        alert = self.alert()
        found = [mute.by for mute in alert.mutes if mute.kind is MuteKind.SILENCE] if alert is not None else []
        number = key if kind == "silence" else found[0] if len(found) == 1 else ""
        return self.snapshot.silences.get(int(number)) if number.isdigit() else None

    def rule(self) -> str | None:
        """The rule that the cursor is on: `integration/rule`."""
        kind, _, key = (self.selected or "").partition(":")
        return key if kind == "rule" else None

    def learned(self) -> BaselineRow | None:
        """The series that the cursor is on."""
        kind, _, key = (self.selected or "").partition(":")
        return series(self.snapshot.pane.usual, key) if kind == "usual" else None

    def series(self) -> list[BaselineRow]:
        """The series that the line stands for which the cursor is on, when it is about several."""
        kind, _, key = (self.selected or "").partition(":")
        return several(self.snapshot.pane.usual, key) if kind == "usual" else []

    def run(self) -> FailoverRow | None:
        """The run of a failover that is shown."""
        kind, _, key = (self.selected or "").partition(":")
        return self.snapshot.failovers.get(int(key)) if kind == "run" and key.isdigit() else None

    def routes(self) -> list[Route]:
        """The routes that a key means: the selected one, that of the run, or those of the integration."""
        kind, _, key = (self.selected or "").partition(":")
        known, run = self.snapshot.estate.routes, self.run()
        name = key if kind == "route" else run.route if run is not None else None
        if name is not None:
            return [known[name]] if name in known else []
        return self.snapshot.estate.routes_of(self.meant() or "")

    def alertmanagers(self) -> list[Check]:
        """The checks of kind alertmanager that a key means: the selected one, or those of the integration."""
        return self._checks(lambda one: one.kind == "alertmanager")

    def contracts(self) -> list[Check]:
        """The checks with a contract that a key means: the selected one, or those of the integration."""
        return self._checks(lambda one: bool(one.contract))

    def _checks(self, wanted: Callable[[Check], bool]) -> list[Check]:
        chosen = self.check()
        if chosen is not None and wanted(chosen):
            return [chosen]
        return [one for one in self.snapshot.estate.checks_of.get(self.meant() or "", ()) if wanted(one)]

    def alerts(self, *states: AlertState) -> list[AlertRow]:
        """The alerts that a key means: the selected one, or all of the selected integration; in one of `states`."""
        alert = self.alert()
        if alert is not None:
            return [alert] if alert.state in states else []
        name = self.meant()
        return [one for one in self.snapshot.alerts.values() if one.integration == name and one.state in states]


Reason = str | None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a key does.

    `keys` are Textual's names. `enabled` gives the reason why it does nothing now, or `None`. `acts` actions ask
    something of the engine and are refused in read-only mode; `dangerous` ones show what will happen first.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    acts: bool = False
    dangerous: bool = False
    footer: bool = False
    enabled: Callable[[Situation], Reason] = lambda _: None

    def refusal(self, situation: Situation) -> Reason:
        """Why it does nothing now: rights first, then the action's own reason."""
        if self.acts:
            if situation.snapshot.read_only:
                return "read-only: --read-only was given"
            if situation.snapshot.link.refusal:
                return f"you may look, not act: {situation.snapshot.link.refusal}"
        return self.enabled(situation)


def _can_ack(situation: Situation) -> Reason:
    alert = situation.alert()
    if situation.alerts(AlertState.FIRING):
        return None
    if alert is not None and alert.state is AlertState.ACKNOWLEDGED:
        return f"#{alert.id} is acknowledged by {alert.acked_by or 'somebody'} already"
    if loudest(situation.snapshot.firing()) is None:
        return "no alert is firing"
    return None  # another one fires: asked about by name


def _can_unack(situation: Situation) -> Reason:
    return None if situation.alerts(AlertState.ACKNOWLEDGED) else "nothing is acked here"


def _can_note(situation: Situation) -> Reason:
    return None if situation.meant() or situation.alert() else "select an integration or an alert first"


def _can_fail_over(situation: Situation) -> Reason:
    if situation.routes():
        return None
    if not situation.snapshot.estate.routes:
        return "no [[route]] is configured"
    name = situation.meant()
    if name is None:
        return "select an integration or a route first"
    return f"no [[route]] moves the traffic of {situation.snapshot.estate.name_of(name)}"


def _can_change_silence(situation: Situation) -> Reason:
    one, alert = situation.silence(), situation.alert()
    if one is None:
        several = alert is not None and len([mute for mute in alert.mutes if mute.kind is MuteKind.SILENCE]) > 1
        return "several silences keep it quiet; choose one with 7" if several else "select a silence first; 7 has them"
    return None


def _can_pin(situation: Situation) -> Reason:
    none = "no check of {} has a contract"
    return _can_choose(situation, situation.contracts(), "a check that has a contract", none)


def _can_choose(situation: Situation, found: Sequence[Check], wanted: str, none: str) -> Reason:
    """Whether exactly one check is meant; `none` says that an integration has no such."""
    if len(found) == 1:
        return None
    if found:
        return f"select one of its checks first: {', '.join(one.id for one in found)}"
    name = situation.meant()
    if name is None:
        return f"select an integration with {wanted} first"
    return none.format(situation.snapshot.estate.name_of(name))


def _can_confirm(situation: Situation) -> Reason:
    run = situation.run()
    if run is None:
        return "F makes a plan first"
    return (
        None if run.state is RunState.ARMED else f"run {run.id} is {run.state.value.replace('_', ' ')}; F plans again"
    )


def _can_review(situation: Situation) -> Reason:
    key = situation.rule()
    if key is None:
        return "select a rule first; 8 lists them"
    known = situation.snapshot.book.rules.get(key, {})
    return f"{key} is of a template: nobody has to look at it" if known.get("template") else None


def _can_tune(situation: Situation) -> Reason:
    if situation.screen != "rule":
        return "open a rule first; 8 lists them"
    return None if situation.offered else "no other setting is offered for it"


def _can_accept(situation: Situation) -> Reason:
    row, alert = situation.learned(), situation.alert()
    if row is not None:
        return None if row.usual is not None else "it is still being learned: there is nothing to replace"
    if alert is not None:
        return None if alert.rule == "deviation" else f"#{alert.id} is not about what is usual"
    if situation.series():
        return "nothing here is unusual: there is nothing to replace"
    return None if situation.check() else "select a check, what is usual of one, or an alert about it"


def _can_exclude(situation: Situation) -> Reason:
    row, alert = situation.learned(), situation.alert()
    if alert is not None:
        return None if alert.origin is None else f"#{alert.id} came from elsewhere: nothing is learned of it"
    if row is None:
        if situation.series():
            return "nothing here is unusual: select the alert of the trouble"
        return "select the alert of the trouble, or an unusual series"
    is_now = "as usual now" if row.usual is not None else "still being learned"
    return None if row.since is not None else f"{row.series} is {is_now}: select the alert of the trouble"


_OPENED = frozenset({"record", "rule", "failover"})  # pages about one thing, all of it


def _can_open(situation: Situation) -> Reason:
    if situation.screen in _OPENED:
        return "this is all of it; esc goes back"
    return None if situation.selected is not None else "nothing is selected"


_LISTS = frozenset({"overview", "alerts", "log", "detail", "routes", "escalation", "calendar", "quiet", "rules"})


def _can_filter(situation: Situation) -> Reason:
    return None if situation.screen in _LISTS else "nothing to filter here"


def _can_look_back(situation: Situation) -> Reason:
    if situation.screen == "history":
        return "this is its history"
    return None if situation.meant() else "select an integration or an alert first"


def _can_read(situation: Situation) -> Reason:
    return None if situation.screen == "history" else "only in a history: open one with H"


ACTIONS: tuple[Action, ...] = (
    Action(
        "ack", ("a",), "ack", "you have it: acknowledge what fires here", "act",
        acts=True, footer=True, enabled=_can_ack,
    ),
    Action(
        "ack_note", ("A",), "ack with note", "the same, and write down what you know", "act",
        acts=True, enabled=_can_ack,
    ),
    Action(
        "unack", ("u",), "unack", "take it back: somebody else is needed", "act",
        acts=True, enabled=_can_unack,
    ),
    Action(
        "note", ("n",), "note", "write a note on the selected line, for all",
        "act", acts=True, footer=True, enabled=_can_note,
    ),
    Action(
        "failover", ("F",), "failover", "the plan that moves this traffic away, or back", "act",
        acts=True, footer=True, enabled=_can_fail_over,
    ),
    Action(
        "confirm", ("c",), "confirm", "type the word that starts the plan which is shown", "act",
        acts=True, dangerous=True, enabled=_can_confirm,
    ),
    Action("drop", ("X",), "drop the plan", "drop the plan which is shown", "act", acts=True, enabled=_can_confirm),
    Action(
        "silence", ("S",), "silence", "quiet for a while: here, or in its Alertmanager", "act",
        acts=True, dangerous=True,
    ),
    Action(
        "expire", ("x",), "end a silence", "end it now; what is told again is shown before", "act",
        acts=True, dangerous=True, enabled=_can_change_silence,
    ),
    Action(
        "extend", ("E",), "extend", "have a silence end later, or sooner", "act",
        acts=True, enabled=_can_change_silence,
    ),
    Action(
        "pin", ("P",), "pin the contract", "pin what its answers look like now", "act",
        acts=True, dangerous=True, enabled=_can_pin,
    ),
    Action(
        "reviewed", ("R",), "reviewed", "say that you looked whether the rule still fits", "act",
        acts=True, enabled=_can_review,
    ),
    Action(
        "tune", ("w",), "write setting", "have the engine write what is shown to the file", "act",
        acts=True, dangerous=True, enabled=_can_tune,
    ),
    Action(
        "accept", ("b",), "accept", "the present is the new normal of it", "act",
        acts=True, dangerous=True, enabled=_can_accept,
    ),
    Action(
        "exclude", ("B",), "exclude", "this trouble teaches nothing about what is usual", "act",
        acts=True, dangerous=True, enabled=_can_exclude,
    ),
    Action("open", ("enter", "l"), "detail", "open the selected line", "look", footer=True, enabled=_can_open),
    Action("back", ("escape", "h"), "back", "clear the filter, else go back", "look"),
    Action("filter", ("slash",), "filter", "only lines with these words", "look", footer=True, enabled=_can_filter),
    Action("help", ("question_mark", "f1"), "help", "every key, and why it does nothing now", "look", footer=True),
    Action("palette", ("colon", "ctrl+p"), "palette", "every action by name", "look", footer=True),
    Action("overview", ("1",), "overview", "the status panes", "look"),
    Action("alerts", ("2",), "alerts", "every alert, the resolved ones too", "look"),
    Action("log", ("3",), "log", "who did what and when", "look"),
    Action("escalation", ("4",), "escalation", "who was told, what became of it, who is next", "look"),
    Action("routes", ("5",), "routes", "where traffic goes, and where it could go", "look"),
    Action("calendar", ("6",), "calendar", "what ends when: certificates, domains, APIs, work", "look"),
    Action("quiet", ("7",), "quiet", "silences and maintenance, and what they hide", "look"),
    Action("rules", ("8",), "rules", "what each rule did, and which are due for review", "look"),
    Action("history", ("H",), "history", "latency, errors and outages, 1 h to 30 d", "look", enabled=_can_look_back),
    Action("shorter", ("left_square_bracket",), "shorter", "a shorter window of the history", "look",
           enabled=_can_read),
    Action("longer", ("right_square_bracket",), "longer", "a longer window of the history", "look", enabled=_can_read),
    Action("export", ("e",), "export", "write the shown history to a CSV file", "look", enabled=_can_read),
    Action("up", ("k", "up"), "up", "one line up", "move"),
    Action("down", ("j", "down"), "down", "one line down", "move"),
    Action("page_up", ("pageup", "ctrl+b"), "page up", "one page up", "move"),
    Action("page_down", ("pagedown", "ctrl+f"), "page down", "one page down", "move"),
    Action("top", ("home", "g"), "top", "to the first line, and stay on what is first", "move"),
    Action("bottom", ("end", "G"), "bottom", "to the last line", "move"),
    Action("left", ("left",), "left", "the cursor of a history one column back", "move", enabled=_can_read),
    Action("right", ("right",), "right", "the cursor one column on", "move", enabled=_can_read),
    Action("far_left", ("shift+left",), "far left", "the cursor ten columns back", "move", enabled=_can_read),
    Action("far_right", ("shift+right",), "far right", "the cursor ten columns on", "move", enabled=_can_read),
    Action("event_before", ("ctrl+left",), "event before", "the cursor to the event before", "move",
           enabled=_can_read),
    Action("event_after", ("ctrl+right",), "event after", "the cursor to the next event", "move", enabled=_can_read),
    Action("next_pane", ("tab",), "next pane", "to the next pane or section", "move"),
    Action("previous_pane", ("shift+tab",), "previous pane", "to the pane or section before", "move"),
    Action("theme", ("T",), "theme", "the next colour theme", "screen"),
    Action("redraw", ("ctrl+l",), "redraw", "paint everything again", "screen"),
    Action("suspend", ("ctrl+z",), "suspend", "stop this console (fg: back); the engine goes on", "screen"),
    Action("quit", ("q", "ctrl+c", "ctrl+q"), "quit", "leave; asks if an engine ends with open alerts",
           "screen", footer=True),
)  # fmt: skip
BY_ID = {action.id: action for action in ACTIONS}
BY_KEY = {key: action.id for action in ACTIONS for key in action.keys}
GROUPS = ("act", "look", "move", "screen")
_SHOWN = {
    "question_mark": "?", "slash": "/", "colon": ":", "escape": "esc", "pageup": "pgup", "pagedown": "pgdn",
    "up": "↑", "down": "↓", "left": "←", "right": "→", "shift+left": "shift+←", "shift+right": "shift+→",
    "ctrl+left": "ctrl+←", "ctrl+right": "ctrl+→", "left_square_bracket": "[", "right_square_bracket": "]",
}  # fmt: skip


def shown(key: str) -> str:
    """A key as people write it."""
    return _SHOWN.get(key, key)


def shown_keys(action: Action) -> str:
    """All keys of an action."""
    return " ".join(shown(key) for key in action.keys)


def conflicts(actions: Iterable[Action] = ACTIONS) -> list[str]:
    """Keys that two actions claim."""
    seen: dict[str, str] = {}
    found = []
    for action in actions:
        for key in action.keys:
            if key in seen:
                found.append(f"{key}: {seen[key]} and {action.id}")
            seen[key] = action.id
    return found


def cheatsheet(actions: Sequence[Action] = ACTIONS) -> str:
    """docs/keys.md, whole."""
    lines = [
        "# Keys",
        "",
        "Made from the table in `src/standby/console/keys.py`, not by hand: `STANDBY_UPDATE=1 make test` writes it.",
        "A key that does nothing now says why in the line above the keys. `?` shows this page in the console.",
    ]
    titles = {"act": "Act", "look": "Look", "move": "Move", "screen": "Screen"}
    for group in GROUPS:
        lines += ["", f"## {titles[group]}", "", "| key | action | what it does |", "|---|---|---|"]
        for action in actions:
            if action.group == group:
                keys = " ".join(f"`{shown(key)}`" for key in action.keys)
                lines.append(f"| {keys} | {action.label} | {action.help} |")
    lines += [
        "",
        "`a` acknowledges at once when the selected line has a firing alert; when only others fire it names one",
        "and waits for Enter. In a prompt: Enter sends, Esc gives up, Ctrl-U empties it. In read-only mode",
        "(`--read-only`) the keys under *Act* are refused, and the console never starts an engine.",
        "",
    ]
    return "\n".join(lines)
