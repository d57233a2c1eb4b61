"""Them or us, for the screen: the same judgement as the engine's, out of what is stored."""

from __future__ import annotations

from standby.console.estate import Integration
from standby.console.present.moment import Moment
from standby.domain.attribution import Judgement, Sight, attribute, surroundings
from standby.domain.outcome import Outcome


def judgement(moment: Moment, entry: Integration) -> Judgement | None:
    """Where the fault of an integration is; None when nothing is wrong with it."""
    snapshot = moment.snapshot
    estate = snapshot.estate
    sights = [
        Sight(check.id, state.outcome, state.since, state.failure, stated=check.stated)
        for check in estate.checks_of.get(entry.id, ())
        if (state := snapshot.checks.get(check.id)) is not None
    ]
    bad = {name: state.outcome is Outcome.DOWN for name, state in snapshot.integrations.items()}
    vendors = {one.id: one.vendor for one in estate.integrations.values()}
    grounds = {one.id: one.runs_on for one in estate.integrations.values()}
    blind = snapshot.engine is not None and snapshot.engine.blind_since is not None
    return attribute(sights, surroundings(entry.id, bad, vendors, grounds, blind=blind))
