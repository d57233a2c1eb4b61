"""`standby vendors`: what the catalogue knows of well-known vendors, and from where."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from standby.cli.main import UsageError
from standby.cli.output import table
from standby.config.problems import did_you_mean
from standby.domain.text import clean

if TYPE_CHECKING:
    from standby.catalogue.models import Fact, VendorFacts

SHOW = "show"
_MARKS = {True: "", False: " (unconfirmed)"}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("words", metavar="SEARCH", nargs="*", help="words to look for; or: show ID, all about one")
    parser.add_argument("--category", metavar="C", help="only those of one category, like payments or sms")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """List, or show one: 0, or 1 when nothing is found. Raises UsageError for an id or category that is not known."""
    if args.words[:1] == [SHOW] and len(args.words) == 2:
        one = by_id(args.words[1])
        print(json.dumps(_document(one), indent=2, ensure_ascii=False) if args.json else _page(one))
        return 0
    from standby.catalogue.load import categories, search

    if args.category is not None and args.category not in categories():
        mend = did_you_mean(args.category, categories(), "categories")
        raise UsageError(f'there is no category "{clean(args.category, 60)}"; {mend}')
    found = search(" ".join(args.words), args.category)
    if args.json:
        print(json.dumps([_document(one) for one in found], indent=2, ensure_ascii=False))
    else:
        print(_list(found) if found else "no vendor has these words; `standby vendors` lists all")
    return 0 if found else 1


def by_id(name: str) -> VendorFacts:
    """One vendor. Raises UsageError with the nearest."""
    from standby.catalogue.load import catalogue

    if name not in catalogue():
        mend = did_you_mean(name, list(catalogue()), "vendors")
        raise UsageError(f'the catalogue has no vendor "{clean(name, 60)}"; {mend}')
    return catalogue()[name]


def _list(found: Sequence[VendorFacts]) -> str:
    rows = [
        (
            one.id,
            one.name,
            ", ".join(one.categories),
            one.status.url + _MARKS[one.status.confirmed] if one.status else "-",
        )
        for one in found
    ]
    return table(("id", "name", "categories", "status page"), rows)


def _page(one: VendorFacts) -> str:
    rows = [(about, said(fact), fact.source) for about, fact in one.facts()]
    return f"{one.name} ({one.id}): {', '.join(one.categories)}\n\n{table(('about', 'fact', 'source'), rows)}"


def said(fact: Fact) -> str:
    """One fact in a line."""
    from standby.catalogue.models import Base, Probe, StatusPage, Support

    if isinstance(fact, StatusPage):
        return f"{fact.url} ({fact.form})" + (f": {fact.note}" if fact.note else "")
    if isinstance(fact, Base):
        return fact.base
    if isinstance(fact, Support):
        return fact.url
    if isinstance(fact, Probe):
        asked = f" {fact.keys.get('method', 'GET')} {fact.keys['url']}" if fact.kind == "http" else ""
        return f"{fact.kind}{asked}: {fact.says}"
    return str(getattr(fact, "says", ""))


def _document(one: VendorFacts) -> dict[str, Any]:
    """The file's own form, with `confirmed` at each fact."""
    document = one.model_dump(mode="json", exclude_none=True)
    facts: dict[str, Any] = {"id": one.id, "name": one.name, "categories": document["categories"]}
    for about, fact in one.facts():
        entry = fact.model_dump(mode="json", exclude_none=True) | {"confirmed": fact.confirmed}
        if isinstance(document[about], list):
            facts.setdefault(about, []).append(entry)
        else:
            facts[about] = entry
    return facts
