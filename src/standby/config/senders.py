"""Sources of alerts together with the rest: nobody is let in unawares, and every name means one thing."""

from __future__ import annotations

import ipaddress

from standby.config.entries import Entries, Entry
from standby.config.inbound import LABEL, AlertSource, SourceKind
from standby.config.problems import Problems, did_you_mean
from standby.domain.outside import OURSELVES
from standby.domain.text import clean


def check_sources(entries: Entries, problems: Problems) -> None:
    """Note sources that anybody could push to, names that mean two things, and integrations that do not exist."""
    integrations = entries.known("integration")
    for source in entries.sources:
        if source.model.id in (*integrations, OURSELVES):
            owner = "Standby's own" if source.model.id == OURSELVES else "an integration's"
            source.complain(problems, ("id",), f"is {owner} id as well", "give it another id")
        fixed = source.model.integration
        if fixed is not None and not fixed.startswith(LABEL):
            _exists(source, ("integration",), fixed, integrations, problems)
        for index, one in enumerate(source.model.belongs):
            _exists(source, ("belongs", index, "integration"), one.integration, integrations, problems)
        _guarded(source, entries, problems)
    _told_apart(entries, problems)


def _exists(
    source: Entry[AlertSource], keys: tuple[str | int, ...], name: str, known: list[str], problems: Problems
) -> None:
    if name not in known:
        mend = did_you_mean(name, known, "integration ids")
        source.complain(problems, keys, f'there is no integration "{clean(name, 64)}"', mend)


def _guarded(source: Entry[AlertSource], entries: Entries, problems: Problems) -> None:
    model, settings = source.model, entries.settings
    if model.open and settings is not None and not _on_loopback(settings.listen):
        message = f'lets everybody in who reaches listen = "{settings.listen}"'
        source.complain(problems, ("open",), message, 'give it a token = "env:NAME", or listen on 127.0.0.1')
    if model.open and model.token is not None:
        source.complain(problems, ("open",), "asks for no token, and there is one", "leave one of the two out")
    if not model.open and model.token is None:
        mend = 'write token = "env:NAME", or open = true to let every program of this machine push'
        source.complain(problems, ("token",), "is missing", mend)


def _told_apart(entries: Entries, problems: Problems) -> None:
    """`/api/v2/alerts` names no source: who comes without a token is the one that is open."""
    kind = SourceKind.ALERTMANAGER
    opened = [one for one in entries.sources if one.model.open and one.model.kind is kind]
    for more in opened[1:]:
        message = f'is open as well as "{opened[0].model.id}": what comes to /api/v2/alerts could be of either'
        more.complain(problems, ("open",), message, "give it a token")


def _on_loopback(listen: str) -> bool:
    host = listen.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
