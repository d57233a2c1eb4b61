"""Another setting for a rule, tried by a program of its own: minutes of judging would keep neither the screen nor the
engine waiting."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standby.console.snapshot import Suggested
from standby.domain.text import clean

TIMEOUT_S = 300.0
_MOST_BYTES = 1_000_000
_MOST_LINES = 200
_LINE = 300


async def suggest(config: Path, store: Path, rule: str) -> Suggested:
    """What `standby rules suggest` says of one rule (`integration/rule`); both paths are absolute."""
    try:
        process = await asyncio.create_subprocess_exec(
            *_command(config, store, rule),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=config.parent,
            start_new_session=True,
        )
    except OSError as error:
        return Suggested(done=True, failed=f"other settings cannot be tried: {error.strerror}")
    try:
        async with asyncio.timeout(TIMEOUT_S):
            out, said = await process.communicate()
    except TimeoutError:
        return Suggested(done=True, failed=f"no setting was found within {TIMEOUT_S:.0f} s; try standby rules suggest")
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        lines = said.decode("utf-8", "replace").splitlines()
        why = lines[-1].removeprefix("standby: ") if lines else "standby rules suggest failed"
        return Suggested(done=True, failed=clean(why, _LINE))
    return read(out)


def read(out: bytes) -> Suggested:
    """From the JSON of `standby rules suggest --json`."""
    try:
        found = json.loads(out[:_MOST_BYTES])["suggestions"]
        return _one(found[0]) if found else Suggested(done=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        return Suggested(done=True, failed="standby rules suggest said something else than was asked")


def _one(doc: Mapping[str, Any]) -> Suggested:
    change = doc["change"]
    lines = [line[:_LINE] for line in str(doc["diff"]).splitlines()[:_MOST_LINES]]
    return Suggested(
        done=True,
        text=clean(str(doc["text"]), _LINE),
        diff=tuple(lines),
        change={"key": str(change["key"]), "value": str(change["value"]), "at": int(change["at"])},
        digest=str(doc["digest"]),
    )


def _command(config: Path, store: Path, rule: str) -> list[str]:
    nice = shutil.which("nice")
    # -P: the folder we happen to be in must not shadow a module of the program.
    own = [sys.executable, "-P", "-m", "standby", "--config", str(config), "--store", str(store)]
    return [*([nice, "-n", "10"] if nice else []), *own, "rules", "suggest", "--json", "--", rule]
