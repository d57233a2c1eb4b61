"""What a page means for whoever watches some of its components: the worst of all that speaks, and who that was."""

from __future__ import annotations

from collections.abc import Sequence

from standby.checks.api import Finding
from standby.checks.statuspage.choose import concerned, matches, nearest, watched
from standby.checks.statuspage.page import NAME, Component, Incident, Maintenance, Page
from standby.domain.announced import Announced
from standby.domain.calendar import DIGITS
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome, worst
from standby.domain.text import clean
from standby.domain.units import DAY, HOUR, format_duration, format_instant

_NAMED = 3  # components or incidents that a message names; the others are counted


def judge(page: Page, chosen: Sequence[str], now: int, *, indicator: bool = True) -> Finding:
    """The page's outcome for the components that `chosen` means (globs; none: all), at `now` (ns since 1970).

    `indicator`: whether the page's word about the whole counts too.
    """
    components, missing = watched(page, chosen) if page.lists else ([], [])
    if missing or (chosen and not page.lists and not page.by_incidents):
        return _no_such_component(page, missing)
    incidents = [one for one in page.incidents if concerned(chosen, one.scope)]
    maintenances = [one for one in page.maintenances if concerned(chosen, one.scope)]
    running = [one for one in maintenances if one.runs(now)]
    coming = sorted((one for one in maintenances if one.comes(now)), key=lambda one: one.starts or 0)
    voices = [one.outcome for one in components]
    voices += [one.outcome for one in incidents if page.by_incidents]
    voices += [Outcome.MAINTENANCE] * bool(running)
    voices += [Outcome.UP] * page.by_incidents
    whole = page.indicator.outcome if page.indicator is not None and (indicator or not voices) else None
    outcome = worst([*voices, whole] if whole is not None else voices)
    if whole is outcome is not Outcome.UP:  # what the page means may be an incident of something else
        incidents = list(page.incidents)
    parts = [
        *_of_state(page, components, outcome),
        *_of_incidents(incidents, page),
        *_of_maintenance(running, coming, now),
    ]
    metrics = {"components": float(len(components)), "incidents_open": float(len(incidents))}
    metrics["components_affected"] = float(sum(one.outcome is not Outcome.UP for one in components))
    if coming and coming[0].starts is not None:
        metrics["maintenance_in_h"] = round((coming[0].starts - now) / HOUR, DIGITS)
    message = "; ".join(parts) or "the page says nothing about its state"
    said = f"{page.name}: {message}" if page.name else message
    return Finding(outcome, said, _failure(outcome), metrics, announced=_announced(page, chosen))


def _announced(page: Page, chosen: Sequence[str]) -> tuple[Announced, ...]:
    """The planned work that concerns whoever watches these components. Who watches all is concerned by work on all:
    pages of great clouds announce work on some part of them each day."""
    leaves = {one.name for one in page.components if not one.heading}
    found = []
    for one in page.maintenances:
        whole = not one.scope or (bool(leaves) and leaves <= set(one.scope))
        named = any(matches(glob, one.scope) for glob in chosen)
        if one.starts is not None and one.ends is not None and (whole or named):
            found.append(Announced(clean(one.name, NAME), one.starts, one.ends, whole))
    return tuple(found)


def _failure(outcome: Outcome) -> Failure | None:
    if outcome is Outcome.UP:
        return None
    return Failure.UNREADABLE if outcome is Outcome.UNKNOWN else Failure.STATED


def _no_such_component(page: Page, missing: Sequence[str]) -> Finding:
    if not page.lists:
        message = "this document lists no components; write the page's own address as url"
    else:
        glob = clean(missing[0], 80)
        near = ", ".join(f'"{name}"' for name in nearest(page, glob))
        message = f'no component is called "{glob}"; {f"there are {near}" if near else "none is listed"}'
    name = f"{page.name}: " if page.name else ""
    return Finding(Outcome.UNKNOWN, name + message, Failure.REQUEST)


def _of_state(page: Page, components: Sequence[Component], outcome: Outcome) -> list[str]:
    """What the page says and what its components say; whoever decided comes first."""
    parts = []
    if components:
        parts.append(_of_components(components))
    if page.indicator is not None:
        parts.append(f"{page.speaker} says {page.indicator.says or 'nothing'}")
        if page.indicator.outcome is outcome and worst(one.outcome for one in components) is not outcome:
            parts.reverse()
            if components:
                return [" while ".join(parts)]
    return parts


def _of_components(components: Sequence[Component]) -> str:
    bad = sorted((one for one in components if one.outcome is not Outcome.UP), key=lambda one: -one.outcome.badness)
    count = len(components)
    if not bad:
        return f"{components[0].name} is up" if count == 1 else f"all {count} components are up"
    named = ", ".join(f"{one.name} {_plain(one.says) or 'without a state'}" for one in bad[:_NAMED])
    more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
    return f"{named}{more}" + (f" (of {count} components)" if count > 1 else "")


def _of_incidents(incidents: Sequence[Incident], page: Page) -> list[str]:
    if not incidents:
        return ["no open incident"] if page.by_incidents and page.indicator is None and not page.components else []
    ranked = sorted(incidents, key=lambda one: -one.outcome.badness)
    named = ", ".join(f'"{one.name}"{f" ({_plain(one.phase)})" if one.phase else ""}' for one in ranked[:_NAMED])
    more = f" and {len(ranked) - _NAMED} more" if len(ranked) > _NAMED else ""
    kind = "incident" if any(one.outcome is not Outcome.UP for one in incidents) else "notice"
    return [f"{kind} {named}{more}"]


def _of_maintenance(running: Sequence[Maintenance], coming: Sequence[Maintenance], now: int) -> list[str]:
    parts = []
    if running:
        one = running[0]
        end = ""
        if one.ends is not None:
            end = f" until {_minute(one.ends)}" if one.ends > now else f", which should have ended {_minute(one.ends)}"
        more = f" and {len(running) - 1} more" if len(running) > 1 else ""
        parts.append(f'maintenance in progress "{one.name}"{end}{more}')
    if coming and coming[0].starts is not None:
        parts.append(f'maintenance in {_roughly(coming[0].starts - now)} "{coming[0].name}"')
    return parts


def _plain(words: str) -> str:
    """A vendor's words as people write them."""
    return words.replace("_", " ")


def _minute(instant: int) -> str:
    return format_instant(instant)[:16].replace("T", " ") + " UTC"


def _roughly(span: int) -> str:
    """In days, hours or minutes: what a person plans by."""
    unit = DAY if span >= 2 * DAY else HOUR if span >= 2 * HOUR else HOUR // 60
    return format_duration(max(span // unit, 1) * unit)
