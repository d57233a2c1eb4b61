"""Real servers from Debian packages, for the tests marked `servers`.

Each is started on free ports with a configuration of its own and stopped after the test. A missing one skips the test
with the reason, or fails it when STANDBY_REQUIRE_SERVERS=1 (as CI does).
"""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

_WHERE = ("/usr/sbin", "/usr/lib/nagios/plugins", "/usr/lib/monitoring-plugins", "/opt/homebrew/bin")
_UP_WITHIN_S = 10.0


def require(binary: str, package: str) -> Path:
    """The path of `binary`; skips, or fails where servers are required, when it is not installed."""
    found = shutil.which(binary) or shutil.which(binary, path=os.pathsep.join(_WHERE))
    if found is not None:
        return Path(found)
    reason = f"{binary} is not installed (Debian: apt install {package})"
    if os.environ.get("STANDBY_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx: plain and TLS port, and the folder that it serves."""

    process: subprocess.Popen[bytes]
    port: int
    tls_port: int
    root: Path

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait(5)


@contextlib.contextmanager
def nginx(
    folder: Path, certificate: Path, key: Path, *, locations: str = "", tls: str = "", listen: str = "ssl"
) -> Iterator[Nginx]:
    """nginx serving `folder`/html on a plain and a TLS port; `locations` goes into both servers, `tls` into the other
    one's. `listen`: what that speaks (`ssl http2`)."""
    binary = require("nginx", "nginx-light")
    port, tls_port = free_port(), free_port()
    root = folder / "html"
    root.mkdir(exist_ok=True)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _NGINX.format(
            port=port,
            tls_port=tls_port,
            root=root,
            folder=folder,
            certificate=certificate,
            key=key,
            locations=locations,
            tls=tls,
            listen=listen,
        )
    )
    log = folder / "nginx.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(binary), "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        wait_for_port(port, process, log)
        wait_for_port(tls_port, process, log)
        yield Nginx(process, port, tls_port, root)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


