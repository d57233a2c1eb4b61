"""`standby doctor`: what is wrong is found and told with its mend, and nothing that it finds stops it."""

from __future__ import annotations

import json
import os
import random
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from standby.cli import doctor
from standby.cli.doctor import Finding
from standby.cli.doctor import network as doctor_network
from standby.cli.main import main
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, MINUTE, SECOND
from standby.engine.clock import SystemClock
from standby.engine.process.lock import Lock
from standby.link.holder import Holder
from standby.link.paths import link_paths
from standby.store.rows import AuditRow, Batch, EngineRow
from standby.store.writer import Writer

CONFIG = """
[standby]
name = "shop-eu"
environment = "production"
store = "state/standby.db"
{extra}

[[vendor]]
id = "acme"
name = "Acme"

[[integration]]
id = "payments"
vendor = "acme"
criticality = "critical"
owner = "payments"

[[check]]
id = "api"
integration = "payments"
kind = "http"
url = "https://localhost/health"
every = "10s"
headers = {{ Authorization = "Bearer env:ACME_TOKEN" }}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACME_TOKEN", "hunter2-very-secret")
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(extra=""))
    return path


def examine(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, list[Finding]], str]:
    """The exit code, the findings by what they are of, and all that was printed."""
    code = main(["--config", str(config), "doctor", "--json"])
    out = capsys.readouterr().out
    found: dict[str, list[Finding]] = {}
    for one in json.loads(out)["findings"]:
        found.setdefault(one["what"], []).append(Finding(**one))
    return code, found, out


async def fill(path: Path, *, heartbeat_age: int = 0, digest: str = "d", **changed: object) -> None:
    now = SystemClock().now()
    writer = await Writer.open(path, now=now)
    at = now - heartbeat_age
    row = EngineRow(0, "service", os.getpid(), "web-1", "ops", "0", digest, at, at, **changed)  # type: ignore[arg-type]
    await writer.begin_term(row)
    seen = [Observation("api", now + n, now, Outcome.UP, "status 200", latency_ms=5.0) for n in range(300)]
    audits = [AuditRow(now, "alice", "", "note", "engine", str(n)) for n in range(3)]
    await writer.commit(Batch(durable=True, observations=seen, audits=audits))
    await writer.close()


def test_before_the_first_engine_all_is_well(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found, out = examine(config, capsys)
    assert code == 0
    assert found["store"][0].level == "ok"
    assert "none yet" in found["store"][0].detail
    assert found["engine"][0].level == "warn"
    assert found["secrets"] == [Finding("ok", "secrets", "1 can be read")]
    assert found["reference targets"][0].level == "warn"
    assert found["resolver"][0].level == "ok"
    assert "hunter2" not in out
    assert not (config.parent / "state").exists()  # it only looks


def test_what_goes_out_unsafely_is_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert examine(config, capsys)[1]["outbound"][0].level == "ok"
    config.write_text(config.read_text().replace("https://localhost", "http://pay.example") + "verify = false\n")
    found = examine(config, capsys)[1]["outbound"]
    assert [one.level for one in found] == ["warn", "warn"]
    assert found[0].detail.startswith("check api: verify = false")
    assert found[1].detail.startswith("check api: plain http to pay.example")


def test_one_line_a_finding(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), "doctor"]) == 0
    for line in capsys.readouterr().out.splitlines():
        assert line[:5] in ("ok   ", "warn ", "FAIL ")
        assert ": " in line


async def test_a_good_store_and_its_growth(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(config.parent / "state" / "standby.db")
    code, found, _ = examine(config, capsys)
    assert code == 0
    assert {found[what][0].level for what in ("store", "integrity", "permissions", "audit", "disk", "growth")} == {"ok"}
    assert "3 rows" in found["audit"][0].detail
    assert "after 30 days" in found["growth"][0].detail


async def test_a_bound_on_the_size_is_told_with_its_day(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(CONFIG.format(extra='retention = { max_size = "2MB" }'))
    _, found, _ = examine(config, capsys)
    assert "max_size is met after" in found["growth"][0].detail


async def test_a_tampered_log_fails(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config.parent / "state" / "standby.db"
    await fill(path)
    other = sqlite3.connect(path)
    other.execute("UPDATE audit SET actor = 'bob' WHERE no = 2")
    other.commit()
    other.close()
    code, found, _ = examine(config, capsys)
    assert code == 1
    assert found["audit"][0].level == "FAIL"
    assert "row 2" in found["audit"][0].detail


@pytest.mark.parametrize("seed", range(12))
async def test_a_damaged_store_fails_and_never_breaks_it(
    config: Path, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    path = config.parent / "state" / "standby.db"
    await fill(path)
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    start = chance.randrange(4096) if seed % 2 else chance.randrange(len(data) - 4096)
    data[start : start + 4096] = chance.randbytes(4096)
    path.write_bytes(data)
    code, found, _ = examine(config, capsys)
    failed = [one for ones in found.values() for one in ones if one.level == "FAIL"]
    assert code == (1 if failed else 0)
    assert found["config"]
    assert found["secrets"]  # it went on


async def test_open_permissions_are_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config.parent / "state" / "standby.db"
    await fill(path)
    path.chmod(0o644)
    code, found, _ = examine(config, capsys)
    assert code == 0
    assert found["permissions"][0].level == "warn"
    path.parent.chmod(0o777)
    code, found, _ = examine(config, capsys)
    assert code == 1
    assert found["permissions"][0].level == "FAIL"


@pytest.fixture
def held(config: Path) -> Iterator[Path]:
    """A store whose lock this process holds."""
    path = config.parent / "state" / "standby.db"
    path.parent.mkdir(mode=0o750)
    lock = Lock.acquire(link_paths(path).lock, Holder(os.getpid(), "service", "ops", "web-1"))
    yield path
    lock.release()


async def test_an_engine_that_lives(config: Path, held: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(held, trouble="the disk is slow")
    code, found, _ = examine(config, capsys)
    assert code == 0
    told = found["engine"]
    assert told[0].level == "ok"
    assert "service engine of ops" in told[0].detail
    assert "the disk is slow" in told[1].detail
    assert "another configuration" in told[2].detail


async def test_an_engine_that_is_stuck(config: Path, held: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(held, heartbeat_age=MINUTE)
    code, found, _ = examine(config, capsys)
    assert code == 1
    assert found["engine"][0].level == "FAIL"
    assert "--replace" in found["engine"][0].mend


async def test_an_engine_that_died(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(config.parent / "state" / "standby.db", heartbeat_age=2 * DAY)
    code, found, _ = examine(config, capsys)
    assert code == 0
    assert found["engine"][0].level == "warn"
    assert "died 2d" in found["engine"][0].detail


async def test_a_clock_that_went_back_is_seen_by_the_store(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(config.parent / "state" / "standby.db", heartbeat_age=-MINUTE)
    _, found, _ = examine(config, capsys)
    assert [one.level for one in found["clock"]] == ["ok", "warn"]


def test_a_secret_that_is_not_there_fails(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACME_TOKEN")
    code, found, _ = examine(config, capsys)
    assert code == 1
    assert found["secret"][0].level == "FAIL"
    assert "ACME_TOKEN" in found["secret"][0].detail


def test_every_problem_of_a_config_is_one_finding(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(CONFIG.format(extra="no_data_after = 0\nnonsense = 1"))
    code, found, _ = examine(config, capsys)
    assert code == 1
    assert len(found["config"]) == 2
    assert {one.level for one in found["config"]} == {"FAIL"}
    assert found["store"]  # known without the rest


def test_reference_targets(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        config.write_text(CONFIG.format(extra=f'reference_targets = ["{there}"]'))
        _, found, _ = examine(config, capsys)
        assert found["reference targets"][0].level == "ok"
        config.write_text(CONFIG.format(extra=f'reference_targets = ["{there}", "tcp://name.invalid:53"]'))
        _, found, _ = examine(config, capsys)
        assert found["reference targets"][0].level == "warn"
        assert "name.invalid" in found["reference targets"][0].detail
    config.write_text(CONFIG.format(extra='reference_targets = ["tcp://name.invalid:53"]'))
    code, found, _ = examine(config, capsys)
    assert (code, found["reference targets"][0].level) == (1, "FAIL")


def test_what_hangs_is_left_behind() -> None:
    hold = threading.Event()
    tries = [lambda: "", lambda: str(hold.wait(30)), lambda: "no"]
    assert doctor_network.at_once(tries, patience_s=0.05) == ["", "no answer", "no"]
    hold.set()


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("https://api.acme.example/x", "api.acme.example"),
        ("db.acme.example:5432", "db.acme.example"),
        ("[::1]:53", "::1"),
        ("/usr/lib/nagios/check_disk -w 5", ""),
        ("check_disk", ""),
        ("https://[broken", ""),
        ("host:notaport", ""),
    ],
)
def test_the_host_in_a_target(target: str, host: str) -> None:
    assert doctor_network._host(target) == host


def levels(found: Iterator[Finding]) -> dict[str, str]:
    return {one.what: one.level for one in found}


def test_terminals() -> None:
    good = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "de_DE.UTF-8"}
    assert set(levels(doctor.terminal(good, (80, 24))).values()) == {"ok"}
    assert levels(doctor.terminal(good, None))["terminal"] == "warn"
    assert levels(doctor.terminal(good, (79, 24)))["size"] == "warn"
    assert levels(doctor.terminal({**good, "TERM": "dumb"}, (80, 24)))["terminal"] == "FAIL"
    assert levels(doctor.terminal({"LANG": "C.UTF-8"}, (80, 24)))["terminal"] == "FAIL"
    assert levels(doctor.terminal({**good, "TERM": "vt100", "COLORTERM": ""}, (80, 24)))["colours"] == "warn"
    assert levels(doctor.terminal({**good, "LANG": "C", "LC_ALL": ""}, (80, 24)))["locale"] == "warn"
    assert levels(doctor.terminal({**good, "TMUX": "/tmp/x"}, (80, 24)))["tmux"] == "warn"
    assert "tmux" not in levels(doctor.terminal({**good, "TMUX": "/tmp/x", "TERM": "tmux-256color"}, (80, 24)))


class Hands:
    """A clock that is set by hand: each reading is the next of a list."""

    def __init__(self, walls: list[int], steadies: list[int]) -> None:
        self._walls, self._steadies = iter(walls), iter(steadies)

    def now(self) -> int:
        return next(self._walls)

    def monotonic(self) -> int:
        return next(self._steadies)


def test_clocks() -> None:
    at = 1_795_000_000 * SECOND
    tick = SECOND // 20
    good = [at, at + tick], [0, tick]
    assert levels(doctor.clocks({}, Hands(*good))) == {"clock": "ok", "timezone": "ok"}
    assert levels(doctor.clocks({}, Hands([at, at - SECOND], [0, tick])))["clock"] == "warn"
    assert levels(doctor.clocks({}, Hands([0, tick], [0, tick])))["clock"] == "FAIL"
    assert levels(doctor.clocks({"TZ": "Europe/Atlantis"}, Hands(*good)))["timezone"] == "warn"
    assert levels(doctor.clocks({"TZ": "CET-1CEST"}, Hands(*good)))["timezone"] == "ok"
