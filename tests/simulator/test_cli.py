"""`standby simulator ...` as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import standby
from standby.cli import demo
from standby.cli.main import main
from standby.link.simulator import simulator_paths

Run = Callable[..., tuple[int, str, str]]
PROGRAM = [sys.executable, "-P", "-m", "standby"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("simulator-cli") / "standby.db"
    words = [*PROGRAM, "--store", str(path), "simulator"]
    subprocess.run([*words, "run", "--detach"], check=True, timeout=30)
    yield path
    subprocess.run([*words, "end"], check=True, timeout=30, capture_output=True)


@pytest.fixture
def run(store: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str, str]:
        code = main(["--store", str(store), "simulator", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_list_shows_names_faults_and_places(run: Run) -> None:
    code, out, err = run("list")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["NAME", "REQUESTS", "FAULTS", "WHERE"]
    assert "https://api.acme-pay.test:443 at 127.0.0.1:" in out


def test_a_fault_comes_for_a_while_and_is_cleared(run: Run) -> None:
    assert run("fault", "crm", "latency", "ms=900", "--for", "1m30s") == (0, "crm: latency ms=900, for 1m30s\n", "")
    crm = next(party for party in json.loads(run("list", "--json")[1]) if party["name"] == "crm")
    assert crm["faults"][0].startswith("latency ms=900 for ")
    assert run("clear", "crm")[0] == 0
    assert run("clear") == (0, "no faults, no scenario\n", "")


def test_the_rehearsal_says_what_begins(run: Run) -> None:
    assert run("rehearse") == (0, "bad-minute: payments slow down\n", "")
    assert "latency ms=450" in run("list")[1]
    run("clear")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("fault", "crm", "latencies"), "did you mean 'latency'"),
        (("fault", "crn", "latency"), "no third party 'crn'"),
        (("fault", "crm", "latency", "ms"), "write KEY=VALUE"),
        (("fault", "crm", "latency", "ms=many"), "ms is a number"),
        (("rehearse", "armageddon"), "there are: bad-minute"),
        (("clear", "crn"), "no third party"),
    ],
)
def test_a_mistake_is_one_line_with_its_mend(run: Run, words: tuple[str, ...], says: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_without_a_simulator_it_says_how_to_get_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", str(tmp_path / "other.db"), "simulator", "list"]) == 2
    assert "start `standby` with it first" in capsys.readouterr().err
    assert not simulator_paths(tmp_path / "other.db").sock.exists()


def test_the_kinds_of_faults_are_listed_with_their_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulator", "faults"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 18
    assert "seconds=30 rate=1" in out


def test_the_demo_uses_the_sample_that_is_shipped() -> None:
    path = demo.sample()
    package = Path(standby.__file__).parent
    assert path in (package / "data" / "config.toml", package.parents[1] / "config.toml")
    assert "[simulator]" in path.read_text()


def test_the_demo_hands_over_with_the_sample_and_a_store_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: dict[str, object] = {}
    console = types.ModuleType("standby.cli.console")
    console.run = lambda args: handed.update(vars(args)) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "standby.cli.console", console)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["demo"]) == 0
    assert handed["config"] == demo.sample()
    folder = Path(str(handed["store"])).parent
    assert folder.is_relative_to(tmp_path)
    assert folder.stat().st_mode & 0o027 == 0


def test_the_demo_keeps_a_store_that_was_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    handed: dict[str, object] = {}
    console = types.ModuleType("standby.cli.console")
    console.run = lambda args: handed.update(vars(args)) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "standby.cli.console", console)
    assert main(["--store", str(tmp_path / "mine.db"), "demo"]) == 0
    assert handed["store"] == str(tmp_path / "mine.db")
