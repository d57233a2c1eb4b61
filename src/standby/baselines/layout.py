"""How the memory of many series lies in arrays, and in bytes."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, fields
from enum import IntEnum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from standby.baselines import constants as c
from standby.baselines.reading import CAUSES

VERSION = 3
MOST_ROWS = 1_000_000


class F(IntEnum):
    """The lines of `Memory.numbers`."""

    SEEN = 0
    STEP = auto()
    POSITIVE = auto()
    SEASON_OFFSET = auto()
    SEASON_ERROR = auto()
    LEVEL = auto()
    LEVEL_SCALE = auto()
    SHIFT_FAST = auto()
    SHIFT_SLOW = auto()
    SHIFT_SCALE = auto()
    SHIFT_WIDE = auto()
    PLACE = auto()
    PLACE_SCALE = auto()
    SPREAD_FAST = auto()
    SPREAD_SLOW = auto()
    SPREAD_SCALE = auto()
    SMOOTH = auto()
    LASTING = auto()
    FROZEN_LAST = auto()
    FROZEN_RUN = auto()
    FROZEN_LONGEST = auto()
    FROZEN_CHANGES = auto()
    HOLD_PEAK = auto()
    RECENT = auto()
    BELOW = auto()
    TOLD = auto()  # the strength that was told last of the incident that is open, 0: none is
    CAUSE = auto()
    LASTS = auto()  # what the slow watch saw, a cause or 0
    WORKDAYS = auto()  # hours seen of them by the slow watch
    WEEKENDS = auto()
    APART = auto()
    STEP_SCALE = auto()
    STEP_PAST = auto()
    STEP_TOP = auto()
    VARIES = auto()
    WIDTH_SCALE = auto()
    WIDTH_PAST = auto()
    WIDTH_TOP = auto()


class T(IntEnum):
    """The lines of `Memory.times`, ns since the epoch."""

    FIRST = 0
    LAST = auto()
    CHANGED = auto()
    HELD = auto()


CHANNELS = len(c.WEIGHTS)
_SERIES_FIRST = ("level", "spread", "samples", "week", "weeks", "hourly", "wide")
_SERIES_SECOND = ("numbers", "times", "counts", "totals")  # of the others the first axis counts the series


@dataclass(slots=True)
class Memory:
    """What `size` series remember; each array's last axis but one, or its only other one, counts the series."""

    numbers: NDArray[np.float64]  # F, series
    times: NDArray[np.int64]  # T, series
    level: NDArray[np.float64]  # series, hours of the day
    spread: NDArray[np.float32]
    samples: NDArray[np.uint8]
    week: NDArray[np.float32]  # series, hours of the week
    weeks: NDArray[np.float32]
    hourly: NDArray[np.float32]  # series, hours of working days and of weekends
    wide: NDArray[np.float32]  # the same in slots of `WIDE_HOURS`
    counts: NDArray[np.float32]  # channels, series, bins
    totals: NDArray[np.float64]  # channels, series

    @property
    def size(self) -> int:
        """Series that it has room for."""
        return len(self.level)

    @property
    def nbytes(self) -> int:
        """Of all arrays."""
        return sum(int(getattr(self, field.name).nbytes) for field in fields(self))

    def grown(self, size: int) -> Memory:
        """The same with room for `size` series, the new ones as `clear` leaves them."""
        bigger, old = blank(size), self.size
        bigger.numbers[:, :old], bigger.times[:, :old] = self.numbers, self.times
        for name in _SERIES_FIRST:
            getattr(bigger, name)[:old] = getattr(self, name)
        bigger.counts[:, :old], bigger.totals[:, :old] = self.counts, self.totals
        return bigger

    def put(self, rows: NDArray[np.int64], other: Memory, others: NDArray[np.int64]) -> None:
        """Remember of `rows` what another remembers of `others`."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if field.name in _SERIES_SECOND:
                mine[:, rows] = theirs[:, others]
            else:
                mine[rows] = theirs[others]

    def clear(self, rows: NDArray[np.int64]) -> None:
        """As if these series had never been seen."""
        self.numbers[:, rows], self.times[:, rows] = _fresh()[:, None], 0
        for name in _SERIES_FIRST:
            getattr(self, name)[rows] = c.UNSEEN if name == "hourly" else 0
        self.counts[:, rows], self.totals[:, rows] = 0.0, 0.0


def _fresh() -> NDArray[np.float64]:
    numbers = np.zeros(len(F))
    numbers[F.STEP], numbers[F.POSITIVE], numbers[F.VARIES] = c.ORDINARY_S, 1.0, 1.0
    numbers[F.STEP_SCALE], numbers[F.WIDTH_SCALE] = c.STEP_BOUND / c.STEP_RATIO, c.WIDTH_BOUND / c.WIDTH_RATIO
    return numbers


def blank(size: int) -> Memory:
    """Memory of `size` series that were never seen."""
    return Memory(
        np.repeat(_fresh()[:, None], size, axis=1),
        np.zeros((len(T), size), np.int64),
        np.zeros((size, c.BUCKETS)),
        np.zeros((size, c.BUCKETS), np.float32),
        np.zeros((size, c.BUCKETS), np.uint8),
        np.zeros((size, c.HOURS), np.float32),
        np.zeros((size, c.HOURS), np.float32),
        np.full((size, 2 * c.BUCKETS), c.UNSEEN, np.float32),
        np.zeros((size, 2 * c.BUCKETS // c.WIDE_HOURS), np.float32),
        np.zeros((CHANNELS, size, c.BINS), np.float32),
        np.zeros((CHANNELS, size)),
    )


def to_bytes(memory: Memory, size: int) -> bytes:
    """The first `size` series as an .npz without compression."""
    arrays: dict[str, Any] = {"version": np.array([VERSION, size])}
    for field in fields(memory):
        arrays[field.name] = _shown(memory, field.name, size)
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def from_bytes(content: bytes) -> Memory:
    """What `to_bytes` wrote. Raises ValueError for anything else: another version, a bomb, numbers that are none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            version = _member(archive, "version", np.dtype(np.int64), (2,), len(content))
            if version[0] != VERSION or not 0 <= version[1] <= MOST_ROWS:
                raise ValueError(f"baselines of version {version[0]} cannot be read, only of {VERSION}")
            memory = blank(0)
            for field in fields(memory):
                wanted = _shape(memory, field.name, int(version[1]))
                held = getattr(memory, field.name)
                setattr(memory, field.name, _member(archive, field.name, held.dtype, wanted, len(content)))
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"these are no baselines: {error}") from error
    _check(memory)
    return memory


