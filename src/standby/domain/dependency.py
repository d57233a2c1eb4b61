"""What needs what: whether a trouble is only what the trouble of a parent looks like from here (S53, S54).

What one needs is a list of groups, of each of which at least one has to be there: a plain parent is a group of one,
redundant ones share a group. A parent is gone when it is down, or when nothing is known of it and what it needs itself
is gone; one that is up is there whatever it needs. Every doubt is loud: a parent of which nothing is known, one that
needs the child itself, and one that nobody knows suppress nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

Groups = Sequence[Sequence[str]]
"""Of each of them at least one has to be there."""
Down = Callable[[str], bool | None]
"""What is believed of a parent; `None` when nothing can be told."""


def groups_of(written: Iterable[str | Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """What is written as `["a", ["b", "c"]]`: `a`, and `b` or `c`."""
    return tuple((one,) if isinstance(one, str) else tuple(one) for one in written)


def gone_because(child: str, needs: Mapping[str, Groups], down: Down) -> tuple[str, ...]:
    """What is down that `child` needs, named once each and as far up as it is known; empty: its trouble is its own."""
    gone: dict[str, tuple[str, ...]] = {
        child: ()
    }  # what is being worked out counts as there: a circle suppresses nothing

    def because(name: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for group in needs.get(name, ()):
            reasons = [reason(parent) for parent in group]
            if reasons and all(reasons):
                found |= dict.fromkeys(root for roots in reasons for root in roots)
        return tuple(found)

    def reason(parent: str) -> tuple[str, ...]:
        if parent not in gone:
            gone[parent] = ()
            believed = down(parent)
            if believed is not False and not _needs(parent, child, needs):
                gone[parent] = because(parent) or ((parent,) if believed else ())
        return gone[parent]

    return because(child)


def _needs(name: str, other: str, needs: Mapping[str, Groups]) -> bool:
    """Whether `name` needs `other`, over however many steps."""
    seen, open_ = {name}, [name]
    while open_:
        for parent in {one for group in needs.get(open_.pop(), ()) for one in group} - seen:
            if parent == other:
                return True
            seen.add(parent)
            open_.append(parent)
    return False
