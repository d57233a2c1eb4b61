"""Our latency sketch beside the library that its idea is from: ddsketch, with protobuf for what is stored.

    .venv/bin/python -m benchmarks sketch

Both have the same accuracy and see the same latencies: a check every 5 s, 30 days of hours, a day of minutes.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence

from ddsketch import DDSketch
from ddsketch.pb.ddsketch_pb2 import DDSketch as Stored
from ddsketch.pb.proto import DDSketchProto

from benchmarks.figure import Figure, Target
from standby.domain.sketch import ACCURACY, Sketch

QUANTILES = (0.50, 0.95, 0.99)
REPETITIONS = 5


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """For the table of figures."""
    chance = random.Random(1)
    hours = _latencies(chance, 24 if quick else 30 * 24, 720)
    minutes = _latencies(chance, 60 if quick else 24 * 60, 12)
    days, day = len(hours) // 24, len(minutes)
    ours_hours, theirs_hours = [_ours(one) for one in hours], [_theirs(one) for one in hours]
    ours_minutes, theirs_minutes = [_ours(one) for one in minutes], [_theirs(one) for one in minutes]
    every = sorted(latency for one in hours for latency in one)
    exact = [every[max(1, math.ceil(q * len(every))) - 1] for q in QUANTILES]
    return [
        _timed("sketch: take 720 latencies in", lambda: _ours(hours[0]), lambda: _theirs(hours[0]), "and store them"),
        _timed(
            f"sketch: {days} d out of stored hours",
            lambda: _our_quantiles(ours_hours),
            lambda: _their_quantiles(theirs_hours),
            "read, merge, three percentiles; a history reads six such: the latency and five phases",
            Target(50),
        ),
        _timed(
            f"sketch: {day} stored minutes",
            lambda: _our_quantiles(ours_minutes),
            lambda: _their_quantiles(theirs_minutes),
            "read, merge, three percentiles",
        ),
        Figure("sketch: an hour of 720 on disk", _sizes(ours_hours), _sizes(theirs_hours), "B", None),
        Figure("sketch: a minute of 12 on disk", _sizes(ours_minutes), _sizes(theirs_minutes), "B", None),
        Figure(
            "sketch: worst error of p50, p95, p99",
            [_worst(_our_quantiles(ours_hours), exact)],
            [_worst(_their_quantiles(theirs_hours), exact)],
            "%",
            Target(100 * ACCURACY),
            f"of {len(every)} latencies",
        ),
    ]


def _latencies(chance: random.Random, groups: int, count: int) -> list[list[float]]:
    return [[chance.lognormvariate(4.6, 0.35) for _ in range(count)] for _ in range(groups)]


def _ours(latencies: Sequence[float]) -> bytes:
    sketch = Sketch()
    for latency in latencies:
        sketch.add(latency)
    return sketch.to_bytes()


def _theirs(latencies: Sequence[float]) -> bytes:
    sketch = DDSketch(ACCURACY)
    for latency in latencies:
        sketch.add(latency)
    return bytes(DDSketchProto.to_proto(sketch).SerializeToString())


def _our_quantiles(stored: Sequence[bytes]) -> list[float]:
    whole = Sketch()
    whole.merge_stored(stored)
    return whole.quantiles(*QUANTILES)


def _their_quantiles(stored: Sequence[bytes]) -> list[float]:
    whole = DDSketch(ACCURACY)
    for one in stored:
        whole.merge(DDSketchProto.from_proto(Stored.FromString(one)))
    return [float(whole.get_quantile_value(q)) for q in QUANTILES]


def _sizes(stored: Sequence[bytes]) -> list[float]:
    return [float(len(one)) for one in stored[:REPETITIONS]]


def _worst(told: Sequence[float], exact: Sequence[float]) -> float:
    return 100 * max(abs(one - other) / other for one, other in zip(told, exact, strict=True))


def _timed(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], note: str, target: Target | None = None
) -> Figure:
    """In turns, so that both have the same machine."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPETITIONS):
        for side, times in zip((ours, theirs), took, strict=True):
            begun = time.process_time()
            side()
            times.append((time.process_time() - begun) * 1e3)
    return Figure(name, took[0], took[1], "ms", target, f"{note}; CPU, worst {max(took[0]):.2f} ms")
