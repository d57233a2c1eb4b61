"""`kind = "file"`: whether a file, or the newest of several, is fresh, of a likely size, and grows."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from standby.checks.apart import Apart
from standby.checks.base import Context, Kind, observation
from standby.config.fields import Duration, Size, format_size
from standby.config.models import CheckModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import MINUTE, SECOND, format_duration
from standby.net.phases import TRACE, Trace
from standby.net.trouble import Trouble

MOST_ENTRIES = 200_000
MOST_COUNTED = 64_000_000  # bytes read for counting lines
_AHEAD = 5 * MINUTE  # a clock may differ by so much
_PART = 1 << 20


class FileModel(CheckModel):
    """A file that somebody puts somewhere: an export, a backup, a log. Contents are read only to count lines."""

    unanswered: ClassVar[Outcome] = Outcome.UNKNOWN

    kind: Literal["file"] = "file"
    folder: Path = Field(description="where it is; relative to the configuration's folder")
    name: str = Field(
        min_length=1,
        max_length=255,
        description="its name, or a pattern like `orders-*.csv`: the newest counts",
    )
    follow_links: bool = Field(default=False, description="also look at links, which may lead out of the folder")
    max_age: Duration | None = Field(default=None, description="older is `down`")
    warn_age: Duration | None = Field(default=None, description="older is `degraded`")
    min_size: Size | None = Field(default=None, description="smaller is `down`")
    max_size: Size | None = Field(default=None, description="larger is `down`")
    grows_within: Duration | None = Field(default=None, description="not larger after this long is `down`: a stuck log")
    min_files: int = Field(default=1, ge=1, le=MOST_ENTRIES, description="fewer that match is `down`")
    min_lines: int | None = Field(default=None, ge=1, description="fewer lines is `down`; reads at most 64 MB")

    @field_validator("name")
    @classmethod
    def _one_name(cls, value: str) -> str:
        if "/" in value or "\0" in value or value in (".", ".."):
            raise ValueError(
                f'"{clean(value, 80)}" is not the name of a file in the folder; write folder and name apart'
            )
        return value

    @model_validator(mode="after")
    def _in_order(self) -> FileModel:
        if self.min_size is not None and self.max_size is not None and self.min_size > self.max_size:
            raise ValueError("min_size is above max_size; exchange them")
        if self.warn_age is not None and self.max_age is not None and self.warn_age >= self.max_age:
            raise ValueError("warn_age is not below max_age: it would never speak; write a shorter one")
        return self

    @property
    def target(self) -> str:
        """Folder and name."""
        return clean(str(self.folder / self.name), 200)


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest file that matches. `modified` is ns since 1970, `size` bytes, `files` how many match."""

    name: str
    modified: int
    size: int
    files: int
    lines: int | None = None


@dataclass(frozen=True, slots=True)
class _Grown:
    """When a file was last seen to grow, and to what size."""

    name: str
    size: int
    at: int


