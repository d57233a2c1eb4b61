"""What CEL's types cannot see: a word that no outcome has, a header that never matches, a bad pattern."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from standby.config.cel.errors import ExpressionError
from standby.config.cel.tokens import BINDING, Name, Token, flattened, literal_text, names, words
from standby.config.problems import nearest
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean

_MEMBERS = {"certificate": ("days_left",), "dns": ("answers", "code", "ttl")}
_COMPARING = ("==", "!=")
_OUTCOMES = ("an outcome", tuple(Outcome))
_CLOSED = dict.fromkeys(("outcome", "measured", "stated"), _OUTCOMES) | {"failure": ("a failure", ("", *Failure))}
"""Names that are one of a few words."""
OF_CHECK = (
    "outcome",
    "failure",
    "latency_ms",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "error_rate",
    "failures",
    "throughput",
    "availability",
    "freshness_s",
    "silence_s",
    "since_s",
    "certificate_days",
    "domain_days",
    "contract_breaks",
    "metrics",
)
"""What a rule may ask of one check: `checks["api"].latency_ms`."""
_LATER = {
    "usual": "usual.* is for rules, which look at more than one answer; compare with a number",
    "deviation": "deviation.* is for rules, which look at more than one answer; compare with a number",
    "dns": "dns.* is for checks of kind dns; leave it out",
}


def look_over(
    text: str, title: str, roots: Sequence[str], compile_: Callable[[str], Any], spaces: Mapping[str, Sequence[str]]
) -> None:
    """Raise ExpressionError for what would load and then never be true, or fail each time.

    `spaces`: the names that are no value themselves, with what is known behind each.
    """
    line = words(text)
    for name in names(text, frozenset(_LATER).difference(roots)):
        if name.path[0] != "dns" or title != "rule":
            raise ExpressionError(_LATER[str(name.path[0])], name.at + 1)
    for name in names(text, frozenset(roots)):
        _member(name)
        _in_space(name, spaces)
        _of_check(name)
    if title == "rule":
        flat = words(flattened(text))
        _words(flat)
        _shares(flat)
    _patterns(line, compile_)


def _member(name: Name) -> None:
    members = _MEMBERS.get(str(name.path[0]))
    if members is not None and len(name.path) > 1 and name.path[1] not in members:
        known = ", ".join(f"{name.path[0]}.{one}" for one in members)
        raise ExpressionError(f"{clean(name.text, 80)} is not known; write {known}", name.at + 1)
    if name.path[0] == "headers" and len(name.path) > 1 and str(name.path[1]) != str(name.path[1]).lower():
        lower = clean(str(name.path[1]).lower(), 60)
        raise ExpressionError(f"header names are lower-case here; write headers['{lower}']", name.at + 1)


def _in_space(name: Name, spaces: Mapping[str, Sequence[str]]) -> None:
    """`usual.latencyms`, `usual > 3`, `usual.metrics > 3`."""
    root, members = str(name.path[0]), spaces.get(str(name.path[0]))
    if members is None:
        return
    known = ", ".join(f"{root}.{one}" for one in members) + ".NAME"
    if len(name.path) == 1 or name.path[1:] == ("metrics",):
        raise ExpressionError(f"{name.text} is no number; write one of {known}", name.at + 1)
    member = str(name.path[1])
    if member not in members:
        near = nearest(member, list(members))
        mend = f"did you mean {root}.{near}?" if near else f"write one of {known}"
        raise ExpressionError(f"{clean(name.text, 80)} is not learned; {mend}", name.at + 1)


def _of_check(name: Name) -> None:
    """`checks["api"] > 3`, `checks["api"].latencyms`; a loop over all of them is left to CEL."""
    if name.path[0] != "checks" or len(name.path) < 2:
        return
    if len(name.path) == 2:
        one = clean(f'checks["{name.path[1]}"]', 80)
        raise ExpressionError(f"{one} is a check, no value; write one like {one}.outcome", name.at + 1)
    member = str(name.path[2])
    if member not in OF_CHECK:
        near = nearest(member, OF_CHECK)
        mend = f"did you mean {near}?" if near else f"known are {', '.join(OF_CHECK)}"
        raise ExpressionError(f"{clean(member, 40)} is not known of a check; {mend}", name.at + 1)


def _words(line: Sequence[Token]) -> None:
    """`outcome == 'dwon'` is good CEL and never true."""
    for index, token in enumerate(line):
        closed = _CLOSED.get(token.text)
        if closed is None or (index and line[index - 1].text == "."):
            continue
        after = line[index + 1 : index + 3]
        before = line[max(0, index - 2) : index]
        if len(after) == 2 and after[0].text in _COMPARING:
            _word(after[1], *closed)
        if len(before) == 2 and before[1].text in _COMPARING:
            _word(before[0], *closed)
        if len(after) == 2 and after[0].text == "in" and after[1].text == "[":
            for one in line[index + 3 :]:
                if one.text == "]":
                    break
                _word(one, *closed)


def _shares(line: Sequence[Token]) -> None:
    """`error_rate > 5` is meant as five percent, and never true."""
    for index, token in enumerate(line):
        if token.text not in ("error_rate", "availability") or (index and line[index - 1].text == "."):
            continue
        for step in (1, -1):
            operator, value = _at(line, index + step), _at(line, index + 2 * step)
            if BINDING.get(operator) == BINDING["<"] and _decimal(value) > 1:
                message = f"{token.text} is between 0 and 1, so this is always the same; write 0.05 for 5 %"
                raise ExpressionError(message, token.at + 1)


def _at(line: Sequence[Token], index: int) -> str:
    return line[index].text if 0 <= index < len(line) else ""


def _decimal(text: str) -> float:
    try:
        return float(text[:40])
    except ValueError:
        return 0.0


def _word(token: Token, what: str, known: Sequence[str]) -> None:
    if token.kind != "string":
        return
    word = literal_text(token.text)
    if word not in known:
        near = nearest(word, known)
        mend = f"did you mean '{near}'?" if near else f"write one of {', '.join(filter(None, known))}"
        raise ExpressionError(f"'{clean(word, 40)}' is not {what}; {mend}", token.at + 1)


def _patterns(line: Sequence[Token], compile_: Callable[[str], Any]) -> None:
    """Regular expressions are written out and tried at load: one from outside could cost anything."""
    for index, token in enumerate(line):
        if token.text != "matches" or index + 1 >= len(line) or line[index + 1].text != "(":
            continue
        end = _closing(line, index + 1)
        pattern = line[end - 1]
        lead = line[end - 2].text
        if pattern.kind != "string" or lead not in ("(", ",") or pattern.text[:1] in "bB":
            raise ExpressionError("a pattern of matches() is written out in quotes: matches('^ok')", token.at + 1)
        said = _pattern_mistake(pattern.text, compile_)
        if said:
            raise ExpressionError(f"the pattern is not a regular expression: {said}", pattern.at + 1)


def _pattern_mistake(literal: str, compile_: Callable[[str], Any]) -> str:
    """What is wrong with a pattern. A wrong literal is not our business: CEL names its place when all is compiled."""
    try:
        found = compile_(f"''.matches({literal})").eval(data={}).value()
    except Exception:  # noqa: BLE001 - the library's errors have no class
        return ""
    return "" if isinstance(found, bool) else str(found).rpartition("expression: ")[2]


def _closing(line: Sequence[Token], opening: int) -> int:
    depth = 0
    for index in range(opening, len(line)):
        depth += (line[index].text in ("(", "[", "{")) - (line[index].text in (")", "]", "}"))
        if depth == 0:
            return index
    return len(line) - 1
