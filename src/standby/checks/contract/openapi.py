"""The schema of an operation's good answer, out of an OpenAPI 3 or Swagger 2 document."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_GOOD = ("200", "201", "202", "2XX", "default")


class NoOperationError(ValueError):
    """The document has no such operation, or no schema of its answer: what is there instead."""


def response_schema(document: object, operation: str) -> Schema:
    """The JSON Schema of the answer to `GET /v1/balance`, with whatever it refers to. Raises NoOperationError."""
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise NoOperationError("is no OpenAPI document: it has no `paths`")
    method, _, path = operation.partition(" ")
    found = document["paths"].get(path)
    if not isinstance(found, dict) or not isinstance(found.get(method.lower()), dict):
        raise NoOperationError(f"has no operation {operation}; it has {_some(document['paths'])}")
    answers = found[method.lower()].get("responses")
    answer = _first(_resolved(document, answers), document)
    schema = answer.get("schema") or _content(answer)
    if not isinstance(schema, dict):
        raise NoOperationError(f"says nothing of the JSON that {operation} answers with")
    shared = {key: document[key] for key in ("components", "definitions") if isinstance(document.get(key), dict)}
    whole: Schema = _plain({**shared, **schema}, {})
    return whole


def _some(paths: Schema) -> str:
    named = [
        f"{method.upper()} {path}"
        for path, found in paths.items()
        if isinstance(found, dict)
        for method in found
        if method in ("get", "post", "put", "patch", "delete", "head")
    ]
    return ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "") or "none"


def _first(answers: object, document: Schema) -> Schema:
    if isinstance(answers, dict):
        for status in _GOOD:
            answer = _resolved(document, answers.get(status, answers.get(int(status) if status.isdigit() else status)))
            if isinstance(answer, dict):
                return answer
    return {}


def _resolved(document: Schema, found: object) -> object:
    """What a `$ref` within the document points to; anything else is itself."""
    for _ in range(10):
        if not isinstance(found, dict) or not isinstance(found.get("$ref"), str):
            return found
        place: object = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            place = place.get(name) if isinstance(place, dict) else None
        found = place
    return None


def _content(answer: Schema) -> object:
    content = answer.get("content")
    if not isinstance(content, dict):
        return None
    kinds = [kind for kind in content if isinstance(kind, str) and "json" in kind.lower()]
    found = content.get(kinds[0]) if kinds else None
    return found.get("schema") if isinstance(found, dict) else None


def _plain(found: Any, done: dict[int, Any]) -> Any:  # noqa: ANN401 - any JSON
    """The same in JSON Schema: OpenAPI 3.0 says `nullable` where that says another type. Shared parts stay shared."""
    if id(found) in done:
        return done[id(found)]
    if isinstance(found, list):
        items: list[Any] = []
        done[id(found)] = items
        items.extend(_plain(one, done) for one in found)
        return items
    if not isinstance(found, dict):
        return found
    plain: Schema = {}
    done[id(found)] = plain
    nullable = found.get("nullable") is True or found.get("x-nullable") is True
    plain.update({str(key): _plain(value, done) for key, value in found.items() if key not in ("nullable", "example")})
    if nullable and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
        if isinstance(plain.get("enum"), list) and None not in plain["enum"]:
            plain["enum"] = [*plain["enum"], None]
    elif nullable and "$ref" in plain:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain
