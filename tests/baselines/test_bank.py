"""A bank of many series says what each series' own detector says; it is kept in bytes that may be hostile."""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.baselines.series import DAY, MONDAY, NS, STEP, latencies

from standby.baselines import channels, constants
from standby.baselines.bank import Bank, Readings
from standby.baselines.detector import Detector
from standby.baselines.layout import VERSION, F
from standby.baselines.reading import CAUSES, Cause, Reading

NUMBERS = ("score", "strength", "usual", "low", "high", "deviation", "alert", "news", "seen", "days")


def assert_same(readings: Readings, row: int, reading: Reading) -> None:
    for name in NUMBERS:
        ours, theirs = getattr(readings, name)[row], getattr(reading, name)
        if theirs is None:
            assert math.isnan(ours), name
        else:
            assert float(ours) == pytest.approx(float(theirs), rel=1e-12, abs=1e-12), name
    code = int(readings.cause[row])
    assert (CAUSES[code - 1] if code else None) == reading.cause


def banked(count: int) -> tuple[Bank, list[Detector]]:
    bank = Bank()
    assert [bank.add() for _ in range(count)] == list(range(count))
    return bank, [Detector() for _ in range(count)]


def test_rows_of_all_kinds_read_as_their_detectors_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (constants, channels):  # so that histograms age, more than once, within the test
        monkeypatch.setattr(module, "TAIL_MOST", 300.0)
    count, rng = 12, np.random.default_rng(4)
    bank, detectors = banked(count)
    at = np.full(count, MONDAY)
    day = np.array([latencies(3, seed) for seed in range(count)])
    day[3] = np.round(day[3] / 50)
    day[4] = 7.0
    day[5, 450:] = day[5, 450]
    day[6, 500:] = 0.0
    day[7] *= np.where(rng.random(day.shape[1]) < 0.01, 10, 1)
    day[8] -= 220
    for number in range(620):
        at = at + rng.choice([60, 600, 900, 3_600, 0, -20], count) * NS
        values = np.where(rng.random(count) < 0.03, np.nan, day[:, number])
        learn = rng.random(count) < 0.95
        rows = rng.permutation(count)[: rng.integers(1, count + 1)] if number % 3 else np.arange(count)
        readings = bank.take(rows, at[rows], values[rows], learn[rows])
        for place, row in enumerate(rows.tolist()):
            taken = detectors[row].take(int(at[row]), float(values[row]), bool(learn[row]))
            if number % 5 == 0 or taken.news:
                assert_same(readings, place, taken)
        if number == 400:
            bank = Bank.from_bytes(bank.to_bytes())
        if number == 560:
            bank.reset([6, 9])
            detectors[6].accept()
            detectors[9].accept()


def test_what_lasts_reads_as_in_its_detectors_after_a_week() -> None:
    count, every = 5, 900
    bank, detectors = banked(count)
    rng, samples = np.random.default_rng(6), 10 * 96
    values = 100.0 + rng.normal(0.0, 3.0, (samples, count))
    values[860:900, 0] += 9.0
    values[860:920, 1] += rng.normal(0.0, 9.0, 60)
    values[860:920, 2] = 100.0 + (values[860:920, 2] - 100.0) * 0.3
    values[:, 3] = 0.0
    values[rng.random(values.shape) < 0.02] = np.nan
    rows, causes = np.arange(count), set()
    for number in range(samples):
        at, learn = MONDAY + number * every * NS, np.array([True, True, True, True, number % 50 != 7])
        readings = bank.take(rows, at, values[number], learn)
        for row, detector in enumerate(detectors):
            taken = detector.take(at, float(values[number, row]), bool(learn[row]))
            if number > 670 or number % 20 == 0:
                assert_same(readings, row, taken)
            causes.add(taken.cause)
        if number == 880:
            bank.reset([0, 4])
            detectors[0].accept()
            detectors[4].accept()
    assert {Cause.SHIFT, Cause.SPREAD} <= causes


def test_what_is_learned_only_is_what_is_usual_as_if_it_had_been_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "TAIL_MOST", 300.0)
    count, rng = 9, np.random.default_rng(5)
    judged, learned, days = Bank(count), Bank(count), 9
    values = np.array([latencies(days, seed) for seed in range(count)]).T
    values[:, 3] = np.round(values[:, 3] / 50)
    values[:, 4] = 7.0
    values[:, 7] -= 220
    values[rng.random(values.shape) < 0.03] = np.nan
    values[900:980, 2] = values[1_000:1_020] = np.nan
    at, every = [MONDAY + number * STEP * NS for number in range(len(values))], np.arange(count)
    seam = (days - 3) * DAY
    for first in range(0, seam, 7):
        last = min(first + 7, seam)
        rows = every if first % 2 else rng.permutation(count)
        learned.learn(rows, at[first:last], values[first:last, rows])
    for number, instant in enumerate(at):
        ours = judged.take(every, instant, values[number])
        theirs = learned.take(every, instant, values[number]) if number >= seam else ours
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(theirs, name), getattr(ours, name), rtol=1e-9, atol=1e-9, err_msg=name)
    assert ours.seen.min() > seam * 0.9
    with pytest.raises(ValueError, match="named twice"):
        learned.learn([1, 1], at[:1], values[:1, :2])


def test_what_the_slow_watch_is_spared_is_learned_all_the_same() -> None:
    watched, spared = Bank(1), Bank(1)
    values = latencies(3, 1)[:, None]
    at = [MONDAY + number * STEP * NS for number in range(len(values))]
    watched.learn([0], at, values)
    spared.learn([0], at, values, watch=False)
    later = at[-1] + STEP * NS
    assert spared.usual([0], later) == watched.usual([0], later)
    spared.learn([0], [later], values[:1])
    assert spared.to_bytes() != watched.to_bytes()


def test_a_row_is_taken_over_with_all_that_it_remembers() -> None:
    one, other = Bank(3), Bank(2)
    for number, value in enumerate(latencies(2).tolist()):
        other.take([0, 1], MONDAY + number * STEP * NS, [value, 2 * value])
    one.put([2, 0], other, [0, 1])
    at = MONDAY + 2 * DAY * STEP * NS
    ours, theirs = one.take([0, 2], at, 500.0), other.take([1, 0], at, 500.0)
    for name in NUMBERS:
        assert getattr(ours, name).tolist() == getattr(theirs, name).tolist()
    assert math.isnan(one.usual([1], at).usual[0])


@given(
    st.lists(
        st.tuples(st.integers(-(10**10), 10**13), st.floats(-1e9, 1e9) | st.sampled_from([0.0, math.nan, 1e29])),
        min_size=150,
        max_size=180,
    )
)
@settings(max_examples=5)
def test_anything_reads_as_its_detector_does(samples: list[tuple[int, float]]) -> None:
    bank, (detector,) = banked(1)
    at = MONDAY
    for step, value in samples:
        at += step
        assert_same(bank.take([0], at, value), 0, detector.take(at, value))


def test_the_band_is_asked_for_without_taking() -> None:
    bank, detectors = banked(2)
    for number, value in enumerate(latencies(7).tolist()[::12]):
        at = MONDAY + number * 12 * STEP * NS
        bank.take([0, 1], at, [value, -value])
        detectors[0].take(at, value)
        detectors[1].take(at, -value)
    noon = MONDAY + 7 * DAY * STEP * NS + 12 * 3_600 * NS
    bands = bank.usual([1, 0], noon)
    for place, row in enumerate((1, 0)):
        band = detectors[row].usual(noon)
        assert (bands.usual[place], bands.low[place], bands.high[place]) == pytest.approx(
            (band.usual, band.low, band.high), rel=1e-12
        )


def test_a_forgotten_row_serves_another_series() -> None:
    bank, (_, detector) = banked(2)
    for number, value in enumerate(latencies(0.7).tolist()):
        bank.take([0, 1], MONDAY + number * STEP * NS, value)
    bank.forget([1])
    for number, value in enumerate(latencies(1.1, seed=9).tolist()):
        at = MONDAY + (3 * DAY + number) * STEP * NS
        readings = bank.take([1], at, value)
        reading = detector.take(at, value)
    assert_same(readings, 0, reading)
    assert bank.usual([0], at).usual[0] > 0  # the other one knows what it knew


