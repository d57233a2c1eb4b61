"""A store in a folder of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from standby.store.writer import Writer
from stores import put_empty_store

from .samples import T0, engine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "standby.db"


@pytest_asyncio.fixture
async def writer(path: Path) -> AsyncIterator[Writer]:
    put_empty_store(path)
    opened = await Writer.open(path, now=T0)
    await opened.begin_term(engine())
    yield opened
    await opened.close()
