"""The channels in force: built once, kept over a reload that does not change them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from standby.checks.base import Context as ChecksContext
from standby.notify.base import Channel, Context

if TYPE_CHECKING:
    from standby.config.people import ChannelModel
    from standby.config.whole import Config

Reach = Callable[["ChannelModel"], Channel]


def reaching(context: ChecksContext) -> Reach:
    """Makes channels that read secrets and start from the folder as the checks do."""
    from standby.notify import registry

    shared = Context(context.clock, context.secrets, context.base, context.resolver, context.transports)
    return lambda model: registry.build(model, shared)


class Channels:
    """Channels by id. `build` makes one of its model."""

    def __init__(self, build: Reach) -> None:
        self._build = build
        self._known: dict[str, tuple[ChannelModel, Channel]] = {}
        self._retired: list[Channel] = []  # a message may be on its way through one

    def keep(self, config: Config) -> None:
        """Have exactly the channels of `config`."""
        wanted = {model.id: model for model in config.channels}
        for name, (model, channel) in list(self._known.items()):
            if wanted.get(name) != model:
                self._retired.append(channel)
                del self._known[name]
        for name, model in wanted.items():
            if name not in self._known:
                self._known[name] = (model, self._build(model))

    def get(self, name: str) -> tuple[Channel, int] | None:
        """A channel and its spacing in ns; `None` for one that left the configuration."""
        found = self._known.get(name)
        return None if found is None else (found[1], found[0].spacing)

    async def close(self) -> None:
        """Let go of everything."""
        channels = [*self._retired, *(channel for _, channel in self._known.values())]
        await asyncio.gather(*(channel.close() for channel in channels), return_exceptions=True)
