"""`standby init`: a first configuration by five questions, or by flags."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from standby.cli.main import UsageError, main
from standby.cli.vendors import by_id
from standby.config.problems import ConfigError, did_you_mean
from standby.domain.outcome import Environment
from standby.domain.text import clean

if TYPE_CHECKING:
    from standby.catalogue.models import VendorFacts
    from standby.cli.starter import Choices, Starter

T = TypeVar("T")
_READABLE = 0o644


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--vendor", metavar="ID", nargs="+", action="extend", help="what you use (`standby vendors`)")
    parser.add_argument(
        "--critical", metavar="ID", nargs="+", action="extend", help="which of them you cannot be without"
    )
    parser.add_argument("--tell", metavar="ADDRESS", nargs="+", action="extend", help="who gets an e-mail")
    parser.add_argument("--environment", choices=[one.value for one in Environment], help="where it runs")
    parser.add_argument("--name", help="what your platform is called (the folder's name)")
    parser.add_argument("--mail-server", metavar="HOST", default="localhost", help="who hands the e-mails over")
    parser.add_argument("--output", metavar="FILE", type=Path, default=Path("config.toml"), help="(config.toml)")
    parser.add_argument("--force", action="store_true", help="replace the file")
    parser.add_argument("--probe", action="store_true", help="then ask everything once and tell what answered")
    parser.add_argument("--yes", action="store_true", help="ask nothing; what is not given has its default")


def run(args: argparse.Namespace) -> int:
    """Ask, write, and with `--probe` try: 0, or what `standby check` ends with. Raises UsageError."""
    from standby.checks.registry import kinds
    from standby.checks.statuspage.forms import FORMS
    from standby.cli.starter import starter

    if not args.force and (args.output.exists() or args.output.is_symlink()):
        raise UsageError(f"{args.output} is there already; name another with --output, or replace it with --force")
    experimental = {form.name for form in FORMS if form.experimental}
    made = starter(_choices(args), kinds(), os.environ, experimental)
    _write(args.output, made.text, replace=args.force)
    for line in made.unconfirmed:
        print(f"standby: {line}", file=sys.stderr)
    print(_summary(args.output, made))
    return _probe(args.output) if args.probe else 0


def _summary(path: Path, made: Starter) -> str:
    lines = [
        f"{path}: {made.checks} check{'' if made.checks == 1 else 's'}, {len(made.unconfirmed)} of them unconfirmed"
    ]
    lines += [f"  waits for {name} ({vendor})" for name, vendor in made.waiting.items()]
    return "\n".join([*lines, f"next: standby --config {path} check, then: standby --config {path}"])


def _probe(path: Path) -> int:
    print()
    return main(["--config", str(path), "check"])


def _choices(args: argparse.Namespace) -> Choices:
    """What flags say, else what is answered, else defaults. Raises UsageError."""
    from standby.cli.starter import Choices

    asks = not args.yes and sys.stdin.isatty() and sys.stderr.isatty()
    if not args.vendor and not asks:
        raise UsageError("which vendors? name them with --vendor (`standby vendors` lists them)")
    folder = clean(Path.cwd().name, 60) or "platform"

    def answer(given: T | None, question: str, default: str, read: Callable[[str], T]) -> T:
        if given is not None:
            return given
        return _ask(question, default, read) if asks else read(default)

    vendors = answer(
        _vendors(args.vendor) if args.vendor else None,
        "Which vendors do you use? (ids, `standby vendors` lists them)",
        "",
        lambda text: _vendors(_words(text)),
    )
    return Choices(
        vendors,
        answer(
            _among(args.critical, vendors) if args.critical else None,
            "Which of them can you not be without?",
            "",
            lambda text: _among(_words(text), vendors),
        ),
        answer(
            _addresses(args.tell) if args.tell else None, "Who gets an e-mail?", "", lambda t: _addresses(_split(t))
        ),
        answer(args.environment, "Where does it run?", Environment.PRODUCTION.value, _environment),
        answer(_name(args.name) if args.name is not None else None, "What is your platform called?", folder, _name),
        args.mail_server,
    )


def _ask(question: str, default: str, read: Callable[[str], T]) -> T:
    """Until the answer can be read. The end of the input is a word, too: stop."""
    while True:
        print(f"{question}{f' [{default}]' if default else ''} ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise UsageError("nothing was written: the answers ended")
        try:
            return read(line.strip() or default)
        except UsageError as error:
            print(f"  {error}", file=sys.stderr)


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _vendors(names: Sequence[str]) -> list[VendorFacts]:
    if not names:
        raise UsageError("name one at least, like stripe")
    return [by_id(name) for name in dict.fromkeys(names)]


def _among(names: Sequence[str], vendors: Sequence[VendorFacts]) -> list[str]:
    known = [one.id for one in vendors]
    for name in names:
        if name not in known:
            mend = did_you_mean(name, known, "vendors")
            raise UsageError(f'"{clean(name, 60)}" is none of the vendors that you use; {mend}')
    return list(names)


def _addresses(texts: Sequence[str]) -> list[str]:
    from pydantic import TypeAdapter, ValidationError

    from standby.notify.email import EmailAddress

    for text in texts:
        try:
            TypeAdapter(EmailAddress).validate_python(text)
        except ValidationError as error:
            raise UsageError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    return list(dict.fromkeys(texts))


def _environment(text: str) -> str:
    if text not in list(Environment):
        raise UsageError(f"write one of {', '.join(Environment)}")
    return text


def _name(text: str) -> str:
    if not text.strip() or clean(text, 60) != text:
        raise UsageError("write a name in plain text, at most 60 characters")
    return text


def _write(path: Path, text: str, *, replace: bool) -> None:
    """The file, whole and good, or none. Raises UsageError."""
    from standby.config.load import load
    from standby.engine.kinds import kinds

    draft: Path | None = None
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".init-", delete=False, encoding="utf-8") as file:
            draft = Path(file.name)
            file.write(text)
        draft.chmod(_READABLE)
        load(draft, kinds(), shown=str(path))
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)  # unlike a rename, this never replaces what somebody wrote meanwhile
    except FileExistsError:
        raise UsageError(f"{path} is there already; replace it with --force") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file that can be written with --output") from None
    except ConfigError as error:
        raise UsageError(f"nothing was written, what was chosen does not stand: {error}") from None
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)
