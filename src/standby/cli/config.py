"""`standby config check|schema|show`: is the configuration good, what may stand in it, what is in force."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from standby.cli.place import config_path

if TYPE_CHECKING:
    from standby.config.whole import Config

BROKEN = 2


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="every problem at once, each with file, line and mend")
    check.add_argument("--no-secrets", action="store_true", help="do not look whether the named secrets are there")
    schema = actions.add_parser("schema", help="what may stand in a configuration, as JSON Schema")
    schema.add_argument("--markdown", action="store_true", help="as a page for people instead")
    show = actions.add_parser("show", help="what is in force, defaults filled in, secrets hidden")
    show.add_argument("--json", action="store_true", help="as JSON instead of TOML")


def run(args: argparse.Namespace) -> int:
    """Run one subcommand: 0, or 2 with the problems on standard error."""
    from standby.config.problems import ConfigError

    actions: dict[str, Callable[[argparse.Namespace], int]] = {"check": _check, "schema": _schema, "show": _show}
    try:
        return actions[args.action](args)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BROKEN


def _load(args: argparse.Namespace) -> Config:
    from standby.config.load import load
    from standby.engine.kinds import kinds

    return load(config_path(args), kinds())


def _check(args: argparse.Namespace) -> int:
    from standby.config.problems import ConfigError
    from standby.config.secret_uses import missing_secrets
    from standby.config.secrets import Secrets

    config = _load(args)
    missing = [] if args.no_secrets else missing_secrets(config, Secrets(config.base))
    if missing:
        raise ConfigError(missing)
    counts = [
        _count(len(config.vendors), "vendor"),
        _count(len(config.integrations), "integration"),
        _count(len(config.checks), "check"),
        _count(len(config.rules), "rule"),
        *([_count(len(config.routes), "route")] if config.routes else []),
    ]
    files = "" if len(config.files) == 1 else f" in {len(config.files)} files"
    print(f"ok: {', '.join(counts)}{files}")
    return 0


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _schema(args: argparse.Namespace) -> int:
    from standby.engine.kinds import kinds

    if args.markdown:
        from standby.config.reference import markdown

        print(markdown(kinds()), end="")
    else:
        from standby.config.schema import schema

        print(json.dumps(schema(kinds()), indent=2))
    return 0


def _show(args: argparse.Namespace) -> int:
    from standby.config.show import as_toml, shown

    document = shown(_load(args))
    print(json.dumps(document, indent=2, ensure_ascii=False) if args.json else as_toml(document), end="\n")
    return 0
