"""The kinds of directors: every module of `standby.directors` that has a `KIND`. A new kind is one new file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import standby.directors
from standby.config.kinds import kinds_in
from standby.config.models import DirectorModel
from standby.directors.base import Context, Director, Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    return kinds_in(standby.directors, Kind)


def models() -> Mapping[str, type[DirectorModel]]:
    """The configuration model of every kind, for `config.load`."""
    return {name: kind.model for name, kind in kinds().items()}


def build(model: DirectorModel, targets: Mapping[str, str], context: Context) -> Director:
    """The director that `model` describes; `targets` gives the place of each target by its id.

    Raises KeyError for a kind that `models()` did not give.
    """
    return kinds()[model.kind].director(model, targets, context)
