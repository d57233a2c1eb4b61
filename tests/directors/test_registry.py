from __future__ import annotations

from pathlib import Path

import pytest

from standby.config.models import DirectorModel
from standby.config.secrets import Secrets
from standby.directors.base import Context, DirectorError
from standby.directors.registry import build, kinds, models


def test_every_kind_is_found_by_being_there() -> None:
    assert set(models()) == {kind.name for kind in kinds().values()}
    for name, kind in kinds().items():
        assert kind.model.model_fields["kind"].default == name


def test_an_unknown_kind_is_a_fault_of_the_caller() -> None:
    with pytest.raises(KeyError):
        build(DirectorModel(kind="smoke-signals"), {}, Context(Secrets(environ={})))


def test_an_error_is_one_clean_line_and_says_whether_the_act_may_have_happened() -> None:
    error = DirectorError("no\x1b[31m such\nserver" + "!" * 1000, known=False)
    assert str(error).startswith("no such server!")
    assert len(str(error)) == 500
    assert not error.known
    assert DirectorError("refused").known


def test_a_place_is_looked_up_first_and_a_path_starts_from_the_configuration() -> None:
    context = Context(Secrets(environ={}), Path("/etc/standby"), {"haproxy.payments.test": "/tmp/x/admin.sock"})
    assert context.path("haproxy.payments.test") == Path("/tmp/x/admin.sock")
    assert context.path("maps/routes.map") == Path("/etc/standby/maps/routes.map")
    assert context.path("/run/haproxy/admin.sock") == Path("/run/haproxy/admin.sock")
    assert context.turn("a") is context.turn("a")
    assert context.turn("a") is not context.turn("b")
