"""What `standby doctor` tries outside: secrets, reference targets, the resolver. Each try is bounded in time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from standby.cli.doctor import Finding, Level
from standby.domain.text import clean

if TYPE_CHECKING:
    from standby.config.whole import Config

PATIENCE_S = 2.0
_MOST_NAMES = 20


def secrets(config: Config) -> Iterator[Finding]:
    """Whether every secret that the configuration names can be had here."""
    from standby.config.secrets import SecretError, Secrets

    if not config.secrets:
        yield Finding("ok", "secrets", "none named")
        return
    resolver = Secrets(config.base)
    good = 0
    for use in {use.reference: use for use in config.secrets}.values():
        try:
            resolver.resolve(use.reference)
            good += 1
        except SecretError as error:
            where = f"{use.file}:{use.line}: {use.key}: {error}"
            yield Finding("FAIL", "secret", where, "Make it known here and where the engine starts")
    if good:
        yield Finding("ok", "secrets", f"{good} can be read")


def reference_targets(config: Config) -> Iterator[Finding]:
    """Whether the network's own landmarks answer."""
    targets = config.settings.reference_targets
    if not targets:
        if _simulated(config):
            yield Finding("ok", "reference targets", "none needed, the third parties are simulated on this machine")
            return
        detail = "none named, so a lost network of ours looks like every vendor being down"
        yield Finding("warn", "reference targets", detail, 'Name some: reference_targets = ["tcp://192.0.2.1:53"]')
        return
    told = at_once([partial(_knock, target) for target in targets])
    silent = [f"{target} ({why})" for target, why in zip(targets, told, strict=True) if why]
    if not silent:
        yield Finding("ok", "reference targets", f"all {len(targets)} answer")
    elif len(silent) == len(targets):
        yield Finding(
            "FAIL", "reference targets", f"none answers: {', '.join(silent)}", "Look at this machine's network"
        )
    else:
        yield Finding("warn", "reference targets", f"no answer: {', '.join(silent)}", "Name others that always answer")


def resolver(config: Config) -> Iterator[Finding]:
    """Whether the names that checks ask can be resolved; `localhost` when third parties are simulated."""
    hosts = set() if _simulated(config) else {_host(check.target) for check in config.checks} - {""}
    names = sorted(hosts)[:_MOST_NAMES] or ["localhost"]
    told = at_once([partial(_resolve, name) for name in names])
    failed = [f"{clean(name, 80)} ({why})" for name, why in zip(names, told, strict=True) if why]
    if not failed:
        yield Finding("ok", "resolver", f"{len(names)} of {len(names)} names have an address")
        return
    level: Level = "FAIL" if len(failed) == len(names) else "warn"
    yield Finding(level, "resolver", f"no address for {', '.join(failed)}", "Look at /etc/resolv.conf and the names")


def _simulated(config: Config) -> bool:
    return config.simulator is not None and config.simulator.enabled


def _host(target: str) -> str:
    """The host in `https://host/path` or `host:port`; empty for a program or a token."""
    if " " in target or target.startswith("/"):
        return ""
    try:
        parts = urlsplit(target if "://" in target else f"tcp://{target}")
        named = "://" in target or parts.port is not None
    except ValueError:
        return ""
    return parts.hostname or "" if named else ""


def _knock(target: str) -> str:
    parts = urlsplit(target)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE_S):
            return ""
    except ConnectionRefusedError:  # somebody said no: the way there is open
        return ""
    except OSError as cause:
        return clean(cause.strerror or str(cause) or "no answer", 80)


def _resolve(name: str) -> str:
    try:
        socket.getaddrinfo(name, None)
    except (OSError, UnicodeError) as cause:
        return clean(getattr(cause, "strerror", "") or str(cause), 80)
    return ""


def at_once(tries: Sequence[Callable[[], str]], patience_s: float = PATIENCE_S + 0.2) -> list[str]:
    """What each says; `no answer` for those that have not said anything in time.

    On threads that nobody waits for at the end: a resolver can hang for minutes.
    """
    told = ["no answer"] * len(tries)
    done = [threading.Event() for _ in tries]

    def attempt(number: int) -> None:
        answer = tries[number]()
        told[number] = answer
        done[number].set()

    for number in range(len(tries)):
        threading.Thread(target=attempt, args=(number,), daemon=True).start()
    for event in done:
        if not event.wait(patience_s):
            patience_s = 0.0  # the others had the same time
    return list(told)
