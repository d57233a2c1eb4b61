"""`standby replay`: a metric's history through the detector, at its own times."""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from standby.cli.main import UsageError
from standby.domain.text import clean
from standby.domain.units import format_instant

if TYPE_CHECKING:
    from standby.baselines.reading import Reading
    from standby.engine.learning.replay import Sample

HEAD = ("timestamp", "value", "score", "usual_low", "usual_high", "alert")
_MOST_SHOWN = 1_000


@dataclass(slots=True)
class Incident:
    """From the sample that opened it to the last one of it; `score` is its height, whatever was told shortly before."""

    start: int
    end: int
    value: float
    told: str
    cause: str | None
    score: float
    usual: float | None


@dataclass(slots=True)
class Told:
    """What a whole history came to. Instants are ns; incidents beyond a thousand are only counted."""

    samples: int = 0
    missing: int = 0
    first: int | None = None
    last: int | None = None
    days: float = 0.0
    opened: int = 0
    incidents: list[Incident] = field(default_factory=list)
    open: bool = False

    def add(self, sample: Sample, reading: Reading) -> None:
        """One more sample."""
        self.samples += 1
        self.missing += reading.deviation is None and sample.value != sample.value  # NaN
        self.first = sample.at if self.first is None else self.first
        self.last, self.days = sample.at, reading.days
        if reading.alert and not self.open:
            self._opens(sample, reading)
        elif reading.alert and self.opened <= _MOST_SHOWN:
            incident = self.incidents[-1]
            incident.end, incident.score = sample.at, max(incident.score, _height(reading))
        self.open = reading.alert

    def _opens(self, sample: Sample, reading: Reading) -> None:
        from standby.baselines.words import sentence

        self.opened += 1
        if self.opened <= _MOST_SHOWN:
            told = sentence("value", sample.value, "", reading, sample.at)
            cause = reading.cause.value if reading.cause else None
            self.incidents.append(
                Incident(sample.at, sample.at, sample.value, told, cause, _height(reading), reading.usual)
            )


def _height(reading: Reading) -> float:
    from standby.baselines.detector import score_of

    return score_of(reading.strength)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("series", metavar="SERIES.csv", type=Path, help="rows of timestamp,value; - is standard input")
    parser.add_argument("--scores", metavar="OUT.csv", type=Path, help=f"a row each of {','.join(HEAD)}")
    parser.add_argument("--json", action="store_true", help="what was found as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Replay it; 0. Raises UsageError for a file that cannot be read or written, and for its first bad row."""
    told = Told()
    with _opened(args.series) as lines, _written(args.scores) as out:
        from standby.engine.learning.replay import HistoryError, replayed, samples_of

        rows = csv.writer(out, lineterminator="\n") if out else None
        if rows:
            rows.writerow(HEAD)
        try:
            for sample, reading in replayed(samples_of(lines)):
                told.add(sample, reading)
                if rows:
                    rows.writerow(_row(sample, reading))
        except (HistoryError, UnicodeDecodeError) as error:
            raise UsageError(f"{clean(str(args.series), 200)}: {error}") from error
    print(json.dumps(_document(told), indent=2) if args.json else _text(told))
    return 0


def _row(sample: Sample, reading: Reading) -> tuple[object, ...]:
    low, high = ("" if edge is None else edge for edge in (reading.low, reading.high))
    return sample.timestamp, sample.written, reading.score, low, high, int(reading.alert)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if str(path) == "-":
        yield sys.stdin
        return
    try:
        file = path.open(newline="", encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{clean(str(path), 200)} cannot be read: {error.strerror}") from error
    with file:
        yield file


@contextlib.contextmanager
def _written(path: Path | None) -> Iterator[TextIO | None]:
    """A file that is there when all of it is; None without one."""
    if path is None:
        yield None
        return
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise UsageError(f"{clean(str(path), 200)} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _document(told: Told) -> dict[str, Any]:
    return {
        "samples": told.samples,
        "missing": told.missing,
        "from": told.first and format_instant(told.first),
        "to": told.last and format_instant(told.last),
        "days": round(told.days, 3),
        "alerts": told.opened,
        "incidents": [
            {
                "from": format_instant(one.start),
                "to": format_instant(one.end),
                "cause": one.cause,
                "value": one.value,
                "usual": one.usual,
                "score": one.score,
                "summary": one.told,
            }
            for one in told.incidents
        ],
    }


def _text(told: Told) -> str:
    if told.first is None or told.last is None:
        return "no samples"
    span = f"{format_instant(told.first)} to {format_instant(told.last)}"
    lines = [f"{told.samples} samples, {told.missing} missing, {span}: {told.opened} alerts"]
    lines += [f"{format_instant(one.start)}  {one.score:.2f}  {one.told}" for one in told.incidents]
    if told.opened > len(told.incidents):
        lines.append(f"and {told.opened - len(told.incidents)} more")
    return "\n".join(lines)
