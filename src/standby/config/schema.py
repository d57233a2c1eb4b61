"""The configuration as JSON Schema, for editors and for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from standby.config.alerting import Alerting
from standby.config.entries import Kinds
from standby.config.inbound import AlertSource
from standby.config.inhibitions import Inhibit
from standby.config.maintenance import Maintenance
from standby.config.models import Integration, Route, Rule, Settings, Simulator, Table, Vendor
from standby.config.people import Person, Policy
from standby.config.sources import INCLUDE
from standby.config.times import NamedInterval

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema(kinds: Kinds) -> dict[str, Any]:
    """JSON Schema of a main file, every kind of check and director included."""
    of_kinds: list[tuple[str, type[Table]]] = [*kinds.checks.items(), *kinds.directors.items(), *kinds.channels.items()]
    models: list[type[Table]] = [
        Settings,
        Alerting,
        Simulator,
        Vendor,
        Integration,
        Rule,
        Route,
        Person,
        Policy,
        AlertSource,
        Inhibit,
        Maintenance,
        NamedInterval,
        *(model for _, model in of_kinds),
    ]
    references, definitions = models_json_schema([(model, "validation") for model in models], by_alias=True)
    defined: dict[str, Any] = definitions["$defs"]
    of = {model: references[(model, "validation")] for model in models}
    for kind, model in of_kinds:
        table = defined[of[model]["$ref"].rpartition("/")[2]]
        table["required"] = sorted({*table.get("required", []), "kind"})
        table["properties"]["kind"] |= {"const": kind, "type": "string"}
    defined.pop("DirectorModel", None)  # what all kinds have in common is no kind
    _of_directors(defined[of[Route]["$ref"].rpartition("/")[2]], [of[model] for model in kinds.directors.values()])
    return {
        "$schema": _DRAFT,
        "title": "Standby configuration",
        "type": "object",
        "properties": {
            "standby": of[Settings],
            "simulator": of[Simulator],
            "alerting": of[Alerting],
            INCLUDE: {"type": "array", "items": {"type": "string"}, "description": "more files, relative to this one"},
            "vendor": _list(of[Vendor]),
            "integration": _list(of[Integration]),
            "check": _list({"oneOf": [of[model] for model in kinds.checks.values()]}),
            "rule": _list(of[Rule]),
            "route": _list(of[Route]),
            "channel": _list({"oneOf": [of[model] for model in kinds.channels.values()]}),
            "person": _list(of[Person]),
            "policy": _list(of[Policy]),
            "source": _list(of[AlertSource]),
            "inhibit": _list(of[Inhibit]),
            "maintenance": _list(of[Maintenance]),
            "time_interval": _list(of[NamedInterval]),
        },
        "required": ["standby"],
        "additionalProperties": False,
        "$defs": defined,
    }


def _of_directors(route: dict[str, Any], directors: list[Any]) -> None:
    """A route needs a director, of one of the kinds."""
    route["required"] = sorted({*route["required"], "director"})
    described = route["properties"]["director"].get("description", "")
    route["properties"]["director"] = {"oneOf": directors, "description": described} if directors else {}


def _list(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(item)}
