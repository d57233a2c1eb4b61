"""The `http` check against blackbox_exporter's cases: its matching rules written as our expectations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import httpx
import pytest

from standby.checks.base import Context, observe
from standby.checks.http import HttpCheck, HttpModel
from standby.config.secrets import Secrets
from standby.domain.outcome import Outcome
from standby.net.answer import Answer
from standby.net.transport import Transport
from standby.net.wire import Wire

from .loader import Case, cases, compare

FILE = "f_http_probe_blackbox"
WAIVERS: Mapping[str, str] = {}


class StillClock:
    def now(self) -> int:
        return 0

    def monotonic(self) -> int:
        return 0


def quoted(text: str) -> str:
    """The text as a CEL string."""
    return json.dumps(text, ensure_ascii=False)


def expectations(case: Case) -> list[str]:
    kind = case["kind"]
    if kind == "status":
        allowed = case["valid_status_codes"]
        return [f"status in {allowed}"] if allowed else ["status >= 200 && status < 300"]
    if kind.endswith("_cel"):
        return [f"!({case['cel']})" if kind == "fail_if_body_matches_cel" else case["cel"]]
    if "header" in kind:
        name = quoted(case["header"].lower())
        matches = f"headers[{name}].matches({quoted(case['regexp'])})"
        rule = matches if "not_matches" in kind else f"!{matches}"
        return [f"!({name} in headers) || {rule}" if case["allow_missing"] else rule]
    matches = [f"text.matches({quoted(pattern)})" for pattern in case["regexps"]]
    return [text if "not_matches" in kind else f"!{text}" for text in matches]


class Said:
    """A transport on which everybody says what the case says."""

    def __init__(self, case: Case) -> None:
        headers = [(case["header"], value) for value in case.get("values", [])]
        self.body = case.get("body", "").encode()
        lines = [f"HTTP/1.1 {case.get('status', 200)} OK", f"Content-Length: {len(self.body)}"]
        self.head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers), "", ""]).encode()

    async def receive(self) -> bytes:
        return self.head + self.body

    async def exchange(self, _: httpx.Request) -> Answer:
        answer = Answer(cast("Wire", self), "GET")
        await answer.begin()
        return answer

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


async def success(case: Case) -> bool:
    row: dict[str, Any] = {"id": "c", "integration": "i", "url": "http://x.test/", "expect": expectations(case)}
    check = HttpCheck(HttpModel.model_validate(row))
    context = Context(StillClock(), Secrets(environ={}))
    context.transports._transports[check._options] = cast("Transport", Said(case))
    try:
        return (await observe(check, context, 0)).outcome is Outcome.UP
    finally:
        await context.close()


@pytest.mark.parametrize("case", cases(FILE))
async def test_blackbox(case: Case) -> None:
    compare(case, await success(case), case["expected_success"], WAIVERS)
