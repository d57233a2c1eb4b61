from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.masking import is_personal, masked


@pytest.mark.parametrize(
    ("column", "text", "shown"),
    [
        ("total", "12.50", "12.50"),
        ("order_id", "100234", "100234"),
        ("anything", "4242 4242 4242 4242", "•••4242"),
        ("anything", "paid with 4242-4242-4242-4242 today", "paid with •••4242 today"),
        ("anything", "4242424242424241", "4242424242424241"),  # no card: its check digit is wrong
        ("contact", "anna.berg@shop.example", "a•••@•••"),
        ("contact", "+46 70 123 45 67", "•••67"),
        ("email", "not an address", "n•••"),
        ("customerName", "Anna Berg", "A•••"),
        ("shipping-address", "High Street 1", "H•••"),
        ("status", "paid", "paid"),
        ("city", "", ""),
    ],
)
def test_what_is_shown(column: str, text: str, shown: str) -> None:
    assert masked(column, text) == shown


@pytest.mark.parametrize("column", ["email", "e_mail", "phone_number", "lastName", "ip", "birthdate", "IBAN"])
def test_personal_columns(column: str) -> None:
    assert is_personal(column)


@pytest.mark.parametrize("column", ["id", "sku", "amount", "status", "shipped_at", "ship", "nameless"])
def test_other_columns(column: str) -> None:
    assert not is_personal(column)


def luhn(prefix: str) -> str:
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(prefix))]
    total = sum(each - 9 if each > 9 else each for each in doubled)
    return prefix + str(-total % 10)


@given(
    st.text("0123456789", min_size=12, max_size=18).map(luhn),
    st.sampled_from(["", " ", "-"]),
    st.text("ab ", max_size=9),
)
def test_no_card_number_gets_through(card: str, between: str, around: str) -> None:
    grouped = between.join(card[at : at + 4] for at in range(0, len(card), 4))
    shown = masked("x", f"{around} {grouped} {around}")
    assert card not in re.sub(r"\D", "", shown)
