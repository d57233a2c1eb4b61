"""The door: nothing from outside moves a cursor, reorders a line or takes more room than it may."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from standby.domain.text import ELLIPSIS, clean

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NASTY = "\x1b\x07\x08\r\n\t\x00\x7f\x9b\x9d\x9c\x90\x85\u2028\u2029\ufeff\U000e0041" + BIDI
PIECES = st.sampled_from(
    ["\x1b]52;c;aGk=\x07", "\x1b[2J", "\x1b[31m", "\x9b1m", "\x1bP", "\x1b\\", "[@click=x]", "a", " "]
)
HOSTILE = st.lists(st.text(max_size=8) | st.text(NASTY, max_size=4) | PIECES, max_size=30).map("".join)
LIMITS = st.integers(1, 60)


@given(HOSTILE, LIMITS)
@example("\x1b" * 200, 1)
@example("a" * 5_000, 1)
def test_what_comes_out_is_one_harmless_line(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert len(cleaned.splitlines()) <= 1
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in cleaned)
    assert not set(cleaned) & set(BIDI)
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    cleaned.encode()
    assert clean(cleaned, limit) == cleaned


@pytest.mark.parametrize(
    "codepoint", [*range(0x20), *range(0x7F, 0xA0), *map(ord, BIDI), 0x2028, 0x2029, 0xD800, 0xDFFF]
)
def test_no_control_survives_anywhere(codepoint: int) -> None:
    character = chr(codepoint)
    for text in (character, f"a{character}b", character * 3 + "tail", f"{character}[31mred"):
        assert character not in clean(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("", ""),
        ("  two\n lines\t", "two lines"),
        ("two  words", "two words"),
        (" word ", "word"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;cm0gLXJmIC8=\x07x", "x"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("\x9d0;title\x9cafter", "after"),
        ("never \x9dended by anyone", "never ended by anyone"),
        ("\x1b]never ended", "never ended"),
        ("abc\u202edcba", "abc dcba"),
        ("[@click=app.quit]press[/x]", "[@click=app.quit]press[/x]"),
        ("[bold]\\[not bold]", "[bold]\\[not bold]"),
        ("Größe 大 👩‍💻", "Größe 大 👩‍💻"),
    ],
)
def test_texts(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_cut_is_marked() -> None:
    assert clean("abcdef", 6) == "abcdef"
    assert clean("abcdefg", 6) == "abcde" + ELLIPSIS
    assert clean("abc" + "\x1b[0m" * 100_000, 6) == "abc" + ELLIPSIS  # what follows was never looked at


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_leaves_room(limit: int) -> None:
    with pytest.raises(ValueError, match="no room"):
        clean("text", limit)


@pytest.mark.parametrize(
    "piece", ["a", "\x1b", "\x1b]", "\x9d", "\x1b]a", "\x90a", "\x1b[", "\x9b1;", " ", "\u202e", "\x1bP0", "[" * 9]
)
def test_ten_megabytes_take_no_time(piece: str) -> None:
    """Also with a limit that looks at all of it: the time is linear. 10 MB in CPU time, generously."""
    text = piece * (10_000_000 // len(piece))
    began = time.process_time()
    clean(text)
    assert time.process_time() - began < 0.1
    began = time.process_time()
    clean(text[:1_000_000], 1_000_000)
    assert time.process_time() - began < 2