@dataclass(frozen=True, slots=True)
class Haproxy:
    """A running HAProxy (master and worker): its folder, and the port of its frontend."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    @property
    def socket(self) -> Path:
        """The runtime socket of the level admin; `user.sock` beside it has the level user."""
        return self.folder / "admin.sock"

    def worker(self) -> int:
        """The process id of the worker that answers now."""
        return int(self.say("show info").partition("\nPid: ")[2].partition("\n")[0])

    def say(self, command: str) -> str:
        """The reply to one command, as anybody beside us would give it."""
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(_UP_WITHIN_S)
            wire.connect(str(self.socket))
            wire.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: wire.recv(65_536), b"")).decode()

    def reload(self) -> None:
        """Reload the configuration, and return when the new worker answers alone: for a moment both accept."""
        old, asked = self.worker(), 0

        def renewed() -> bool:
            nonlocal asked
            if asked % 25 == 0:  # again and again: a master that has just started is deaf until it has run itself anew
                self.process.send_signal(signal.SIGUSR2)
            asked += 1
            return self.worker() != old

        self._wait(renewed)
        self._wait(lambda: not _alive(old))

    def wait_for_worker(self) -> None:
        """Return when a worker answers on the runtime socket."""
        self._wait(lambda: self.worker() > 0)

    def wait_until(self, command: str, text: str) -> None:
        """Return when the reply to `command` holds `text`."""
        self._wait(lambda: text in self.say(command))

    def _wait(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _UP_WITHIN_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError):
                if reached():
                    return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
        pytest.fail(f"HAProxy did not get there: {(self.folder / 'haproxy.log').read_text(errors='replace')[-500:]}")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def haproxy(folder: Path, backends: str, *, rule: str) -> Iterator[Haproxy]:
    """HAProxy in `folder` (a short path) with these backends; `rule` is the frontend's `use_backend` line.

    `{folder}` in both stands for the folder. The sections p1 to p4 answer with their names on the unix sockets
    p1.sock to p4.sock, as third parties would.
    """
    binary = require("haproxy", "haproxy")
    port = free_port()
    configuration = folder / "haproxy.cfg"
    configuration.write_text(_HAPROXY.format(folder=folder, port=port, rule=rule.format(folder=folder)))
    with configuration.open("a") as more:
        more.write(backends.format(folder=folder))
    log = folder / "haproxy.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(binary), "-W", "-f", str(configuration)], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        wait_for_port(port, process, log)
        running = Haproxy(process, port, folder)
        running.wait_for_worker()
        yield running
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


@dataclass(frozen=True, slots=True)
class Exim:
    """A running Exim: its ports (plain with STARTTLS, and TLS from the first byte), and where it delivers."""

    port: int
    tls_port: int
    folder: Path

    def inbox(self, who: str, *, at_least: int = 0) -> list[EmailMessage]:
        """The mails of `who`, oldest first; waits until there are so many."""
        deadline = time.monotonic() + _UP_WITHIN_S
        while True:
            files = sorted((self.folder / "inbox" / who / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
            if len(files) >= at_least:
                return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
            if time.monotonic() > deadline:
                log = (self.folder / "mainlog").read_text(errors="replace")
                pytest.fail(f"{len(files)} mails for {who}: {log[-800:]}")
            time.sleep(0.02)


@contextlib.contextmanager
def exim(certificate: Path, key: Path) -> Iterator[Exim]:
    """Exim for shop.test: takes mail for anna and ops, for `busy` later; standby logs in with s3cr3t-password."""
    binary = require("exim4", "exim4-daemon-light")
    port, tls_port = free_port(), free_port()
    user = "Debian-exim" if os.geteuid() == 0 else getpass.getuser()  # it refuses to deliver as root
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    with tempfile.TemporaryDirectory(prefix="exim", dir="/tmp") as name:
        folder = Path(name)
        for source in (certificate, key):
            shutil.copy(source, folder)
        configuration = folder / "exim.conf"
        configuration.write_text(
            _EXIM.format(
                folder=folder,
                port=port,
                tls_port=tls_port,
                certificate=folder / certificate.name,
                key=folder / key.name,
                user=user,
                group=group,
            )
        )
        for path in (folder, folder / certificate.name, folder / key.name):
            shutil.chown(path, user, group)
        with (folder / "out").open("wb") as output:
            process = subprocess.Popen(
                [str(binary), "-C", str(configuration), "-bdf"], stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            wait_for_port(port, process, folder / "out")
            yield Exim(port, tls_port, folder)
        finally:
            process.terminate()
            process.wait(5)


@contextlib.contextmanager
def dnsmasq(folder: Path, *lines: str) -> Iterator[int]:
    """dnsmasq on loopback with these lines of configuration; its port, UDP and TCP. It asks nobody else."""
    binary = require("dnsmasq", "dnsmasq-base")
    port = free_port()
    configuration = folder / "dnsmasq.conf"
    head = ["no-resolv", "no-hosts", "bind-interfaces", "listen-address=127.0.0.1", f"port={port}", "user=root"]
    if os.geteuid() != 0:
        head.pop()
    configuration.write_text("\n".join([*head, *lines]) + "\n")
    log = folder / "dnsmasq.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(binary), "--keep-in-foreground", f"--conf-file={configuration}", "--pid-file"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        wait_for_port(port, process, log)
        yield port
    finally:
        process.terminate()
        process.wait(5)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL with the database `shop`, its owner and `reader`, whose password is s3cr3t-token."""

    port: int
    psql: Sequence[str]

    @property
    def dsn(self) -> str:
        """For who may only read."""
        return f"postgresql://reader:s3cr3t-token@127.0.0.1:{self.port}/shop"

    def do(self, statements: str) -> str:
        """Run SQL as the owner; what it prints."""
        ended = subprocess.run([*self.psql, "-c", statements], check=True, capture_output=True, text=True)
        return ended.stdout.strip()