def _shape(memory: Memory, name: str, size: int) -> tuple[int, ...]:
    shape: tuple[int, ...] = getattr(memory, name).shape
    series = 1 if name in _SERIES_SECOND else 0
    return (*shape[:series], size, *shape[series + 1 :])


def _shown(memory: Memory, name: str, size: int) -> NDArray[Any]:
    array: NDArray[Any] = getattr(memory, name)
    return array[:, :size] if name in _SERIES_SECOND else array[:size]


def _member(
    archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], most: int
) -> NDArray[Any]:
    """One array of exactly this form: its header is not asked how much memory to take."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > most:
        raise ValueError(f"these are no baselines: {name} is packed")
    content = io.BytesIO(archive.read(info))
    found, fortran, kind = _header(content, name)
    if found != shape or fortran or kind != dtype:
        raise ValueError(f"these are no baselines: {name} is {kind} {found}, not {dtype} {shape}")
    rest = content.read()
    if len(rest) != int(np.prod(shape)) * dtype.itemsize:
        raise ValueError(f"these are no baselines: {name} is cut off")
    return np.frombuffer(rest, dtype).reshape(shape).copy()


def _header(content: io.BytesIO, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        if np.lib.format.read_magic(content) == (1, 0):
            return np.lib.format.read_array_header_1_0(content)
    except ValueError as error:
        raise ValueError(f"these are no baselines: {name}: {error}") from error
    raise ValueError(f"these are no baselines: {name} has another header")


def _check(memory: Memory) -> None:
    for name in ("numbers", "level", "spread", "week", "weeks", "hourly", "wide", "counts", "totals"):
        if not np.isfinite(getattr(memory, name)).all():
            raise ValueError(f"these are no baselines: {name} holds what is no number")
    numbers = memory.numbers
    for line, most in ((F.RECENT, (1 << c.SUSTAINED_OF[1]) - 1), (F.CAUSE, len(CAUSES)), (F.LASTS, len(CAUSES))):
        if (numbers[line] > most).any() or (numbers[line] < 0).any() or (numbers[line] % 1).any():
            raise ValueError(f"these are no baselines: {line.name.lower()} is out of bounds")
    for name, low in (("step", numbers[F.STEP] <= 0), ("seen", numbers[F.SEEN] < 0), ("varies", numbers[F.VARIES] < 0)):
        if low.any():
            raise ValueError(f"these are no baselines: {name} is out of bounds")
    for name in ("spread", "weeks", "wide", "counts", "totals"):
        if (getattr(memory, name) < 0).any():
            raise ValueError(f"these are no baselines: {name} is out of bounds")
