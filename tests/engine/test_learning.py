"""The step of a minute: which bank holds what makes no difference to what is said of it."""

from __future__ import annotations

import random
from collections.abc import Mapping

from standby.domain.baseline import ERRORS, LATENCY, METRICS, Series
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.engine.learning.step import Learning, Seen

T0 = 1_790_000_000 * SECOND // HOUR * HOUR
EVERY = 5 * MINUTE
LOOKS = 320  # over a day: from then on something is usual
CHECKS = 7


def figures(look: int) -> Mapping[Series, float]:
    """A minute of seven checks; each is now and then silent, or has no latency because it fails."""
    chance, found = random.Random(look), {}
    for check in range(CHECKS):
        fails = (look + 13 * check) % 71 < 3
        if chance.random() < 0.02:
            continue
        if not fails:
            found[Series(f"check:c{check}", LATENCY)] = chance.lognormvariate(4.6, 0.35)
        found[Series(f"check:c{check}", ERRORS)] = float(fails)
        found[Series(f"check:c{check}", f"{METRICS}.queue")] = float(chance.randrange(9))
    return found


def learned(learning: Learning) -> list[list[Seen]]:
    troubled = Series("check:c3", LATENCY)
    said = []
    for look in range(LOOKS):
        quiet = frozenset({troubled} if look % 3 == 0 else ())
        said.append(learning.take(T0 + look * EVERY, figures(look), lambda series, not_of=quiet: series not in not_of))
    return said


def test_kinds_in_one_bank_say_what_kinds_in_their_own_say() -> None:
    apart, together = Learning(), Learning(together=True)
    said = learned(together)
    assert said == learned(apart)
    assert any(seen.usual is not None for seen in said[-1])
    end = T0 + LOOKS * EVERY
    assert together.bands(end) == apart.bands(end) != {}


def test_what_is_wanted_no_more_leaves_its_place_to_others() -> None:
    learning = Learning(2, together=True)
    first, second, third = (Series(f"check:c{n}", LATENCY) for n in range(3))
    every = {first: 1.0, second: 2.0, third: 3.0}
    assert [seen.series for seen in learning.take(T0, every, lambda _: True)] == [first, second]
    learning.only(lambda series: series != first)
    again = learning.take(T0 + MINUTE, every, lambda _: True)
    assert [(seen.series, seen.value, seen.samples) for seen in again] == [(second, 2.0, 2), (third, 3.0, 1)]
