"""The configuration as JSON Schema, for editors and for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from standby.config.models import CheckModel, Integration, Rule, Settings, Simulator, Table, Vendor
from standby.config.sources import INCLUDE

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema(kinds: Mapping[str, type[CheckModel]]) -> dict[str, Any]:
    """JSON Schema of a main file, checks of every kind included."""
    models: list[type[Table]] = [Settings, Simulator, Vendor, Integration, Rule, *kinds.values()]
    references, definitions = models_json_schema([(model, "validation") for model in models], by_alias=True)
    defined: dict[str, Any] = definitions["$defs"]
    of = {model: references[(model, "validation")] for model in models}
    for kind, model in kinds.items():
        table = defined[of[model]["$ref"].rpartition("/")[2]]
        table["required"] = sorted({*table.get("required", []), "kind"})
        table["properties"]["kind"] = {"const": kind, "type": "string", "description": "how it looks"}
    return {
        "$schema": _DRAFT,
        "title": "Standby configuration",
        "type": "object",
        "properties": {
            "standby": of[Settings],
            "simulator": of[Simulator],
            INCLUDE: {"type": "array", "items": {"type": "string"}, "description": "more files, relative to this one"},
            "vendor": _list(of[Vendor]),
            "integration": _list(of[Integration]),
            "check": _list({"oneOf": [of[model] for model in kinds.values()]}),
            "rule": _list(of[Rule]),
        },
        "required": ["standby"],
        "additionalProperties": False,
        "$defs": defined,
    }


def _list(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(item)}
