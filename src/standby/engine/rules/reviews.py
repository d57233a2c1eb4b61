"""Reviews of rules: each rule has an owner and a date, is reminded of once a day from then on, and is ticked off.

Nobody is paged for a review: it is a line of the log, a word in the header, and a message where the owner is a channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from standby.domain.review import REMIND_NS, Review
from standby.domain.text import clean
from standby.domain.units import format_instant
from standby.engine.clock import EngineClock, Timer
from standby.engine.deeds import Deed, Person, RefusedError
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline

if TYPE_CHECKING:
    from standby.config.models import Rule
    from standby.config.whole import Config

_NAMED = 5  # rules in a reminder
_NOTE_LIMIT = 2_000


class Reviews:
    """`config` gives the configuration in force; `remark` says something in a channel, when there is one of that name:
    channel, kind, subject, text."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        config: Callable[[], Config],
        remark: Callable[[str, str, str, str], None],
    ) -> None:
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._config = config
        self._remark = remark
        self._known: dict[str, Review] = {}
        self._timer: Timer | None = None

    def remember(self, rows: Iterable[Review]) -> None:
        """What the last engine knew."""
        self._known = {row.rule: row for row in rows}

    def keep(self) -> None:
        """Give every rule in force its date; one that is in force no more has none. Then remind of what is due."""
        config, now = self._config(), self._timeline.now()
        wanted = {key_of(rule): rule for rule in config.rules_in_force}
        for key, rule in wanted.items():
            owner = clean(config.owner_of(rule))
            known = self._known.get(key) or Review(key, owner, now)
            self._put(known.scheduled(owner, config.review_every(rule)))
        for key, known in list(self._known.items()):
            if key not in wanted:
                self._put(replace(known, due_at=None))
        self.look()

    def look(self) -> None:
        """Remind of what is due, once a day; come again when something is."""
        now = self._timeline.now()
        due = [one for one in self._known.values() if one.to_remind(now)]
        if due:
            self._recorder.say("review", "rules", _reminder(due))
        for owner in dict.fromkeys(one.owner for one in due if one.owner):
            said = _reminder([one for one in due if one.owner == owner])
            self._remark(owner, "review", said.partition(":")[0], said)
        for one in due:
            self._put(replace(one, reminded_at=now))
        self._arm(now)

    def stop(self) -> None:
        """No clock runs any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def reviewed(self, args: Mapping[str, Any], person: Person) -> Deed:
        """Somebody has looked at a rule: it is due again one period from now. Raises RefusedError."""
        config, now = self._config(), self._timeline.now()
        rule = named_rule(config, args.get("rule"))
        key, note = key_of(rule), clean(str(args.get("note") or ""), _NOTE_LIMIT)
        old = self._known.get(key) or Review(key, config.owner_of(rule), now)
        fresh = replace(old, reviewed_at=now, by=person.name, note=note, reminded_at=None)
        fresh = fresh.scheduled(clean(config.owner_of(rule)), config.review_every(rule))
        self._put(fresh)
        again = "never again" if fresh.due_at is None else f"again on {format_instant(fresh.due_at)[:10]}"
        said = f"reviewed, {again}" + (f": {note}" if note else "")
        return Deed("reviewed", f"rule:{key}", said, lambda: self._put(old), f"{key} is {said}", done=self.look)

    def _put(self, review: Review) -> None:
        if self._known.get(review.rule) != review:
            self._known[review.rule] = self._recorder.buffer.reviews[review.rule] = review
            self._recorder.soon()

    def _arm(self, now: int) -> None:
        self.stop()
        marks = [
            max(one.due_at, (one.reminded_at or 0) + REMIND_NS if one.is_due(now) else 0)
            for one in self._known.values()
            if one.due_at is not None
        ]
        if marks:
            self._timer = self._clock.call_at(self._timeline.monotonic_at(max(now + 1, min(marks))), self.look)


def key_of(rule: Rule) -> str:
    """What a rule is called where several integrations have one of its name."""
    return f"{rule.integration}/{rule.id}"


def named_rule(config: Config, name: object) -> Rule:
    """The rule in force that is called so, with or without its integration. Raises RefusedError."""
    found = [rule for rule in config.rules_in_force if name in (rule.id, key_of(rule))]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(map(key_of, found[:_NAMED]))
        raise RefusedError(f"{len(found)} rules are called {clean(str(name), 80)}; name one of them: {several}")
    if any(name in (rule.id, key_of(rule)) for rule in config.templates):
        mend = "a [[rule]] of that id takes its place"
        raise RefusedError(f"{clean(str(name), 80)} is of a template, which nobody has to look at; {mend}")
    raise RefusedError(f"there is no rule {clean(str(name), 80)}; `standby rules review` has them")


def _reminder(due: list[Review]) -> str:
    first = sorted(due, key=lambda one: (one.due_at or 0, one.rule))[:_NAMED]
    named = ", ".join(one.rule + (f" ({one.owner})" if one.owner else "") for one in first)
    more = f" and {len(due) - _NAMED} more" if len(due) > _NAMED else ""
    noun = "rule is" if len(due) == 1 else "rules are"
    return f"{len(due)} {noun} due for a review: {named}{more}; `standby rules review` shows what they did"
