"""What rules cost beside a Prometheus that judges the same ones over the same series, and what a whole look costs.

    .venv/bin/python -m benchmarks rules [--quick]

500 series, a sample a second, three rules each: a mean over a minute, a share of failures over a minute, nothing seen
for half a minute. Two Prometheus scrape the same page at the same time, one with the rules and one without; the
difference is what rules cost there. Ours is the difference of the judge with and without them, on a clock of its own.
Both have to find the same alerts.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, Target
from benchmarks.processes import Unavailable, binary, cpu_seconds, end, free_port, start, wait_for_port
from standby.config.load import load
from standby.config.whole import Config
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import AlertState, Outcome
from standby.domain.units import SECOND
from standby.engine.kinds import kinds
from standby.engine.rules.watches import Sort, watches
from standby.engine.trials.trial import Trial

SERIES = 500
JUDGED_US = 150.0
_BEGIN = 1_790_000_000 * SECOND
_FOR_S = 10
_RULES = (
    ("slow", "latency_ms > 800.0", "avg_over_time(look_seconds[1m]) > 0.8"),
    ("errors", "error_rate > 0.3", "1 - avg_over_time(look_success[1m]) > 0.3"),
    ("silent", "silence_s > 30.0", "time() - look_at_seconds > 30"),
)
_SILENT_FROM_S = 5


@dataclass(frozen=True, slots=True)
class _Lengths:
    """Seconds: until the windows are full and alerts fire, then so many stretches that are measured."""

    warm_up: int
    stretch: int
    stretches: int


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """For the table of figures."""
    lengths = _Lengths(55, 5, 1) if quick else _Lengths(75, 30, 3)
    ours = _Ours(lengths)
    name = f"a rule judged over one of {SERIES} series: processor time"
    whole = f"a sample taken in and judged by its share of {len(_RULES)} rules"
    with tempfile.TemporaryDirectory() as folder:
        bare, ruled = ours.measure(Path(folder), rules=False), ours.measure(Path(folder), rules=True)
        rules = [(more - less) / len(_RULES) for more, less in zip(ruled.us, bare.us, strict=True)]
        every = [us / len(_RULES) for us in ruled.us]
        try:
            theirs = _Theirs(lengths, Path(folder)).measure()
        except Unavailable as error:
            return [Figure(name, rules, None, "µs", None, f"no peer: {error}"), *_looks(Path(folder), lengths)]
    same = "both find the same alerts" if theirs.firing == ruled.firing else "THE ALERTS DIFFER"
    note = f"{same}: {_told(ruled.firing)}; Prometheus: {_told(theirs.firing)}"
    if theirs.firing != ruled.firing:
        return [Figure.unmeasured(name, "µs", None, note)]
    with tempfile.TemporaryDirectory() as folder:
        return [
            Figure(name, rules, theirs.rules, "µs", None, note),
            Figure(whole, every, theirs.whole, "µs", None, "theirs scrapes, parses and stores; ours is handed it"),
            *_looks(Path(folder), lengths),
        ]


def _told(firing: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {rule}" for rule, count in sorted(firing.items()))


def _look(series: int, second: int) -> tuple[bool, float] | None:
    """Whether it succeeded and how long it took (s); of fifty series one is slow, one fails and one falls silent."""
    kind = series % 50
    if kind == 2 and second >= _SILENT_FROM_S:
        return None
    return not (kind == 1 and second % 2), 0.9 if kind == 0 else 0.02 + kind / 1000


# -- ours --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judged:
    """Microseconds of processor time a look, by stretch, and the alerts that fire in the end, by rule."""

    us: Sequence[float]
    firing: Mapping[str, int]


class _Ours:
    """The engine's judge over the series, a second at a time."""

    def __init__(self, lengths: _Lengths) -> None:
        self._lengths = lengths

    def measure(self, folder: Path, *, rules: bool) -> _Judged:
        config = _config(folder, "templates = false", rules=rules, learn=False)
        found = [one for one in watches(config) if one.sort is Sort.RULE]
        return self.judged(Trial(config, _BEGIN, only=found))

    def judged(self, trial: Trial) -> _Judged:
        lengths, second = self._lengths, self._lengths.warm_up
        _pass(trial, 0, second)
        costs = []
        for _ in range(lengths.stretches):
            costs.append(_pass(trial, second, second + lengths.stretch))
            second += lengths.stretch
        firing = Counter(one.watch.id.partition("-")[0] for one in trial.alerts() if one.state is AlertState.FIRING)
        return _Judged(costs, dict(firing))


def _pass(trial: Trial, first: int, last: int) -> float:
    """Judge the looks of these seconds; microseconds of processor time each."""
    seen = {f"c{number}": list(_seen(number, first, last)) for number in range(SERIES)}
    began = time.process_time()
    count = trial.run(seen, until=_BEGIN + last * SECOND - 1)
    return (time.process_time() - began) / count * 1e6


def _seen(series: int, first: int, last: int) -> Iterator[Observation]:
    for second in range(first, last):
        look = _look(series, second)
        if look is not None:
            at, good = _BEGIN + second * SECOND, look[0]
            outcome, failure = (Outcome.UP, None) if good else (Outcome.DOWN, Failure.TIMEOUT)
            yield Observation(f"c{series}", at, at, outcome, "", failure, look[1] * 1000)


