from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks.conftest import Look
from checks.loopback import Authority, answers, serving
from processes import runs
from servers import nginx, require
from standby.checks.command import MAX_OUTPUT, CommandModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome


async def script(look: Look, text: str, **keys: object) -> Observation:
    return await look("command", command=[sys.executable, "-I", "-c", text], **keys)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (0, Outcome.UP),
        (1, Outcome.DEGRADED),
        (2, Outcome.DOWN),
        (3, Outcome.UNKNOWN),
        (4, Outcome.UNKNOWN),
        (127, Outcome.UNKNOWN),
    ],
)
async def test_exit_codes(look: Look, code: int, outcome: Outcome) -> None:
    seen = await script(look, f"print('DISK \\x1b[31mfine | /=12%;80;90;0;100 time=5ms'); raise SystemExit({code})")
    assert seen.outcome is outcome
    assert seen.failure is (None if code == 0 else Failure.EXIT)
    assert seen.message.endswith("DISK fine")
    assert seen.metrics == pytest.approx({"/": 12.0, "time": 0.005})


async def test_errors_are_shown_when_nothing_else_is_said(look: Look) -> None:
    seen = await script(look, "import sys; print('no route', file=sys.stderr); sys.exit(2)")
    assert seen.message == "no route"
    assert (await script(look, "raise SystemExit(2)")).message == "exit code 2, nothing printed"


async def test_a_signal_is_unknown_and_named(look: Look) -> None:
    seen = await script(look, "import os; os.kill(os.getpid(), 11)")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.EXIT)
    assert "SIGSEGV" in seen.message


@pytest.mark.parametrize("command", [["/no/such/plugin"], ["/etc/passwd"], ["/"]])
async def test_what_cannot_be_run_is_unknown_in_one_line(look: Look, command: list[str]) -> None:
    seen = await look("command", command=command)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.INTERNAL)
    assert command[0] in seen.message


async def test_the_environment_is_small_and_may_hold_secrets(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "leaks")
    seen = await script(
        look,
        "import os; print(sorted(set(os.environ) - {'HOME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'LOGNAME', 'PATH', 'TMPDIR',"
        " 'TZ', 'USER', 'SSL_CERT_DIR', 'SSL_CERT_FILE'}), os.environ['PASSWORD'] == 's3cr3t-token')",
        env={"PASSWORD": "env:TOKEN"},
    )
    assert seen.message == "['PASSWORD'] True"
    seen = await script(look, "import os; print(os.environ['PASSWORD'])", env={"PASSWORD": "env:TOKEN"})
    assert seen.message == "•••"


async def test_no_shell_reads_the_arguments(look: Look, tmp_path: Path) -> None:
    seen = await look("command", command=["/bin/echo", f"$(touch {tmp_path}/x); `id` | *"])
    assert seen.outcome is Outcome.UP
    assert "$(touch" in seen.message
    assert not list(tmp_path.iterdir())


async def test_a_timeout_ends_the_whole_group(look: Look, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    text = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(60)"
    )
    seen = await script(look, text, timeout="3s")
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TIMEOUT)
    for pid in map(int, pids.read_text().split()):
        await gone(pid)


async def test_a_child_that_keeps_the_pipe_is_not_waited_for_and_ended(look: Look) -> None:
    text = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('fine', child.pid)"
    )
    seen = await script(look, text)
    assert seen.outcome is Outcome.UP
    await gone(int(seen.message.split()[1]))


async def gone(pid: int) -> None:
    """Until no such process runs (a zombie that nobody has waited for does not run)."""
    async with asyncio.timeout(5):
        while await asyncio.to_thread(runs, pid):
            await asyncio.to_thread(os.sched_yield)


async def test_endless_output_is_cut_and_ended(look: Look) -> None:
    seen = await script(look, "while True: print('x' * 1000)")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.TOO_LARGE)
    assert str(MAX_OUTPUT) in seen.message


@pytest.mark.parametrize("command", [[], [""], ["a\0b"], "check_http -H x"])
def test_wrong_commands_are_refused(command: object) -> None:
    with pytest.raises(ValidationError):
        CommandModel.model_validate({"id": "c", "integration": "i", "command": command})


@pytest.mark.servers
async def test_real_plugins(look: Look) -> None:
    http = require("check_http", "monitoring-plugins")
    async with serving(answers(b"hello")) as server:
        seen = await look("command", command=[str(http), "-I", "127.0.0.1", "-p", str(server.port)])
        assert seen.outcome is Outcome.UP, seen.message
        assert "HTTP OK" in seen.message
        assert 0 < seen.metrics["time"] < 5
        assert seen.metrics["size"] > 5
    seen = await look("command", command=[str(http), "-I", "127.0.0.1", "-p", str(server.port)])
    assert seen.outcome is Outcome.DOWN
    load = require("check_load", "monitoring-plugins")
    seen = await look("command", command=[str(load), "-w", "999", "-c", "999"])
    assert set(seen.metrics) == {"load1", "load5", "load15"}


