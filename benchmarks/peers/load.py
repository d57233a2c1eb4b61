"""What both sides look at: 500 addresses on one nginx, every 5 s, two expectations and three rules each."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import trustme

from benchmarks.processes import binary, end, free_port, start, wait_for_port

CHECKS = 500
EVERY_S = 5
TIMEOUT_S = 4
BODY = '{"status": "ok", "version": "1.23"}'
BODY_PATTERN = '"status": *"ok"'

_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    default_type application/json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.pem;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        listen 127.0.0.1:{tls_port} ssl backlog=4096;
        location / {{ return 200 '{body}'; }}
    }}
}}
"""


@dataclass
class Targets:
    """The nginx that answers for all targets. Its own cost is on nobody's bill."""

    folder: Path
    tls: bool = False

    def __post_init__(self) -> None:
        self._binary = binary("nginx", "nginx-light")
        self._ports = (free_port(), free_port())
        self.authority = self.folder / "authority.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(self.folder / "server.pem")
        port, tls_port = self._ports
        text = _NGINX.format(folder=self.folder, port=port, tls_port=tls_port, body=BODY)
        (self.folder / "nginx.conf").write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def urls(self) -> list[str]:
        """The address of each target."""
        scheme, port = ("https", self._ports[1]) if self.tls else ("http", self._ports[0])
        return [f"{scheme}://127.0.0.1:{port}/{number}" for number in range(CHECKS)]

    def start(self) -> None:
        """Answer from now on."""
        log = self.folder / "nginx.log"
        argv = [self._binary, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", str(log)]
        self._process = start(argv, log)
        wait_for_port(self._ports[0], self._process, log)

    def kill(self) -> None:
        """All targets are gone at once: connections are refused from now on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> None:
        """Stop."""
        if self._process is not None:
            end(self._process)
            self._process = None
