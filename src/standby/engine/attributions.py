"""Them or us, whenever what is believed of a check changes: written in the log, as evidence of who knew what when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from standby.domain.attribution import KIND, OVER, Around, Sight, attribute, surroundings
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.engine.judge import Judge
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline

if TYPE_CHECKING:
    from standby.config.whole import Config


class Attributions:
    """`config` gives the configuration in force."""

    def __init__(self, timeline: Timeline, recorder: Recorder, judge: Judge, config: Callable[[], Config]) -> None:
        self._timeline = timeline
        self._recorder = recorder
        self._judge = judge
        self._config = config
        self._said: dict[str, str] = {}

    def remember(self, judged: Mapping[str, str]) -> None:
        """Go on from the newest judgement about each subject: what ended while nobody looked is an end as well."""
        for subject, text in judged.items():
            self._said[subject.removeprefix("integration:")] = "" if text == OVER else text

    def look(self, integration: str) -> None:
        """Judge anew; the log hears of it when it is another judgement than the last."""
        config = self._config()
        found = attribute(self._sights(config, integration), self._around(config, integration))
        text = clean(str(found)) if found is not None else ""
        if text == self._said.get(integration, ""):
            return
        self._said[integration] = text
        self._recorder.say(KIND, f"integration:{integration}", text or OVER)

    def _sights(self, config: Config, integration: str) -> list[Sight]:
        found = []
        for model in config.checks_of.get(integration, ()):
            memory = self._judge.checks.get(model.id)
            if memory is not None and memory.settled is not None:
                since = memory.settled.since
                found.append(Sight(model.id, memory.outcome, since, memory.failure, stated=model.stated))
        return found

    def _around(self, config: Config, integration: str) -> Around:
        bad = {one.id: one.outcome is Outcome.DOWN for one in self._judge.integrations.values() if one.checks}
        return surroundings(integration, bad, config.vendor_of, config.grounds, blind=self._judge.blind)
