"""Arguments that several commands read alike: durations and matchers."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from standby.cli.main import UsageError
from standby.domain.matchers import Matcher, parse_matcher
from standby.domain.text import clean
from standby.domain.units import parse_duration


def duration(text: str) -> int:
    """A `type` of argparse: nanoseconds."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def duration_of(option: str, text: str) -> int:
    """What an option says, ns. Raises UsageError that names it."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def matchers_of(option: str, texts: Iterable[str]) -> list[Matcher]:
    """What an option says, as the engine will read it. Raises UsageError that names it."""
    found = []
    for text in texts:
        if clean(text) != text:  # on the way to the engine it would become another matcher
            raise UsageError(f"{option} {clean(text, 60)!r} has control characters, double spaces or is too long")
        try:
            found.append(parse_matcher(text))
        except ValueError as error:
            raise UsageError(f"{option}: {error}") from None
    return found
