"""Asking a person for a silence, or for another end of one: the page shows all along what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from standby.console.commands import Told
from standby.console.edit import LONGEST, EditLine
from standby.console.keys import Situation
from standby.console.present.silence import WORD, Wish
from standby.console.present.silence_change import Change
from standby.console.prompt import Prompt
from standby.domain.matchers import Matcher, parse_matchers
from standby.domain.silence import Silence, mistake
from standby.domain.text import clean
from standby.domain.units import format_duration, parse_duration
from standby.link.protocol import CommandKind

if TYPE_CHECKING:
    from standby.console.app import ConsoleApp
    from standby.console.screens.silence import ChangeScreen, SilenceScreen

_USUAL = "2h"
_LONGER = "1h"
_MOST_PLACES = 9  # a digit each
_OURS = ("alertname", "integration", "check")  # what tells an alert of our own rules from the others


class Silencing:
    """One silence, from the first question to the command. What cannot be read is said and asked again."""

    def __init__(self, app: ConsoleApp, situation: Situation) -> None:
        self._app = app
        self._situation = situation
        self._screen: SilenceScreen | None = None
        self._wish = Wish(situation.meant() or "", author=self._author())

    def begin(self) -> None:
        """Ask which alerts; first of whom, where the chosen thing has an Alertmanager as well."""
        there = self._situation.alertmanagers()
        if not there:
            self._which("", prefilled(self._situation))
            return
        places: dict[str, Callable[[], None]] = {"1": lambda: self._which("", prefilled(self._situation))}
        said = ["1: our own alerts"]
        for number, check in enumerate(there[: _MOST_PLACES - 1], 2):
            places[str(number)] = partial(self._which, check.id, "")
            said.append(f"{number}: at the Alertmanager of {check.id}")
        label = f"silence {'  '.join(said)}  other keys: nothing"
        self._app.ask(Prompt(label, lambda key: places[key](), choices=tuple(places)))

    # -- the questions ----------------------------------------------------------------------------------------------

    def _which(self, check: str, text: str) -> None:
        from standby.console.screens.silence import SilenceScreen

        self._wish = self._read_matchers(replace(self._wish, check=check), text)
        self._screen = SilenceScreen(replace(self._wish, trouble=""))
        self._app.push_screen(self._screen)
        label = f'silence at {check}, as in job="crm"' if check else "hide alerts with"
        self._ask(label, text, self._read_matchers, self._how_long)

    def _how_long(self) -> None:
        longest = "" if self._wish.check else f" (at most {format_duration(self._longest)})"
        self._show(self._read_duration(self._wish, _USUAL))
        self._ask(f"for how long{longest}", _USUAL, self._read_duration, self._why)

    def _why(self) -> None:
        self._ask("why, for who finds the silence", "", self._read_reason, self._word)

    def _word(self) -> None:
        """The whole wish stands on the page; what is sent is what stood there."""
        self._show(replace(self._wish, ends=self._app.setup.clock.now() + self._wish.lasts))
        self._app.ask(Prompt(f"type {WORD}", self._make, EditLine(), give_up=self._leave))

    def _make(self, typed: str) -> None:
        wish = self._wish
        self._app.go_back()
        if typed != WORD:
            self._app.flash(Told("nothing was silenced", "flash.refused"))
            return
        written = ", ".join(map(str, wish.matchers))
        args = {"matchers": written, "ends": wish.ends, "comment": wish.comment}
        if wish.check:
            self._app.send(CommandKind.SILENCE_THERE, {"check": wish.check, **args}, wish.check)
        else:
            self._app.send(CommandKind.SILENCE, args, written)

    def _ask(self, label: str, text: str, read: Callable[[Wish, str], Wish], then: Callable[[], None]) -> None:
        """One question. The page follows what is typed; what cannot be like this is said there and asked again."""

        def live(typed: str) -> None:
            self._show(read(self._wish, typed))

        def submit(typed: str) -> None:
            self._show(read(self._wish, typed))
            if self._wish.trouble:
                self._ask(label, typed, read, then)
            else:
                then()

        self._app.ask(Prompt(label, submit, EditLine(text, len(text)), live=live, give_up=self._leave))

    # -- what was typed ---------------------------------------------------------------------------------------------

    def _read_matchers(self, wish: Wish, text: str) -> Wish:
        if clean(text, LONGEST) != text:  # the engine would clean it, and silence something else
            return replace(wish, matchers=(), trouble="write labels without double spaces and control characters")
        try:
            found = parse_matchers(text)
        except ValueError as error:
            return replace(wish, matchers=(), trouble=str(error))
        return replace(wish, matchers=found, trouble=self._mistake(found))

    def _read_duration(self, wish: Wish, text: str) -> Wish:
        try:
            lasts = parse_duration(text)
        except ValueError as error:
            return replace(wish, trouble=str(error))
        return replace(wish, lasts=lasts, trouble=self._mistake(wish.matchers, lasts))

    def _read_reason(self, wish: Wish, text: str) -> Wish:
        trouble = "" if text else "a silence without a reason helps nobody who finds it"
        return replace(wish, comment=text, trouble=trouble)

    def _mistake(self, matchers: Sequence[Matcher], lasts: int = 1) -> str:
        """Why nobody may set this one; of an Alertmanager's own limits it speaks itself."""
        longest = lasts if self._wish.check else self._longest
        return mistake(Silence(0, (matchers,), 0, lasts, why=WORD), longest)

    @property
    def _longest(self) -> int:
        return self._app.snapshot.estate.silence_max

    def _author(self) -> str:
        welcome = self._app.snapshot.link.welcome
        return self._app.setup.user or (welcome.you if welcome is not None else "") or "your login name"

    def _show(self, wish: Wish) -> None:
        self._wish = wish
        if self._screen is not None:
            self._screen.wish = wish
            self._screen.paint()

    def _leave(self) -> None:
        self._app.go_back()
        self._app.flash(Told("nothing was silenced", "flash.refused"))


