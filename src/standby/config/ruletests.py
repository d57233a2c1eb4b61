"""Files of rule tests as they are written: a configuration, samples in, expected states out.

What a test speaks of (checks, rules, samples) is looked at by `engine.ruletest`, which knows the rules in force.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from standby.config.entries import MAIN_ONLY, Kinds, read_table
from standby.config.fields import Duration, DurationOrZero, Identifier, MatcherText, Text
from standby.config.files import as_seen, read
from standby.config.lines import KeyPath, Lines
from standby.config.load import config_of
from standby.config.models import CheckModel, Table
from standby.config.problems import Problems
from standby.config.sources import INCLUDE, Source, read_sources
from standby.config.whole import Config
from standby.domain.muting import MuteKind
from standby.domain.outcome import Severity
from standby.domain.units import parse_instant

MOST_TESTS = 1_000
INACTIVE = "inactive"
START = "2026-01-05T00:00:00Z"
"""When a test begins that does not say: a Monday, at midnight."""
_DEFAULTS = {"name": "rules test", "environment": "development"}
_SAMPLES = "samples"
_DEEDS = ("ack", "unack", "silence", "maintenance", "blind", "away")


class SamplesModel(CheckModel):
    """A check of a test's own, which looks at nothing: the kind of one that names none."""

    kind: Literal["samples"] = "samples"


class Series(Table):
    """What one check sees; a text alone is its `looks`."""

    looks: str | None = Field(default=None, description='`"up x10, down x6"`; `up` for as long as the figures go')
    latency_ms: float | str | None = Field(default=None, description='`"120 x10, 900 x6"`; its last goes on')
    metrics: dict[str, float | str] = Field(default={}, max_length=100, description="the same, by name")
    message: Text = Field(default="a sample", description="what each look says")
    interval: Duration | None = Field(default=None, description="how often; the test's, or `every` of the check")


class Act(Table):
    """`[[test.do]]`: what somebody does, or what befalls us, at an instant."""

    at: DurationOrZero = Field(description="how long after the start")
    ack: Text | None = Field(default=None, description="acknowledge the alert of this rule")
    unack: Text | None = Field(default=None, description="give it back")
    silence: MatcherText | None = Field(default=None, description="silence what has this label, `for` so long")
    maintenance: Identifier | None = Field(default=None, description="maintenance of this integration, `for` so long")
    blind: bool | None = Field(default=None, description="true: our own network is gone; false: it is back")
    away: Literal[True] | None = Field(default=None, description="no engine runs, `for` so long: a restart")
    by: Identifier = Field(default="alice", description="who does it")
    for_: Duration | None = Field(default=None, alias="for", description="for how long")

    @model_validator(mode="after")
    def _one_deed(self) -> Act:
        done = [name for name in _DEEDS if getattr(self, name) is not None]
        if len(done) != 1:
            raise ValueError(f"does not do one thing; write one of {', '.join(_DEEDS)}")
        if done[0] in ("silence", "maintenance", "away") and self.for_ is None:
            raise ValueError(f'has a {done[0]} without an end; write for = "1h"')
        return self


class Wanted(Table):
    """What is expected of a rule's alert; a text alone is its `state`."""

    state: Literal["inactive", "pending", "firing", "acknowledged", "resolved"] = Field(
        description="inactive: it has no alert now; resolved: it had one that fired, and has none now"
    )
    muted: bool | MuteKind | None = Field(default=None, description="whether nobody is told, or why")
    severity: Severity | None = Field(default=None, description="how loudly it speaks")
    summary: Text | None = Field(default=None, description="what its summary has in it")


class Expect(Table):
    """`[[test.expect]]`: how things stand at an instant, when all that is due then has happened."""

    at: DurationOrZero = Field(description="how long after the start")
    alerts: dict[str, Wanted] = Field(default={}, max_length=500, description="states, by rule")
    only: bool = Field(default=False, description="no other rule has an alert that is pending or firing")

    @field_validator("alerts", mode="before")
    @classmethod
    def _states(cls, value: object) -> object:
        return _tables(value, "state")

    @model_validator(mode="after")
    def _something(self) -> Expect:
        if not self.alerts and not self.only:
            raise ValueError('expects nothing; write alerts = { my-rule = "firing" }, or only = true')
        return self


