"""Conditions in CEL (Common Expression Language), by Google's own implementation: typed when they are loaded.

What is ours on top of it: `latency_ms < 800` works (see `cel_numbers`), a wrong name names the nearest one, a failed
condition explains itself with the values it saw, and nothing that a third party answers makes an evaluation raise,
run for long or end the process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from standby.config.cel.checks import look_over
from standby.config.cel.cost import exceeds, limit_of
from standby.config.cel.errors import ExpressionError, mismatch, refusal, runtime_mismatch
from standby.config.cel.numbers import RefusedError, compile_mended, with_decimals
from standby.config.cel.plain import UNTOLD, plain
from standby.config.cel.tokens import Name, flattened, names, words
from standby.config.cel.values import MISSING, is_shallow, look_up, only, show, size_of, tame
from standby.domain.text import clean

__all__ = [
    "DNS",
    "EXPECTATION",
    "FIGURE",
    "RULE",
    "SERIES",
    "Expression",
    "ExpressionError",
    "Scope",
    "compile_expectation",
    "compile_in",
    "compile_rule",
]

LONGEST = 2000
LEARNED = ("latency_ms", "error_rate", "throughput")
"""What is learned of every check, beside its metrics: `usual.latency_ms`, `deviation.latency_ms`."""
_MESSAGE = 400
_MOST_NAMES = 6
_TOO_MUCH = "there is too much to look through"
_TYPED_WRONG = ("out of range", "Non-CEL value", "too big to convert", "null is not valid")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: the names in scope with their CEL types, and what a missing value means."""

    title: str
    variables: tuple[tuple[str, str], ...]
    missing_is_false: bool

    @property
    def roots(self) -> tuple[str, ...]:
        """The names in scope; of `usual.latency_ms` and its like the first part."""
        return tuple(dict.fromkeys(name.partition(".")[0] for name, _ in self.variables))

    @property
    def spaces(self) -> dict[str, tuple[str, ...]]:
        """What is known behind a name that is no value itself: `usual` -> `latency_ms`, ..."""
        found: dict[str, tuple[str, ...]] = {}
        for name, _ in self.variables:
            root, dot, member = name.partition(".")
            if dot:
                found[root] = (*found.get(root, ()), member)
        return found

    @property
    def types(self) -> dict[str, str]:
        """The type of each root; a name that is no value itself is as a table of numbers."""
        return {root: dict(self.variables).get(root, "NUMBERS") for root in self.roots}


EXPECTATION = Scope(
    "expectation",
    (
        ("status", "INT"),
        ("latency_ms", "DOUBLE"),
        ("headers", "TEXTS"),
        ("body", "DYN"),
        ("text", "STRING"),
        ("certificate", "NUMBERS"),
        ("metrics", "NUMBERS"),
    ),
    missing_is_false=True,
)
FIGURE = Scope(
    "expectation on a figure",
    (
        ("value", "DOUBLE"),
        ("values", "NUMBERS"),
        ("labels", "TEXTS"),
        ("count", "INT"),
        ("age_s", "DOUBLE"),
        ("latency_ms", "DOUBLE"),
    ),
    missing_is_false=True,
)
SERIES = Scope(
    "expectation on a series",
    (("value", "DOUBLE"), ("values", "FIGURES"), ("labels", "TEXTS"), ("count", "INT")),
    missing_is_false=True,
)
DNS = Scope("dns expectation", (("dns", "DYN"), ("latency_ms", "DOUBLE")), missing_is_false=True)
RULE = Scope(
    "rule",
    (
        ("outcome", "STRING"),
        ("latency_ms", "DOUBLE"),
        ("latency_p50_ms", "DOUBLE"),
        ("latency_p95_ms", "DOUBLE"),
        ("latency_p99_ms", "DOUBLE"),
        ("error_rate", "DOUBLE"),
        ("failures", "INT"),
        ("throughput", "DOUBLE"),
        ("availability", "DOUBLE"),
        ("freshness_s", "DOUBLE"),
        ("silence_s", "DOUBLE"),
        ("since_s", "DOUBLE"),
        ("measured", "STRING"),
        ("stated", "STRING"),
        ("failure", "STRING"),
        ("certificate_days", "DOUBLE"),
        ("domain_days", "DOUBLE"),
        ("contract_breaks", "DOUBLE"),
        ("burn_page", "BOOL"),
        ("burn_ticket", "BOOL"),
        ("metrics", "NUMBERS"),
        ("checks", "CHECKS"),
        *((f"{space}.{name}", "DOUBLE") for space in ("usual", "deviation") for name in LEARNED),
        ("usual.metrics", "NUMBERS"),
        ("deviation.metrics", "NUMBERS"),
    ),
    missing_is_false=False,
)


