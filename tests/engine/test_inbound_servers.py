"""A real Prometheus and a real Alertmanager tell a real engine what fires, and what is over."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from processes import SRC, until
from servers import alertmanager, free_port, prometheus, require
from standby.domain.outcome import AlertState
from standby.store.reader import Reader
from standby.store.rows import AlertRow

pytestmark = pytest.mark.servers

TOKEN = "s3cr3t-of-the-source"
CONFIG = """
[standby]
name = "test"
environment = "development"
store = "s.db"
listen = "127.0.0.1:{port}"

[[vendor]]
id = "acme"

[[integration]]
id = "crm"
vendor = "acme"

[[source]]
id = "theirs"
kind = "alertmanager"
token = "env:SOURCE_TOKEN"
integration = "label:service"
"""
RULES = """
groups:
  - name: shop
    rules:
      - alert: CrmDown
        expr: up{job="crm-exporter"} == 0
        labels: {severity: page, service: crm}
        annotations: {summary: "{{ $labels.instance }} does not answer"}
"""
ALERTING = """
alerting:
  alertmanagers:
    - static_configs: [{{ targets: ["127.0.0.1:{port}"] }}]
      authorization: {{ credentials: {token} }}
"""
WEBHOOK = """
route: {{ receiver: standby, group_by: [alertname], group_wait: 10ms, group_interval: 200ms }}
receivers:
  - name: standby
    webhook_configs:
      - url: http://127.0.0.1:{port}/in/theirs
        send_resolved: true
        http_config: {{ authorization: {{ credentials: {token} }} }}
"""


@dataclass
class Standby:
    """A real engine that listens."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self.folder / "config.toml").write_text(CONFIG.format(port=self.port))
        command = [sys.executable, "-m", "standby", "--config", str(self.folder / "config.toml"), "engine"]
        environ = {**os.environ, "PYTHONPATH": str(SRC), "SOURCE_TOKEN": TOKEN}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ)
        until(self.ready, "the engine listens")

    def ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1):
            return True
        return False

    def end(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(20)

    def alerts(self) -> list[AlertRow]:
        reader = Reader(self.folder / "s.db")
        try:
            return reader.alerts(1000)
        finally:
            reader.close()

    def states(self) -> list[AlertState]:
        return [row.state for row in self.alerts()]

    def post(self, body: object, path: str = "/api/v2/alerts") -> int:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), headers, method="POST"
        )
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture
def standby(tmp_path: Path) -> Iterator[Standby]:
    one = Standby(tmp_path, free_port())
    one.start()
    yield one
    if one.process is not None and one.process.poll() is None:
        one.end(signal.SIGTERM)


def test_a_prometheus_takes_us_for_its_alertmanager(standby: Standby, tmp_path: Path) -> None:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    down = free_port()
    alerting = ALERTING.format(port=standby.port, token=TOKEN)
    with prometheus(folder, RULES, down=f"127.0.0.1:{down}", more=alerting) as url:
        until(standby.alerts, "it fires here")
        (row,) = standby.alerts()
        assert (row.rule, row.integration, row.state) == ("CrmDown", "crm", AlertState.FIRING)
        assert row.severity.value == "critical"
        assert row.summary == f"127.0.0.1:{down} does not answer"
        assert row.labels["job"] == "crm-exporter"
        assert row.origin is not None
        assert row.origin.lease_ns is not None
        assert "g0.expr=up" in row.origin.link
        with _exporter(down):
            until(lambda: standby.states() == [AlertState.RESOLVED], "it is over here")
        with urllib.request.urlopen(f"{url}/api/v1/alertmanagers", timeout=5) as answer:
            known = json.load(answer)["data"]["activeAlertmanagers"]
        assert [one["url"] for one in known] == [f"http://127.0.0.1:{standby.port}/api/v2/alerts"]


@contextlib.contextmanager
def _exporter(port: int) -> Iterator[None]:
    """Something that a Prometheus can scrape."""
    program = (
        "import http.server\n"
        "class Exporter(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200)\n"
        "        self.send_header('Content-Type', 'text/plain; version=0.0.4')\n"
        "        self.end_headers()\n"
        "        self.wfile.write(b'shop_ok 1\\n')\n"
        f"http.server.HTTPServer(('127.0.0.1', {port}), Exporter).serve_forever()\n"
    )
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait(5)


def test_an_alertmanager_tells_us_by_its_webhook(standby: Standby, tmp_path: Path) -> None:
    folder = tmp_path / "alertmanager"
    folder.mkdir()
    amtool = require("amtool", "prometheus-alertmanager")
    with alertmanager(folder, WEBHOOK.format(port=standby.port, token=TOKEN)) as url:
        add = [str(amtool), f"--alertmanager.url={url}", "alert", "add", "CrmSlow", "service=crm", "severity=warning"]
        add.append("--annotation=summary=slow – since noon")
        subprocess.run(add, check=True, capture_output=True)
        until(standby.alerts, "it fires here")
        (row,) = standby.alerts()
        assert (row.rule, row.integration, row.summary) == ("CrmSlow", "crm", "slow – since noon")
        assert row.origin is not None
        assert row.origin.lease_ns is None  # until Alertmanager says that it is over
        subprocess.run([*add, "--end=2020-01-01T00:00:00Z", "--start=2019-01-01T00:00:00Z"], check=True)
        until(lambda: standby.states() == [AlertState.RESOLVED], "it is over here")


def test_amtool_takes_us_for_an_alertmanager(standby: Standby, tmp_path: Path) -> None:
    amtool = require("amtool", "prometheus-alertmanager")
    login = tmp_path / "http.yml"
    login.write_text(f"authorization: {{ credentials: {TOKEN} }}\n")
    command = [str(amtool), f"--alertmanager.url=http://127.0.0.1:{standby.port}", f"--http.config.file={login}"]
    helped = subprocess.run([str(amtool), "--help"], check=False, capture_output=True, text=True)
    if "--http.config.file" not in helped.stdout + helped.stderr:
        pytest.skip("this amtool has no --http.config.file")
    subprocess.run([*command, "alert", "add", "Disk", "service=crm"], check=True, capture_output=True)
    until(lambda: [row.rule for row in standby.alerts()] == ["Disk"], "it fires here")
    (row,) = standby.alerts()
    assert (row.integration, row.labels["service"]) == ("crm", "crm")


def test_what_was_answered_200_is_there_after_a_kill(standby: Standby) -> None:
    for number in range(20):
        assert standby.post([{"labels": {"alertname": f"A{number}"}}]) == 200
    standby.end(signal.SIGKILL)
    assert sorted(row.rule for row in standby.alerts()) == sorted(f"A{number}" for number in range(20))
    standby.start()
    assert standby.post([{"labels": {"alertname": "A7"}}]) == 200
    assert standby.states() == [AlertState.FIRING] * 20