def _config(folder: Path, alerting: str, *, rules: bool, learn: bool) -> Config:
    """A check a series, each of an integration of its own; attempts as they are by default."""
    parts = [f'[standby]\nname = "b"\nenvironment = "development"\n[alerting]\n{alerting}\n[[vendor]]\nid = "acme"\n']
    for number in range(SERIES):
        parts.append(f'[[integration]]\nid = "i{number}"\nvendor = "acme"\ncriticality = "high"\n')
        parts.append(f'[[check]]\nid = "c{number}"\nintegration = "i{number}"\nkind = "tcp"\nhost = "192.0.2.1"\n')
        parts.append(f'port = 80\nevery = "1s"\nbaseline = {str(learn).lower()}\n')
        parts += [
            f'[[rule]]\nid = "{name}-{number}"\nintegration = "i{number}"\nwhen = "{when}"\nfor = "{_FOR_S}s"\n'
            for name, when, _ in _RULES
            if rules
        ]
    path = folder / "config.toml"
    path.write_text("".join(parts))
    return load(path, kinds())


def _looks(folder: Path, lengths: _Lengths) -> list[Figure]:
    """One look with everything on: the rules, templates, what is built in, and learning."""
    trial = Trial(_config(folder, "", rules=True, learn=True), _BEGIN)
    costs = _Ours(lengths).judged(trial).us
    name = f"a look judged with {len(_RULES)} rules, templates, deviation and learning: processor time"
    count = len(trial.watches) / SERIES
    return [Figure(name, costs, None, "µs", Target(JUDGED_US), f"{count:g} rules in force for each check")]


# -- theirs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """Microseconds for each rule and series: what rules add, and everything; alerts that fire in the end, by rule."""

    rules: Sequence[float]
    whole: Sequence[float]
    firing: Mapping[str, int]


class _Page(http.server.BaseHTTPRequestHandler):
    """The series as they are this second."""

    began: float

    def do_GET(self) -> None:
        """Answer in the text form of Prometheus."""
        body = "".join(_lines(int(time.time() - self.began), int(self.began))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's signature
        """Say nothing."""


def _lines(second: int, began: int) -> Iterator[str]:
    for number in range(SERIES):
        look, label = _look(number, second), f'{{series="{number}"}}'
        last = second if look is not None else _SILENT_FROM_S - 1
        yield f"look_at_seconds{label} {began + last}\n"
        if look is not None:
            yield f"look_success{label} {int(look[0])}\nlook_seconds{label} {look[1]:.3f}\n"


class _Theirs:
    """Two Prometheus on one page."""

    def __init__(self, lengths: _Lengths, folder: Path) -> None:
        self._lengths = lengths
        self._folder = folder

    def measure(self) -> _Found:
        """Raises Unavailable."""
        program = binary("prometheus", "prometheus")
        page = type("_Now", (_Page,), {"began": time.time()})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with contextlib.ExitStack() as stack:
            stack.callback(server.shutdown)
            ports = {name: free_port() for name in ("bare", "ruled")}
            processes = {
                name: self._start(program, name, port, server.server_address[1], stack) for name, port in ports.items()
            }
            time.sleep(self._lengths.warm_up)
            whole, rules = [], []
            for _ in range(self._lengths.stretches):
                more, less = self._stretch(processes, ports["ruled"])
                whole.append(more)
                rules.append(more - less)
            return _Found(rules, whole, _firing(ports["ruled"]))

    def _stretch(self, processes: Mapping[str, subprocess.Popen[bytes]], port: int) -> tuple[float, float]:
        """With rules and without, over the same seconds: microseconds for each series and evaluation of a rule."""
        before, evaluated = {name: cpu_seconds([one.pid]) for name, one in processes.items()}, _evaluated(port)
        time.sleep(self._lengths.stretch)
        after = {name: cpu_seconds([one.pid]) for name, one in processes.items()}
        count = (_evaluated(port) - evaluated) * SERIES
        if not count:
            raise Unavailable("it has judged no rule")
        with_rules, without = ((after[name] - before[name]) / count * 1e6 for name in ("ruled", "bare"))
        return with_rules, without

    def _start(
        self, program: str, name: str, port: int, page: int, stack: contextlib.ExitStack
    ) -> subprocess.Popen[bytes]:
        folder = self._folder / name
        folder.mkdir()
        rules = [{"alert": rule, "expr": expr, "for": f"{_FOR_S}s"} for rule, _, expr in _RULES]
        (folder / "rules.yml").write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
        scrape = {"job_name": "looks", "static_configs": [{"targets": [f"127.0.0.1:{page}"]}]}
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(folder / "rules.yml")] if name == "ruled" else [],
            "scrape_configs": [scrape],
        }
        (folder / "prometheus.yml").write_text(json.dumps(config))
        log = folder / "log"
        options = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
        process = start([program, f"--web.listen-address=127.0.0.1:{port}", *options], log)
        stack.callback(end, process)
        wait_for_port(port, process, log)
        return process


def _firing(port: int) -> dict[str, int]:
    query = 'count by (alertname) (ALERTS{alertstate="firing"})'
    return {one["metric"]["alertname"]: int(one["value"][1]) for one in _result(port, query)}


def _evaluated(port: int) -> float:
    """How often it has judged a rule, all series at once."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(
        float(line.rpartition(" ")[2]) for line in lines if line.startswith("prometheus_rule_evaluations_total{")
    )


def _result(port: int, query: str) -> list[dict[str, Any]]:
    text = urllib.parse.urlencode({"query": query})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{text}", timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return found
