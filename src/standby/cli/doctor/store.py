"""What `standby doctor` looks at in the store, on its disk and at its engine."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from standby.cli.doctor import Finding
from standby.cli.output import ago
from standby.cli.status import ALIVE_WITHIN
from standby.domain.clock import Clock
from standby.domain.units import DAY, SECOND, format_duration
from standby.link.holder import Holder, held_by
from standby.link.paths import link_paths
from standby.store.errors import StoreError
from standby.store.place import companions, refuse_folder
from standby.store.reader import Reader
from standby.store.retention import Retention
from standby.store.rows import EngineRow
from standby.store.size import DETAIL, full_after, predict

if TYPE_CHECKING:
    from standby.config.whole import Config

_READ_WHOLE_BELOW = 512 * 2**20  # bytes: half a second
_TIGHT = 64 * 2**20  # bytes: the write-ahead log and some hours
_SAMPLED = 50  # checks whose observations say how long messages and metrics are


def store(path: Path, config: Config | None, clock: Clock) -> Iterator[Finding]:
    """Whether it opens and is whole, who may read it, how large it is and will be, whether its log is untouched."""
    if not os.path.lexists(path):
        yield from _place(path)
        yield from _disk(path, config, 0, None)
        return
    try:
        reader = Reader(path)
    except StoreError as told:
        yield Finding("FAIL", "store", str(told))
        return
    try:
        yield from _opened(reader, path, clock)
        yield from _disk(path, config, reader.size(), reader)
    except StoreError as told:
        yield Finding("FAIL", "store", str(told))
    finally:
        reader.close()


def _place(path: Path) -> Iterator[Finding]:
    """Where a store will be made."""
    folder = _existing(path.parent)
    try:
        refuse_folder(folder, path)
    except StoreError as told:
        yield Finding("FAIL", "store", str(told))
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("FAIL", "store", f"{folder} may not be written", "Name another place with `store`")
        return
    yield Finding("ok", "store", f"none yet at {path}", "The first engine makes it")


def _existing(folder: Path) -> Path:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _opened(reader: Reader, path: Path, clock: Clock) -> Iterator[Finding]:
    size = reader.size()
    yield Finding("ok", "store", f"{path} opens, {bytes_text(size)}")
    whole = size < _READ_WHOLE_BELOW
    damage = reader.damage(whole=whole)
    if damage:
        mend = "Stop the engine, move the file away with its -wal and -shm, put a backup in its place"
        yield Finding("FAIL", "integrity", damage[0], mend)
    else:
        yield Finding("ok", "integrity", "whole" if whole else "the present is whole; history is too large to read now")
    yield from _permissions(path)
    verdict = reader.verify_audit()
    mend = "" if verdict.ok else "Compare it with a backup: standby audit --json"
    yield Finding("ok" if verdict.ok else "FAIL", "audit", verdict.text, mend)
    row = reader.changes().engine
    if row is not None and row.heartbeat_at > clock.now() + 5 * SECOND:
        ahead = ago(row.heartbeat_at - clock.now())
        yield Finding(
            "warn", "clock", f"the store was written {ahead} in the future", "The wall clock has gone back: set it"
        )


def _permissions(path: Path) -> Iterator[Finding]:
    try:
        refuse_folder(path.parent, path)
    except StoreError as told:
        yield Finding("FAIL", "permissions", str(told))
        return
    for file in (path, *companions(path)):
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
        except OSError:
            continue
        if mode & 0o007:
            yield Finding("warn", "permissions", f"{file} is open to everybody ({mode:04o})", f"Try: chmod o= {file}")
            return
    yield Finding(
        "ok", "permissions", f"folder {stat.S_IMODE(path.parent.stat().st_mode):04o}, files closed to strangers"
    )


def _disk(path: Path, config: Config | None, now: int, reader: Reader | None) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(_existing(path.parent)).free
    except OSError as cause:
        yield Finding("warn", "disk", f"cannot be asked: {cause.strerror}")
        return
    if free < _TIGHT:
        yield Finding("FAIL", "disk", f"only {bytes_text(free)} free", "Make room, or move the store")
    else:
        yield Finding("ok", "disk", f"{bytes_text(free)} free")
    if config is not None:
        yield _prediction(config, now, free, reader)


def _prediction(config: Config, now: int, free: int, reader: Reader | None) -> Finding:
    kept = config.settings.retention
    retention = Retention(kept.raw, kept.minutes, kept.hours, kept.max_size)
    intervals = [check.every for check in config.checks]
    seen = None if reader is None else reader.mean_detail([check.id for check in config.checks[:_SAMPLED]])
    detail = DETAIL if seen is None else seen
    end, month = (
        predict(intervals, retention, detail=detail),
        predict(intervals, retention, age=30 * DAY, detail=detail),
    )
    parts = (
        f"{bytes_text(month.total)} after 30 days, at most {bytes_text(end.total)}: single observations"
        f" {bytes_text(end.raw)} ({format_duration(retention.raw)}), minutes {bytes_text(end.minutes)}"
        f" ({format_duration(retention.minutes)}), hours {bytes_text(end.hours)} ({format_duration(retention.hours)})"
    )
    days = full_after(intervals, retention, detail=detail)
    if days is not None:
        parts += f"; max_size is met after {days} days, then the oldest observations go early"
    if end.total - now > free:
        return Finding("FAIL" if month.total - now > free else "warn", "growth", parts, "Lower [standby.retention]")
    return Finding("ok", "growth", parts)


def engine(path: Path, config: Config | None, clock: Clock) -> Iterator[Finding]:
    """Whether one runs, lives and works with the configuration that was read here."""
    try:
        holder = held_by(link_paths(path).lock)
    except OSError as cause:
        yield Finding("warn", "engine", f"its lock may not be read: {cause.strerror}", "Run doctor as the store's user")
        return
    row = _row(path)
    if holder is None or row is None:
        yield _absent(holder, row, clock)
        return
    age = max(0, clock.now() - row.heartbeat_at)
    if age > ALIVE_WITHIN:
        detail = f"{holder} holds the store but was last heard {ago(age)} ago"
        yield Finding("FAIL", "engine", detail, "`standby engine --replace` ends it and starts another")
        return
    yield Finding("ok", "engine", f"{holder}, heard {ago(age)} ago")
    if row.trouble:
        yield Finding("warn", "engine", f"it says: {row.trouble}")
    if row.blind_since is not None:
        yield Finding("FAIL", "network", f"the engine sees no network since {ago(clock.now() - row.blind_since)}")
    if config is not None and row.config_digest != config.digest:
        yield Finding(
            "warn", "engine", "it runs another configuration than this one", f"`kill -HUP {row.pid}` reloads it"
        )


def _row(path: Path) -> EngineRow | None:
    try:
        reader = Reader(path)
        try:
            return reader.changes().engine
        finally:
            reader.close()
    except StoreError:  # told as a finding of the store
        return None


def _absent(holder: Holder | None, row: EngineRow | None, clock: Clock) -> Finding:
    if holder is not None:
        return Finding("ok", "engine", f"{holder} is starting")
    mend = "Open the console, or start `standby engine`"
    if row is None:
        return Finding("warn", "engine", "none has run here yet", mend)
    left = "stopped" if row.state == "stopped" else "died"
    return Finding("warn", "engine", f"none runs; the last one {left} {ago(clock.now() - row.heartbeat_at)} ago", mend)


def bytes_text(count: int) -> str:
    """`812 kB`, `4.2 MB`, `1.3 GB`."""
    for unit, size in (("GB", 10**9), ("MB", 10**6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count // 1000} kB"
