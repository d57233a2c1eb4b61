"""Matchers over labels as Prometheus and its Alertmanager write them: `severity="critical"`, `job=~"pay.*"`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from standby.domain.backtracking import refusal

_WRITTEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)|(?P<quoted>\"(?:[^\"\\]|\\.)*\"))"
    r"\s*(?P<sign>=~|!~|!=|=)\s*(?P<value>\"(?:[^\"\\]|\\.)*\"|(?:[^\"\\]|\\(?=\s*\Z)|\\.)*?)\s*",
    re.DOTALL,
)
_ESCAPED = re.compile(r'\\([n"\\])')
_WHOLE_OR_COMMA = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|\\[^,]|,", re.DOTALL)
_NAMED_CLASS = re.compile(r"\[:\^?[a-z]{1,10}:\]")
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; a label that is not there has the value "". `regex` values match whole."""

    name: str
    value: str
    equal: bool = True
    regex: bool = False
    _pattern: re.Pattern[str] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.regex:
            object.__setattr__(self, "_pattern", re.compile(self.value))

    def __str__(self) -> str:
        """As it is written: `job=~"pay.*"`."""
        sign = ("=" if self.equal else "!") + ("~" if self.regex else "" if self.equal else "=")
        plain = re.fullmatch(r"[A-Za-z_:][A-Za-z0-9_:]*", self.name) is not None
        return f"{self.name if plain else _quoted(self.name)}{sign}{_quoted(self.value)}"

    def accepts(self, value: str) -> bool:
        """Whether it holds for this value of its label."""
        same = self._pattern.fullmatch(value) is not None if self._pattern is not None else self.value == value
        return same is self.equal

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether it holds for something with these labels."""
        return self.accepts(labels.get(self.name, ""))


def parse_matcher(text: str) -> Matcher:
    """One matcher as written. Raises ValueError with the mend."""
    found = _WRITTEN.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise ValueError(f"{_shown(text)} is not a matcher; write one like 'severity=\"critical\"' or 'job=~\"pay.*\"'")
    name = found["name"] if found["quoted"] is None else _unquoted(found["quoted"])
    if not name:
        raise ValueError(f"{_shown(text)} names no label; write one like 'severity=\"critical\"'")
    sign, value = found["sign"], _unquoted(found["value"])
    if sign[-1] == "~" and (named := _NAMED_CLASS.search(value)) is not None:  # would silently mean something else
        raise ValueError(f"{_shown(text)} names a class of characters, {named[0]}; write them out, like '[a-z]'")
    try:
        matcher = Matcher(name, value, equal=sign[0] == "=", regex=sign[-1] == "~")
    except re.error as error:
        raise ValueError(f"{_shown(text)} holds no regular expression ({error}); write one like '\"pay.*\"'") from None
    if matcher.regex and (said := refusal(value)):
        raise ValueError(f"{_shown(text)} {said}")
    return matcher


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Several, with commas between them and perhaps after the last. Raises ValueError with the mend.

    A brace before the first and one after the last are no part of them, each alone too (as with Alertmanager).
    """
    parts = _between_commas(text.strip().removeprefix("{").removesuffix("}"))
    if not parts[-1].strip():
        parts.pop()
    return tuple(map(parse_matcher, parts))


def match_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether all hold; none at all hold for everything."""
    return all(matcher.matches(labels) for matcher in matchers)


def _between_commas(text: str) -> list[str]:
    """The parts, at least one; commas in quotes divide nothing."""
    parts, begin = [], 0
    for found in _WHOLE_OR_COMMA.finditer(text):
        if found[0] == ",":
            parts.append(text[begin : found.start()])
            begin = found.end()
    return [*parts, text[begin:]]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _unquoted(text: str) -> str:
    inner = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], inner)


def _shown(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else shown[:59] + "…"
