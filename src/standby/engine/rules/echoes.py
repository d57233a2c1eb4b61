"""One trouble, one alert: of the rules that nobody wrote the first in `ORDER` that fires keeps the later ones quiet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from standby.config.templates import LINGERS, ORDER
from standby.domain.alerting import Phase
from standby.domain.muting import Mute, MuteKind
from standby.engine.alerting.alerts import Live
from standby.engine.judge import Judge
from standby.engine.rules.watches import Sort, Watch

_SAYS = ", says it already"
_SPEAKING = frozenset({Sort.DOWN, Sort.FLAPPING})
"""These keep others quiet only: between the two of them `engine.flaps` decides."""
_BUILT_IN = _SPEAKING | {Sort.DEVIATION}


class Echoes:
    """A `Muter`. What nobody is told about keeps nothing quiet that is louder."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def mutes(self, live: Live, now: int) -> Iterator[Mute]:  # noqa: ARG002 - it does not depend on the time
        """The first alert of its integration that says already what this one would."""
        if live.watch.sort in _SPEAKING:
            return
        place = _place(live.watch)
        for one in self._of(live.watch, ORDER[: place or 0]):
            if one.machine.phase is Phase.FIRING and one.watch.severity.loudness <= live.watch.severity.loudness:
                why = f"alert {one.id}, {one.watch.integration}/{one.watch.id}{_SAYS}"
                yield Mute(MuteKind.INHIBITED, str(one.id), None, why)
                return
        if place is not None and live.watch.id in LINGERS:
            yield from (mute for mute in live.mutes if mute.why.endswith(_SAYS))

    def follow(self, live: Live, *, fires: bool) -> bool:  # noqa: ARG002 - its end matters as its beginning does
        """Whether a later one is there, that it keeps quiet or did."""
        place = _place(live.watch)
        return place is not None and any(self._of(live.watch, ORDER[place + 1 :]))

    def next_change(self, now: int) -> int | None:  # noqa: ARG002
        """Time alone changes nothing."""
        return None

    def _of(self, watch: Watch, rules: Iterable[str]) -> Iterator[Live]:
        """The alerts of those of these rules that nobody wrote."""
        for rule in rules:
            live = self._judge.alerts.by_key((watch.integration, rule))
            if live is not None and _place(live.watch) is not None:
                yield live


def _place(watch: Watch) -> int | None:
    """Where it stands in the order; `None` of a rule that somebody wrote, and of one with a trouble of its own."""
    nobody_wrote_it = watch.template or watch.sort in _BUILT_IN
    return ORDER.index(watch.id) if nobody_wrote_it and watch.id in ORDER else None
