"""Which alerts keep which others quiet: `[[inhibit]]`."""

from __future__ import annotations

from pydantic import Field, field_validator

from standby.config.fields import Identifier, MatcherText, Text
from standby.config.models import Table
from standby.domain.inhibition import Rule
from standby.domain.matchers import parse_matcher


class Inhibit(Table):
    """`[[inhibit]]`: while a source fires nobody is told about its targets, since it says already what they would."""

    id: Identifier = Field(description="names it in this file")
    source: tuple[MatcherText, ...] = Field(
        max_length=50, description='all of them hold for a source: `["integration=network", "severity=critical"]`'
    )
    target: tuple[MatcherText, ...] = Field(min_length=1, max_length=50, description="all of them hold for a target")
    equal: tuple[Text, ...] = Field(
        default=(), max_length=50, description="labels that both have with one value; none is the same as an empty one"
    )

    @field_validator("source")
    @classmethod
    def _chooses(cls, written: tuple[str, ...]) -> tuple[str, ...]:
        if all(parse_matcher(text).accepts("") for text in written):
            raise ValueError('names no label that a source has; write one like ["integration=network"]')
        return written

    def rule(self) -> Rule:
        """As `domain.inhibition` takes it."""
        return Rule(tuple(map(parse_matcher, self.source)), tuple(map(parse_matcher, self.target)), self.equal)