def test_rows_are_those_that_were_added_and_each_is_named_once() -> None:
    bank, _ = banked(3)
    with pytest.raises(IndexError, match="0 to 2"):
        bank.take([3], MONDAY, 1.0)
    with pytest.raises(IndexError, match="0 to 2"):
        bank.usual([-1], MONDAY)
    with pytest.raises(ValueError, match="named twice"):
        bank.take([1, 1], MONDAY, 1.0)
    assert len(bank.take([], MONDAY, 1.0).score) == 0


def test_room_for_more_is_made_once_and_changes_nothing() -> None:
    bank, plain = Bank(1), Bank(1)
    bank.reserve(20)
    room = bank.nbytes
    for one in (bank, plain):
        rows = [0, *(one.add() for _ in range(20))]
        one.take(rows, 1_790_000_000_000_000_000, np.arange(21.0))
    assert bank.nbytes == room
    assert bank.to_bytes() == plain.to_bytes()


def test_a_series_takes_three_kilobytes_at_most() -> None:
    bank, _ = banked(2_000)
    assert bank.nbytes / 2_000 < 3_200  # with the room for the next ones
    assert len(bank.to_bytes()) / 2_000 <= 3_000


def content_of(rows: int) -> bytes:
    bank, _ = banked(rows)
    bank.take(np.arange(rows), MONDAY, np.arange(rows) * 1.5)
    return bank.to_bytes()


def rewritten(content: bytes, name: str, array: np.ndarray | bytes, *, packed: bool = False) -> bytes:
    """The same archive with one member exchanged."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if info.filename != f"{name}.npy":
                new.writestr(info.filename, old.read(info))
                continue
            raw = io.BytesIO()
            if isinstance(array, bytes):
                raw.write(array)
            else:
                np.lib.format.write_array(raw, array, allow_pickle=True)
            new.writestr(info.filename, raw.getvalue(), zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)
    return out.getvalue()


def test_bytes_come_back_as_they_were() -> None:
    content = content_of(5)
    assert Bank.from_bytes(content).to_bytes() == content
    assert len(Bank.from_bytes(Bank().to_bytes())) == 0


def hostile() -> dict[str, bytes]:
    good = content_of(3)
    with np.load(io.BytesIO(good)) as loaded:
        numbers, weeks = loaded["numbers"], loaded["weeks"]
    nan, wild, bits = numbers.copy(), weeks.copy(), numbers.copy()
    nan[4, 1], wild[0, 0], bits[F.RECENT] = np.nan, -1, 1e6
    claim = io.BytesIO()
    np.lib.format.write_array_header_1_0(claim, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 48)})
    return {
        "no archive": b"PK\x03\x04 no archive",
        "nothing": b"",
        "cut": good[: len(good) // 2],
        "other version": rewritten(good, "version", np.array([99, 3])),
        "more rows than there are": rewritten(good, "version", np.array([VERSION, 900_000])),
        "less than no rows": rewritten(good, "version", np.array([VERSION, -4])),
        "packed": rewritten(good, "level", np.zeros((3, 48)), packed=True),
        "other type": rewritten(good, "level", np.zeros((3, 48), np.int64)),
        "objects": rewritten(good, "level", np.array([{"a": 1}] * 3, object)),
        "claims": rewritten(good, "level", claim.getvalue()),
        "no array": rewritten(good, "level", b"\x93NUMPY\x01\x00\x02\x00{}"),
        "not a number": rewritten(good, "numbers", nan),
        "weeks": rewritten(good, "weeks", wild),
        "bits": rewritten(good, "numbers", bits),
        "cut member": rewritten(good, "times", b""),
    }


HOSTILE = hostile()


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_bytes_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"baselines"):
        Bank.from_bytes(HOSTILE[name])


TWO = content_of(2)


@given(st.binary(max_size=200), st.integers(0, len(TWO)))
@settings(max_examples=60)
def test_damaged_bytes_are_refused_or_read(noise: bytes, at: int) -> None:
    try:
        bank = Bank.from_bytes(TWO[:at] + noise + TWO[at + len(noise) :])
    except ValueError:
        return
    assert len(bank) == 2