class FileCheck:
    """Looks into the folder in a thread of its own: network disks hang."""

    def __init__(self, model: FileModel) -> None:
        self.model = model
        self._apart: Apart[Seen | None] = Apart(model.id)
        self._grown: _Grown | None = None

    async def run(self, context: Context, slot: int) -> Observation:
        """Look once. Raises Trouble."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        folder = context.base / model.folder
        seen = await self._apart.run(lambda: newest(folder, model))
        now = context.clock.now()
        if seen is not None:
            self._watch_growth(seen, now)
        outcome, message, failure = self._judge(seen, now)
        return observation(
            model,
            context,
            slot,
            outcome,
            message,
            failure=failure,
            latency_ms=trace.elapsed_ms,
            metrics=_metrics(seen, now),
        )

    def _watch_growth(self, seen: Seen, now: int) -> None:
        last = self._grown
        if last is None or last.name != seen.name or seen.size > last.size:
            self._grown = _Grown(seen.name, seen.size, now)
        elif seen.size < last.size:  # emptied: it may grow again from there
            self._grown = _Grown(seen.name, seen.size, last.at)

    def _judge(self, seen: Seen | None, now: int) -> tuple[Outcome, str, Failure | None]:
        model = self.model
        if seen is None:
            return Outcome.DOWN, f"there is no file {model.name} in {model.folder}", Failure.STALE
        age = now - seen.modified
        said = f"{seen.name}, {_size(seen.size)}, {_ago(age)} old"
        for wrong, why, failure in self._faults(seen, age, now):
            if wrong:
                return Outcome.DOWN, f"{why}: {said}", failure
        if age < -_AHEAD:
            return Outcome.DEGRADED, f"{seen.name} is dated {_ago(-age)} in the future", Failure.DATA
        if model.warn_age is not None and age > model.warn_age:
            return Outcome.DEGRADED, f"older than {format_duration(model.warn_age)}: {said}", Failure.STALE
        return Outcome.UP, said, None

    def _faults(self, seen: Seen, age: int, now: int) -> Iterator[tuple[bool, str, Failure]]:
        """Each limit of the model: whether it is broken, and how that is said."""
        model = self.model
        if model.max_age is not None:
            yield age > model.max_age, f"older than {format_duration(model.max_age)}", Failure.STALE
        if model.min_size is not None:
            yield seen.size < model.min_size, f"smaller than {format_size(model.min_size)}", Failure.DATA
        if model.max_size is not None:
            yield seen.size > model.max_size, f"larger than {format_size(model.max_size)}", Failure.DATA
        if model.min_lines is not None and seen.lines is not None:
            yield seen.lines < model.min_lines, f"{seen.lines} lines, fewer than {model.min_lines}", Failure.DATA
        yield seen.files < model.min_files, f"{seen.files} files, fewer than {model.min_files}", Failure.DATA
        if model.grows_within is not None and self._grown is not None:
            still = now - self._grown.at
            yield still > model.grows_within, f"has not grown for {_ago(still)}", Failure.STALE


def newest(folder: Path, model: FileModel, *, since: int = 0) -> Seen | None:
    """The newest file of the folder that matches and changed after `since` (ns); None when none does.

    Everything goes through one open folder and, unless told, never through a link: nothing outside of it is looked at.
    Raises Trouble for a folder that cannot be read.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    try:
        return _newest(handle, model, since)
    except OSError as error:
        raise _unreadable(folder, error) from error
    finally:
        os.close(handle)


def _newest(handle: int, model: FileModel, since: int) -> Seen | None:
    found: list[tuple[int, str, int]] = []
    with os.scandir(handle) as entries:
        for number, entry in enumerate(entries):
            if number >= MOST_ENTRIES:
                message = f"the folder has more than {MOST_ENTRIES} entries; name another"
                raise Trouble(Failure.TOO_LARGE, message, Outcome.UNKNOWN)
            if not (entry.name == model.name or fnmatch.fnmatchcase(entry.name, model.name)):
                continue
            with contextlib.suppress(FileNotFoundError):  # moved away meanwhile
                status = entry.stat(follow_symlinks=model.follow_links)
                if stat.S_ISREG(status.st_mode) and status.st_mtime_ns >= since:
                    found.append((status.st_mtime_ns, entry.name, status.st_size))
    if not found:
        return None
    modified, name, size = max(found)
    lines = _lines(handle, name, model) if model.min_lines is not None else None
    return Seen(clean(name, 120), modified, size, len(found), lines)


def _lines(handle: int, name: str, model: FileModel) -> int:
    """The lines of a file, of its first 64 MB."""
    links = 0 if model.follow_links else os.O_NOFOLLOW
    file = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | links, dir_fd=handle)
    try:
        count, left, last = 0, MOST_COUNTED, b"\n"
        while left > 0 and (part := os.read(file, min(left, _PART))):
            count += part.count(b"\n")
            left -= len(part)
            last = part[-1:]
        return count + (last != b"\n")
    finally:
        os.close(file)


def _metrics(seen: Seen | None, now: int) -> dict[str, float]:
    if seen is None:
        return {"files": 0.0}
    found = {"files": float(seen.files), "size_bytes": float(seen.size)}
    found["age_s"] = round((now - seen.modified) / SECOND, 3)
    if seen.lines is not None:
        found["lines"] = float(seen.lines)
    return found


def _unreadable(folder: Path, error: Exception) -> Trouble:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return Trouble(Failure.INTERNAL, f"{folder} cannot be looked into: {why}", Outcome.UNKNOWN)


def _size(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _ago(age: int) -> str:
    return format_duration(max(0, age) // SECOND * SECOND)


KIND = Kind("file", FileModel, FileCheck)
