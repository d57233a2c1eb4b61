"""The kinds of channels: every module of `standby.notify` that has a `KIND`. A new kind is one new file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import standby.notify
from standby.config.kinds import kinds_in
from standby.config.people import ChannelModel
from standby.notify.base import Channel, Context, Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    return kinds_in(standby.notify, Kind)


def models() -> Mapping[str, type[ChannelModel]]:
    """The configuration model of every kind, for `config.load`."""
    return {name: kind.model for name, kind in kinds().items()}


def build(model: ChannelModel, context: Context) -> Channel:
    """The channel that `model` describes. Raises KeyError for a kind that `models()` did not give."""
    return kinds()[model.kind].channel(model, context)
