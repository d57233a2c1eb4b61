"""Which components a user means: names with `*` and `?`, forgiving what nobody sees (case, blanks, kinds of dashes)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from standby.checks.statuspage.page import Component, Page

_ALIKE = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "−": "-"})
_NEAREST = 3


@lru_cache(maxsize=8192)  # a page has the same names every time
def plain(name: str) -> str:
    """A name without what people do not see: case, kinds of blanks, typographic quotes and dashes."""
    seen = name if name.isascii() else name.translate(_ALIKE)
    return " ".join(seen.casefold().split())


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    """Each piece between stars is taken where it is found first and kept there: no glob takes long on any name."""
    first, *others = (re.escape(piece).replace(r"\?", ".") for piece in plain(glob).split("*"))
    *middle, last = others or [""]
    stars = "".join(f"(?>.*?{piece})" for piece in middle if piece) + (f".*{last}" if others else "")
    return re.compile(first + stars, re.DOTALL)


def matches(glob: str, names: Iterable[str]) -> bool:
    """Whether one of the names is meant by `glob`; brackets and all else stand for themselves."""
    pattern = _pattern(glob)
    return any(pattern.fullmatch(plain(name)) for name in names)


def concerned(globs: Sequence[str], scope: Sequence[str]) -> bool:
    """Whether something with this scope touches what is chosen; a scope that is not told touches everything."""
    return not globs or not scope or any(matches(glob, scope) for glob in globs)


def watched(page: Page, globs: Sequence[str]) -> tuple[list[Component], list[str]]:
    """The components that count, and the globs that mean none. Without globs all that somebody looks at count.

    A glob that means a heading chooses all that stands under it.
    """
    leaves = [one for one in page.components if not one.heading]
    headings = [one for one in page.components if one.heading]
    if not globs:
        return [one for one in leaves if not one.idle] or leaves, []
    chosen: dict[int, Component] = {}
    unknown = []
    for glob in globs:
        found = [one for one in leaves if matches(glob, (one.name, one.group) if one.group else (one.name,))]
        groups = {one.group for one in found}
        found += [one for one in headings if one.name not in groups and matches(glob, (one.name,))]
        chosen.update((id(one), one) for one in found)
        if not found:
            unknown.append(glob)
    return list(chosen.values()), unknown


def nearest(page: Page, glob: str) -> list[str]:
    """Names on the page that may have been meant; the first ones when none is alike."""
    names = {plain(one.name): one.name for one in page.components}
    close = difflib.get_close_matches(plain(glob).strip("*? "), names, _NEAREST, cutoff=0.5)
    within = [name for name in names if plain(glob).strip("*? ") in name]
    return [names[name] for name in dict.fromkeys([*close, *within, *names])][:_NEAREST]
