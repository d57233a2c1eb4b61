"""`standby check` on servers of the test's own: what it prints, how it exits, what CI reads."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.loopback import answers, serving
from servers import free_port
from standby.cli.check import exit_code
from standby.cli.main import main
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome

HEAD = """
[standby]
name = "shop"
environment = "development"
[[vendor]]
id = "acme"
concurrency = 2
[[integration]]
id = "payments"
vendor = "acme"
"""
GOOD = """[[check]]
id = "api"
integration = "payments"
kind = "http"
url = "{url}"
expect = ["body.status == 'ok'"]
"""
DOWN = '[[check]]\nid = "port"\nintegration = "payments"\nkind = "tcp"\nhost = "127.0.0.1"\nport = {port}\n'
BEAT = '[[check]]\nid = "backup"\nintegration = "payments"\nkind = "heartbeat"\ntoken = "env:STANDBY_TEST_TOKEN"\n'


@pytest.fixture
def url() -> Iterator[str]:
    """A server that answers, in a thread of its own: the command runs its own event loop."""
    started, found, stop = threading.Event(), [], asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serving(answers(b'{"status": "ok"}')) as server:
            found.append(server.url)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(5)
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)
    loop.close()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STANDBY_TEST_TOKEN", "secret-token")
    return tmp_path / "config.toml"


def check(config: Path, text: str, *words: str) -> int:
    config.write_text(HEAD + text)
    config.chmod(0o600)
    return main(["--config", str(config), "check", *words])


def test_all_up(config: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(config, GOOD.format(url=url)) == 0
    out, err = capsys.readouterr()
    assert "● up" in out
    assert "status 200 OK" in out
    assert out.endswith("1 up\n")
    assert err == ""
    assert not list(config.parent.glob("*.db*")), "no store is needed, so none is made"


def test_json_and_exit_codes(config: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD.format(url=url) + DOWN.format(port=free_port()) + BEAT
    assert check(config, text, "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {"up": 1, "degraded": 0, "down": 1, "maintenance": 0, "unknown": 1}
    rows: list[dict[str, Any]] = document["checks"]
    assert [(row["id"], row["kind"], row["outcome"]) for row in rows] == [
        ("api", "http", "up"),
        ("port", "tcp", "down"),
        ("backup", "heartbeat", "unknown"),
    ]
    assert set(rows[0]) >= {"id", "integration", "kind", "outcome", "latency_ms", "message", "metrics", "at"}
    assert rows[0]["metrics"]["status"] == 200.0
    assert rows[0]["at"].endswith("Z")
    assert rows[1]["failure"] == "refused"
    assert rows[2]["message"].startswith("needs the engine")
    assert check(config, text, "api", "--json") == 0
    assert check(config, text, "api", "backup", "--json") == 4


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((), 0),
        ((Outcome.UP, Outcome.MAINTENANCE), 0),
        ((Outcome.UP, Outcome.UNKNOWN), 4),
        ((Outcome.DEGRADED, Outcome.UNKNOWN), 1),
        ((Outcome.DOWN,), 1),
    ],
)
def test_what_the_exit_code_says(outcomes: tuple[Outcome, ...], code: int) -> None:
    assert exit_code([Observation("c", 0, 0, outcome) for outcome in outcomes]) == code


def test_an_unknown_id_names_the_nearest(config: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(config, GOOD.format(url=url) + BEAT, "bakcup") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == 'standby: there is no check "bakcup"; the nearest is "backup"\n'


def test_a_wrong_configuration(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(config, GOOD.format(url="https://x.test").replace("body.status", "boddy.status")) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "config.toml:" in err
    assert "boddy" in err
    assert "Traceback" not in err


def test_junit_is_valid_whatever_a_vendor_says(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = ["/usr/bin/printf", r'\xef\xbf\xbf <&"]]> \x01\x1b[31m\xed\xa0\x80 down']
    text = f'[[check]]\nid = "evil"\nintegration = "payments"\nkind = "command"\ncommand = {json.dumps(evil)}\n'
    failing = text.replace('"evil"', '"bad"').replace("/usr/bin/printf", "/bin/false")
    path = config.parent / "report.xml"
    assert check(config, text + failing + BEAT, "--junit", str(path)) == 1
    suite = ET.parse(path).getroot()[0]
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "skipped": "0",
    }
    assert [case.get("name") for case in suite] == ["evil", "bad", "backup"]
    assert suite[1][0].get("type") == "exit"


def test_a_report_holds_no_character_that_xml_forbids() -> None:
    from standby.checks.registry import models
    from standby.cli.junit import report

    model = models()["tcp"].model_validate({"id": "c", "integration": "i", "host": "x.test", "port": 1})
    seen = Observation("c", 0, 0, Outcome.DOWN, "a\x00\x0b\ufffe\uffff\ud800]]>&<b")
    root = ET.fromstring(report([model], [seen], 1.0))
    assert root[0][0][0].get("message") == "down: a\ufffd\ufffd\ufffd\ufffd\ufffd]]>&<b"


def test_a_report_that_cannot_be_written(config: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(config, GOOD.format(url=url), "--junit", "/no/such/folder/x.xml") == 2
    assert "--junit /no/such/folder/x.xml" in capsys.readouterr().err


def test_the_sample_checks_its_simulated_third_parties(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = Path(__file__).resolve().parents[2] / "config.toml"
    copy = tmp_path / "config.toml"
    copy.write_bytes(sample.read_bytes())
    copy.chmod(0o600)
    try:
        code = main(["--config", str(copy), "check", "--json"])
        document = json.loads(capsys.readouterr().out)
        assert code == 0, document
        assert document["summary"]["up"] == len(document["checks"]) > 5
    finally:
        with contextlib.suppress(SystemExit):
            main(["--config", str(copy), "simulator", "end"])
