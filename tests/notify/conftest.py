from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from checks.loopback import Authority, RealClock, authority
from standby.config.secrets import Secrets
from standby.net.resolver import Resolver
from standby.net.transport import Transports
from standby.notify.base import Channel, Context, Message
from standby.notify.registry import build, models

MESSAGE = Message(
    key="7.0.0.0.firing.anna.mail",
    kind="firing",
    at=1_700_000_000_000_000_000,
    subject="[shop-eu production] FIRING critical: Payments: status is 503",
    text="what: status is 503\nsince: 2023-11-14T22:13:20Z\n.\ntake it: standby ack 7",
    data={"alerts": [{"id": 7, "integration": "payments", "severity": "critical"}]},
)


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
async def context(trusted: Authority, tmp_path: Path) -> AsyncIterator[Context]:
    environ = {"TOKEN": "s3cr3t-token", "KEY": "whsec_c2VjcmV0LWtleQ==", "PASSWORD": "s3cr3t-password", "PATH": "/bin"}
    resolver = Resolver()
    transports = Transports(resolver, trusted.pem, tmp_path)
    yield Context(RealClock(), Secrets(tmp_path, environ=environ), tmp_path, resolver, transports)
    await transports.close()
    resolver.close()


def channel(context: Context, kind: str, **keys: Any) -> Channel:
    """A channel as the configuration would make it."""
    model = models()[kind].model_validate({"id": "c", "kind": kind, "timeout": "5s", **keys}, context={})
    return build(model, context)
