"""`standby notify test` with a real receiver, and what doctor says of policies that reach nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from standby.cli.doctor.people import policies
from standby.cli.main import main
from standby.config.load import load
from standby.engine.kinds import kinds

CONFIG = """
[standby]
name = "shop-eu"
environment = "production"
{settings}

[[vendor]]
id = "acme"

[[integration]]
id = "payments"
vendor = "acme"
criticality = "critical"

[[check]]
id = "api"
integration = "payments"
kind = "tcp"
host = "127.0.0.1"
port = 1
{more}
"""
PEOPLE = """
[[channel]]
id = "hook"
kind = "webhook"
url = "http://127.0.0.1:{port}/"

[[channel]]
id = "deaf"
kind = "webhook"
url = "http://127.0.0.1:{port}/refuse"

[[person]]
id = "anna"
reach = [{{ channel = "hook", to = "anna" }}, {{ channel = "deaf", to = "anna too" }}]

[[person]]
id = "carl"
"""


class Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.told: list[dict[str, Any]] = []


class _Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refuse = self.path == "/refuse"
        if not refuse:
            self.server.told.append(body)
        self.send_response(403 if refuse else 204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as its base calls it
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def written(folder: Path, more: str, settings: str = "") -> Path:
    path = folder / "config.toml"
    path.write_text(CONFIG.format(more=more, settings=settings))
    return path


def notify(config: Path, *words: str) -> int:
    return main(["--config", str(config), "notify", "test", *words])


def test_a_channel_is_tried(tmp_path: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    config = written(tmp_path, PEOPLE.format(port=receiver.server_port))
    assert notify(config, "hook") == 0
    assert capsys.readouterr().out.startswith("hook: taken in 0.")
    [told] = receiver.told
    assert (told["kind"], told["to"], told["alerts"]) == ("test", "", [])
    assert told["subject"] == "[shop-eu production] test: a message for hook"


def test_a_person_is_told_by_every_way(tmp_path: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    config = written(tmp_path, PEOPLE.format(port=receiver.server_port))
    assert notify(config, "anna", "--json") == 1
    good, bad = json.loads(capsys.readouterr().out)
    assert (good["channel"], good["to"], good["taken"]) == ("hook", "anna", True)
    assert (bad["channel"], bad["to"], bad["taken"]) == ("deaf", "anna too", False)
    assert bad["said"] == "status 403 Forbidden"
    assert [one["to"] for one in receiver.told] == ["anna"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("hok", 'there is no channel or person "hok"; the nearest is "hook"'),
        ("zzzz", "there are: anna, carl, deaf, hook"),
        ("carl", "carl cannot be told; write reach ="),
    ],
)
def test_nobody_of_that_name(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, says: str) -> None:
    assert notify(written(tmp_path, PEOPLE.format(port=1)), name) == 2
    assert says in capsys.readouterr().err


def test_a_channel_without_a_place_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = '[[channel]]\nid = "mail"\nkind = "email"\nhost = "127.0.0.1"\nsecurity = "none"\nfrom = "s@shop.example"\n'
    assert notify(written(tmp_path, mail), "mail") == 2
    assert "channel mail has no address" in capsys.readouterr().err


def test_read_only_tells_nobody(tmp_path: Path, receiver: Receiver) -> None:
    config = written(tmp_path, PEOPLE.format(port=receiver.server_port))
    assert main(["--config", str(config), "--read-only", "notify", "test", "hook"]) == 5
    assert not receiver.told


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("", ["warn policies: alerts of payments are shown on the screen and told to nobody."]),
        ('level = [{ targets = ["anna"] }]',
         ["ok   policies: an alert of each of 1 integrations is told to somebody."]),
        ('level = [{ targets = ["anna"] }, { targets = ["carl"] }]',
         ["warn policy: p: level 2 of 2 has nobody who can be told; it is passed at once."]),
        ('level = [{ targets = ["carl"] }]',
         ["FAIL policy: p: none of its 1 levels and its fallback can tell anybody."]),
        ('level = [{ targets = ["carl"] }]\nfallback = ["hook"]',
         ["warn policy: p: none of its 1 levels can tell anybody."]),
    ],
)  # fmt: skip
def test_doctor_says_whom_an_alert_would_reach(tmp_path: Path, policy: str, said: list[str]) -> None:
    more = PEOPLE.format(port=1) + (f'[[policy]]\nid = "p"\n{policy}\n' if policy else "")
    config = load(written(tmp_path, more, 'policy = "p"' if policy else ""), kinds())
    found = [str(one) for one in policies(config)]
    for one in said:
        assert any(line.startswith(one) for line in found), found
