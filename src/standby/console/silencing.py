"""Asking a person for a silence in an Alertmanager: which alerts, how long, why, and then the word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from standby.console.commands import Told
from standby.console.edit import LONGEST, EditLine
from standby.console.estate import Check
from standby.console.present.silence import WORD, Wish
from standby.console.prompt import Prompt
from standby.domain.matchers import Matcher, parse_matchers
from standby.domain.text import clean
from standby.domain.units import parse_duration
from standby.link.protocol import CommandKind

if TYPE_CHECKING:
    from standby.console.app import ConsoleApp

_USUAL = "2h"


class Silencing:
    """One silence, from the first question to the command. What cannot be read is said and asked again."""

    def __init__(self, app: ConsoleApp, check: Check) -> None:
        self._app = app
        self._check = check

    def begin(self) -> None:
        """Ask which alerts."""
        self._which("")

    def _which(self, text: str) -> None:
        self._ask(f'silence at {self._check.id}, as in job="crm"', text, self._read_matchers)

    def _read_matchers(self, text: str) -> None:
        if not text:
            return
        if clean(text, LONGEST) != text:  # the engine would clean it, and silence something else
            self._say("not silenced: write labels without double spaces and control characters")
            return
        try:
            matchers = parse_matchers(text)
        except ValueError as error:
            self._say(str(error))
            return
        self._ask("for how long", _USUAL, lambda lasts: self._read_duration(matchers, lasts))

    def _read_duration(self, matchers: Sequence[Matcher], text: str) -> None:
        try:
            lasts = parse_duration(text)
        except ValueError as error:
            self._say(str(error))
            return
        self._ask("why, for who finds the silence", "", lambda why: self._show(matchers, lasts, why))

    def _show(self, matchers: Sequence[Matcher], lasts: int, comment: str) -> None:
        """The whole wish on a page of its own, and the question for the word."""
        from standby.console.screens.silence import SilenceScreen

        if not comment:
            self._say("not silenced: a silence without a reason helps nobody who finds it")
            return
        ends = self._app.setup.clock.now() + lasts
        wish = Wish(self._check.id, self._check.integration, matchers, ends, self._author(), comment)
        self._app.push_screen(SilenceScreen(wish))
        self._ask(f"type {WORD}", "", lambda typed: self._make(wish, typed))

    def _make(self, wish: Wish, typed: str) -> None:
        self._app.go_back()
        if typed != WORD:
            self._say("nothing was silenced")
            return
        args = {
            "check": wish.check,
            "matchers": ", ".join(map(str, wish.matchers)),
            "ends": wish.ends,
            "comment": wish.comment,
        }
        self._app.send(CommandKind.SILENCE_THERE, args, wish.check)

    def _author(self) -> str:
        welcome = self._app.snapshot.link.welcome
        return self._app.setup.user or (welcome.you if welcome is not None else "") or "your login name"

    def _ask(self, label: str, text: str, submit: Callable[[str], None]) -> None:
        self._app.ask(Prompt(label, submit, EditLine(text, len(text))))

    def _say(self, text: str) -> None:
        self._app.flash(Told(text, "flash.refused"))
