"""What is usual, as a trial learns it: of what it is given and of what a store has of before; nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from standby.config.cel import Expression
from standby.engine.learning.baselines import Baselines
from standby.engine.learning.minutes import Minutes
from standby.engine.learning.rebuild import Rebuild
from standby.engine.learning.step import Seen
from standby.engine.rules.watches import Sort, Watch

_NAMES = frozenset({"usual", "deviation"})


class Lessons(Baselines):
    """`begin` instead of `start`."""

    def begin(self, history: Path | None) -> None:
        """Learn what the store at `history` has of before, and from now on each minute."""
        self.keep(self._config())  # nobody asks yet, so nothing is read for it
        now = self._timeline.now()
        if history is not None:
            rebuild = Rebuild(history, self.learning, self._checks_of, [], self.decisions.about)
            with ThreadPoolExecutor(1) as aside:  # who calls may be in a loop already
                aside.submit(asyncio.run, rebuild.run(dict.fromkeys(self._fresh, 0), now)).result()
        self._put_bands()
        self._judge.learned = self
        self._arm()

    def _keep_minute(self, seen: Sequence[Seen]) -> None:
        """No screen reads it."""

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        work.close()  # it would write


class Unkept(Minutes):
    """Minutes that nobody learns from."""

    def take(self, observation: object) -> None:
        """Nothing is remembered of it."""


def wanted(watches: Iterable[Watch], expressions: Iterable[Expression]) -> bool:
    """Whether one of these rules asks what is usual."""
    asking = any(_NAMES & {str(part) for name in one.names for part in name.path} for one in expressions)
    return asking or any(watch.sort is Sort.DEVIATION for watch in watches)
