"""Places where traffic is moved for real, files and HAProxy: their state, and whether anybody got no answer."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

from servers import Haproxy, haproxy
from standby.config.secrets import Secrets
from standby.directors.base import Context, Director
from standby.directors.registry import build, models

from . import files


class Plant(Protocol):
    """`route` is the configuration of its route and checks. `unserved` is why somebody got no answer, if so."""

    route: str

    def read(self, subjects: Sequence[str]) -> Mapping[str, str]: ...
    def turn_red(self, red: bool) -> None: ...
    def unserved(self) -> str: ...


class FilesPlant:
    """A server that answers as the files say: by the map's target when that is ready, else not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._red = False
        files.began(folder)
        plant = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                state = files.read(plant._folder)
                good = state[f"server {state['map']}"] == "ready" and not plant._red
                with contextlib.suppress(ConnectionError):  # who asked may have been killed meanwhile
                    self.send_response(200 if good else 503)
                    self.end_headers()
                    self.wfile.write(state["map"].encode())

            def log_message(self, *_words: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        director = f'{{ kind = "files", folder = "{folder}" }}'
        names = {"acme": "acme", "spare": "spare"}
        self.route = _route(director, self._server.server_port, names, names)

    def read(self, subjects: Sequence[str]) -> Mapping[str, str]:
        state = files.read(self._folder)
        return {subject: state[subject] for subject in subjects}

    def turn_red(self, red: bool) -> None:
        """Whether the real path answers badly, whoever serves."""
        self._red = red

    def unserved(self) -> str:
        """The first act, of any engine, after which traffic went to a place that was not ready."""
        return files.read(self._folder)["unserved"]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class HaproxyPlant:
    """HAProxy with a map, its file, and a client that never stops asking."""

    def __init__(self, running: Haproxy) -> None:
        self._running = running
        keys = {
            "kind": "haproxy",
            "socket": f"unix:{running.socket}",
            "map": f"{running.folder}/routes.map",
            "entry": "payments",
            "lower": True,
        }
        self._model = models()["haproxy"].model_validate(keys, context={})
        self._places = {"acme": "be_acme", "spare": "be_spare"}
        words = ", ".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
        self.route = _route(f"{{ {words} }}", running.port, self._places, {"acme": "p1", "spare": "p2"})
        self._failed: list[str] = []
        self.answered = 0
        self._over = threading.Event()
        self._client = threading.Thread(target=self._ask, daemon=True)
        self._client.start()

    def read(self, subjects: Sequence[str]) -> Mapping[str, str]:
        async def look() -> dict[str, str]:
            director: Director = build(self._model, self._places, Context(Secrets(environ={})))
            return {subject: await director.read(subject) for subject in subjects}

        return asyncio.run(look())

    def turn_red(self, red: bool) -> None:
        """HAProxy's path stays good."""

    def unserved(self) -> str:
        """What a client was answered that never stopped asking; empty when all was well."""
        return "; ".join(self._failed[:3])

    def close(self) -> None:
        self._over.set()
        self._client.join(5)

    def _ask(self) -> None:
        while not self._over.wait(0.003):
            wire = http.client.HTTPConnection("127.0.0.1", self._running.port, timeout=3)
            try:
                wire.request("GET", "/")
                answer = wire.getresponse()
                if answer.status != 200:
                    self._failed.append(f"status {answer.status}")
                self.answered += 1
            except OSError as error:
                self._failed.append(f"{type(error).__name__}: {error}")
            finally:
                wire.close()


@contextlib.contextmanager
def files_plant(folder: Path) -> Iterator[FilesPlant]:
    plant = FilesPlant(folder / "traffic")
    yield plant
    plant.close()


@contextlib.contextmanager
def haproxy_plant(short: Path) -> Iterator[HaproxyPlant]:
    (short / "routes.map").write_text("payments be_acme\n")
    with haproxy(short, _BACKENDS, rule="use_backend %[str(payments),map({folder}/routes.map)]") as running:
        running.say("set server be_spare/s1 state maint")
        plant = HaproxyPlant(running)
        yield plant
        plant.close()


_BACKENDS = """
backend be_acme
    server s1 unix@{folder}/p1.sock
backend be_spare
    server s1 unix@{folder}/p2.sock
"""


def _route(director: str, port: int, places: Mapping[str, str], says: Mapping[str, str]) -> str:
    """The route, its targets and its checks; `port` is the real path's, and always listens. `says` is what each
    target answers there."""
    parts = [_INTEGRATION.format(port=port, director=director)]
    parts += [_TARGET.format(name=name, place=place, said=says[name]) for name, place in places.items()]
    parts += [_CHECK.format(name=name, port=port) for name in places]
    return "".join(parts)


_INTEGRATION = """
[[integration]]
id = "pay"
vendor = "v"
criticality = "critical"
owner = "o"

[[check]]
id = "path"
integration = "pay"
kind = "http"
url = "http://127.0.0.1:{port}/"
every = "1h"
timeout = "1s"
expect = ["status == 200"]

[[route]]
id = "pay"
integration = "pay"
primary = "acme"
verify = "path"
verify_good = 2
verify_within = "1s"
cool_down = "0s"
soak = "0s"
stale_after = "1m"
director = {director}
"""
_TARGET = """
[[route.target]]
id = "{name}"
place = "{place}"
check = "{name}"
answers = "text == '{said}'"
"""
_CHECK = """
[[check]]
id = "{name}"
integration = "pay"
kind = "tcp"
host = "127.0.0.1"
port = {port}
every = "500ms"
timeout = "400ms"
"""
