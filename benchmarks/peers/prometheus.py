"""Their side, as Debian ships it: blackbox_exporter looks, Prometheus scrapes and judges, Alertmanager receives."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.load import BODY_PATTERN, EVERY_S, TIMEOUT_S, Targets
from benchmarks.processes import binary, end, free_port, start, wait_for_port

PROGRAMS = {
    "prometheus": "prometheus",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
    "prometheus-alertmanager": "prometheus-alertmanager",
}
_RULES = (
    ("down", "probe_success == 0"),
    ("errors", "1 - avg_over_time(probe_success[1m]) > 0.5"),
    ("slow", "avg_over_time(probe_duration_seconds[1m]) > 3"),
)


def _blackbox(targets: Targets) -> dict[str, Any]:
    http = {
        "valid_status_codes": [200],
        "fail_if_body_not_matches_regexp": [BODY_PATTERN],
        "preferred_ip_protocol": "ip4",
        "tls_config": {"ca_file": str(targets.authority)},
    }
    return {"modules": {"expect": {"prober": "http", "timeout": f"{TIMEOUT_S}s", "http": http}}}


def _rules() -> dict[str, Any]:
    rules = [{"alert": name, "expr": when, "for": "10s", "labels": {"severity": "warning"}} for name, when in _RULES]
    return {"groups": [{"name": "checks", "rules": rules}]}


def _prometheus(targets: Targets, rules: Path, blackbox: int, alertmanager: int) -> dict[str, Any]:
    probe = {
        "job_name": "probe",
        "metrics_path": "/probe",
        "params": {"module": ["expect"]},
        "static_configs": [{"targets": targets.urls}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{blackbox}"},
        ],
    }
    every = f"{EVERY_S}s"
    return {
        "global": {"scrape_interval": every, "scrape_timeout": f"{TIMEOUT_S}s", "evaluation_interval": every},
        "rule_files": [str(rules)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
        "scrape_configs": [probe],
    }


class Prometheus:
    """The three programs, on loopback."""

    def __init__(self, folder: Path, targets: Targets) -> None:
        folder.mkdir()
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        blackbox, self._alertmanager, self._prometheus = free_port(), free_port(), free_port()
        rules = self._write("rules.yml", _rules())
        config = self._write("prometheus.yml", _prometheus(targets, rules, blackbox, self._alertmanager))
        modules = self._write("blackbox.yml", _blackbox(targets))
        receivers = self._write("alertmanager.yml", {"route": {"receiver": "none"}, "receivers": [{"name": "none"}]})
        try:
            self._start("prometheus-blackbox-exporter", blackbox, f"--config.file={modules}")
            self._start(
                "prometheus-alertmanager",
                self._alertmanager,
                f"--config.file={receivers}",
                f"--storage.path={folder / 'alertmanager'}",
                "--cluster.listen-address=",
            )
            self._start(
                "prometheus",
                self._prometheus,
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
            )
        except BaseException:
            self.end()
            raise

    @property
    def groups(self) -> Sequence[Sequence[int]]:
        """All three, which do one work."""
        return [[process.pid for process in self._processes]]

    def ups(self, since: int, until: int) -> int:
        """How many probes between two instants (ns) were scraped and succeeded."""
        seconds = round((until - since) / 1e9)
        return self._number(f"sum(sum_over_time(probe_success[{seconds}s]))", at=until / 1e9)

    def told(self) -> Sequence[int]:
        """How many alerts that a target is down Prometheus lets fire, and how many Alertmanager holds."""
        query = urllib.parse.urlencode({"filter": 'alertname="down"'})
        received = _get(f"http://127.0.0.1:{self._alertmanager}/api/v2/alerts?{query}")
        return [self._number('count(ALERTS{alertname="down",alertstate="firing"})'), len(received)]

    def end(self) -> None:
        """Stop all three."""
        for process in reversed(self._processes):
            end(process)
        self._processes.clear()

    def _write(self, name: str, document: object) -> Path:
        """As JSON, which is YAML too."""
        path = self._folder / name
        path.write_text(json.dumps(document))
        return path

    def _start(self, program: str, port: int, *options: str) -> None:
        log = self._folder / f"{program}.log"
        argv = [binary(program, PROGRAMS[program]), f"--web.listen-address=127.0.0.1:{port}", *options]
        self._processes.append(start(argv, log))
        wait_for_port(port, self._processes[-1], log)

    def _number(self, query: str, at: float | None = None) -> int:
        text = urllib.parse.urlencode({"query": query} if at is None else {"query": query, "time": at})
        found = _get(f"http://127.0.0.1:{self._prometheus}/api/v1/query?{text}")["data"]["result"]
        return int(float(found[0]["value"][1])) if found else 0


def _get(url: str) -> Any:  # noqa: ANN401 - JSON
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)
