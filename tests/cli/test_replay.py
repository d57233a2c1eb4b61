"""`standby replay`: the scores file, what is said of it, and histories that are none."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.baselines.series import DAY, MONDAY, NS, STEP, latencies

from standby.baselines.detector import Detector
from standby.cli.main import main

SPIKE = 3 * DAY


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days with a spike on the last and three holes, ISO times, a label that is not looked at."""
    values = [f"{value:.3f}" for value in latencies(4)]
    values[SPIKE] = "2500"
    values[100], values[101], values[102] = "", "NaN", "null"
    lines = ["timestamp,value,label"]
    for number, value in enumerate(values):
        at = datetime.fromtimestamp(MONDAY / NS + number * STEP, UTC)
        lines.append(f"{at:%Y-%m-%d %H:%M:%S},{value},{int(number == SPIKE)}")
    path = tmp_path_factory.mktemp("replay") / "series.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_scores_are_one_row_a_sample_and_the_detectors_own(history: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    assert main(["replay", str(history), "--scores", str(out)]) == 0
    rows = rows_of(out)
    given = rows_of(history)
    assert list(rows[0]) == ["timestamp", "value", "score", "usual_low", "usual_high", "alert"]
    assert [(row["timestamp"], row["value"]) for row in rows] == [(row["timestamp"], row["value"]) for row in given]
    detector = Detector()
    for number, row in enumerate(rows):
        value = float(row["value"]) if number not in (100, 101, 102) else float("nan")
        reading = detector.take(MONDAY + number * STEP * NS, value)
        assert float(row["score"]) == reading.score
        assert row["usual_low"] == ("" if reading.low is None else repr(reading.low))
        assert row["usual_high"] == ("" if reading.high is None else repr(reading.high))
        assert row["alert"] == str(int(reading.alert))
    assert rows[SPIKE]["alert"] == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_json_says_what_was_found(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(history), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["samples"], told["missing"], told["alerts"]) == (4 * DAY, 3, 1)
    (incident,) = told["incidents"]
    assert incident["from"] == "2023-11-16T00:00:00.000Z"
    assert incident["value"] == 2500
    assert 0.5 <= incident["score"] < 1


def test_people_read_a_line_an_alert(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(history)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1152 samples, 3 missing, 2023-11-13T00:00:00.000Z to ")
    assert second.startswith("2023-11-16T00:00:00.000Z  0.")
    assert "value 2,500, usual for Thu 00:00:" in second


def test_epoch_seconds_read_the_same(history: Path, tmp_path: Path) -> None:
    seconds, one, two = tmp_path / "seconds.csv", tmp_path / "one.csv", tmp_path / "two.csv"
    with history.open() as given, seconds.open("w") as out:
        for number, row in enumerate(csv.DictReader(given)):
            out.write(f"{MONDAY // NS + number * STEP}{'.0' if number % 2 else ''},{row['value']}\n")
    main(["replay", str(history), "--scores", str(one)])
    main(["replay", str(seconds), "--scores", str(two)])
    told = [[list(row.values())[2:] for row in rows_of(path)] for path in (one, two)]
    assert told[0] == told[1]


def test_an_alert_shows_its_height_though_a_peak_before_it_covers_its_score(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = latencies(6)
    values[5 * DAY] = 600
    values[5 * DAY + 60] = 600
    path = tmp_path / "twice.csv"
    path.write_text("".join(f"{MONDAY // NS + number * STEP},{value}\n" for number, value in enumerate(values)))
    assert main(["replay", str(path), "--json"]) == 0
    incidents = json.loads(capsys.readouterr().out)["incidents"]
    assert len(incidents) == 2
    assert all(incident["score"] >= 0.5 for incident in incidents)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("timestamp,value\n2014-04-01 00:00:00,1\nyesterday,2\n", 'line 3: "yesterday" is not a time; write one like'),
        ("1700000000,1\n1700000300,fast\n", 'line 2: "fast" is not a value; write a number, or nothing'),
        ("1700000000,1\n1700000300\n", 'line 2: "1700000300" has no value; write timestamp,value'),
        ("1700000000000,1\n", "is no time in seconds since 1970; are these milliseconds?"),
        ("1700000000,1\n-1e400,1\n", "is no time in seconds since 1970"),
        ("t,value\n\x1b[31mred,1\n", 'line 2: "red" is not a time'),
        ('1700000000,"' + "1" * 200_000 + '"\n', "line 1: this is no CSV: field larger than field limit"),
        ("1700000000,1\n9999-12-31 23:59:59,1\n", "is too far from now"),
    ],
)
def test_a_bad_row_is_one_line_and_no_scores(
    written: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "bad.csv", tmp_path / "scores.csv"
    path.write_text(written)
    assert main(["replay", str(path), "--scores", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert line.startswith(f"standby: {path}: ")
    assert not out.exists()


def test_what_is_no_text_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "binary.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    assert main(["replay", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_files_that_are_not_there_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "some.csv"
    assert main(["replay", str(path)]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err
    path.write_text("1700000000,1\n")
    assert main(["replay", str(path), "--scores", str(tmp_path / "no" / "out.csv")]) == 2
    assert "cannot be written: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("written", ["", "timestamp,value\n", "\n\n"])
def test_an_empty_history_has_no_samples(written: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.csv"
    path.write_text(written)
    assert main(["replay", str(path)]) == 0
    assert capsys.readouterr().out == "no samples\n"
    assert main(["replay", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["samples"] == 0
