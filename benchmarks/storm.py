"""A storm: 5,000 alerts pushed within 10 s while somebody works at a console.

    .venv/bin/python -m benchmarks storm [--quick]

Twenty integrations, grouped by integration, one person whose channel is a webhook on loopback. The pusher is a process
of its own, the engine the companion that the console started.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.console import Place, cursor_of, end_engine
from benchmarks.figure import Figure, Target
from benchmarks.processes import free_port
from benchmarks.screen import Screen
from benchmarks.target import answering

ALERTS = 5_000
WITHIN_S = 10.0
AT_ONCE = 25
INTEGRATIONS = 20
_SETTLED_S = 15.0  # group_wait, and the messages themselves


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """For the table of figures."""
    alerts, within = (500, 3.0) if quick else (ALERTS, WITHIN_S)
    with answering() as sink, tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "home").mkdir()
        place = Place(folder, _config(folder, port, sink))
        screen = Screen(place.command(), place.environ)
        try:
            screen.until(lambda: "companion 0 s" in screen.text)
            screen.press("2")  # the alert feed: all of them are rows of it
            with _pushing(port, alerts, within) as outcome:
                screen.until(lambda: screen.text.count("! firing") > 1)  # the cursor has somewhere to go
                during = _keys(screen, time.perf_counter() + within)
                codes: list[int] = outcome.recv()
            after = _keys(screen, time.perf_counter() + within)
            screen.watch(0.0 if quick else _SETTLED_S)
            figures = [_paint(during, after), *_counts(place, alerts, codes)]
        finally:
            screen.end()
        end_engine(place)
        return figures


def _config(folder: Path, port: int, sink: int) -> Path:
    lines = ["[standby]", 'name = "storm"', 'environment = "development"', 'store = "standby.db"', 'policy = "p"']
    lines += [f'listen = "127.0.0.1:{port}"', 'linger = "1s"', "[[vendor]]", 'id = "local"', 'name = "Local"']
    for number in range(INTEGRATIONS):
        lines += ["[[integration]]", f'id = "i{number}"', 'vendor = "local"', 'criticality = "high"']
    lines += ["[[source]]", 'id = "storm"', 'kind = "alertmanager"', "open = true", 'integration = "label:service"']
    lines += ["[[channel]]", 'id = "hook"', 'kind = "webhook"', f'url = "http://127.0.0.1:{sink}/"']
    lines += ["[[policy]]", 'id = "p"', "[[policy.level]]", 'targets = ["hook"]', 'respond_within = "1h"']
    config = folder / "config.toml"
    config.write_text("\n".join(lines) + "\n")
    return config


@contextmanager
def _pushing(port: int, alerts: int, within: float) -> Iterator[Connection]:
    """A process that pushes them evenly; says at the end what it was answered."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_push, args=(there, port, alerts, within))
    process.start()
    there.close()
    try:
        yield here
    finally:
        process.join(60)
        process.terminate()


def _push(out: Connection, port: int, alerts: int, within: float) -> None:
    begun, codes = time.perf_counter(), []
    for first in range(0, alerts, AT_ONCE):
        time.sleep(max(0.0, begun + within * first / alerts - time.perf_counter()))
        body = json.dumps([_alert(number) for number in range(first, min(first + AT_ONCE, alerts))])
        call = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        call.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
        codes.append(call.getresponse().status)
        call.close()
    out.send(codes)


def _alert(number: int) -> dict[str, object]:
    labels = {"alertname": f"Rule{number % 40}", "instance": f"host-{number}:9100", "severity": "critical"}
    labels |= {"service": f"i{number % INTEGRATIONS}", "job": "node", "region": f"eu-{number % 3}"}
    return {"labels": labels, "annotations": {"summary": f"host-{number} does not answer"}}


def _keys(screen: Screen, until: float) -> list[float]:
    """Milliseconds from a key to the cursor on another line, again and again."""
    took, down = [], True
    while time.perf_counter() < until:
        seconds = screen.answered("j" if down else "k", lambda: cursor_of(screen), within_s=1.0)
        took += [] if seconds is None else [seconds * 1e3]
        down = not down
        screen.watch(0.1)
    return took


def _paint(during: list[float], after: list[float]) -> Figure:
    def median(values: list[float]) -> str:
        return f"{statistics.median(values):.1f} ms of {len(values)}" if values else "none"

    note = f"{median(during)} presses, worst {max(during, default=0):.0f} ms; after it {median(after)}"
    name = f"key to paint in the alert feed while {ALERTS} alerts come within {WITHIN_S:g} s, median of the presses"
    return Figure(name, [statistics.median(during)] if during else (), None, "ms", Target(50.0), note)


def _counts(place: Place, alerts: int, codes: list[int]) -> Iterator[Figure]:
    (stored,) = place.ask("SELECT count(*) FROM alert")
    (told,) = place.ask("SELECT count(*) FROM notification WHERE kind = 'firing'")
    (groups,) = place.ask("SELECT count(DISTINCT integration) FROM alert")
    assert isinstance(stored, int)
    assert isinstance(told, int)
    assert isinstance(groups, int)
    refused = sum(code != 200 for code in codes)
    note = f"{len(codes)} calls, {refused} refused; {groups} integrations"
    lost = alerts - stored
    yield Figure("storm: alerts that were neither stored nor refused", [float(lost)], None, "", Target(0), note)
    yield Figure("storm: first messages a group", [told / max(1, groups)], None, "", Target(1.0))
