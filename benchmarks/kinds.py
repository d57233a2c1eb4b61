"""Many kinds at once on one engine: 800 http, 100 tls, 50 dns and 50 command checks every 10 s; is any of them late?"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import trustme

from benchmarks.figure import Figure, Target
from benchmarks.processes import Unavailable, binary, end, free_port, start, wait_for_port
from benchmarks.target import answering

EVERY_S = 10
COUNTS = {"http": 800, "tls": 100, "dns": 50, "command": 50}
TARGET = Target(1000.0, always=True)
NAME = "800 http, 100 tls, 50 dns, 50 command checks every 10 s: the latest begin after its slot"


async def _greet(port_out: Connection, certificate: Path, key: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context, backlog=256)
    port_out.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _tls(port_out: Connection, certificate: Path, key: Path) -> None:
    asyncio.run(_greet(port_out, certificate, key))


@contextlib.contextmanager
def greeting(folder: Path) -> Iterator[tuple[int, Path]]:
    """The port of a TLS server, and the authority that it is known by."""
    ca = trustme.CA()
    certificate = ca.issue_cert("127.0.0.1")
    chain, key, authority = folder / "chain.pem", folder / "key.pem", folder / "ca.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())
    ca.cert_pem.write_to_path(str(authority))
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_tls, args=(there, chain, key), daemon=True)
    server.start()
    there.close()
    try:
        yield here.recv(), authority
    finally:
        server.terminate()
        server.join()


@contextlib.contextmanager
def naming(folder: Path) -> Iterator[int]:
    """The port of a dnsmasq that knows one name. Raises Unavailable."""
    port, log = free_port(), folder / "dnsmasq.log"
    words = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1"]
    words += [f"--port={port}", "--address=/acme.test/192.0.2.7", "--conf-file=/dev/null", "--pid-file", "--user=root"]
    process = start([binary("dnsmasq", "dnsmasq-base"), *words], log)
    try:
        wait_for_port(port, process, log)
        yield port
    finally:
        end(process)


def write_config(folder: Path, keys: dict[str, str]) -> Path:
    """One integration a check; `keys` are the lines of each kind."""
    lines = ["[standby]", 'name = "kinds"', 'environment = "development"', 'store = "standby.db"', ""]
    lines += ["[[vendor]]", 'id = "local"', f"concurrency = {sum(COUNTS.values())}", ""]
    for kind, count in COUNTS.items():
        for number in range(count):
            name = f"{kind}-{number}"
            lines += ["[[integration]]", f'id = "{name}"', 'vendor = "local"', "", "[[check]]", f'id = "{name}"']
            lines += [f'integration = "{name}"', f'kind = "{kind}"', f'every = "{EVERY_S}s"', 'timeout = "8s"']
            lines += [keys[kind].replace("NUMBER", str(number)), ""]
    path = folder / "config.toml"
    path.write_text("\n".join(lines))
    return path


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the form of every benchmark
    """Milliseconds, of one run of the engine."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as running:
        folder = Path(name)
        port = running.enter_context(answering())
        tls, authority = running.enter_context(greeting(folder))
        names = running.enter_context(naming(folder))
        keys = {
            "http": f'url = "http://127.0.0.1:{port}/NUMBER"\nexpect = ["status == 200"]',
            "tls": f'host = "127.0.0.1"\nport = {tls}\nverify = "{authority}"',
            "dns": f'name = "acme.test"\nresolvers = ["127.0.0.1:{names}"]\nanswers = ["192.0.2.7"]',
            "command": 'command = ["/bin/echo", "OK - fine | time=0.1s"]',
        }
        report = _report(write_config(folder, keys), 25 if quick else 90)
        note = f"{report['observations']} looks, {report['missed']} missed, p99 {report['late_ms_p99']} ms"
        figures = [Figure(NAME, [report["late_ms_max"]], None, "ms", TARGET, note)]
        if report["missed"]:
            raise Unavailable(f"{report['missed']} slots were missed")
        return figures


def _report(config: Path, seconds: int) -> dict[str, float]:
    """Of an engine that ran so long. Raises Unavailable when a check was not up."""
    path = config.with_name("report.json")
    argv = [sys.executable, "-m", "standby", "--config", str(config)]
    subprocess.run([*argv, "engine", "--for", f"{seconds}s", "--report", str(path)], check=True, capture_output=True)
    told = subprocess.run([*argv, "status", "--json"], check=False, capture_output=True, text=True).stdout
    bad = [f"{one['id']} {one['outcome']}" for one in json.loads(told)["integrations"] if one["outcome"] != "up"]
    if bad:
        raise Unavailable(f"{len(bad)} checks are not up: {', '.join(bad[:3])}")
    report: dict[str, float] = json.loads(path.read_text())
    return report
