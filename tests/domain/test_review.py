"""What a rule's alerts say about the rule, and when it is to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.outcome import Severity
from standby.domain.review import FLAP_NS, REMIND_NS, TOGETHER_NS, Figures, Firing, Review, Verdict, figures
from standby.domain.units import DAY, HOUR, MINUTE

T0 = 1_795_000_000_000_000_000
RULE, OTHER = "payments/errors", "shipping/slow"


def fired(
    at: int, lasted: int | None = 30 * MINUTE, acked_after: int | None = None, rule: str = RULE, **changed: object
) -> Firing:
    fields = {
        "severity": Severity.WARNING,
        "resolved_at": None if lasted is None else T0 + at + lasted,
        "acked_at": None if acked_after is None else T0 + at + acked_after,
        **changed,
    }
    return Firing(rule, fired_at=T0 + at, **fields)  # type: ignore[arg-type]


def of(firings: Sequence[Firing], rule: str = RULE) -> Figures:
    return next(one for one in figures([RULE, OTHER], firings) if one.rule == rule)


def every(count: int, **keys: object) -> list[Firing]:
    return [fired(number * DAY, **keys) for number in range(count)]  # type: ignore[arg-type]


def test_only_a_rule_that_was_in_force_all_the_time_never_fired() -> None:
    judged = {one.rule: one for one in figures([RULE, OTHER, "sms/down"], [fired(0)], new={RULE, OTHER})}
    assert {rule: one.verdict for rule, one in judged.items()} == {
        RULE: Verdict.GOOD, OTHER: Verdict.NEW, "sms/down": Verdict.NEVER,
    }  # fmt: skip
    assert judged[OTHER].advice == ""


@pytest.mark.parametrize(
    ("firings", "verdict", "advice"),
    [
        ([], Verdict.NEVER, "test it, loosen it, or take it out"),
        (every(4), Verdict.GOOD, ""),
        (every(5), Verdict.IGNORED, "hardly anybody takes it: a threshold that matters, or severity info"),
        (
            every(5, lasted=MINUTE),
            Verdict.IGNORED,
            "5 of 5 were over by themselves within minutes: a longer `for`",
        ),
        (every(8, acked_after=3 * MINUTE), Verdict.GOOD, ""),
        (every(8, muted=True), Verdict.GOOD, ""),
        (every(8, severity=Severity.INFO), Verdict.GOOD, ""),
        (
            [fired(number * 40 * MINUTE, acked_after=MINUTE) for number in range(6)],
            Verdict.FLAPS,
            "5 of 6 came right after the one before: a longer `keep_firing_for`",
        ),
        (
            [*every(4, acked_after=1), *every(4, acked_after=1, rule=OTHER)],
            Verdict.DOUBLED,
            "100% come with shipping/slow: one of them, or an [[inhibit]]",
        ),
    ],
)
def test_a_rule_is_judged_by_what_became_of_its_alerts(firings: list[Firing], verdict: Verdict, advice: str) -> None:
    found = of(firings)
    assert (found.verdict, found.advice) == (verdict, advice)


def test_what_is_counted() -> None:
    found = of(
        [
            fired(0, acked_after=4 * MINUTE),
            fired(DAY, acked_after=2 * MINUTE, lasted=10 * MINUTE),
            fired(2 * DAY),
            fired(3 * DAY, lasted=MINUTE),
            fired(4 * DAY, muted=True),
            fired(5 * DAY, lasted=None),
        ]
    )
    assert (found.fired, found.told, found.acked, found.ignored, found.brief, found.muted) == (6, 5, 2, 1, 1, 1)
    assert (found.to_ack_ns, found.lasted_ns) == (2 * MINUTE, 30 * MINUTE)
    assert found.share_acked == pytest.approx(0.4)


@pytest.mark.parametrize(("pause", "flaps"), [(FLAP_NS, 1), (FLAP_NS + 1, 0), (0, 1)])
def test_what_comes_right_after_its_end_is_a_flap(pause: int, flaps: int) -> None:
    assert of([fired(0, lasted=HOUR), fired(HOUR + pause)]).flaps == flaps


@pytest.mark.parametrize(("apart", "share"), [(TOGETHER_NS, 1.0), (-TOGETHER_NS, 1.0), (TOGETHER_NS + 1, None)])
def test_rules_overlap_when_they_fire_within_minutes(apart: int, share: float | None) -> None:
    firings = every(3) + [fired(number * DAY + apart, rule=OTHER) for number in range(3)]
    overlap = of(firings).overlap
    assert (overlap.share if overlap else None) == share


def test_two_firings_are_no_share() -> None:
    assert of([*every(2), *every(2, rule=OTHER)]).overlap is None


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["a/a", "b/b", "c/c"])), max_size=30))
def test_overlaps_are_what_counting_every_pair_finds(rows: list[tuple[int, str]]) -> None:
    firings = [fired(at * MINUTE, rule=rule) for at, rule in rows]
    for one in figures(["a/a", "b/b", "c/c"], firings):
        mine = [firing.fired_at for firing in firings if firing.rule == one.rule]
        shares = {
            other: sum(
                any(abs(at - them.fired_at) <= TOGETHER_NS for them in firings if them.rule == other) for at in mine
            )
            for other in {"a/a", "b/b", "c/c"} - {one.rule}
        }
        best = max(shares.values())
        expected = best / len(mine) if len(mine) >= 3 and best else None
        assert (one.overlap.share if one.overlap else None) == expected
        assert one.overlap is None or shares[one.overlap.rule] == best


def test_a_storm_says_nothing_about_a_pair() -> None:
    names = [f"i/{number}" for number in range(40)]
    storm = [fired(day * DAY, rule=name) for day in range(3) for name in names]
    assert [one.overlap for one in figures(names, storm)] == [None] * 40


def test_the_worst_is_first_and_a_rule_that_is_gone_is_not_there() -> None:
    firings = [*every(9, rule=OTHER), *every(2), fired(0, rule="gone/rule")]
    assert [one.rule for one in figures(["a/silent", RULE, OTHER], firings)] == [OTHER, RULE, "a/silent"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 90 * DAY),
            st.none() | st.integers(0, 3 * HOUR),
            st.none() | st.integers(0, HOUR),
            st.sampled_from([RULE, OTHER]),
            st.sampled_from(list(Severity)),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_counts_never_exceed_what_fired(rows: list[tuple[int, int | None, int | None, str, Severity, bool]]) -> None:
    firings = [
        fired(at, lasted, acked, rule, severity=severity, muted=muted)
        for at, lasted, acked, rule, severity, muted in rows
    ]
    for one in figures([RULE, OTHER], firings):
        assert one.fired == sum(row[3] == one.rule for row in rows)
        assert one.acked + one.ignored <= one.told <= one.fired - one.muted
        assert one.flaps <= max(0, one.fired - 1)
        assert one.overlap is None or 0 < one.overlap.share <= 1


def test_a_review_comes_one_period_after_the_last_or_after_the_rule() -> None:
    new = Review(RULE, "payments", T0).scheduled("payments", 90 * DAY)
    assert new.due_at == T0 + 90 * DAY
    assert not new.is_due(T0 + 90 * DAY - 1)
    assert new.is_due(T0 + 90 * DAY)
    seen = Review(RULE, "payments", T0, reviewed_at=T0 + DAY).scheduled("shop", 10 * DAY)
    assert (seen.due_at, seen.owner) == (T0 + 11 * DAY, "shop")
    assert seen.scheduled("shop", 0).due_at is None


@pytest.mark.parametrize(
    ("reminded", "now", "wanted"),
    [(None, 0, True), (None, -1, False), (0, REMIND_NS - 1, False), (0, REMIND_NS, True)],
)
def test_it_is_reminded_of_once_a_day(reminded: int | None, now: int, wanted: bool) -> None:
    at = None if reminded is None else T0 + reminded
    assert Review(RULE, "", 0, due_at=T0, reminded_at=at).to_remind(T0 + now) is wanted
