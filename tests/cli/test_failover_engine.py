"""`standby failover` against an engine of its own process, and two programs that move traffic."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import Engines, until
from standby.cli.main import main

ROUTE = """
[[integration]]
id = "pay"
vendor = "v"
criticality = "critical"
owner = "o"

[[route]]
id = "pay"
integration = "pay"
primary = "acme"
stale_after = "1m"
cool_down = "0s"
director = {{ kind = "command", read = ["/bin/cat", "{file}"], set = ["/bin/cp", "{{place}}", "{file}"] }}

[[route.target]]
id = "acme"
place = "acme"
check = "acme"

[[route.target]]
id = "spare"
place = "spare"
check = "spare"
"""
CHECK = """
[[check]]
id = "{name}"
integration = "pay"
kind = "tcp"
host = "127.0.0.1"
port = {port}
every = "500ms"
timeout = "400ms"
"""


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Engines]:
    for place in ("acme", "spare"):
        (tmp_path / place).write_text(place)
    (tmp_path / "traffic").write_text("acme")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        made = Engines(tmp_path)
        more = ROUTE.format(file=tmp_path / "traffic")
        made.write_config(more + "".join(CHECK.format(name=name, port=port) for name in ("acme", "spare")))
        made.running()
        yield made
        made.close()


def test_there_and_back_and_what_scripts_are_told(engines: Engines, capsys: pytest.CaptureFixture[str]) -> None:
    def ask(*words: str) -> tuple[int, str, str]:
        code = main(["--store", str(engines.store), "failover", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    until(lambda: ask("plan", "pay", "--to", "spare")[0] == 0, "a plan that nothing speaks against")
    code, _, err = ask("run", "pay", "--to", "spare", "--confirm", "pay -> acme")
    assert code == 5
    assert "the word was not typed" in err
    assert (engines.folder / "traffic").read_text() == "acme"
    code, out, err = ask("run", "pay", "--to", "spare", "--confirm", "pay -> spare", "--json")
    assert code == 0, err
    assert (engines.folder / "traffic").read_text() == "spare"
    assert json.loads(out)["state"] == "succeeded"
    assert "(traffic moves here): done" in err
    assert json.loads(ask("list", "--json")[1])[0]["serving"] == "spare"
    code, _, err = ask("back", "pay", "--confirm", "pay -> acme")
    assert code == 5
    assert "FAIL    soaked" in err
    code, _, err = ask("back", "pay", "--confirm", "pay -> acme", "--force", "soaked=the vendor is well")
    assert code == 0, err
    assert (engines.folder / "traffic").read_text() == "acme"
    kinds = {run["state"] for run in json.loads(ask("history", "--json")[1])}
    assert {"succeeded", "cancelled", "blocked"} <= kinds
    assert ask("plan", "mail")[0] == 5
