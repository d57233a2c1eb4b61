"""A configuration with a secret in every place that can hold one, and third parties that say back what they were told.

Each secret has a core that stands nowhere else; whoever finds the beginning of one has found a leak.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

TRACE = 8
"""So many characters of a core are a leak."""
_LONG = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" * 2

CORES: Mapping[str, str] = {
    "HEADER": "hq7Zk2vWd9LxP4",
    "QUERY": "qm3Rt8yBn5CsJ1",
    "BODY": "bw6Fg1uXe4HoK7",
    "BASIC": "pz9Ad5iTf2MvN8",
    "FILE": "fk4Ys7rLq1GcU3",
    "CMD": "cj8Wb2nEx6DhS5",
    "LONG": "lv5Xo3mKa8QyT2",
    "SEND": "sn2Pe9dVw7ZfB4",
    "PLUGIN": "gu6Hi4cJk3RxL9",
    "SWITCH": "dt1Nq8sMb5YgW6",
    "HOOK": "ow7Cv3zFh9TpE2",
    "SIGN": "kx3Ls6aGj1UdR8",
    "HOOKHEAD": "ae9Bm5yQn2KwX4",
    "SMTP": "my4Tz1oHv8JcP7",
    "PROGRAM": "rg8Df6wSk4NbI3",
    "BEAT": "tb5Vu2eZx7LqM1",
    "WATCHER": "wd1Ko7pRy3GsA6",
    "GARBAGE": "yc6Qj9lEt4WmF5",
    "MOVED": "vi2Sx8hBr6OzD9",
    "EVENT": "nf9Gk4hTs6WqV2",
    "REASON": "xe7Mw4kUp1CnY3",
}
SPECIAL = """+/=&"<é %"""
"""What addresses, JSON and HTML write in another way. Not in what has to be a header or a path."""


def value(name: str) -> str:
    """The secret as the environment, a file or a program gives it; base64 of it for Basic authentication."""
    core = CORES[name]
    if name == "BASIC":
        return base64.b64encode(f"shop:{core}{SPECIAL}".encode()).decode()
    if name == "LONG":
        return core + _LONG
    return core + (SPECIAL if name in ("QUERY", "BODY", "SMTP", "PLUGIN", "PROGRAM", "SWITCH", "SEND") else "")


def leaks(text: str) -> list[str]:
    """The names of the secrets of which the beginning stands somewhere in `text`, plain or in base64."""
    folded = text.lower()
    found = [name for name, core in CORES.items() if core[:TRACE].lower() in folded]
    encoded = [name for name in CORES if base64.b64encode(value(name).encode()).decode()[:10] in text]
    return sorted({*found, *encoded, *(["BASIC"] if value("BASIC")[:12] in text else [])})


class Gossip(BaseHTTPRequestHandler):
    """Says back everything that it is told."""

    protocol_version = "HTTP/1.1"
    heard: ClassVar[list[str]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.heard.append(f"{self.path} {self.headers} {body}")
        told = self.headers.get("Authorization", "").rpartition(" ")[2] or self.headers.get("X-Key", "")
        said = {"path": self.path, "told": told, "body": body, "all": str(self.headers)}
        if self.path.startswith("/garbage"):
            self.wfile.write(f"{told} HTTP/1.1 what\r\n\r\n".encode())
            self.close_connection = True
        elif self.path.startswith("/moved"):
            self._send(302, "Found", b"", Location=f"http://{told}.invalid/{told}?key={told}")
        elif self.path.startswith("/cut"):
            self._send(500, "Sorry", json.dumps({"said": "x" * 40 + told}).encode())
        else:
            text = json.dumps({**said, "said": f"{told} {self.path} {body}"})
            self._send(500, f"No {told} {self.path}", text.encode(), **{"X-Echo": told})

    do_GET = do_POST = _answer  # noqa: N815 - the base class calls them so

    def _send(self, status: int, reason: str, body: bytes, **headers: str) -> None:
        self.send_response(status, reason)
        for name, text in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


class _Repeater(socketserver.StreamRequestHandler):
    """Says back what it is sent first."""

    def handle(self) -> None:
        self.wfile.write(b"no: " + self.request.recv(4096))


class _Mail(socketserver.StreamRequestHandler):
    """An SMTP server that quotes the password that it refuses."""

    def handle(self) -> None:
        self.wfile.write(b"220 mail\r\n")
        for line in iter(self.rfile.readline, b""):
            verb = line.split()[0].upper()
            if verb == b"EHLO":
                self.wfile.write(b"250-mail\r\n250 AUTH PLAIN\r\n")
            elif verb == b"AUTH":
                sent = line.split()[-1]
                password = base64.b64decode(sent).rpartition(b"\0")[2]
                self.wfile.write(b"535 no: " + password + b" in " + sent + b" " + base64.b64encode(password) + b"\r\n")
            else:
                self.wfile.write(b"250 ok\r\n")


@contextlib.contextmanager
def third_parties() -> Iterator[Mapping[str, int]]:
    """Running ones: their ports."""
    servers: dict[str, Any] = {
        "web": ThreadingHTTPServer(("127.0.0.1", 0), Gossip),
        "tcp": socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Repeater),
        "mail": socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail),
    }
    for server in servers.values():
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield {name: server.server_address[1] for name, server in servers.items()}
    finally:
        for server in servers.values():
            server.shutdown()
            server.server_close()