@cache
def _environment(scope: Scope) -> Any:  # noqa: ANN401 - the library has no types
    from cel_expr_python import cel

    types = {
        "TEXTS": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
        "NUMBERS": cel.Type.Map(cel.Type.STRING, cel.Type.DOUBLE),
        "FIGURES": cel.Type.List(cel.Type.DOUBLE),
        "CHECKS": cel.Type.Map(cel.Type.STRING, cel.Type.Map(cel.Type.STRING, cel.Type.DYN)),
    }
    variables = {name: types.get(kind) or getattr(cel.Type, kind) for name, kind in scope.variables}
    return cel.NewEnv(variables=variables)


def compile_expectation(text: str) -> Expression:
    """A condition on one answer. Raises ExpressionError."""
    return _compile(text, EXPECTATION)


def compile_in(text: str, scope: Scope) -> Expression:
    """A condition with the names of `scope`. Raises ExpressionError."""
    return _compile(text, scope)


def compile_rule(text: str) -> Expression:
    """A condition on a rule's window. Raises ExpressionError."""
    return _compile(text, RULE)


@lru_cache(maxsize=4096)
def _compile(text: str, scope: Scope) -> Expression:
    if not text.strip():
        raise ExpressionError("is empty; write a condition like status == 200")
    if len(text) > LONGEST:
        raise ExpressionError(f"is longer than {LONGEST} characters; split it into several")
    environment = _environment(scope)
    look_over(text, scope.title, scope.roots, environment.compile, scope.spaces)
    try:
        flat = flattened(text) if "checks" in scope.roots else text
        if flat != text:  # CEL has no types behind checks["id"]: they are those of the same names of the rule itself
            compile_mended(environment.compile, flat)
        program = compile_mended(environment.compile, text)
    except RefusedError as error:
        raise refusal(error.said, error.line, error.index, scope.roots) from None
    gives = program.return_type().name()
    if gives not in ("BOOL", "DYN", "bool", "dyn"):
        raise ExpressionError("does not give true or false; compare it with something, like status == 200")
    return Expression(text, scope, program, _second(environment.compile, text))


def _second(compile_: Any, text: str) -> Any:  # noqa: ANN401 - the library has no types
    """The program for decimals where the first one was written with whole numbers; None when it would not differ."""
    line = with_decimals(text)
    if line is None:
        return None
    try:
        return compile_mended(compile_, text, line)
    except RefusedError:
        return None


