"""The files of one configuration: the one that was named and what it includes."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from standby.config.files import Document, read
from standby.config.lines import KeyPath, Lines
from standby.config.problems import ConfigError, Problem, Problems
from standby.domain.text import clean

MOST_FILES = 200
INCLUDE = "include"


@dataclass(frozen=True, slots=True)
class Source:
    """One file with the lines of its keys; `main` is the one that was named."""

    document: Document
    lines: Lines
    main: bool

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of what holds it."""
        return self.lines.line(path)


class _Reader:
    def __init__(self, base: Path, shown: str, problems: Problems, instead: Mapping[Path, bytes]) -> None:
        self._base = base
        self._instead = instead
        self._shown_base = Path(shown).parent
        self._problems = problems
        self._seen: dict[tuple[int, int], str] = {}
        self.sources: list[Source] = []

    def read(self, path: Path, shown: str, chain: tuple[tuple[int, int], ...]) -> None:
        document = read(path, shown, self._instead.get(path))
        source = Source(document, Lines(document.text), main=not chain)
        status = path.stat()
        identity = (status.st_dev, status.st_ino)
        self._seen[identity] = shown
        self.sources.append(source)
        for index, pattern in self._patterns(source):
            self._include(source, index, pattern, (*chain, identity))

    def _patterns(self, source: Source) -> list[tuple[int, str]]:
        found = source.document.data.get(INCLUDE, [])
        if isinstance(found, str):
            found = [found]
        if not isinstance(found, list):
            self._say(source, (INCLUDE,), "is not a list of paths", 'write include = ["conf.d/*.toml"]')
            return []
        good: list[tuple[int, str]] = []
        for index, pattern in enumerate(found):
            if isinstance(pattern, str) and pattern.strip() and "\0" not in pattern:
                good.append((index, pattern))
            else:
                self._say(source, (INCLUDE, index), "is not a path", 'write include = ["conf.d/*.toml"]')
        return good

    def _include(self, source: Source, index: int, pattern: str, chain: tuple[tuple[int, int], ...]) -> None:
        where = (INCLUDE, index)
        folder = source.document.path.parent
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts or pattern.startswith("~"):
            self._say(source, where, f'"{clean(pattern, 80)}" leaves this folder', "include files beside this one")
            return
        found = sorted(_matches(pattern, folder))
        if not found:
            mend = "write a path that is there, or leave it out"
            self._say(source, where, f'"{clean(pattern, 80)}" finds no file', mend)
            return
        for name in found:
            if len(self.sources) > MOST_FILES:
                self._say(source, where, f"makes more than {MOST_FILES} files", "join some of them")
                return
            self._one(source, where, folder / name, chain)

    def _one(self, source: Source, where: KeyPath, path: Path, chain: tuple[tuple[int, int], ...]) -> None:
        shown = self._name(path)
        try:
            status = path.stat()
            outside = not path.resolve().is_relative_to(source.document.path.parent.resolve())
        except (OSError, RuntimeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._say(source, where, f"{clean(shown, 120)} cannot be read: {clean(why, 80)}", "")
            return
        identity = (status.st_dev, status.st_ino)
        if outside:
            self._say(source, where, f"{clean(shown, 120)} leads out of this folder", "include files beside this one")
        elif identity in chain:
            self._say(source, where, f"{clean(shown, 120)} includes itself", "take one of the includes out")
        elif identity not in self._seen:  # twice the same file is once
            try:
                self.read(path, shown, chain)
            except ConfigError as error:
                self._problems.extend(error.problems)

    def _name(self, path: Path) -> str:
        """As a person would name it: relative to where the main file was named from."""
        try:
            return str(self._shown_base / path.relative_to(self._base))
        except ValueError:
            return str(path)

    def _say(self, source: Source, where: KeyPath, message: str, mend: str) -> None:
        shown = source.document.shown
        self._problems.extend([Problem(shown, source.line(where), INCLUDE, message, mend)])


def _matches(pattern: str, folder: Path) -> list[str]:
    """Names relative to `folder`; a pattern that cannot be one finds nothing."""
    try:
        return list(itertools.islice(glob.iglob(pattern, root_dir=folder), MOST_FILES + 1))  # noqa: PTH207 - `**` is not meant
    except (OSError, ValueError, re.error):
        return []


def read_sources(
    path: Path, shown: str, problems: Problems, instead: Mapping[Path, bytes] = MappingProxyType({})
) -> list[Source]:
    """The main file and all included ones, in order, as if those of `instead` (by `Document.path`) held other bytes.

    What cannot be read is a problem; without the main file it raises ConfigError.
    """
    base = Path(os.path.abspath(path)).parent  # noqa: PTH100 - symlinks stay as named
    reader = _Reader(base, shown, problems, instead)
    reader.read(Path(os.path.abspath(path)), shown, ())  # noqa: PTH100
    return reader.sources
