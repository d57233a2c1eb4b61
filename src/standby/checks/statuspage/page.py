"""What every status page says, whatever its form: an overall word, components, incidents, maintenance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from standby.checks.documents import Table, first_text, text
from standby.domain.outcome import Outcome

NAME = 120  # characters of a name that are kept
WORD = 40


@dataclass(frozen=True, slots=True)
class Indicator:
    """The page's own judgement of the whole; `says` are its words."""

    outcome: Outcome
    says: str


@dataclass(frozen=True, slots=True)
class Component:
    """One thing that the page lists; `says` is its word for how it is.

    `group` is the heading that it stands under. A `heading` is listed, too, and no component unless somebody chooses it
    and none of what stands under it is listed. `idle`: the vendor says that nobody looks at it.
    """

    name: str
    outcome: Outcome
    says: str
    group: str = ""
    heading: bool = False
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """An open one. `outcome` is its impact (`up` for an announcement), `phase` how far they are.

    `scope` names what is affected; empty when the page does not say.
    """

    name: str
    outcome: Outcome
    phase: str = ""
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Planned work, not over yet. Instants are ns since 1970.

    `running` is what the page says, None when only the clock tells. `scope` as that of an incident.
    """

    name: str
    running: bool | None
    starts: int | None = None
    ends: int | None = None
    scope: tuple[str, ...] = ()

    def runs(self, now: int) -> bool:
        """Whether it is in progress. One that the page says is in progress is, even past its planned end."""
        if self.running is not None:
            return self.running
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)

    def comes(self, now: int) -> bool:
        """Whether it is still to come."""
        return not self.running and self.starts is not None and self.starts > now


@dataclass(frozen=True, slots=True)
class Page:
    """One page as of now.

    `lists`: all components are listed, so that a name that is not there does not exist. Where only what is affected is
    named (`lists` false), a name that is not there is well. `by_incidents`: open incidents count beside the rest, and
    where nothing else speaks none of them means that all is well. `speaker` is whose word the indicator is.
    """

    name: str
    indicator: Indicator | None = None
    components: tuple[Component, ...] = ()
    incidents: tuple[Incident, ...] = ()
    maintenances: tuple[Maintenance, ...] = ()
    lists: bool = False
    by_incidents: bool = False
    speaker: str = "the page"


def named(one: Table, *keys: str) -> str:
    """What an incident or maintenance is called: the first of these keys (`name`) that says it."""
    return first_text(one, *keys or ("name",), limit=NAME) or "without a name"


def names_of(found: Iterable[Table], *keys: str) -> tuple[str, ...]:
    """The names of what is affected, from these keys (`name`) of each."""
    names = (text(one.get(key), NAME) for one in found for key in keys or ("name",))
    return tuple(dict.fromkeys(filter(None, names)))
