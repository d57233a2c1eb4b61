"""pydantic's errors as sentences: what was written, what is allowed, what to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from standby.config.problems import did_you_mean, nearest
from standby.config.references import is_sensitive
from standby.domain.text import clean

DATE = "a date or time"
"""Stands for a TOML date, which no key of ours takes."""
_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    type(None): "nothing",
}
_WANTED = {
    "string_type": ("text", 'write it in quotes, like "payments"'),
    "int_type": ("a whole number", "write one like 3"),
    "int_from_float": ("a whole number", "write one like 3"),
    "int_parsing": ("a whole number", "write one like 3"),
    "int_parsing_size": ("a whole number of this size", "write a smaller one"),
    "float_type": ("a number", "write one like 0.5"),
    "float_parsing": ("a number", "write one like 0.5"),
    "finite_number": ("a finite number", "write one like 0.5"),
    "bool_type": ("true or false", "write true or false, without quotes"),
    "bool_parsing": ("true or false", "write true or false, without quotes"),
    "list_type": ("a list", 'write it in brackets, like ["a", "b"]'),
    "tuple_type": ("a list", 'write it in brackets, like ["a", "b"]'),
    "set_type": ("a list", 'write it in brackets, like ["a", "b"]'),
    "frozen_set_type": ("a list", 'write it in brackets, like ["a", "b"]'),
    "dict_type": ("a table", "write it as { key = value }"),
    "model_type": ("a table", "write it as { key = value }"),
    "model_attributes_type": ("a table", "write it as { key = value }"),
    "path_type": ("a path", 'write it in quotes, like "standby.db"'),
}


def sentence(error: ErrorDetails, keys: Sequence[str]) -> tuple[str, str]:
    """Message and mend of one error; `keys` are the valid keys of the table it is in."""
    kind, key = error["type"], str(error["loc"][-1]) if error["loc"] else ""
    ctx: Mapping[str, Any] = error.get("ctx", {})
    if kind == "extra_forbidden":
        return "is not a key of this table", did_you_mean(key, keys, "keys")
    if kind == "missing":
        return "is missing", f"add {clean(key, 60)} = ..."
    if kind in _WANTED:
        wanted, mend = _WANTED[kind]
        return f"{_shown(error)} is not {wanted}", mend
    if kind in ("value_error", "assertion_error"):
        message, _, mend = clean(error["msg"].partition(", ")[2] or error["msg"], 600).partition("; ")
        return message, mend
    say = _BY_TYPE.get(kind)
    if say is not None:
        return say(error, ctx)
    return f"{_shown(error)} is not allowed: {clean(error['msg'], 200)}", ""


def _choice(error: ErrorDetails, ctx: Mapping[str, Any]) -> tuple[str, str]:
    allowed = [word.strip("' ") for word in str(ctx.get("expected", "")).replace(" or ", ", ").split(",")]
    written = error["input"]
    near = nearest(written, allowed) if isinstance(written, str) else None
    mend = f'did you mean "{near}"?' if near else "write one of these in quotes"
    return f"{_shown(error)} is not one of {', '.join(allowed)}", mend


def _limit(word: str, key: str) -> Callable[[ErrorDetails, Mapping[str, Any]], tuple[str, str]]:
    advice = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}[key]

    def say(error: ErrorDetails, ctx: Mapping[str, Any]) -> tuple[str, str]:
        return f"{_shown(error)} is too {word}", f"write {advice} {ctx.get(key)}"

    return say


def _length(word: str, key: str) -> Callable[[ErrorDetails, Mapping[str, Any]], tuple[str, str]]:
    def say(_: ErrorDetails, ctx: Mapping[str, Any]) -> tuple[str, str]:
        limit = ctx.get(key)
        return f"is too {word}", f"write at {'least' if word == 'short' else 'most'} {limit}"

    return say


def _pattern(error: ErrorDetails, ctx: Mapping[str, Any]) -> tuple[str, str]:
    return f"{_shown(error)} does not have the right form", f"it has to match {clean(str(ctx.get('pattern')), 100)}"


_BY_TYPE: dict[str, Callable[[ErrorDetails, Mapping[str, Any]], tuple[str, str]]] = {
    "enum": _choice,
    "literal_error": _choice,
    "greater_than_equal": _limit("small", "ge"),
    "greater_than": _limit("small", "gt"),
    "less_than_equal": _limit("large", "le"),
    "less_than": _limit("large", "lt"),
    "string_too_short": _length("short", "min_length"),
    "string_too_long": _length("long", "max_length"),
    "too_short": _length("short", "min_length"),
    "too_long": _length("long", "max_length"),
    "string_pattern_mismatch": _pattern,
}


def _shown(error: ErrorDetails) -> str:
    """What was written, short; never what could be a secret."""
    if any(isinstance(part, str) and is_sensitive(part) for part in error["loc"]):
        return "the value"
    written = error["input"]
    return described(written)


def described(written: object) -> str:
    """What was written, short: plain values as they are, the others by what they are."""
    if isinstance(written, str):
        return f'"{clean(written, 60)}"'
    if isinstance(written, bool):
        return "true" if written else "false"
    if isinstance(written, (int, float)):
        return clean(str(written), 30)
    if isinstance(written, dict) and DATE in written:
        return DATE
    return _KINDS.get(type(written), "this")