class RuleTest(Table):
    """`[[test]]`: one run of the rules."""

    name: Text = Field(description="what it shows")
    start: str = Field(default=START, description="when it begins")
    interval: Duration | None = Field(default=None, description="between two samples; `every` of each check")
    series: dict[str, Series] = Field(default={}, max_length=500, description="what each check sees, by its id")
    do: tuple[Act, ...] = Field(default=(), max_length=1_000, description="what else happens")
    expect: tuple[Expect, ...] = Field(min_length=1, max_length=1_000, description="what the rules then say")

    @field_validator("start")
    @classmethod
    def _instant(cls, value: str) -> str:
        parse_instant(value)
        return value

    @field_validator("series", mode="before")
    @classmethod
    def _looks(cls, value: object) -> object:
        return _tables(value, "looks")


@dataclass(frozen=True, slots=True)
class Placed:
    """One test with its place, so that messages have a line."""

    test: RuleTest
    source: Source
    number: int

    @property
    def file(self) -> str:
        """As a person named it."""
        return self.source.document.shown

    @property
    def label(self) -> str:
        """`test[it fires after five minutes]`."""
        return f"test[{self.test.name}]"

    def line(self, *keys: str | int) -> int:
        """The line of one of its keys; of what holds it when it is not written."""
        return self.source.line(("test", self.number, *keys))


@dataclass(frozen=True, slots=True)
class RuleTests:
    """One file: the configuration that it tests, and its tests."""

    shown: str
    config: Config
    tests: tuple[Placed, ...]


def read_tests(path: Path, kinds: Kinds) -> RuleTests:
    """The file at `path`. Raises ConfigError with every problem in it and in the configuration that it names."""
    problems = Problems()
    document = read(path)
    source = Source(document, Lines(document.text), main=True)
    data = dict(document.data)
    named, written = data.pop("config", None), data.pop("test", None)
    tests = _tests(source, written, problems)
    known = replace(kinds, checks={**kinds.checks, _SAMPLES: SamplesModel})
    if INCLUDE in data:
        mend = 'name the configuration with config = "../config.toml"'
        problems.add(document.shown, source.line((INCLUDE,)), INCLUDE, "does not belong in a test", mend)
        del data[INCLUDE]
    sources, file = _sources(source, data, named, problems)
    config = config_of(file, sources, known, problems)
    return RuleTests(document.shown, config, tuple(tests))


def _sources(source: Source, data: dict[str, Any], named: object, problems: Problems) -> tuple[list[Source], Path]:
    """Where the configuration is written: in the file that is named and, as if it included it, in the test's own."""
    rows = data.get("check")
    if isinstance(rows, list):
        data["check"] = [{"kind": _SAMPLES, **row} if isinstance(row, dict) else row for row in rows]
    shown = source.document.shown
    if named is None:
        standby = data.get("standby", {})
        data["standby"] = {**_DEFAULTS, **standby} if isinstance(standby, dict) else standby
        return [replace(source, document=replace(source.document, data=data))], source.document.path
    if not isinstance(named, str) or not named.strip() or "\0" in named:
        problems.add(shown, source.line(("config",)), "config", "is not a path", 'write config = "../config.toml"')
        problems.raise_if_any()
    for key in MAIN_ONLY:
        if key in data:
            problems.add(shown, source.line((key,)), key, "is in the configuration that is named", "leave it out here")
            del data[key]
    file = source.document.path.parent / str(named)
    own = replace(source, document=replace(source.document, data=data), main=False)
    return [*read_sources(file, as_seen(file), problems), own], file


def _tests(source: Source, written: object, problems: Problems) -> list[Placed]:
    shown = source.document.shown
    if not isinstance(written, list) or not written:
        mend = 'write [[test]] with name = "..." and what is expected'
        problems.add(shown, source.line(("test",)), "test", "is not a list of tests" if written else "is missing", mend)
        return []
    if len(written) > MOST_TESTS:
        mend = "split the file"
        problems.add(shown, source.line(("test", MOST_TESTS)), "test", f"are more than {MOST_TESTS}", mend)
    found = []
    for number, data in enumerate(written[:MOST_TESTS]):
        path: KeyPath = ("test", number)
        test = read_table(source, path, f"test[#{number + 1}]", data, RuleTest, problems)
        if test is not None:
            found.append(Placed(test, source, number))
    return found


def _tables(value: object, key: str) -> object:
    """A text in the place of a table is its one key."""
    if not isinstance(value, dict):
        return value
    return {name: {key: one} if isinstance(one, str) else one for name, one in value.items()}
