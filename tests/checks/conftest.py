from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from checks.loopback import Authority, RealClock, authority
from standby.checks.base import Context, observe
from standby.checks.registry import build, models
from standby.config.secrets import Secrets
from standby.domain.observation import Observation

SLOT = 1_700_000_000_000_000_000
Look = Callable[..., Awaitable[Observation]]


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
async def context(trusted: Authority) -> AsyncIterator[Context]:
    environ = {"TOKEN": "s3cr3t-token", "KEY": "k3y-v4lue"}
    context = Context(RealClock(), Secrets(environ=environ), connect_to={}, extra_ca=trusted.pem)
    yield context
    await context.close()


@pytest.fixture
def look(context: Context) -> Look:
    """Look once with a check of this kind, as the configuration would make it."""

    async def look(kind: str, **keys: object) -> Observation:
        row = {"id": "c", "integration": "i", "kind": kind, "every": "60s", "timeout": "5s", **keys}
        return await observe(build(models()[kind].model_validate(row)), context, SLOT)

    return look
