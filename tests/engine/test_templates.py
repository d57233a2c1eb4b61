"""What people are told by templates: each trouble once, and nothing that another alert says already."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import pytest

from standby.config.load import load
from standby.config.whole import Config
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import HOUR, SECOND
from standby.engine.trials.trial import Trial
from standby.store.rows import AlertRow

from .fakeclock import T0
from .world import KINDS

WORDS = {"u": Outcome.UP, "d": Outcome.DOWN, "g": Outcome.DEGRADED, "?": Outcome.UNKNOWN}
EVERY = 10 * SECOND
HOUR_OF = HOUR // EVERY  # looks


def written(folder: Path, criticality: str, more: str = "", rest: str = "", learn: str = "false") -> Config:
    file = folder / "config.toml"
    file.write_text(
        '[standby]\nname = "test"\nenvironment = "development"\n[[vendor]]\nid = "acme"\n'
        f'[[integration]]\nid = "pay"\nvendor = "acme"\ncriticality = "{criticality}"\n{more}\n'
        f'[[check]]\nid = "api"\nintegration = "pay"\nkind = "stub"\nevery = "10s"\ntimeout = "8s"\n'
        f"baseline = {learn}\n{rest}"
    )
    return load(file, KINDS)


def seen(looks: str, check: str = "api", latency_ms: float = 20.0) -> list[Observation]:
    slots = [(T0 + number * EVERY, WORDS[letter]) for number, letter in enumerate(looks)]
    failures = {Outcome.DOWN: Failure.TIMEOUT, Outcome.DEGRADED: Failure.EXPECTATION}
    return [
        Observation(check, slot, slot, outcome, "", failures.get(outcome), latency_ms) for slot, outcome in slots
    ]  # fmt: skip


def fired(config: Config, *looks: Iterable[Observation]) -> dict[str, list[AlertRow]]:
    """The alerts that fired, by rule: the last row of each, and whether it was ever told."""
    rows: dict[int, AlertRow] = {}
    told: set[int] = set()

    def take(row: AlertRow) -> None:
        if row.fired_at is not None:
            rows[row.id] = row
            if row.state is AlertState.FIRING and not row.mutes:
                told.add(row.id)

    trial = Trial(config, T0, changed=take)
    streams = {found[0].check_id: found for found in map(list, looks)}
    trial.run(streams, until=max(found[-1].slot for found in streams.values()) + HOUR)
    found: dict[str, list[AlertRow]] = {}
    for row in rows.values():
        found.setdefault(row.rule if row.id in told else f"({row.rule})", []).append(row)
    return found


def loud(found: dict[str, list[AlertRow]]) -> list[str]:
    """The rules that people were told of, once for each alert."""
    return [rule for rule, rows in found.items() for _ in rows if not rule.startswith("(")]


def test_what_is_learned_says_nothing_beside_it(tmp_path: Path) -> None:
    looks = "u" * HOUR_OF + "d" * 60 + "u" * HOUR_OF
    assert loud(fired(written(tmp_path, "critical", learn="true"), seen(looks))) == ["down"]


CRITICALITIES = ["critical", "high", "medium", "low"]


@pytest.mark.parametrize(("criticality", "more"), list(itertools.product(CRITICALITIES, ["", "objective = 99.9"])))
@pytest.mark.parametrize("minutes", [1, 60])
def test_what_is_down_is_told_once_and_its_end_is_no_other_trouble(
    tmp_path: Path, criticality: str, more: str, minutes: int
) -> None:
    looks = "u" * 2 * HOUR_OF + "d" * 6 * minutes + "u" * 3 * HOUR_OF
    assert loud(fired(written(tmp_path, criticality, more), seen(looks))) == ["down"]


@pytest.mark.parametrize(
    ("criticality", "more", "expected"),
    [
        ("critical", "", {"failing": Severity.CRITICAL}),
        ("high", "", {"failing": Severity.WARNING}),
        ("medium", "", {}),  # an eighth is less than a fifth
        ("low", "", {}),
        ("critical", "objective = 99.9", {"budget-fast": Severity.CRITICAL}),
        ("high", "objective = 99.9", {"budget-fast": Severity.WARNING}),
        ("low", "objective = 99.9", {"budget-fast": Severity.INFO}),
        ("critical", "templates = false", {}),
    ],
)
def test_what_fails_now_and_then_is_told_though_it_is_never_down(
    tmp_path: Path, criticality: str, more: str, expected: dict[str, Severity]
) -> None:
    found = fired(written(tmp_path, criticality, more), seen(("u" * 14 + "dd") * (3 * HOUR_OF // 16)))
    assert {rule: found[rule][0].severity for rule in loud(found)} == expected


def test_what_comes_and_goes_is_told_as_that_alone(tmp_path: Path) -> None:
    found = fired(written(tmp_path, "critical"), seen("uud" * HOUR_OF))
    assert loud(found) == ["flapping"]
    [row] = found["(failing)"]
    assert "says it already" in row.mutes[0].why


@pytest.mark.parametrize(
    ("looks", "latency_ms", "expected"),
    [
        ("g" * HOUR_OF, 20.0, ["degraded"]),
        ("g" * 60 + "u" * HOUR_OF, 20.0, []),  # ten minutes
        ("u" * HOUR_OF, 4500.0, ["slow"]),
        ("u" * HOUR_OF, 3500.0, []),
        ("g" * HOUR_OF, 4500.0, ["degraded"]),
        ("?" * HOUR_OF, 4500.0, ["no-data"]),
    ],
)
def test_what_is_not_as_it_should_be_for_long_is_told_once(
    tmp_path: Path, looks: str, latency_ms: float, expected: list[str]
) -> None:
    found = fired(written(tmp_path, "critical"), seen(looks, latency_ms=latency_ms))
    assert loud(found) == expected


def test_one_slow_answer_is_told_to_nobody(tmp_path: Path) -> None:
    looks = [*seen("u" * HOUR_OF)]
    for place in (90, 91, 150):
        looks[place] = seen("u" * (place + 1), latency_ms=7000.0)[-1]
    assert fired(written(tmp_path, "critical"), looks) == {}


def test_what_others_say_is_told_before_it_is_measured_and_not_beside_it(tmp_path: Path) -> None:
    page = '[[check]]\nid = "page"\nintegration = "pay"\nkind = "hearsay"\nevery = "10s"\ntimeout = "8s"\n'
    config = written(tmp_path, "critical", rest=page)
    found = fired(config, seen("u" * 2 * HOUR_OF), seen("g" * HOUR_OF + "u" * HOUR_OF, "page"))
    assert loud(found) == ["stated"]
    found = fired(config, seen("d" * HOUR_OF + "u" * HOUR_OF), seen("u" * 6 + "d" * HOUR_OF + "u" * HOUR_OF, "page"))
    assert loud(found) == ["down"]  # the page goes on for a minute, and the alert for five more


def test_a_rule_that_somebody_wrote_is_never_kept_quiet_by_one_that_nobody_did(tmp_path: Path) -> None:
    own = '[[rule]]\nid = "slow"\nintegration = "pay"\nwhen = "latency_ms > 4000.0"\nseverity = "info"\n'
    found = fired(written(tmp_path, "critical", rest=own), seen("g" * HOUR_OF, latency_ms=4500.0))
    assert set(found) == {"slow", "degraded"}
