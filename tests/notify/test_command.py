from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from notify.conftest import MESSAGE, channel
from processes import runs, until
from standby.notify.base import Channel, Context, NotifyError
from standby.notify.command import CommandModel

KEEP = "import sys; open('got', 'a').write(sys.argv[1] + sys.stdin.read()); print('queued as 12\\nmore')"


def program(context: Context, text: str, **keys: object) -> Channel:
    return channel(context, "command", command=[sys.executable, "-I", "-c", text, "{to}"], **keys)


async def test_a_program_is_given_the_message_as_json(context: Context, tmp_path: Path) -> None:
    assert await program(context, KEEP).send(MESSAGE, "+49 1; reboot") == "queued as 12"
    address, _, body = (tmp_path / "got").read_text().partition("{")
    assert address == "+49 1; reboot"
    got = json.loads("{" + body)
    assert (got["key"], got["to"], got["subject"]) == (MESSAGE.key, "+49 1; reboot", MESSAGE.subject)
    assert got["alerts"][0]["id"] == 7


@pytest.mark.parametrize("text", ["pass", "import os; os.close(0)"])
async def test_a_program_that_reads_nothing_is_not_held_up(context: Context, text: str) -> None:
    assert await program(context, text).send(MESSAGE, "") == "exit code 0"


@pytest.mark.parametrize(
    ("text", "says", "temporary"),
    [
        ("raise SystemExit(1)", "failed, exit code 1: nothing printed", True),
        ("raise SystemExit('no\\x1b[2J modem')", "failed, exit code 1: no modem", True),
        ("raise SystemExit(75)", "failed, exit code 75", True),
        ("print('no such number'); raise SystemExit(67)", "failed, exit code 67: no such number", False),
        ("raise SystemExit(78)", "failed, exit code 78", False),
        ("import os; os.kill(os.getpid(), 15)", "failed, ended by SIGTERM", True),
        ("print('x' * 100_000)", "printed more than 65536 bytes and was killed", True),
        ("import os; print(os.environ['T']); raise SystemExit(1)", "exit code 1: •••", True),
    ],
)
async def test_what_a_program_may_say(context: Context, text: str, says: str, temporary: bool) -> None:
    with pytest.raises(NotifyError) as caught:
        await program(context, text, env={"T": "env:TOKEN"}).send(MESSAGE, "")
    assert says in str(caught.value)
    assert caught.value.temporary is temporary


async def test_a_program_that_hangs_is_killed(context: Context, tmp_path: Path) -> None:
    text = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(NotifyError, match="did not end within 2s and was killed") as caught:
        await program(context, text, timeout="2s").send(MESSAGE, "")
    assert caught.value.temporary
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not runs(pid), "the end of the program")


async def test_what_cannot_be_run(context: Context) -> None:
    with pytest.raises(NotifyError, match="/no/such/program cannot be run: No such file"):
        await channel(context, "command", command=["/no/such/program"]).send(MESSAGE, "")
    with pytest.raises(NotifyError, match="was not run: env:MISSING is not set"):
        await program(context, "pass", env={"A": "env:MISSING"}).send(MESSAGE, "")


@pytest.mark.parametrize("command", [[], [""], ["a\0b"], "rm -rf"])
def test_what_is_no_command(command: object) -> None:
    with pytest.raises(ValidationError):
        CommandModel.model_validate({"id": "c", "kind": "command", "command": command}, context={})
