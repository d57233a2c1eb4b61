"""Worlds that are taken down after the test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio

from .world import World

Make = Callable[..., Awaitable[World]]


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes a world and starts its engine."""
    made: list[World] = []

    async def make(toml: str, settings: str = "") -> World:
        one = World(tmp_path, toml, settings)
        made.append(one)
        await one.start()
        return one

    yield make
    for one in made:
        with contextlib.suppress(Exception):
            await one.stop()
