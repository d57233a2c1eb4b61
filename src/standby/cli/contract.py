"""`standby contract`: learn what answers look like, say how they differ, and accept that they do."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from standby.cli.arguments import duration_of
from standby.cli.check import chosen, context_of, load_config
from standby.cli.main import UsageError
from standby.cli.place import store_path
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND, format_instant
from standby.engine.clock import SystemClock

if TYPE_CHECKING:
    from standby.checks.contract.contract import Contract
    from standby.checks.contract.drift import Drift
    from standby.checks.contract.pinned import ContractModel
    from standby.config.models import CheckModel
    from standby.config.whole import Config

BROKEN, UNKNOWN = 1, 4
_LIST_OF_WORDS = 20  # answers, after which lists of words can be whole

Heard = tuple[object, int]
"""A good answer: its document and its size in bytes."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the deeds."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    learn = deeds.add_parser("learn", help="ask some times, and write down what the answers have in common")
    diff = deeds.add_parser("diff", help="ask once, and say how the answer differs from its contract")
    accept = deeds.add_parser("accept", help="learn anew: what the answers look like now is the contract")
    for deed in (learn, diff, accept):
        deed.add_argument("check", metavar="CHECK", help="a check with a `contract`")
    for deed in (learn, accept):
        deed.add_argument("--answers", type=int, default=_LIST_OF_WORDS, metavar="N", help="how many (20)")
        deed.add_argument("--pause", default="1s", metavar="DURATION", help="between two of them (1s)")


def run(args: argparse.Namespace) -> int:
    """0; 1 when the contract is broken; 4 when there was no good answer."""
    config = load_config(args)
    model, contract = _agreed(config, args.check)
    count = 1 if args.deed == "diff" else max(1, min(args.answers, 1000))
    path = config.base / contract.file
    old = _old(contract, path)
    if args.deed == "learn" and old is not None:
        raise UsageError(f"{path} is there already; `standby contract accept {model.id}` learns it anew")
    simulated = store_path(args) if config.simulator else None
    heard, said = asyncio.run(_ask(config, simulated, model, count, _pause(args)))
    if len(heard) < count:
        print(f"standby: only {len(heard)} of {count} answers were good: {said}", file=sys.stderr)
        return UNKNOWN
    drifts = [] if old is None else _all_drifts(old, heard)
    if args.deed != "diff":
        _write(path, _learned(heard))
        print(f"{path}: learned from {count} answers")
    print("\n".join(f"{'!' if one.breaking else '+'} {one}" for one in drifts) or _nothing(args.deed, old))
    return BROKEN if args.deed == "diff" and any(one.breaking for one in drifts) else 0


def _nothing(deed: str, old: Contract | None) -> str:
    if deed == "learn" or old is None:
        return "hold it in your version control: what changes in it is what the vendor changed"
    return "nothing differs"


def _pause(args: argparse.Namespace) -> float:
    return duration_of("--pause", getattr(args, "pause", "0s") or "0s") / SECOND


def _agreed(config: Config, name: str) -> tuple[CheckModel, ContractModel]:
    """The check, and where its contract is. Raises UsageError."""
    from standby.checks.contract.agreed import Holding, contract_of
    from standby.checks.registry import build

    [model] = chosen(config.checks, [name])
    contract = contract_of(model)
    if contract is not None:
        return model, contract
    if not isinstance(build(model), Holding):
        raise UsageError(f"{model.id} is a check of kind {model.kind}, whose answers have no contract")
    raise UsageError(f'{model.id} has no contract; write contract = {{ file = "contracts/{model.id}.json" }}')


def _old(contract: ContractModel, path: Path) -> Contract | None:
    from standby.checks.contract.contract import ContractError, read

    try:
        return read(path, contract.operation)
    except FileNotFoundError:
        return None
    except ContractError as error:
        raise UsageError(str(error)) from None


async def _ask(
    config: Config, simulated: Path | None, model: CheckModel, count: int, pause_s: float
) -> tuple[Sequence[Heard], str]:
    """The good answers, and what the last one that was not good said."""
    from standby.checks.base import observe
    from standby.checks.contract.agreed import Holding
    from standby.checks.registry import build

    check, clock, said = build(model), SystemClock(), ""
    heard: list[Heard] = []
    if isinstance(check, Holding):
        check.agreed.listener = lambda document, size: heard.append((document, size))
    async with context_of(config, simulated, clock) as context:
        for number in range(count):
            if number:
                await asyncio.sleep(pause_s)
            context.answers.forget()
            seen = await observe(check, context, clock.now())
            if seen.outcome is not Outcome.UP:
                said = seen.message
            if len(heard) <= number:
                break
    return heard, said


def _learned(heard: Sequence[Heard]) -> Contract:
    from standby.checks.contract.contract import ContractError
    from standby.checks.contract.learn import learned

    try:
        return learned(heard, format_instant(SystemClock().now()))
    except ContractError as error:
        raise UsageError(str(error)) from None


def _all_drifts(contract: Contract, heard: Sequence[Heard]) -> list[Drift]:
    """How any of the answers differs; each difference once."""
    from standby.checks.contract.contract import ContractError

    try:
        found = {(one.place, one.what): one for document, size in heard for one in contract.drifts(document, size)}
    except ContractError as error:
        raise UsageError(str(error)) from None
    return sorted(found.values(), key=lambda one: not one.breaking)


def _write(path: Path, contract: Contract) -> None:
    from standby.checks.contract.contract import ContractError
    from standby.checks.contract.pinned import write

    try:
        write(path, contract)
    except ContractError as error:
        raise UsageError(str(error)) from None
