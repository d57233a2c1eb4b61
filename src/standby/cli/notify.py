"""`standby notify test`: one message over a channel or to a person, now, without an engine; what became of it."""

from __future__ import annotations

import argparse
import asyncio
import difflib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from standby.cli.check import context_of, load_config
from standby.cli.main import UsageError
from standby.cli.wish import REFUSED, read_only
from standby.domain.text import clean
from standby.domain.units import SECOND
from standby.engine.clock import SystemClock

if TYPE_CHECKING:
    from standby.config.people import ChannelModel
    from standby.config.whole import Config
    from standby.notify.base import Channel

NOT_TAKEN = 1


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one message; `to` is empty where the channel itself is the place."""

    channel: str
    to: str
    taken: bool
    said: str
    seconds: float

    def __str__(self) -> str:
        """`mail anna@shop.example: taken in 0.3 s: queued as 12`."""
        where = f"{self.channel} {self.to}".rstrip()
        word = f"taken in {self.seconds:.1f} s" if self.taken else f"NOT taken after {self.seconds:.1f} s"
        return f"{where}: {word}: {self.said}".removesuffix(": ")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommand."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    text = "send a test message over a channel, or to a person by every way"
    test = deeds.add_parser("test", help=text, description=text)
    test.add_argument("name", metavar="CHANNEL|PERSON", help="an id of the configuration")
    test.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Send it; 0 when every message was taken, 1 when one was not, 5 in read-only mode."""
    if read_only(args, "notify test"):
        return REFUSED
    config = load_config(args)
    fates = asyncio.run(_send(config, _ways(config, args.name), args.name))
    if args.json:
        print(json.dumps([asdict(fate) for fate in fates], ensure_ascii=False, indent=2))
    else:
        print("\n".join(map(str, fates)))
    return 0 if all(fate.taken for fate in fates) else NOT_TAKEN


def _ways(config: Config, name: str) -> list[tuple[ChannelModel, str]]:
    """Channels and addresses behind a name, as a policy understands it. Raises UsageError."""
    channels = {one.id: one for one in config.channels}
    person = next((one for one in config.people if one.id == name), None)
    if person is not None:
        if not person.reach:
            raise UsageError(
                f'{name} cannot be told; write reach = [{{ channel = "...", to = "..." }}] in its [[person]]'
            )
        return [(channels[way.channel], way.to) for way in person.reach]
    if name in channels:
        mistake = channels[name].mistake_in("")
        if mistake is not None:
            raise UsageError(f"channel {name} {mistake}; or name a person")
        return [(channels[name], "")]
    known = [*channels, *(one.id for one in config.people)]
    near = difflib.get_close_matches(name, known, 1, 0.5)
    listed = ", ".join(sorted(known)[:20]) or "none, see docs/escalation.md"
    hint = f'the nearest is "{near[0]}"' if near else f"there are: {listed}"
    raise UsageError(f'there is no channel or person "{clean(name, 80)}"; {hint}')


async def _send(config: Config, ways: Sequence[tuple[ChannelModel, str]], name: str) -> list[Fate]:
    from standby.engine.telling.channels import reaching

    clock = SystemClock()
    async with context_of(config, None, clock) as context:
        reach = reaching(context)
        return await asyncio.gather(*(_try(config, clock, way, name, reach(way[0])) for way in ways))


async def _try(config: Config, clock: SystemClock, way: tuple[ChannelModel, str], name: str, channel: Channel) -> Fate:
    from standby.notify.base import Message, NotifyError

    model, to = way
    settings = config.settings
    subject = f"[{settings.name} {settings.environment}] test: a message for {name}"
    text = "This is a test of Standby's notifications. Nothing is wrong, nothing has to be done."
    message = Message(f"test.{uuid4().hex}", "test", clock.now(), clean(subject, 200), text, {"alerts": []})
    begun = clock.monotonic()

    def fate(said: str, *, taken: bool) -> Fate:
        return Fate(model.id, to, taken, clean(said), round((clock.monotonic() - begun) / SECOND, 3))

    try:
        return fate(await channel.send(message, to), taken=True)
    except NotifyError as error:
        return fate(str(error), taken=False)
    finally:
        await channel.close()
