from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from standby.config.secrets import Secrets
from standby.directors.base import Context, Director
from standby.directors.registry import build, models


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is short enough for unix sockets."""
    with tempfile.TemporaryDirectory(prefix="hap", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def context(short: Path) -> Context:
    return Context(Secrets(environ={"TOKEN": "s3cr3t-token"}), short)


def director(context: Context, kind: str, targets: dict[str, str], **keys: object) -> Director:
    """A director as the configuration would make it."""
    model = models()[kind].model_validate({"kind": kind, **keys}, context={})
    return build(model, targets, context)
