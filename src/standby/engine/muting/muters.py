"""What mutes alerts by itself: planned windows, other alerts, what is depended on, checks that come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from standby.engine.judge import Judge
from standby.engine.muting.announcements import Announcements
from standby.engine.muting.dependencies import Dependencies
from standby.engine.muting.flaps import Flaps
from standby.engine.muting.inhibitions import Inhibitions
from standby.engine.muting.maintenance import Windows
from standby.engine.muting.mutes import Mutes
from standby.engine.rules.echoes import Echoes

if TYPE_CHECKING:
    from standby.config.whole import Config


def add_muters(mutes: Mutes, judge: Judge, config: Callable[[], Config], soon: Callable[[str], None]) -> None:
    """Have all of them asked. `config` gives the configuration in force, `soon` has a check look now."""
    inhibitions = Inhibitions(judge.alerts, config)
    mutes.add(inhibitions)
    mutes.add(Echoes(judge))
    windows = Windows(config)
    mutes.add(windows, planned=True)
    flaps = Flaps(judge, mutes.changed)
    mutes.add(flaps)
    dependencies = Dependencies(judge, config, soon, mutes.changed)
    mutes.add(dependencies)
    announcements = Announcements(judge, config, mutes.changed)
    mutes.add(announcements, planned=True)
    judge.on_announced = announcements.told
    judge.on_settled += [flaps.settled, dependencies.settled]
    judge.on_failed = dependencies.failed