@contextlib.contextmanager
def postgres(certificate: Path, key: Path) -> Iterator[Postgres]:
    """PostgreSQL on loopback, with TLS. It refuses to be root, so root becomes `postgres`."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    binaries = installed[-1] if installed else require("initdb", "postgresql").parent
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as name:
        data = Path(name) / "data"
        _own(Path(name), become)
        initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "-N", "-E", "UTF8"]
        subprocess.run([*become, *initdb], check=True, capture_output=True, cwd="/")
        for source, target in ((certificate, "server.crt"), (key, "server.key")):
            shutil.copy(source, data / target)
            (data / target).chmod(0o600)
            _own(data / target, become)
        (data / "pg_hba.conf").write_text("local all owner trust\nhost all reader 127.0.0.1/32 scram-sha-256\n")
        log = Path(name) / "log"
        options = ["-p", str(port), "-k", name, "-h", "127.0.0.1", "-F", "-c", "ssl=on"]
        command = [*become, str(binaries / "postgres"), "-D", str(data), *options]
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/")
        psql = [str(binaries / "psql"), "-h", name, "-p", str(port), "-U", "owner", "-qAtX", "-v", "ON_ERROR_STOP=1"]
        try:
            wait_for_port(port, process, log)
            _until([*psql, "-d", "postgres", "-c", "SELECT 1"], log)  # it listens before it serves
            subprocess.run([*psql, "-d", "postgres", "-c", "CREATE DATABASE shop"], check=True, capture_output=True)
            running = Postgres(port, [*psql, "-d", "shop"])
            running.do("CREATE ROLE reader LOGIN PASSWORD 's3cr3t-token'; GRANT pg_read_all_data TO reader")
            yield running
        finally:
            process.terminate()
            process.wait(20)


def _own(path: Path, become: Sequence[str]) -> None:
    if become:
        shutil.chown(path, "postgres")


def _until(command: Sequence[str], log: Path) -> None:
    """Return when the command succeeds."""
    deadline = time.monotonic() + _UP_WITHIN_S
    while subprocess.run(command, capture_output=True).returncode != 0:
        if time.monotonic() > deadline:
            pytest.fail(f"it does not serve: {log.read_text(errors='replace')[-500:]}")


@contextlib.contextmanager
def prometheus(folder: Path, rules: str, *, down: str = "", more: str = "") -> Iterator[str]:
    """Prometheus with these groups of rules, scraping itself and `down` (host:port) each second; its address. `more`
    goes into its configuration."""
    binary = require("prometheus", "prometheus")
    port = free_port()
    (folder / "rules.yml").write_text(rules)
    configuration = folder / "prometheus.yml"
    configuration.write_text(_PROMETHEUS.format(port=port, down=down or f"127.0.0.1:{free_port()}") + more)
    arguments = [f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}", "--log.level=error"]
    with _monitor([str(binary), *arguments, f"--web.listen-address=127.0.0.1:{port}"], folder, port) as url:
        yield url


@contextlib.contextmanager
def alertmanager(folder: Path, written: str = "") -> Iterator[str]:
    """Alertmanager that tells nobody; alerts named Inhibitor inhibit those named Inhibited; its address. `written` is
    another configuration for it."""
    binary = require("prometheus-alertmanager", "prometheus-alertmanager")
    port = free_port()
    configuration = folder / "alertmanager.yml"
    configuration.write_text(written or _ALERTMANAGER)
    arguments = [f"--config.file={configuration}", f"--storage.path={folder / 'data'}", "--log.level=error"]
    arguments += ["--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}"]
    with _monitor([str(binary), *arguments], folder, port) as url:
        yield url


@contextlib.contextmanager
def _monitor(command: list[str], folder: Path, port: int) -> Iterator[str]:
    """A running monitor that says that it is ready: it listens before."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_for_port(port, process, log)
        _wait_until_ready(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _UP_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    pytest.fail(f"not ready on {port}: {log.read_text(errors='replace')[-500:]}")


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once something listens; fails with the log when the process ends or takes too long."""
    deadline = time.monotonic() + _UP_WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    pytest.fail(f"nothing listens on {port}: {log.read_text(errors='replace')[-500:]}")


@dataclass(frozen=True, slots=True)
class Tinyproxy:
    """A running tinyproxy that wants to know who we are: its port, and what it wrote."""

    port: int
    log: Path


@contextlib.contextmanager
def tinyproxy(folder: Path, user: str, password: str) -> Iterator[Tinyproxy]:
    """tinyproxy on loopback for who says this name and password."""
    binary = require("tinyproxy", "tinyproxy-bin")
    port, log = free_port(), folder / "tinyproxy.log"
    configuration = folder / "tinyproxy.conf"
    lines = [f"Port {port}", "Listen 127.0.0.1", "MaxClients 8", f'LogFile "{log}"', "LogLevel Connect"]
    configuration.write_text("\n".join([*lines, f"BasicAuth {user} {password}", ""]))
    output = folder / "tinyproxy.out"
    with output.open("wb") as written:
        process = subprocess.Popen(
            [str(binary), "-d", "-c", str(configuration)], stdin=subprocess.DEVNULL, stdout=written, stderr=written
        )
    try:
        wait_for_port(port, process, output)
        yield Tinyproxy(port, log)
    finally:
        process.kill()
        process.wait(5)


_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    default_type application/json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_min_length 1;
    gzip_types application/json;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        {locations}
    }}
    server {{
        listen 127.0.0.1:{tls_port} {listen};
        {tls}
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        root {root};
        {locations}
    }}
}}
"""

_PROMETHEUS = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}
rule_files: [rules.yml]
scrape_configs:
  - job_name: prometheus
    static_configs: [{{ targets: ["127.0.0.1:{port}"], labels: {{ team: plattform-zürich }} }}]
  - job_name: crm-exporter
    static_configs: [{{ targets: ["{down}"] }}]