class Changing:
    """The end of one silence (by its number), from the question to the command. What happens is on the page before."""

    def __init__(self, app: ConsoleApp, number: int) -> None:
        self._app = app
        self._number = number
        self._screen: ChangeScreen | None = None

    def end(self) -> None:
        """End it now, by a key that is not the one that asked."""
        self._open(Change(self._number))
        label = f"end silence {self._number} now? y: end it   any other key: leave it"
        self._app.ask(Prompt(label, lambda _: self._ended(), yes="y", give_up=self._leave))

    def extend(self) -> None:
        """Have it end so long from now; the page follows what is typed."""
        self._open(self._read(_LONGER))
        self._ask(_LONGER)

    def _ask(self, text: str) -> None:
        longest = format_duration(self._app.snapshot.estate.silence_max)
        label = f"silence {self._number} ends in (at most {longest})"
        line = EditLine(text, len(text))
        self._app.ask(Prompt(label, self._typed, line, live=self._show, give_up=self._leave))

    def _typed(self, text: str) -> None:
        wanted = self._read(text)
        if wanted.trouble:
            self._show(text)
            self._ask(text)
            return
        self._app.go_back()
        args = {"silence": self._number, "ends": wanted.ends}
        self._app.send(CommandKind.SILENCE_EXTEND, args, f"silence {self._number}")

    def _read(self, text: str) -> Change:
        try:
            lasts = parse_duration(text)
        except ValueError as error:
            return Change(self._number, trouble=str(error))
        ends = self._app.setup.clock.now() + lasts
        known = self._app.snapshot.silences.get(self._number)
        trouble = ""
        if known is not None:
            begins = max(known.starts_at, ends - lasts)
            wanted = replace(known, starts_at=begins, ends_at=ends)
            trouble = mistake(wanted, self._app.snapshot.estate.silence_max)
        return Change(self._number, ends, trouble)

    def _ended(self) -> None:
        self._app.go_back()
        self._app.send(CommandKind.SILENCE_EXPIRE, {"silence": self._number}, f"silence {self._number}")

    def _open(self, wanted: Change) -> None:
        from standby.console.screens.silence import ChangeScreen

        self._screen = ChangeScreen(wanted)
        self._app.push_screen(self._screen)

    def _show(self, text: str) -> None:
        if self._screen is not None:
            self._screen.meant = self._read(text)
            self._screen.paint()

    def _leave(self) -> None:
        self._app.go_back()
        self._app.flash(Told(f"silence {self._number} stays as it is", "flash.refused"))


def prefilled(situation: Situation) -> str:
    """The matchers of what the cursor is on: an alert's, a silence's own, or all of the check or the integration."""
    alert, name, known = situation.alert(), situation.meant(), situation.silence()
    if alert is None and known is not None:
        return ", ".join(map(str, known.matchers[0])) if len(known.matchers) == 1 else ""
    if alert is not None and alert.labels:
        ours = _OURS if alert.origin is None else tuple(label for label in alert.labels if label != "severity")
        return _written({label: alert.labels[label] for label in ours if label in alert.labels})
    if not name:
        return ""
    check = situation.check()
    named = check is not None and any(
        one.labels.get("check") == check.id for one in situation.snapshot.open_alerts() if one.integration == name
    )
    return _written({"integration": name, **({"check": check.id} if check is not None and named else {})})


def _written(labels: Mapping[str, str]) -> str:
    """As many as a line takes: the person sees what is left out, and what the rest hides."""
    text = ""
    for name, value in labels.items():
        more = f"{', ' if text else ''}{Matcher(name, value)}"
        if len(text) + len(more) > LONGEST:
            break
        text += more
    return text
