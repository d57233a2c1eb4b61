"""Real servers from Debian packages, for the tests marked `servers`.

Each is started on free ports with a configuration of its own and stopped after the test. A missing one skips the test
with the reason, or fails it when STANDBY_REQUIRE_SERVERS=1 (as CI does).
"""

from tests.servers.dnsmasq import dnsmasq
from tests.servers.exim import Exim, exim
from tests.servers.haproxy import Haproxy, haproxy
from tests.servers.monitors import alertmanager, prometheus
from tests.servers.nginx import Nginx, nginx
from tests.servers.postgres import Postgres, postgres
from tests.servers.start import free_port, require, wait_for_port
from tests.servers.tinyproxy import Tinyproxy, tinyproxy

__all__ = [
    "Exim",
    "Haproxy",
    "Nginx",
    "Postgres",
    "Tinyproxy",
    "alertmanager",
    "dnsmasq",
    "exim",
    "free_port",
    "haproxy",
    "nginx",
    "postgres",
    "prometheus",
    "require",
    "tinyproxy",
    "wait_for_port",
]
