"""Whether what we ask is what a vendor's own OpenAPI document allows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from checks.payloads import Asked, payload

_BASE = "http://vendor.test"


class _Request:
    """One request as openapi-core looks at it."""

    def __init__(self, asked: Asked) -> None:
        self.host_url = _BASE
        self.path = asked.path
        self.method = asked.method.lower()
        self.content_type = asked.headers.get("content-type", "").partition(";")[0]
        self.body = asked.body or None
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(list(asked.query.items())), header=Headers(list(asked.headers.items()))
        )


@cache
def _loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(payload(name), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for path in found["paths"].values():  # some name servers of their own; keys are not checked, OAuth cannot be
        path.pop("servers", None)
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    found.pop("security", None)
    found["servers"] = [{"url": _BASE}]
    return found


@cache
def _document(name: str) -> OpenAPI:
    return OpenAPI.from_dict(json.loads(json.dumps(_loaded(name), default=str)))


def violation(name: str, asked: Asked) -> str | None:
    """What is wrong with a request by the document of that name; None when nothing is. Skips when it is not here."""
    try:
        _document(name).validate_request(_Request(asked))
    except OpenAPIError as error:
        return f"{asked.method} {asked.path} {dict(asked.query)}: {error!r} {error.__cause__!r}"
    return None


def parameters(name: str, path: str) -> Mapping[str, Mapping[str, Any]]:
    """The query parameters that a document knows for a GET of a path: a misspelt one is not refused, only ignored."""
    found = _loaded(name)
    listed = found["paths"][path]["get"].get("parameters", [])
    named = [_resolved(found, one) for one in listed]
    return {one["name"]: one for one in named if one["in"] == "query"}


def _resolved(document: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = one.get("$ref")
    if reference is None:
        return one
    found: Any = document
    for part in str(reference).removeprefix("#/").split("/"):
        found = found[part]
    resolved: Mapping[str, Any] = found
    return resolved


def strange(name: str, asked: Asked) -> set[str]:
    """What a Swagger 2.0 document does not know of a request: its path, or some of its query parameters."""
    found: dict[str, Any] = yaml.safe_load(payload(name))
    base = found.get("basePath", "").rstrip("/")
    operation = None
    for path in (asked.path, asked.path.removeprefix(base)):
        operation = operation or found["paths"].get(path, {}).get(asked.method.lower())
    if operation is None:
        return {asked.path}
    return set(asked.query) - {_resolved(found, one).get("name") for one in operation.get("parameters", [])}
