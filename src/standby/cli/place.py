"""Which store a command speaks of: the one named with `--store`, else the configuration's."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from standby.cli.main import UsageError, globals_of

if TYPE_CHECKING:
    from standby.store.reader import Reader


def config_path(args: Namespace) -> Path:
    """The configuration file in force. Raises UsageError."""
    from standby.config.discover import find
    from standby.config.problems import ConfigError

    try:
        return find(globals_of(args).config, Path.cwd(), os.environ)
    except ConfigError as error:
        raise UsageError(str(error)) from None


def store_path(args: Namespace) -> Path:
    """The store's absolute path. Raises UsageError."""
    named = globals_of(args).store
    if named is not None:
        if "://" in named:
            raise UsageError(f"--store {named}: only a path to a SQLite file is supported; write a path")
        return Path(named).expanduser().absolute()
    from standby.config.discover import peek
    from standby.config.problems import ConfigError

    try:
        return peek(config_path(args)).store
    except ConfigError as error:
        raise UsageError(str(error)) from None


@contextmanager
def reading(args: Namespace) -> Iterator[Reader]:
    """The store, open for reading. Raises UsageError with what is wrong and the mend."""
    from standby.store.errors import StoreError
    from standby.store.reader import Reader

    try:
        reader = Reader(store_path(args))
        try:
            yield reader
        finally:
            reader.close()
    except StoreError as error:
        raise UsageError(str(error)) from None
