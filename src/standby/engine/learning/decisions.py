"""What people decide about what is usual: the present is the new normal, or a period teaches nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from standby.domain.baseline import CHECK, INTEGRATION, Decision, DecisionKind, Series
from standby.domain.text import clean
from standby.domain.units import DAY, format_duration, format_instant
from standby.engine.deeds import Deed, Person, RefusedError
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline

if TYPE_CHECKING:
    from standby.config.whole import Config

_KIND = "baseline"
_LONGEST_AHEAD = 366 * DAY
_MOST = 2_000


class Decisions:
    """Grants wishes. `known` gives the series of a check or integration; `decided` carries out what is on disk."""

    def __init__(
        self,
        timeline: Timeline,
        recorder: Recorder,
        config: Callable[[], Config],
        known: Callable[[], Iterable[Series]],
        decided: Callable[[Decision], None],
    ) -> None:
        self.every: dict[int, Decision] = {}
        self.last_id = 0
        self._timeline = timeline
        self._recorder = recorder
        self._config = config
        self._known = known
        self._decided = decided

    def remember(self, rows: Iterable[Decision], last_id: int) -> None:
        """What was decided before."""
        self.every = {row.id: row for row in rows}
        self.last_id = last_id

    def about(self, decision: Decision, series: Series) -> bool:
        """Whether it speaks of this series: that of an integration is about all of its checks as well."""
        if decision.metric not in ("", series.metric):
            return False
        return decision.subject in (series.subject, f"{INTEGRATION}{self.integration_of(series)}")

    def excluded(self, series: Series, at: int) -> bool:
        """Whether this instant (ns since 1970) teaches nothing about it."""
        return any(
            one.from_at <= at < one.to_at and self.about(one, series)
            for one in self.every.values()
            if one.kind is DecisionKind.EXCLUDE
        )

    def integration_of(self, series: Series) -> str:
        """Whose it is; empty when it is not configured any more."""
        if series.subject.startswith(INTEGRATION):
            return series.name
        model = self._config().check_by_id.get(series.name)
        return model.integration if model is not None else ""

    # -- wishes -----------------------------------------------------------------------------------------------------

    def accept(self, args: Mapping[str, Any], person: Person) -> Deed:
        """The present is the new normal. Raises RefusedError."""
        now = self._timeline.now()
        return self._put(DecisionKind.ACCEPT, args, person, now, now, "the present is the new normal")

    def exclude(self, args: Mapping[str, Any], person: Person) -> Deed:
        """A period teaches nothing: what was learned of it is learned again without. Raises RefusedError."""
        now, starts, ends = self._timeline.now(), int(args["starts"]), int(args["ends"])
        if ends <= starts:
            raise RefusedError("the period ends before it begins")
        if ends > now + _LONGEST_AHEAD:
            raise RefusedError(f"the period ends more than {format_duration(_LONGEST_AHEAD)} from now")
        text = f"nothing is learned of {format_instant(starts)} to {format_instant(ends)}"
        return self._put(DecisionKind.EXCLUDE, args, person, starts, ends, text)

    def _put(
        self, kind: DecisionKind, args: Mapping[str, Any], person: Person, starts: int, ends: int, text: str
    ) -> Deed:
        if len(self.every) >= _MOST:
            raise RefusedError(f"there are {_MOST} decisions already; they expire with the hours of the store")
        subject, metric, why = self._subject(args), _metric(args), clean(str(args.get("comment") or ""), 300)
        new = Decision(self.last_id + 1, kind, subject, metric, starts, ends, person.name, person.origin, why)
        number = sum(self.about(new, series) for series in self._known())
        if not number:
            raise RefusedError(f"nothing is learned of {clean(subject.partition(':')[2], 80)} {metric}".rstrip())
        self.last_id = new.id
        self.every[new.id] = self._recorder.buffer.decisions[new.id] = new
        said = clean(f"{text}: {number} series" + (f" ({metric})" if metric else "") + (f": {why}" if why else ""))

        def undo() -> None:
            self.every.pop(new.id, None)
            self._recorder.buffer.decisions.pop(new.id, None)

        return Deed(_KIND, subject, said, undo, said, done=lambda: self._decided(new))

    def _subject(self, args: Mapping[str, Any]) -> str:
        check, integration = args.get("check"), args.get("integration")
        config = self._config()
        if check is not None:
            if check not in config.check_by_id:
                raise RefusedError(f"there is no check {clean(str(check), 80)}")
            return f"{CHECK}{check}"
        if integration not in config.integration_by_id:
            raise RefusedError(f"there is no integration {clean(str(integration), 80)}")
        return f"{INTEGRATION}{integration}"


def _metric(args: Mapping[str, Any]) -> str:
    return clean(str(args.get("metric") or ""), 120)
