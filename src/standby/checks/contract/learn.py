"""A contract out of good answers: which fields there always are, of which type, and which words they take.

`genson` learns fields, types and what is always there. Two things it does not tell, and they decide what is drift: a
field that takes few words (`status`) gets them listed, and an object whose keys are data (ids, dates) is a map, in
which no key is new or gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from genson import SchemaBuilder

from standby.checks.contract.contract import TOO_DEEP, Contract, ContractError

Schema = dict[str, Any]
Path = tuple[str, ...]

_WORD = re.compile(r"[A-Za-z][A-Za-z_. -]{0,39}")
_MOST_WORDS = 8
_OFTEN = 4  # each word is seen so often, on average, before the list of them counts as whole
_LEAST_SEEN = 10
_MOST_FIELDS = 40  # more that are not always there: their names are data
_DEEPEST = 60  # a schema is nested three times as deep, and no validator reads more than some hundred levels
_LIST = "[]"


class Learner:
    """Takes answers in; `schema()` is what all of them obey. `count` is how many there were, `most` the bytes of the
    largest."""

    def __init__(self) -> None:
        self.count = 0
        self.most = 0
        self._builder = SchemaBuilder(schema_uri=None)
        self._words: dict[Path, dict[str, int] | None] = {}  # None: too many, or no words

    def add(self, document: object, size: int = 0) -> None:
        """One more good answer, of `size` bytes. Raises ContractError when it is nested too deeply."""
        for path, value in _texts(document, (), 0):
            self._hear(path, value)
        self._builder.add_object(document)
        self.count += 1
        self.most = max(self.most, size)

    def contract(self, when: str) -> Contract:
        """What they have in common, learned at `when`; there must be one. Raises ContractError."""
        contract = Contract(self.schema(), self.count, self.most, when)
        try:
            contract.check()
        except ContractError as error:
            raise ContractError(f"what was learned {error}") from None
        return contract

    def schema(self) -> Schema:
        """A JSON Schema in which nothing may be missing that was always there, and nothing be there that never was."""
        schema: Schema = self._builder.to_schema()
        return self._strict(schema, ())

    def _hear(self, path: Path, value: str) -> None:
        known = self._words.setdefault(path, {})
        if known is None:
            return
        if not _WORD.fullmatch(value) or (value not in known and len(known) == _MOST_WORDS):
            self._words[path] = None
            return
        known[value] = known.get(value, 0) + 1

    def _strict(self, schema: Schema, path: Path) -> Schema:
        if "anyOf" in schema:
            return {**schema, "anyOf": [self._strict(one, path) for one in schema["anyOf"]]}
        if "items" in schema:
            return {**schema, "items": self._strict(schema["items"], (*path, _LIST))}
        if "properties" in schema:
            return self._object(schema, path)
        words = self._list_of(path)
        if words and schema.get("type") in ("string", ["null", "string"]):
            return {**schema, "enum": [*words, None] if schema["type"] != "string" else words}
        return schema

    def _object(self, schema: Schema, path: Path) -> Schema:
        fields: dict[str, Schema] = schema["properties"]
        always = schema.get("required", [])
        if len(fields) > _MOST_FIELDS and len(always) * 2 < len(fields):
            return {"type": schema["type"]}
        strict = {name: self._strict(field, (*path, name)) for name, field in fields.items()}
        return {**schema, "properties": strict, "additionalProperties": False}

    def _list_of(self, path: Path) -> list[str]:
        known = self._words.get(path)
        if not known or sum(known.values()) < max(_LEAST_SEEN, _OFTEN * len(known)):
            return []
        return sorted(known)


def learned(answers: Sequence[tuple[object, int]], when: str) -> Contract:
    """The contract of good answers, each with its size in bytes; there must be one. Raises ContractError."""
    learner = Learner()
    for document, size in answers:
        learner.add(document, size)
    return learner.contract(when)


def _texts(found: object, path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    """Every text in a document with the way to it; the entries of a list share one."""
    if isinstance(found, str):
        yield path, found
    elif depth > _DEEPEST:
        raise ContractError(f"the answer {TOO_DEEP}")
    elif isinstance(found, dict):
        for name, value in found.items():
            yield from _texts(value, (*path, name), depth + 1)
    elif isinstance(found, list):
        for value in found:
            yield from _texts(value, (*path, _LIST), depth + 1)
