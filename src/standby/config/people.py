"""Who is told, how they are reached, and who is next when nobody answers."""

from __future__ import annotations

from pydantic import Field

from standby.config.fields import Duration, DurationOrZero, Identifier, Text
from standby.config.models import Table
from standby.domain.units import MINUTE, SECOND


class ChannelModel(Table):
    """`[[channel]]`: a way to reach people. Every kind has these keys and its own."""

    id: Identifier = Field(description="names it in this file")
    kind: str = Field(description="how it reaches people")
    timeout: Duration = Field(default=10 * SECOND, description="how long handing one message over may take")
    spacing: DurationOrZero = Field(
        default=0, description="at most one message to the same address in this time; what comes meanwhile is bundled"
    )

    def mistake_in(self, to: str) -> str | None:  # noqa: ARG002 - a kind that knows what an address is uses it
        """What is wrong with an address in this channel, and after a semicolon the mend; None when nothing is.

        `to` is empty where a policy names the channel itself.
        """
        return None


class Reach(Table):
    """`reach` of a `[[person]]`: a channel, and the address in it."""

    channel: Identifier = Field(description="the id of a channel")
    to: Text = Field(default="", validate_default=False, description="the address, as the channel writes one")


class Person(Table):
    """`[[person]]`: somebody who can be told."""

    id: Identifier = Field(description="names it in this file")
    name: Text | None = Field(default=None, description="how people call them; the id when left out")
    reach: tuple[Reach, ...] = Field(default=(), max_length=20, description="every way that is used, all at once")

    @property
    def title(self) -> str:
        """What screens call them."""
        return self.name or self.id


class Level(Table):
    """`[[policy.level]]`: who is told, and how long they have to answer."""

    targets: tuple[Identifier, ...] = Field(max_length=50, description="ids of persons and channels")
    respond_within: Duration = Field(
        default=5 * MINUTE, description="without an acknowledgement the next level is told"
    )


class Policy(Table):
    """`[[policy]]`: an escalation policy, level by level."""

    id: Identifier = Field(description="names it in this file")
    level: tuple[Level, ...] = Field(max_length=20, description="who is told first, then, then")
    repeat: int = Field(default=2, ge=0, le=100, description="so often the levels begin again from the first")
    fallback: tuple[Identifier, ...] = Field(
        default=(), max_length=50, description="told once when nobody answered at all: ids of persons and channels"
    )