_CONFIG = """
[standby]
name = "canary"
environment = "development"
store = "s.db"
listen = "127.0.0.1:{listen}"
heartbeat_url = "env:WATCHER"
policy = "everybody"

[[vendor]]
id = "gossip"

[[integration]]
id = "payments"
vendor = "gossip"
criticality = "critical"
data = ["card data"]

{checks}

[[check]]
id = "repeater"
integration = "payments"
kind = "tcp"
host = "127.0.0.1"
port = {tcp}
send = "env:SEND"
expect = "fine"
every = "2s"
timeout = "1900ms"
attempts = 1

[[check]]
id = "plugin"
integration = "payments"
kind = "command"
command = ["{folder}/plugin"]
env = {{ PLUGIN = "env:PLUGIN" }}
every = "2s"
timeout = "1900ms"
attempts = 1

[[check]]
id = "job"
integration = "payments"
kind = "heartbeat"
token = "file:beat"

[[check]]
id = "events"
integration = "payments"
kind = "webhook"
scheme = "header"
secret = "env:EVENT"
every = "2s"

[[route]]
id = "traffic"
integration = "payments"
primary = "one"
target = [{{ id = "one", place = "1", check = "header" }}, {{ id = "two", place = "2", check = "plugin" }}]

[route.director]
kind = "command"
read = ["{folder}/switch"]
set = ["{folder}/switch", "{{target}}"]
env = {{ SWITCH = "env:SWITCH" }}

[[channel]]
id = "hook"
kind = "webhook"
url = "env:HOOK"
secret = "env:SIGN"
headers = {{ X-Key = "env:HOOKHEAD" }}

[[channel]]
id = "mail"
kind = "email"
host = "127.0.0.1"
port = {mail}
security = "none"
from = "standby@shop.example"
to = "anna@shop.example"
username = "standby"
password = "env:SMTP"

[[channel]]
id = "program"
kind = "command"
command = ["{folder}/plugin"]
env = {{ PLUGIN = "env:PROGRAM" }}

[[policy]]
id = "everybody"
level = [{{ targets = ["hook", "mail", "program"], respond_within = "1m" }}]
"""
_CHECK = """
[[check]]
id = "{id}"
integration = "payments"
kind = "http"
url = "http://127.0.0.1:{web}/{id}"
{keys}
expect = ["body.said == 'ok'", "text == 'ok'", "headers['x-echo'] == 'ok'", "status == 200"]
every = "2s"
timeout = "1900ms"
attempts = 1
"""
_KEYS = {
    "header": 'headers = { Authorization = "Bearer env:HEADER" }',
    "query": 'query = { api_key = "env:QUERY" }',
    "body": 'method = "POST"\nbody = "env:BODY"',
    "basic": 'headers = { Authorization = "Basic env:BASIC" }',
    "file": 'headers = { Authorization = "Bearer file:key" }',
    "cmd": 'headers = { Authorization = "Bearer cmd:cat {folder}/printed" }',
    "cut": 'headers = { X-Key = "env:LONG" }',
    "garbage": 'headers = { X-Key = "env:GARBAGE" }',
    "moved": 'headers = { X-Key = "env:MOVED" }',
    "reason": 'headers = { X-Key = "env:REASON" }',
}


def plant(folder: Path, ports: Mapping[str, int], listen: int) -> dict[str, str]:
    """Write the configuration and what belongs to it; the environment that it needs."""
    for name, secret in (("key", "FILE"), ("beat", "BEAT"), ("printed", "CMD")):
        (folder / name).write_text(f"{value(secret)}\n")
    for name, variable in (("plugin", "PLUGIN"), ("switch", "SWITCH")):
        program = folder / name
        program.write_text(
            f'#!/bin/sh\necho "no: ${variable} | $' + f'{variable}=1"\necho "err ${variable}" >&2\nexit 2\n'
        )
        program.chmod(0o700)
    checks = "".join(
        _CHECK.format(id=name, web=ports["web"], keys=keys.replace("{folder}", str(folder)))
        for name, keys in _KEYS.items()
    )
    text = _CONFIG.format(checks=checks, folder=folder, listen=listen, **ports)
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    environ = {name: value(name) for name in CORES if name not in ("FILE", "BEAT", "CMD")}
    web = f"http://127.0.0.1:{ports['web']}"
    return environ | {"HOOK": f"{web}/hook/{value('HOOK')}", "WATCHER": f"{web}/watch/{value('WATCHER')}"}
