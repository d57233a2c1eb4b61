"""Exim: takes mail and delivers it into folders."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.servers.start import UP_WITHIN_S, free_port, require, running


@dataclass(frozen=True, slots=True)
class Exim:
    """A running Exim: its ports (plain with STARTTLS, and TLS from the first byte), and where it delivers."""

    port: int
    tls_port: int
    folder: Path

    def inbox(self, who: str, *, at_least: int = 0) -> list[EmailMessage]:
        """The mails of `who`, oldest first; waits until there are so many."""
        deadline = time.monotonic() + UP_WITHIN_S
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
        with running([str(binary), "-C", str(configuration), "-bdf"], folder / "out", port):
            yield Exim(port, tls_port, folder)


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
