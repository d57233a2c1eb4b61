"""What is owed when a quiet time is over (S52): one message, if what is true then is not what people believe.

While it is quiet nothing is said. What happens meanwhile is not kept in a list that is read out afterwards: only what
people believe and what is true are held against each other, so opposite news cancel, whatever their number. A state
that is not settled says nothing yet; the first that is decides.

A problem that people know of and that is still the same is no news. Whether somebody has to be called on because of it
is the escalation's matter (`domain.escalation.give_back`), as it is without a quiet time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

WELL = ""
"""Nothing is wrong. Anything else is a word for what is: another word is another problem."""


class Owed(StrEnum):
    """What has to be said."""

    NOTHING = "nothing"
    PROBLEM = "problem"
    RECOVERY = "recovery"


def owed(believed: str, fact: str) -> Owed:
    """What people have to hear who believe one thing while another is true."""
    if believed == fact:
        return Owed.NOTHING
    return Owed.RECOVERY if fact == WELL else Owed.PROBLEM


@dataclass(frozen=True, slots=True)
class Account:
    """Of one thing: what people believe, what is true of it, and whether they are left in peace."""

    believed: str = WELL
    fact: str = WELL
    quiet: bool = False
    settled: bool = True

    @property
    def due(self) -> Owed:
        """What will have to be said as things stand, now or when the quiet time is over."""
        return owed(self.believed, self.fact) if self.settled else Owed.NOTHING


def learn(account: Account, fact: str, *, settled: bool = True) -> tuple[Account, Owed]:
    """Something is true of it; what has to be said now."""
    return _say(replace(account, fact=fact, settled=settled))


def hush(account: Account, *, quiet: bool) -> tuple[Account, Owed]:
    """A quiet time begins, or is over; what has to be said now."""
    return _say(replace(account, quiet=quiet))


def _say(account: Account) -> tuple[Account, Owed]:
    now = Owed.NOTHING if account.quiet else account.due
    return (account if now is Owed.NOTHING else replace(account, believed=account.fact)), now
