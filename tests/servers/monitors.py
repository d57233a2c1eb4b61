"""Prometheus and Alertmanager."""

from __future__ import annotations

import contextlib
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers.start import UP_WITHIN_S, free_port, require, running


@contextlib.contextmanager
def prometheus(folder: Path, rules: str, *, down: str = "", more: str = "") -> Iterator[str]:
    """Prometheus with these groups of rules, scraping itself and `down` (host:port) each second; its address. `more`
    goes into its configuration."""
    binary = require("prometheus", "prometheus")
    port = free_port()
    (folder / "rules.yml").write_text(rules)
    configuration = folder / "prometheus.yml"
    configuration.write_text(_PROMETHEUS.format(port=port, down=down or f"127.0.0.1:{free_port()}") + more)
    arguments = [f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}", "--log.level=error"]
    with _monitor([str(binary), *arguments, f"--web.listen-address=127.0.0.1:{port}"], folder, port) as url:
        yield url


@contextlib.contextmanager
def alertmanager(folder: Path, written: str = "") -> Iterator[str]:
    """Alertmanager that tells nobody; alerts named Inhibitor inhibit those named Inhibited; its address. `written` is
    another configuration for it."""
    binary = require("prometheus-alertmanager", "prometheus-alertmanager")
    port = free_port()
    configuration = folder / "alertmanager.yml"
    configuration.write_text(written or _ALERTMANAGER)
    arguments = [f"--config.file={configuration}", f"--storage.path={folder / 'data'}", "--log.level=error"]
    arguments += ["--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}"]
    with _monitor([str(binary), *arguments], folder, port) as url:
        yield url


@contextlib.contextmanager
def _monitor(command: list[str], folder: Path, port: int) -> Iterator[str]:
    """A running monitor that says that it is ready: it listens before."""
    log = folder / "log"
    with running(command, log, port) as process:
        _wait_until_ready(port, process, log)
        yield f"http://127.0.0.1:{port}"


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    pytest.fail(f"not ready on {port}: {log.read_text(errors='replace')[-500:]}")


_PROMETHEUS = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}
rule_files: [rules.yml]
scrape_configs:
  - job_name: prometheus
    static_configs: [{{ targets: ["127.0.0.1:{port}"], labels: {{ team: plattform-zürich }} }}]
  - job_name: crm-exporter
    static_configs: [{{ targets: ["{down}"] }}]
"""


_ALERTMANAGER = """
route: { receiver: nobody, group_by: [alertname] }
receivers: [{ name: nobody }]
inhibit_rules:
  - source_matchers: ['alertname="Inhibitor"']
    target_matchers: ['alertname="Inhibited"']
"""
