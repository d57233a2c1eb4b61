"""`standby contract`, `check --contracts` and `calendar`, with a vendor that changes its answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from standby.cli.calendar import as_json
from standby.cli.main import main
from standby.console.present.calendar import entries
from standby.domain.outcome import Outcome
from standby.domain.units import DAY
from standby.store.rows import CheckStateRow

CONFIG = """
[standby]
name = "shop-eu"
environment = "production"

[[vendor]]
id = "acme"

[[integration]]
id = "payments"
vendor = "acme"

[[check]]
id = "orders"
integration = "payments"
kind = "http"
url = "http://127.0.0.1:{port}/orders"
contract = {{ file = "contracts/orders.json" }}

[[check]]
id = "queue"
integration = "payments"
kind = "prometheus"
url = "http://127.0.0.1:{port}"
query = "queue"
contract = {{ file = "contracts/queue.json" }}

[[check]]
id = "port"
integration = "payments"
kind = "tcp"
host = "127.0.0.1"
port = {port}

[[check]]
id = "plain"
integration = "payments"
kind = "http"
url = "http://127.0.0.1:{port}/orders"
"""


class Acme(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.document: Any = {"id": 1, "status": "open"}
        self.status = 200
        self.asked = 0


class _Answering(BaseHTTPRequestHandler):
    server: Acme

    def do_GET(self) -> None:
        self.server.asked += 1
        body = json.dumps(self.server.document).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as its base calls it
        """Nothing."""


@pytest.fixture
def acme() -> Iterator[Acme]:
    server = Acme()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def config(tmp_path: Path, acme: Acme) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(port=acme.server_port))
    return path


def standby(config: Path, *words: str) -> int:
    return main(["--config", str(config), *words])


def learn(config: Path, deed: str = "learn", check: str = "orders") -> int:
    return standby(config, "contract", deed, check, "--answers", "3", "--pause", "0s")


def vector(*values: str) -> dict[str, Any]:
    rows = [{"metric": {"job": "queue"}, "value": [1.5, value]} for value in values]
    return {"status": "success", "data": {"resultType": "vector", "result": rows}}


def test_learned_changed_and_accepted(config: Path, acme: Acme, capsys: pytest.CaptureFixture[str]) -> None:
    assert learn(config) == 0
    assert "learned from 3 answers" in capsys.readouterr().out
    assert standby(config, "contract", "diff", "orders") == 0
    assert capsys.readouterr().out == "nothing differs\n"
    acme.document = {"id": "1", "status": "open", "currency": "EUR"}
    assert standby(config, "contract", "diff", "orders") == 1
    assert capsys.readouterr().out.splitlines() == [
        "! body.id: text instead of a whole number",
        "+ body.currency: is new",
    ]
    assert standby(config, "check", "orders", "--contracts", "--github") == 1
    said = capsys.readouterr().out
    assert "::error title=payments%3A orders is degraded::the contract is broken%3A body.id" in said
    assert "plain" not in said
    assert learn(config, "accept") == 0
    assert "! body.id: text instead of a whole number" in capsys.readouterr().out
    assert standby(config, "contract", "diff", "orders") == 0
    assert standby(config, "check", "orders", "plain", "--contracts") == 0


def test_a_check_of_another_kind(config: Path, acme: Acme, capsys: pytest.CaptureFixture[str]) -> None:
    acme.document = vector("1")
    assert learn(config, check="queue") == 0
    assert acme.asked == 3, "an answer that is known is not three answers"
    assert standby(config, "contract", "diff", "queue") == 0
    acme.document = vector("1") | {"status": "success", "more": 1}
    del acme.document["data"]["result"][0]["metric"]["job"]
    capsys.readouterr()
    assert standby(config, "contract", "diff", "queue") == 1
    assert capsys.readouterr().out.splitlines() == [
        "! body.data.result[].metric.job: is gone",
        "+ body.more: is new",
    ]
    assert standby(config, "check", "queue", "port", "--contracts") == 1
    said = capsys.readouterr().out
    assert "the contract is broken: body.data.result[].metric.job: is gone" in said
    assert "port" not in said.splitlines()[1]
    assert learn(config, "accept", "queue") == 0
    assert standby(config, "contract", "diff", "queue") == 0


def test_what_cannot_be_learned(config: Path, acme: Acme, capsys: pytest.CaptureFixture[str]) -> None:
    acme.status = 503
    assert learn(config) == 4
    assert "only 0 of 3 answers were good: status 503" in capsys.readouterr().err
    assert not (config.parent / "contracts").exists()
    acme.status = 200
    assert learn(config) == 0
    assert learn(config) == 2
    assert "is there already; `standby contract accept orders`" in capsys.readouterr().err
    assert standby(config, "contract", "learn", "plain") == 2
    assert "plain has no contract; write contract = { file" in capsys.readouterr().err
    assert standby(config, "contract", "learn", "port") == 2
    assert "port is a check of kind tcp, whose answers have no contract" in capsys.readouterr().err
    assert standby(config, "contract", "learn", "orders", "--pause", "soon") == 2


def test_a_folder_that_cannot_be_written(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "contracts").write_text("a file")
    assert learn(config) == 2
    assert "cannot be" in capsys.readouterr().err


def test_dates_are_counted_from_the_look_that_told_them() -> None:
    doc: dict[str, object] = {
        "metrics": {"certificate_days": 10.0, "sunset_days": -2.0, "maintenance_in_h": 48.0, "status": 200.0},
        "metrics_at": 100 * DAY,
    }
    row = CheckStateRow("c", "i", Outcome.UP, Outcome.UP, 1, 1, 0, 0, 101 * DAY, None, None, "", None, 0, 0, doc)
    found = [as_json(entry, 101 * DAY) for entry in entries([row], 101 * DAY)]
    assert [(one["what"], one["at"][:10], one["days"]) for one in found] == [
        ("API version ends (Sunset)", "1970-04-09", -3.0),
        ("maintenance begins", "1970-04-13", 1.0),
        ("certificate ends", "1970-04-21", 9.0),
    ]
