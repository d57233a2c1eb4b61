"""The kinds of checks: every module of `standby.checks` that has a `KIND`. A new kind is one new file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import standby.checks
from standby.checks.base import Check, Kind
from standby.config.kinds import kinds_in
from standby.config.models import CheckModel


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    return kinds_in(standby.checks, Kind)


def models() -> Mapping[str, type[CheckModel]]:
    """The configuration model of every kind, for `config.load`."""
    return {name: kind.model for name, kind in kinds().items()}


def build(model: CheckModel) -> Check:
    """The check that looks as `model` says. Raises KeyError for a kind that `models()` did not give."""
    return kinds()[model.kind].check(model)
