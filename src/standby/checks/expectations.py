"""What an answer must and should look like: the user's CEL expressions, compiled once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from standby.config.cel import EXPECTATION, Expression, Scope, compile_in


class Expectations:
    """The `expect` and `prefer` of one check."""

    def __init__(self, expect: Sequence[str], prefer: Sequence[str], scope: Scope = EXPECTATION) -> None:
        self._expect = [compile_in(text, scope) for text in expect]
        self._prefer = [compile_in(text, scope) for text in prefer]
        expressions = (*self._expect, *self._prefer)
        self.names = frozenset[str]().union(*(expression.roots for expression in expressions))
        """What any of them may look at; the rest need not be worked out."""

    def broken(self, values: Mapping[str, Any]) -> list[str]:
        """Each `expect` that does not hold, with the values it saw: `status == 200: status is 503`."""
        return _failing(self._expect, values)

    def missed(self, values: Mapping[str, Any]) -> list[str]:
        """Each `prefer` that does not hold, likewise."""
        return _failing(self._prefer, values)


def _failing(expressions: Iterable[Expression], values: Mapping[str, Any]) -> list[str]:
    # None: a name is missing in the answer. Nobody can say that such an expectation holds.
    return [each.explain(values) for each in expressions if each.evaluate(values) is not True]
