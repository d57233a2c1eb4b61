"""Three small kinds of checks, so that these tests stand without the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from standby.config.entries import Kinds
from standby.config.fields import Expectation, Headers, Host, Port, SecretReference, Size, Url
from standby.config.load import load
from standby.config.models import CheckModel, DirectorModel
from standby.config.people import ChannelModel
from standby.config.problems import ConfigError
from standby.config.whole import Config


class Http(CheckModel):
    """One request."""

    kind: Literal["http"] = "http"
    url: Url
    method: Literal["GET", "HEAD", "POST"] = "GET"
    headers: Headers = Field(default={})
    expect: list[Expectation] = Field(default=[])
    redirects: int = Field(default=5, ge=0, le=20)
    max_body: Size = Field(default=1_000_000)


class Tcp(CheckModel):
    """One connection."""

    kind: Literal["tcp"] = "tcp"
    host: Host
    port: Port


class Command(CheckModel):
    """One program."""

    kind: Literal["command"] = "command"
    command: list[str]
    token: SecretReference | None = None


class Switch(DirectorModel):
    """A program that moves traffic."""

    kind: Literal["command"] = "command"
    set: list[str]


class Mail(ChannelModel):
    """A server that takes messages."""

    kind: Literal["mail"] = "mail"
    password: SecretReference | None = None


KINDS = Kinds(
    checks={"http": Http, "tcp": Tcp, "command": Command}, directors={"command": Switch}, channels={"mail": Mail}
)

GOOD = """\
# the smallest useful one, and a little more
[standby]
name = "shop-eu"
environment = "production"
store = "standby.db"
reference_targets = ["tcp://192.0.2.1:53", "tcp://[2001:db8::1]:443"]

[standby.retention]
raw = "2d"
max_size = "2GB"

[[vendor]]
id = "acme-pay"
name = "Acme Pay"

[[vendor]]
id = "stockroom"
concurrency = 4

[[integration]]
id = "payments"
vendor = "acme-pay"
criticality = "critical"
owner = "payments"
rto = "5m"
rpo = "1m"
depends_on = ["inventory"]
data = ["card data", "e-mail"]

[[integration]]
id = "inventory"
vendor = "stockroom"

[[check]]
id = "payments-api"
integration = "payments"
kind = "http"
url = "https://api.acme-pay.example/health"
every = "10s"
timeout = "5s"
expect = [
    "status == 200",  # first
    "body.status == 'ok'",
    "latency_ms < 800",
]
headers = { Authorization = "env:ACME_TOKEN", Accept = "application/json" }

[[check]]
id = "stock"
integration = "inventory"
kind = "tcp"
host = "stock.example"
port = 2775

[[rule]]
id = "payments-errors"
integration = "payments"
check = "payments-api"
when = "error_rate > 0.05"
window = "2m"
for = "30s"
keep_firing_for = "2m"
severity = "critical"
"""


def write(folder: Path, text: str | bytes, name: str = "config.toml") -> Path:
    """A file that only its owner can write."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o644)
    return path


def loaded(folder: Path, text: str | bytes = GOOD) -> Config:
    """Write and load."""
    return load(write(folder, text), KINDS, shown="config.toml")


def complaints(folder: Path, text: str | bytes) -> list[str]:
    """The lines that a configuration is refused with; empty when it is taken."""
    try:
        loaded(folder, text)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def line_of(text: str, part: str) -> int:
    """The line, from 1, on which `part` first stands."""
    return text[: text.index(part)].count("\n") + 1
