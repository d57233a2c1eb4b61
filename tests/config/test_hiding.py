"""No form of a secret is left in a text, and no beginning of one where it was cut."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from standby.config.hiding import HIDDEN, hide
from standby.config.secrets import MOST_REMEMBERED, Secrets
from standby.domain.text import clean

SECRET = 'k3y+/=&"<é  %\\'
LONG = "sk_live_" + "0123456789abcdef" * 8


@pytest.mark.parametrize(
    "said",
    [
        str,
        lambda text: quote(text, safe=""),
        quote,
        quote_plus,
        html.escape,
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
        lambda text: repr(text)[1:-1],
        clean,
        str.lower,
        lambda text: base64.b64encode(text.encode()).decode(),
    ],
)
def test_every_form_is_hidden(said: Callable[[str], str]) -> None:
    assert hide(f"before {said(SECRET)} after", [SECRET]) == f"before {HIDDEN} after"


@pytest.mark.parametrize("kept", [6, 7, 30, len(LONG) - 1])
def test_what_is_left_of_a_cut_secret_is_hidden(kept: int) -> None:
    assert hide(f'said is "{LONG[:kept]}…"; status is 500', [LONG]) == f'said is "{HIDDEN}…"; status is 500'
    assert hide(f"no: {LONG[:kept]}", [LONG]) == f"no: {HIDDEN}"


def test_an_ordinary_text_stays() -> None:
    text = "status 200 OK; body.status is missing…"
    assert hide(text, [SECRET, LONG, "", "abc"]) == text


def test_the_password_of_basic_authentication_and_the_path_of_an_address() -> None:
    basic = base64.b64encode(b"shop:hunter2hunter2").decode()
    assert hide(f"no hunter2hunter2, {basic}", [basic]) == f"no {HIDDEN}, {HIDDEN}"
    hook = "https://hooks.acme.example/services/T00/abcdefghijklmnop?key=0123456789abcdef"
    said = hide("no /services/T00/abcdefghijklmnop, abcdefghijklmnop or 0123456789abcdef of services", [hook])
    assert said == f"no {HIDDEN}, {HIDDEN} or {HIDDEN} of services"


@pytest.mark.parametrize(
    "dsn",
    ["postgresql://shop:hunter2@db.example/shop", "postgresql://shop:hunter%32@db/shop", "host=db password='hunter2'"],
)
def test_the_password_of_a_database(dsn: str) -> None:
    assert hide("password hunter2 is wrong", [dsn]) == f"password {HIDDEN} is wrong"


@given(st.text(min_size=4, max_size=40), st.text(max_size=60), st.text(max_size=60), st.integers(1, 200))
def test_nothing_is_left_wherever_it_stands_and_is_cut(secret: str, before: str, after: str, limit: int) -> None:
    assume(secret not in HIDDEN)
    assert secret not in hide(before + secret + after, [secret]).replace(HIDDEN, "\0")
    cut = clean(f"{before}{secret}{after}", limit)
    shown = hide(cut, [secret])
    assert len(secret) < 6 or not shown.endswith(f"{clean(secret)[:6]}…") or len(clean(secret)) < 6


def test_what_was_given_out_is_known_and_no_more_than_that() -> None:
    environ = {f"S{number}": f"secret-{number:05}" for number in range(MOST_REMEMBERED + 1)}
    secrets = Secrets(environ=environ)
    assert secrets.redact("secret-00000") == "secret-00000"
    for name in environ:
        secrets.resolve(f"Bearer env:{name}")
    assert secrets.redact("secret-00001") == HIDDEN
    assert secrets.redact("Bearer") == "Bearer"