@pytest.mark.servers
@pytest.mark.parametrize(
    ("code", "outcome"), [(0, Outcome.UP), (1, Outcome.DEGRADED), (2, Outcome.DOWN), (3, Outcome.UNKNOWN)]
)
async def test_the_dummy_plugin(look: Look, code: int, outcome: Outcome) -> None:
    dummy = require("check_dummy", "monitoring-plugins")
    assert (await look("command", command=[str(dummy), str(code), "said"])).outcome is outcome


def plugin(name: str) -> str:
    return str(require(name, "monitoring-plugins"))


@pytest.mark.servers
async def test_plugins_of_the_network(look: Look) -> None:
    async with serving(answers(b"hello"), read=False) as server:
        http = [plugin("check_http"), "-I", "127.0.0.1", "-p", str(server.port)]
        tcp = [plugin("check_tcp"), "-H", "127.0.0.1", "-p", str(server.port)]
        slow = await look("command", command=[*http, "-w", "0.0000001", "-c", "9"])
        assert (slow.outcome, slow.failure) == (Outcome.DEGRADED, Failure.EXIT), slow.message
        assert slow.message.startswith("HTTP WARNING: HTTP/1.1 200 OK")
        assert (await look("command", command=[*http, "-s", "goodbye"])).outcome is Outcome.DOWN
        seen = await look("command", command=[*tcp, "-w", "5", "-c", "9"])
        assert (seen.outcome, set(seen.metrics)) == (Outcome.UP, {"time"}), seen.message
        assert "TCP OK" in seen.message
        assert "|" not in seen.message  # what is behind it is for machines
    refused = await look("command", command=tcp)
    assert refused.outcome is Outcome.DOWN
    assert "Connection refused" in refused.message
    assert (await look("command", command=[plugin("check_tcp")])).outcome is Outcome.UNKNOWN  # used wrongly


@pytest.mark.servers
@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        (["-w", "0%", "-c", "0%"], Outcome.UP),
        (["-w", "100%", "-c", "0%"], Outcome.DEGRADED),
        (["-w", "100%", "-c", "100%"], Outcome.DOWN),
    ],
)
async def test_figures_with_thresholds_are_metrics(look: Look, limits: list[str], outcome: Outcome) -> None:
    seen = await look("command", command=[plugin("check_disk"), *limits, "-p", "/"])
    assert seen.outcome is outcome, seen.message
    used = os.statvfs("/")
    assert 0 < seen.metrics["/"] <= used.f_blocks * used.f_frsize


@pytest.mark.servers
async def test_a_plugin_that_is_a_script(look: Look, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("12345")
    age = [plugin("check_file_age"), "-f", str(tmp_path / "export.csv"), "-w", "3600", "-c", "7200"]
    seen = await look("command", command=age)
    assert (seen.outcome, seen.metrics["size"]) == (Outcome.UP, 5.0), seen.message
    os.utime(tmp_path / "export.csv", (1, 1))
    assert (await look("command", command=age)).outcome is Outcome.DOWN
    (tmp_path / "export.csv").unlink()
    assert "File not found" in (await look("command", command=age)).message


@pytest.mark.servers
@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (["-o", "CRITICAL", "0", "said"], Outcome.DOWN),
        (["-w", "OK", "1", "said"], Outcome.UP),
    ],
)
async def test_negate_wraps_another_plugin(look: Look, command: list[str], outcome: Outcome) -> None:
    switch, word, code, said = command
    wrapped = [plugin("negate"), switch, word, plugin("check_dummy"), code, said]
    assert (await look("command", command=wrapped)).outcome is outcome


@pytest.mark.servers
async def test_nginx_breaks_and_comes_back(look: Look, trusted: Authority, tmp_path: Path) -> None:
    import datetime as dt

    now = dt.datetime.now(dt.UTC)
    made = trusted.ca.issue_cert("127.0.0.1", not_before=now - dt.timedelta(30), not_after=now + dt.timedelta(10))
    pem, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made.private_key_pem.write_to_path(str(key))
    for blob in made.cert_chain_pems:
        blob.write_to_path(str(pem), append=True)
    moved = "location /moved { return 301 /health; } location /busy { return 429; }"
    with nginx(tmp_path, pem, key, locations=moved) as server:
        (server.root / "health").write_text('{"status": "ok"}')
        plain, secure = f"http://127.0.0.1:{server.port}", f"https://127.0.0.1:{server.tls_port}"
        keys = {"expect": ["status == 200", "body.status == 'ok'", "headers['content-encoding'] == 'gzip'"]}
        assert (await look("http", url=f"{plain}/health", **keys)).outcome is Outcome.UP
        seen = await look("http", url=f"{secure}/moved", **keys)
        assert seen.outcome is Outcome.UP, seen.message
        assert seen.metrics["certificate_days"] == pytest.approx(10, abs=0.01)
        assert (await look("http", url=f"{plain}/missing")).message == "status 404 Not Found"
        assert (await look("http", url=f"{plain}/busy")).failure is Failure.RATE_LIMITED
        assert (await look("tls", host="127.0.0.1", port=server.tls_port)).outcome is Outcome.DEGRADED
        server.kill()
        assert (await look("http", url=f"{plain}/health")).failure is Failure.REFUSED