class Expression:
    """A compiled condition. Immutable; safe to share."""

    __slots__ = (
        "_decimal",
        "_keys",
        "_limit",
        "_outside",
        "_plain",
        "_program",
        "_reads_body",
        "_spaces",
        "names",
        "roots",
        "scope",
        "text",
    )

    def __init__(self, text: str, scope: Scope, program: Any, decimal: Any) -> None:  # noqa: ANN401
        self.text = text
        self.scope = scope
        self.names: Sequence[Name] = tuple(names(text, frozenset(scope.roots)))
        self.roots = frozenset(str(name.path[0]) for name in self.names)
        self._program = program
        self._decimal = decimal
        body = [name.path for name in self.names if name.path[0] == "body"]
        self._reads_body = bool(body)
        self._limit = limit_of(words(text))
        self._outside = [name for name, kind in scope.variables if kind in ("DYN", "STRING")]
        lenient = not scope.missing_is_false
        self._plain = plain(words(text), scope.types, lenient=lenient) if self._limit is None else None
        self._spaces = self.roots.intersection(scope.spaces)
        named = len(body) > 0 and all(len(path) > 1 and isinstance(path[1], str) for path in body)
        self._keys = frozenset(str(path[1]) for path in body) if named else None

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _compile, (self.text, self.scope)

    def evaluate(self, values: Mapping[str, Any]) -> bool | None:
        """Whether it holds. Never raises.

        None: it cannot be told. For a rule that is a missing value; for an expectation a missing value is False (the
        answer does not have what it should), and None only an answer too large to look through.
        """
        if self._plain is not None:
            verdict = self._plain.holds(values)
            if verdict is UNTOLD:
                return None
            if verdict is not None:
                return verdict is True
        return self._run(values)[0]

    def explain(self, values: Mapping[str, Any]) -> str:
        """`status == 200: status is 503`: the condition and what each of its names was, one clean line."""
        _, trouble = self._run(values)
        parts = [self._said(name, values) for name in self.names[:_MOST_NAMES]]
        if len(self.names) > _MOST_NAMES:
            parts.append("…")
        if trouble:
            parts.append(trouble)
        shown = clean(self.text, 200)
        return clean(f"{shown}: {', '.join(parts)}" if parts else f"{shown} does not hold", _MESSAGE)

    def _said(self, name: Name, values: Mapping[str, Any]) -> str:
        value = look_up(values, name.path)
        label = clean(name.text, 80)
        if value is MISSING:
            return f"{label} is missing"
        size = size_of(value) if name.sized else None
        return f"{label} is {show(value, str(name.path[-1]))}" if size is None else f"size({label}) is {size}"

    def _run(self, values: Mapping[str, Any]) -> tuple[bool | None, str]:
        """The verdict, and what went wrong in words when a missing value does not say it."""
        for space in self._spaces:  # CEL knows `usual.latency_ms` as one name
            values = {**values, **{f"{space}.{name}": value for name, value in values.get(space, {}).items()}}
        try:
            if self._reads_body:
                body = values.get("body")
                if self._keys is not None:
                    body = only(body, self._keys)
                    values = {**values, "body": body}
                if not is_shallow(body):
                    return self._again(values)
            if self._limit is not None and exceeds([values.get(name) for name in self._outside], self._limit):
                return None, _TOO_MUCH
            result = self._program.eval(data=values)
            found = result.value()
        except Exception as error:  # noqa: BLE001 - the library's errors have no class; nothing may come out of here
            return self._failed(str(error), values, retry=True)
        if found is True or found is False:
            return found, ""
        if result.type().name() in ("ERROR", "*error*"):
            return self._failed(str(found), values, retry=True)
        return self._undecided(), f"it gives {show(found)}, not true or false"

    def _again(self, values: Mapping[str, Any], *, decimal: bool = False) -> tuple[bool | None, str]:
        """Once more, on tamed values or with decimals."""
        try:
            program = self._decimal if decimal else self._program
            tamed = {key: value if key == "text" else tame(value) for key, value in values.items()}
            result = program.eval(data=tamed)
            found = result.value()
        except Exception as error:  # noqa: BLE001 - as above
            return self._failed(str(error), values, retry=False)
        if found is True or found is False:
            return found, ""
        if result.type().name() in ("ERROR", "*error*"):
            return self._failed(str(found), values, retry=False)
        return self._undecided(), f"it gives {show(found)}, not true or false"

    def _failed(self, error: str, values: Mapping[str, Any], *, retry: bool) -> tuple[bool | None, str]:
        if "budget exceeded" in error:
            return None, _TOO_MUCH
        pair = runtime_mismatch(error)
        if pair is not None:
            if (
                retry
                and self._decimal is not None
                and pair[1].replace("int64", "int") in ("double, int", "int, double")
            ):
                return self._again(values, decimal=True)
            return self._undecided(), mismatch(*pair)
        if retry and any(mark in error for mark in _TYPED_WRONG):
            return self._again(values)
        return self._undecided(), _reason(error)

    def _undecided(self) -> bool | None:
        return False if self.scope.missing_is_false else None


def _reason(error: str) -> str:
    """An error of running in words; empty when the missing name itself says it."""
    if "not found" in error or "No value with name" in error or "SELECT" in error or "Index error" in error:
        return ""
    return clean(error.partition(": ")[2] or error, 120)
