"""A contract in force: read from its file, held against each answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from standby.checks.contract.drift import Drift, drifts
from standby.checks.contract.openapi import NoOperationError, response_schema
from standby.domain.text import clean

LARGEST_FILE = 16_000_000
_FORM = "standby_contract"
_MUCH = 4  # times the largest body that was learned from
_WORTH_TELLING = 4096  # bytes
TOO_DEEP = "is nested too deeply"


class ContractError(Exception):
    """A file that holds no contract: one line with what is wrong in it, and the mend."""


@dataclass(frozen=True)
class Contract:
    """`schema` is a JSON Schema; the rest is known of a learned one: from how many answers, the largest, and when."""

    schema: dict[str, Any]
    answers: int = 0
    most_bytes: int | None = None
    learned: str = ""

    @cached_property
    def _validator(self) -> Any:  # noqa: ANN401 - the library's validators share no public base
        import jsonschema_rs

        try:
            return jsonschema_rs.validator_for(self.schema, retriever=_nowhere)
        except (ValueError, TypeError) as error:
            raise ContractError(f"is no JSON Schema: {clean(str(error), 200)}") from None

    def check(self) -> None:
        """Raises ContractError when it cannot be used."""
        _ = self._validator

    def drifts(self, document: object, size: int) -> list[Drift]:
        """How an answer of `size` bytes differs; empty when it does not. Raises ContractError for one like no other."""
        found: list[Drift] = []
        try:
            if not self._validator.is_valid(document):
                found = drifts(self._validator.iter_errors(document))
        except UnicodeEncodeError:
            raise ContractError("the answer holds half a character") from None
        except (ValueError, RecursionError):
            raise ContractError(f"the answer {TOO_DEEP}") from None
        if self.most_bytes is not None and size > max(self.most_bytes * _MUCH, _WORTH_TELLING):
            found.append(Drift("body", f"has {size} bytes, at most {self.most_bytes} before", breaking=False))
        return found

    def text(self) -> str:
        """As its file holds it; one field a line, so that people can review how it changes."""
        head = {_FORM: 1, "answers": self.answers, "most_bytes": self.most_bytes, "learned": self.learned}
        return json.dumps({**head, "schema": self.schema}, ensure_ascii=False, indent=1, sort_keys=False) + "\n"


def read(path: Path, operation: str | None = None) -> Contract:
    """The contract in a file: learned by us, a JSON Schema, or an `operation` of an OpenAPI document.

    Raises ContractError; FileNotFoundError when there is none yet.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ContractError(f"{path} is larger than {LARGEST_FILE} bytes")
        document = _parsed(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ContractError(f"{path} cannot be read: {error.strerror or error}") from None
    if not isinstance(document, dict):
        raise ContractError(f"{path} holds no object; write a JSON Schema, or learn one: standby contract learn")
    try:
        contract = _contract(document, operation)
        contract.check()
    except (NoOperationError, ContractError) as error:
        raise ContractError(f"{path} {error}") from None
    except RecursionError:
        raise ContractError(f"{path} {TOO_DEEP}") from None
    return contract


def _nowhere(uri: str) -> dict[str, Any]:
    """A schema is what its file holds: nothing is fetched because a document says so."""
    raise ValueError(f"it refers to {clean(uri, 80)}, outside of its file")


def _contract(document: dict[str, Any], operation: str | None) -> Contract:
    if operation is not None:
        return Contract(response_schema(document, operation))
    if _FORM not in document:
        if isinstance(document.get("paths"), dict):
            raise ContractError('is an OpenAPI document; name an operation of it: operation = "GET /v1/balance"')
        return Contract(document)
    schema, most, answers = document.get("schema"), document.get("most_bytes"), document.get("answers")
    if not isinstance(schema, dict):
        raise ContractError("is a learned contract without a schema; learn it again")
    return Contract(
        schema,
        answers if isinstance(answers, int) else 0,
        most if isinstance(most, int) else None,
        clean(str(document.get("learned", "")), 40),
    )


def _parsed(path: Path) -> object:
    """JSON, or YAML in a file that is called so."""
    data = path.read_bytes()
    try:
        if path.suffix.lower() in (".yaml", ".yml"):
            import yaml

            found: object = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
        else:
            found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{path} is no JSON: {clean(str(error), 120)}") from None
    except Exception as error:
        raise ContractError(f"{path} is no YAML: {clean(str(error), 120)}") from error
    return found
