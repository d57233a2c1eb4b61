"""Personal data made unreadable before a row is shown to anybody: card numbers always, addresses of people, phones."""

from __future__ import annotations

import re

from standby.domain.text import clean

_DOTS = "•••"
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+'-]{0,63}@[A-Za-z0-9.-]{1,253}\.[A-Za-z]{2,24}")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)\d(?:[ ()./-]{0,2}\d){6,14}(?!\d)")
# Columns whose values are about a person, whatever they look like.
_PERSONAL = re.compile(
    r"(^|_)(e?_?mails?|phones?|mobile|tel|telephone|fax|first_?names?|last_?names?|full_?name|sur_?name|names?|customer"
    r"|buyer|holder|recipient|address|street|zip|postcode|postal_code|city|birth\w*|dob|ssn|iban|bic|tax_?id|vat_?id"
    r"|passport|ip|ip_address|user_?name|login|note|comment|message)($|_)",
    re.IGNORECASE,
)
_READ = 2000  # characters looked at; what is cut off before it is masked could be half a card number
_SHOWN = 60


def is_personal(column: str) -> bool:
    """Whether a column of this name probably holds data of a person."""
    return _PERSONAL.search(re.sub(r"(?<=[a-z])(?=[A-Z])|[-. ]", "_", column)) is not None


def masked(column: str, text: str) -> str:
    """A value as it may be shown, one clean line; its first letter stays where a person has to find it again."""
    line = clean(text, _READ)
    line = _CARD.sub(_hide_card, line)
    line = _EMAIL.sub(lambda found: f"{found[1]}{_DOTS}@{_DOTS}", line)
    line = _PHONE.sub(lambda found: _DOTS + found[0][-2:], line)
    if is_personal(column) and _DOTS not in line and line:
        return line[0] + _DOTS
    return clean(line, _SHOWN)


def _hide_card(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return f"{_DOTS}{digits[-4:]}" if _luhn(digits) else found[0]


def _luhn(digits: str) -> bool:
    """Whether the check digit fits, as that of every card number does."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
