from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from standby.directors.haproxy import HaproxyModel

MAP = {
    "kind": "haproxy",
    "socket": "unix:/run/haproxy/admin.sock",
    "map": "/etc/haproxy/routes.map",
    "entry": "payments",
}
SERVER = {"kind": "haproxy", "socket": "tcp://127.0.0.1:9999", "mode": "server", "backend": "be_pay"}


def model(row: dict[str, object]) -> HaproxyModel:
    return HaproxyModel.model_validate(row, context={})


@pytest.mark.parametrize(
    ("row", "file"),
    [
        (MAP, Path("/etc/haproxy/routes.map")),
        (MAP | {"file": "/srv/maps/routes.map"}, Path("/srv/maps/routes.map")),
        (MAP | {"persist": False}, None),
        (MAP | {"map": "virt@routes"}, None),
        (MAP | {"map": "virt@routes", "file": "r.map"}, Path("r.map")),
        (SERVER, None),
    ],
)
def test_which_file_is_written(row: dict[str, object], file: Path | None) -> None:
    assert model(row).map_file == file


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (MAP | {"socket": "/run/haproxy/admin.sock"}, 'write "unix:/run/haproxy/admin.sock" or "tcp://'),
        (MAP | {"socket": "unix:"}, "is not a socket"),
        (MAP | {"socket": "unix:/a\x1bb"}, "is not a socket"),
        (MAP | {"socket": "tcp://127.0.0.1"}, 'is not host:port; write "unix:'),
        (MAP | {"entry": "pay ments"}, "write it without"),
        (MAP | {"entry": "pay;quit"}, "write it without"),
        (MAP | {"entry": "#3"}, "write it without"),
        (MAP | {"map": "@1"}, "write it without"),
        (MAP | {"entry": "<<"}, "write it without"),
        (MAP | {"entry": ""}, "write it without"),
        (MAP | {"backend": "be_pay"}, 'backend means nothing with mode = "map"; take it out'),
        (SERVER | {"lower": True}, 'lower means nothing with mode = "server"; take it out'),
        (SERVER | {"entry": "payments"}, 'entry means nothing with mode = "server"; take it out'),
        ({**SERVER, "backend": None}, 'mode = "server" needs backend; add backend'),
        ({**MAP, "entry": None}, 'mode = "map" needs entry; add map and entry'),
        (MAP | {"timeout": "0s"}, "is not above zero"),
        (MAP | {"wait": "1s"}, "Extra inputs"),
    ],
)
def test_what_is_refused_with_the_mend(row: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        model(row)
    assert says in str(caught.value)