"""

_ALERTMANAGER = """
route: { receiver: nobody, group_by: [alertname] }
receivers: [{ name: nobody }]
inhibit_rules:
  - source_matchers: ['alertname="Inhibitor"']
    target_matchers: ['alertname="Inhibited"']
"""

_EXIM = """
primary_hostname = mail.test
domainlist local_domains = shop.test
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
local_interfaces = <; [127.0.0.1]:{port} ; [127.0.0.1]:{tls_port}
tls_on_connect_ports = {tls_port}
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
auth_advertise_hosts = ${{if def:tls_in_cipher{{*}}{{}}}}
acl_smtp_rcpt = rcpt
deliver_drop_privilege = true
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
begin acl
rcpt:
  defer local_parts = busy
        message = come back later
  accept local_parts = anna : ops
         domains = +local_domains
  deny message = no such person
begin routers
inbox:
  driver = accept
  local_parts = anna : ops
  transport = inbox
begin transports
inbox:
  driver = appendfile
  directory = {folder}/inbox/$local_part_data
  maildir_format
  create_directory
  return_path_add
  user = {user}
  group = {group}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{standby}}}}{{eq{{$auth3}}{{s3cr3t-password}}}}}}}}
  server_set_id = $auth2
"""

_HAPROXY = """
global
    stats socket {folder}/admin.sock mode 600 level admin expose-fd listeners
    stats socket {folder}/user.sock mode 600 level user
    hard-stop-after 1s
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend shop
    bind 127.0.0.1:{port}
    {rule}
frontend p1
    bind unix@{folder}/p1.sock
    http-request return status 200 content-type text/plain string p1
frontend p2
    bind unix@{folder}/p2.sock
    http-request return status 200 content-type text/plain string p2
frontend p3
    bind unix@{folder}/p3.sock
    http-request return status 200 content-type text/plain string p3
frontend p4
    bind unix@{folder}/p4.sock
    http-request return status 200 content-type text/plain string p4
"""
