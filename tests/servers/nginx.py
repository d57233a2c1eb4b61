"""nginx: a plain and a TLS port."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers.start import free_port, require, running


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
    command = [str(binary), "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")]
    with running(command, folder / "nginx.log", port, tls_port) as process:
        yield Nginx(process, port, tls_port, root)


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
