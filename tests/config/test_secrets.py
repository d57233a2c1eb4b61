"""Secrets: found where they are named, told when they are missing, never shown."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import shlex
import sys
import time
from pathlib import Path

import pytest
from tests.config.kinds import GOOD, line_of, loaded

from processes import until
from standby.config import secrets as module
from standby.config.references import is_sensitive, parse_reference
from standby.config.secret_uses import missing_secrets
from standby.config.secrets import SecretError, Secrets, SecretStr
from standby.domain.units import SECOND

VALUE = "hunter2-value"


class StillClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = 0

    def now(self) -> int:
        return self.at

    def monotonic(self) -> int:
        return self.at


def python(code: str) -> str:
    return f"cmd:{shlex.join([sys.executable, '-c', code])}"


def refused(secrets: Secrets, value: str) -> str:
    with pytest.raises(SecretError) as caught:
        secrets.resolve(value)
    assert VALUE not in str(caught.value)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_a_variable_is_read_each_time() -> None:
    environ = {"ACME_TOKEN": VALUE}
    secrets = Secrets(environ=environ)
    assert secrets.resolve("env:ACME_TOKEN").get_secret_value() == VALUE
    environ["ACME_TOKEN"] = "other"
    assert secrets.resolve("env:ACME_TOKEN").get_secret_value() == "other"


def test_a_prefix_stays_before_the_secret() -> None:
    secrets = Secrets(environ={"ACME_TOKEN": VALUE})
    assert secrets.resolve("Bearer env:ACME_TOKEN").get_secret_value() == f"Bearer {VALUE}"
    assert secrets.resolve("application/json").get_secret_value() == "application/json"
    assert parse_reference("see env:X or not") is None


def test_a_file_is_relative_to_the_configuration_and_read_again_after_rotation(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path)
    (tmp_path / "token").write_text(f"{VALUE}\n")
    assert secrets.resolve("file:token").get_secret_value() == VALUE
    (tmp_path / "token").write_text("rotated\r\n")
    assert secrets.resolve(f"file:{tmp_path}/token").get_secret_value() == "rotated"


def test_what_cannot_be_had_says_which_and_why(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path, environ={"EMPTY": "", "LINES": f"{VALUE}\r\nX-Evil: 1"})
    assert refused(secrets, "env:ACME_TOKEN") == "env:ACME_TOKEN is not set"
    assert refused(secrets, "env:EMPTY") == "env:EMPTY is empty"
    assert refused(secrets, "env:LINES") == "env:LINES has more than one line or control characters"
    assert refused(secrets, "env:not a name") == "env: names no variable; write env:ACME_TOKEN"
    assert refused(secrets, "file:nothing") == "file:nothing: there is no such file"
    assert refused(secrets, "file:.") == "file:. is a directory, not a file"
    os.mkfifo(tmp_path / "pipe")
    assert refused(secrets, "file:pipe") == "file:pipe is a pipe, not a file"
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    assert refused(secrets, "file:large") == "file:large gives more than 64 kB"
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert refused(secrets, "file:binary") == "file:binary is not UTF-8 text"
    (tmp_path / "empty").write_text("\n")
    assert refused(secrets, "file:empty") == "file:empty is empty"
    assert refused(secrets, "file:a\0b").startswith("file:a b names no file")
    assert refused(secrets, "keyring:a/b").startswith("keyring:a/b needs the keyring library")


def test_a_command_runs_once_without_a_shell(tmp_path: Path) -> None:
    secrets = Secrets()
    count = tmp_path / "count"
    code = f"import sys; open({str(count)!r}, 'a').write('x'); print(sys.argv[1])"
    value = f"{python(code)} '$(id) ; ls'"
    for _ in range(3):
        assert secrets.resolve(value).get_secret_value() == "$(id) ; ls"
    assert count.read_text() == "x"
    secrets.forget(value)
    secrets.resolve(value)
    assert count.read_text() == "xx"


def test_a_command_that_fails_shows_neither_output_nor_arguments() -> None:
    secrets = Secrets()
    said = refused(secrets, python(f"import sys; print('{VALUE}'); print('{VALUE}', file=sys.stderr); sys.exit(3)"))
    assert said == f"cmd:{sys.executable} … failed with exit code 3"
    assert (
        refused(secrets, "cmd:/no/such/program x") == "cmd:/no/such/program … cannot be run: No such file or directory"
    )
    assert refused(secrets, "cmd:'unclosed").startswith("cmd: names no program; write cmd:pass show acme")


def _gone(pid: int) -> bool:
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except OSError:
        return True


def test_a_command_that_never_ends_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.5)
    pids = tmp_path / "pids"
    code = (
        "import subprocess, sys, os, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}'); time.sleep(600)"
    )
    started = time.monotonic()
    assert "did not answer within" in refused(Secrets(), python(code))
    assert time.monotonic() - started < 5
    for pid in map(int, pids.read_text().split()):
        until(lambda pid=pid: _gone(pid), f"the end of {pid}")  # killed; the kernel may take a moment


def test_a_command_that_prints_for_ever_is_ended() -> None:
    assert "gives more than 64 kB" in refused(Secrets(), python("while True: print('x' * 1000)"))


def test_a_grandchild_that_holds_the_pipe_does_not_hang_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.5)
    code = "import os, time; os.fork() or (os.setsid(), time.sleep(20)); print('x')"
    started = time.monotonic()
    assert "did not answer" in refused(Secrets(), python(code))
    assert time.monotonic() - started < 5


def test_a_failed_command_is_tried_again_after_a_minute(tmp_path: Path) -> None:
    clock, count = StillClock(), tmp_path / "count"
    secrets = Secrets(clock=clock)
    value = python(f"open({str(count)!r}, 'a').write('x'); raise SystemExit(1)")
    for _ in range(3):
        refused(secrets, value)
    assert count.read_text() == "x"
    clock.at += 61 * SECOND
    refused(secrets, value)
    assert count.read_text() == "xx"


async def test_the_loop_goes_on_while_a_command_runs(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    secrets = Secrets(tmp_path)
    waiting = asyncio.ensure_future(secrets.aresolve(python(f"print(open({str(tmp_path / 'gate')!r}).read())")))

    def open_gate() -> None:
        with (tmp_path / "gate").open("w") as gate:
            gate.write(VALUE)

    await asyncio.to_thread(open_gate)  # the command waits for this, so the loop cannot have waited for the command
    assert (await waiting).get_secret_value() == VALUE
    assert (await secrets.aresolve("plain")).get_secret_value() == "plain"


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secrets(environ={"A": VALUE}).resolve("env:A")
    for text in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r}",
        f"{secret!s:s}",
        repr([secret]),
        repr({"a": secret}),
    ):
        assert VALUE not in text
    for spread in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            spread(secret)
    keeper = Secrets(environ={"A": VALUE})
    keeper.resolve(python(f"print('{VALUE}')"))
    assert VALUE not in repr(keeper)
    with pytest.raises(TypeError):
        pickle.dumps(keeper)
    assert isinstance(secret, SecretStr)


def test_a_configuration_knows_its_secrets_and_which_are_missing(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, GOOD.replace('environment = "production"', 'environment = "production"\nheartbeat_url = "file:url"')
    )
    assert [(use.reference, use.check, use.key) for use in config.secrets] == [
        ("file:url", None, "standby.heartbeat_url"),
        ("env:ACME_TOKEN", "payments-api", "check[payments-api].headers.Authorization"),
    ]
    first, second = map(str, missing_secrets(config, Secrets(config.base, environ={})))
    assert first.startswith(
        "config.toml:5: standby.heartbeat_url: secret file:url: there is no such file; write the file"
    )
    line = line_of(GOOD, "headers =") + 1
    assert second == (
        f"config.toml:{line}: check[payments-api].headers.Authorization: secret env:ACME_TOKEN is not set; "
        "set it where the engine is started, or leave the key out"
    )
    (tmp_path / "url").write_text("https://hc.example/x")
    assert missing_secrets(config, Secrets(config.base, environ={"ACME_TOKEN": VALUE})) == []


def test_commands_are_not_run_to_see_whether_they_are_there(tmp_path: Path) -> None:
    config = loaded(tmp_path, GOOD.replace("env:ACME_TOKEN", f"cmd:touch {tmp_path}/ran"))
    assert missing_secrets(config, Secrets(environ={})) == []
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("Authorization", True), ("X-Api-Key", True), ("api_key", True), ("apikey", True), ("Set-Cookie", True),
        ("password", True), ("client_secret", True), ("access_token", True), ("X-Auth", True), ("key", True),
        ("Accept", False), ("status", False), ("monkey_business", False), ("keyboard", False), ("author", False),
    ],
)  # fmt: skip
def test_names_tell_secrets(name: str, secret: bool) -> None:
    assert is_sensitive(name) is secret
