"""`standby check`: every check once, now, without a store; for a person, a script or a CI run."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import difflib
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standby.cli.main import UsageError
from standby.cli.output import table
from standby.cli.place import config_path, store_path
from standby.console.present.glyphs import OUTCOMES
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome
from standby.domain.phases import PHASES
from standby.domain.text import clean
from standby.domain.units import format_instant
from standby.engine.clock import SystemClock

if TYPE_CHECKING:
    from standby.checks.base import Context
    from standby.config.models import CheckModel
    from standby.config.whole import Config

AT_ONCE = 64  # observations under way, however many vendors there are
BROKEN, UNDECIDED = 1, 4


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("ids", metavar="ID", nargs="*", help="only these checks")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.add_argument("--contracts", action="store_true", help="only checks that have a contract")
    parser.add_argument("--github", action="store_true", help="also annotations for GitHub Actions")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="also write a JUnit report")


def run(args: argparse.Namespace) -> int:
    """Look once with each check; 0 all up or maintenance, 1 some degraded or down, 4 else some unknown."""
    from standby.checks.contract.agreed import contract_of

    config = load_config(args)
    models = [model for model in chosen(config.checks, args.ids) if not args.contracts or contract_of(model)]
    clock = SystemClock()
    started = clock.monotonic()
    seen = asyncio.run(_look(config, store_path(args) if config.simulator else None, models, clock))
    seconds = (clock.monotonic() - started) / 1e9
    if args.junit is not None:
        _write_junit(args.junit, models, seen, seconds)
    if args.github:
        print("\n".join(workflow_commands(models, seen)), file=sys.stderr if args.json else sys.stdout)
    print(_as_json(models, seen) if args.json else _as_text(models, seen))
    return exit_code(seen)


def workflow_commands(models: Sequence[CheckModel], seen: Sequence[Observation]) -> Iterator[str]:
    """Workflow commands of GitHub Actions: an error for what is down or degraded, a warning for what is unknown."""
    for model, one in zip(models, seen, strict=True):
        if one.outcome in {Outcome.UP, Outcome.MAINTENANCE}:
            continue
        level = "warning" if one.outcome is Outcome.UNKNOWN else "error"
        title = f"{model.integration}: {model.id} is {one.outcome}"
        yield f"::{level} title={_escaped(title)}::{_escaped(one.message)}"


def _escaped(text: str) -> str:
    """As workflow commands want their values."""
    for letter, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(letter, code)
    return text


def chosen(models: Sequence[CheckModel], ids: Sequence[str]) -> Sequence[CheckModel]:
    """The checks with these ids, in the configuration's order; all without any. Raises UsageError with the nearest."""
    known = [model.id for model in models]
    for wanted in ids:
        if wanted not in known:
            near = difflib.get_close_matches(wanted, known, 1, 0.5)
            hint = f'the nearest is "{near[0]}"' if near else "`standby config show` lists them"
            raise UsageError(f'there is no check "{clean(wanted, 80)}"; {hint}')
    return [model for model in models if not ids or model.id in ids]


def exit_code(seen: Sequence[Observation]) -> int:
    """What the whole run says."""
    outcomes = {observation.outcome for observation in seen}
    if outcomes & {Outcome.DEGRADED, Outcome.DOWN}:
        return BROKEN
    return UNDECIDED if Outcome.UNKNOWN in outcomes else 0


def load_config(args: argparse.Namespace) -> Config:
    """The configuration that was asked for. Raises UsageError."""
    from standby.config.load import load
    from standby.config.problems import ConfigError
    from standby.engine.kinds import kinds

    try:
        return load(config_path(args), kinds())
    except ConfigError as error:
        raise UsageError(str(error)) from None


async def _look(
    config: Config, simulated: Path | None, models: Sequence[CheckModel], clock: SystemClock
) -> list[Observation]:
    """One observation of each, in the same order; at most a vendor's `concurrency` of its own at once."""
    from standby.checks.base import observe
    from standby.checks.registry import build

    everybody = asyncio.Semaphore(AT_ONCE)
    lanes = {vendor.id: asyncio.Semaphore(vendor.concurrency) for vendor in config.vendors}
    lane_of = {one.id: lanes[one.vendor] for one in config.integrations}
    async with context_of(config, simulated, clock) as context:

        async def look(model: CheckModel) -> Observation:
            async with lane_of[model.integration], everybody:
                return await observe(build(model), context, clock.now())

        return await asyncio.gather(*map(look, models))


def _seed(config: Config) -> int:
    return 0 if config.simulator is None else config.simulator.seed


@contextlib.asynccontextmanager
async def context_of(config: Config, simulated: Path | None, clock: SystemClock) -> AsyncIterator[Context]:
    """What the checks use; with simulated third parties, attached for as long as it lasts. Raises UsageError."""
    from standby.checks.base import Context
    from standby.config.secrets import Secrets

    secrets = Secrets(config.base, clock=clock)
    async with contextlib.AsyncExitStack() as stack:
        if simulated is None:
            context = Context(clock, secrets, base=config.base)
        else:
            from standby.link.simulator import SimulatorError, attach

            try:
                attached = await attach(simulated, spawn=True, role="check", seed=_seed(config))
            except SimulatorError as error:
                raise UsageError(str(error)) from None
            stack.push_async_callback(attached.close)
            context = Context(clock, secrets, attached.connect_to, attached.ca_path, base=config.base)
        stack.push_async_callback(context.close)
        yield context


def _as_json(models: Sequence[CheckModel], seen: Sequence[Observation]) -> str:
    checks = [_row(model, observation) for model, observation in zip(models, seen, strict=True)]
    return json.dumps({"checks": checks, "summary": _summary(seen)}, indent=2, ensure_ascii=False)


def _row(model: CheckModel, seen: Observation) -> Mapping[str, Any]:
    phases = {name: getattr(seen.phases, name) for name in PHASES}
    return {
        "id": model.id,
        "integration": model.integration,
        "kind": model.kind,
        "target": model.target,
        "outcome": seen.outcome,
        "failure": seen.failure,
        "latency_ms": _rounded(seen.latency_ms),
        "phases_ms": {name: _rounded(spent) for name, spent in phases.items() if spent is not None},
        "message": seen.message,
        "metrics": dict(seen.metrics),
        "retry_after_s": seen.retry_after_s,
        "at": format_instant(seen.at),
    }


def _summary(seen: Sequence[Observation]) -> Mapping[str, int]:
    counts = Counter(observation.outcome for observation in seen)
    return {outcome.value: counts[outcome] for outcome in Outcome}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _as_text(models: Sequence[CheckModel], seen: Sequence[Observation]) -> str:
    if not models:
        return "no checks are configured"
    rows = [
        (
            f"{OUTCOMES[one.outcome]} {one.outcome}",
            model.id,
            model.integration,
            "-" if one.latency_ms is None else f"{one.latency_ms:.0f} ms",
            one.message,
        )
        for model, one in zip(models, seen, strict=True)
    ]
    counts = ", ".join(f"{count} {outcome}" for outcome, count in _summary(seen).items() if count)
    return f"{table(('state', 'check', 'integration', 'latency', 'what it saw'), rows)}\n\n{counts}"


def _write_junit(path: Path, models: Sequence[CheckModel], seen: Sequence[Observation], seconds: float) -> None:
    from standby.cli import junit

    junit.write(path, junit.report(models, seen, seconds))
