"""What is wrong with a configuration: every problem at once, each one line with file, line, key and mend.

Light on purpose (standard library only): used before the first frame is painted.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from standby.domain.text import clean

MOST_SHOWN = 100
ENOUGH = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `file` is the file as a person named it, `line` counts from 1 (0: no line)."""

    file: str
    line: int
    key: str
    message: str
    mend: str = ""

    def __str__(self) -> str:
        """`config.toml:12: check[payments-api].timeout: 12s is not below every = 10s; write a timeout below 10s`."""
        place = clean(self.file, 300)
        if place and self.line:
            place = f"{place}:{self.line}"
        text = clean(self.message, 500)
        if self.mend:
            text = f"{text}; {clean(self.mend, 300)}"
        return ": ".join(part for part in (place, clean(self.key, 200), text) if part)


class ConfigError(Exception):
    """A configuration that is not taken, with every problem in it. `str()` is one line a problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        more = len(self.problems) - len(lines)
        if more > 0:
            last = self.problems[MOST_SHOWN]
            count = more if len(self.problems) < ENOUGH else "many"
            rest = Problem(last.file, last.line, "", f"{count} more problems from here on", "mend the ones above first")
            lines.append(str(rest))
        return "\n".join(lines)


class Problems:
    """Collects problems, so that a reader can go on after one and a person sees all of them."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, file: str | Path, line: int, key: str, message: str, mend: str = "") -> None:
        """Note one problem."""
        self._found.append(Problem(str(file), line, key, message, mend))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note several."""
        self._found.extend(problems)

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def enough(self) -> bool:
        """Whether nobody would read more of them: whoever looks for problems may stop."""
        return len(self._found) >= ENOUGH

    def error(self) -> ConfigError:
        """All of them, in the order of files as they were first met and of lines in them; the same line once."""
        order = {name: number for number, name in reversed(list(enumerate(p.file for p in self._found)))}
        ranked = sorted(dict.fromkeys(self._found), key=lambda p: (order[p.file], p.line))
        return ConfigError(ranked)

    def raise_if_any(self) -> None:
        """Raise ConfigError when there is a problem."""
        if self._found:
            raise self.error()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be; None when none is near."""
    options = list(known)
    close = difflib.get_close_matches(word[:80], options, n=1, cutoff=0.6)
    if close:
        return close[0]
    longer = [option for option in options if len(word) >= 3 and option.startswith(word)]
    if longer:
        return longer[0]
    folded = {option.lower().replace("-", "_"): option for option in options}
    return folded.get(word[:80].lower().replace("-", "_"))


def did_you_mean(word: str, known: Sequence[str], what: str) -> str:
    """The mend for an unknown word: the nearest known one, or all of them when they are few."""
    near = nearest(word, known)
    if near is not None:
        return f'did you mean "{clean(near, 80)}"?'
    if not known:
        return "there are none yet; add one"
    shown = ", ".join(clean(option, 80) for option in list(known)[:20])
    return f"the {what} {'is' if len(known) == 1 else 'are'} {shown}{', …' if len(known) > 20 else ''}"
