from __future__ import annotations

import pytest

from checks.conftest import SLOT
from checks.loopback import RealClock
from standby.checks.base import Context, observation, observe
from standby.checks.registry import build, kinds, models
from standby.config.models import CheckModel
from standby.config.secrets import Secrets
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome


def test_every_kind_is_found_by_being_there() -> None:
    assert set(models()) == {
        "http",
        "tls",
        "tcp",
        "dns",
        "file",
        "heartbeat",
        "command",
        "statuspage",
        "datadog",
        "sql",
        "prometheus",
        "salesforce",
        "newrelic",
        "alertmanager",
        "grafana",
        "reconcile",
        "hubspot",
        "expected",
        "weather",
        "webhook",
        "domain",
    }
    for name, kind in kinds().items():
        assert kind.model.model_fields["kind"].default == name


def test_an_unknown_kind_is_a_fault_of_the_caller() -> None:
    with pytest.raises(KeyError):
        build(CheckModel(id="c", integration="i", kind="smoke-signals"))


class Raises:
    """A check whose run ends badly."""

    def __init__(self, error: BaseException) -> None:
        self.model = CheckModel(id="c", integration="i", kind="x")
        self.error = error

    async def run(self, context: Context, slot: int) -> Observation:
        raise self.error


@pytest.mark.parametrize("error", [ValueError("a\nb"), TimeoutError("inner"), RecursionError(), MemoryError()])
async def test_observe_never_raises(error: Exception) -> None:
    context = Context(RealClock(), Secrets(environ={}))
    seen = await observe(Raises(error), context, SLOT)
    assert (seen.outcome, seen.failure, seen.slot) == (Outcome.UNKNOWN, Failure.INTERNAL, SLOT)
    assert "\n" not in seen.message
    assert type(error).__name__ in seen.message
    await context.close()


async def test_an_observation_ends_now() -> None:
    context = Context(RealClock(), Secrets(environ={}))
    before = context.clock.now()
    model = CheckModel(id="c", integration="i", kind="x")
    seen = observation(model, context, SLOT, Outcome.UP, "x" * 1000 + "\x1b[31m")
    assert before <= seen.at <= context.clock.now()
    assert len(seen.message) == 500
    await context.close()


PLACE = {"latitude": 52.5, "longitude": 13.4}
LIMITS = {"org": "https://acme.my.salesforce.com", "client_id": "env:ID", "client_secret": "env:SECRET"}


@pytest.mark.parametrize(
    ("kind", "keys", "stated"),
    [
        ("prometheus", {"url": "http://prometheus.example", "query": "up"}, True),
        ("prometheus", {"url": "http://prometheus.example", "what": "ready"}, False),
        ("alertmanager", {"url": "http://alertmanager.example"}, True),
        ("grafana", {"url": "http://grafana.example"}, True),
        ("grafana", {"url": "http://grafana.example", "what": "health"}, False),
        ("datadog", {"api_key": "env:KEY", "app_key": "env:APP", "tags": ["shop"]}, True),
        ("datadog", {"api_key": "env:KEY"}, False),
        ("newrelic", {"api_key": "env:KEY", "entities": "x"}, True),
        ("statuspage", {"url": "https://status.example"}, True),
        ("salesforce", {"instance": "EU45"}, True),
        ("salesforce", {"about": "limits", **LIMITS}, False),
        ("hubspot", {"token": "env:TOKEN"}, False),
        ("weather", {"source": "open-meteo", **PLACE}, False),
        ("http", {"url": "https://api.example"}, False),
    ],
)
def test_who_asks_somebody_else_and_who_asks_the_third_party(
    kind: str, keys: dict[str, object], stated: bool
) -> None:  # fmt: skip
    model = models()[kind].model_validate({"id": "c", "integration": "i", "kind": kind, **keys})
    assert model.stated is stated
