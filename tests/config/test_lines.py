"""The line of each key, whatever way TOML lets it be written."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.config.lines import KeyPath, Lines

TRICKY = (
    """\
# a comment with [brackets] = "and quotes
top = 1
"quoted key" = 'it''s' # not really""".replace("it''s", "its")
    + '''
a.b.c = "dotted"
a."b.x".d = [1, 2]
  indented   =   "yes"
multi = """
[not.a.table]
key = "no"
\\""" still inside
"""
literal = \'\'\'
[[neither]]
x = 1 \'\'\'
list = [
    "one",     # ]
    "two, ]",

    { in = 1, out = [
        3,
        4 ] },
]
date = 1979-05-27T07:32:00Z
[table]
x = { y = { z = 1 }, "q r" = [ { s = 2 }, { t = 3 } ] }
[table.'sub table']
n = 5
[[many]]
k = 1
[[many]]
k = 2
[many.inner]
m = 3
[[many.deeper]]
u = 1
[[many.deeper]]
u = 2
[ spaced . out ]
v = 1
["un\\u0069code"]
w = 1
'''
)


@pytest.mark.parametrize(
    ("path", "part"),
    [
        (("top",), "top ="),
        (("quoted key",), '"quoted key"'),
        (("a", "b", "c"), "a.b.c"),
        (("a", "b.x", "d"), 'a."b.x"'),
        (("a", "b.x", "d", 1), 'a."b.x"'),
        (("indented",), "indented"),
        (("multi",), "multi ="),
        (("literal",), "literal ="),
        (("list",), "list ="),
        (("list", 0), '"one"'),
        (("list", 1), '"two, ]"'),
        (("list", 2), "{ in = 1"),
        (("list", 2, "in"), "{ in = 1"),
        (("list", 2, "out"), "{ in = 1"),
        (("list", 2, "out", 0), "        3,"),
        (("list", 2, "out", 1), "        4 ]"),
        (("date",), "date ="),
        (("table",), "[table]"),
        (("table", "x", "y", "z"), "x = { y"),
        (("table", "x", "q r", 1, "t"), "x = { y"),
        (("table", "sub table"), "[table.'sub table']"),
        (("table", "sub table", "n"), "n = 5"),
        (("many", 0), "[[many]]\nk = 1"),
        (("many", 0, "k"), "k = 1"),
        (("many", 1), "[[many]]\nk = 2"),
        (("many", 1, "k"), "k = 2"),
        (("many", 1, "inner", "m"), "m = 3"),
        (("many", 1, "deeper", 0, "u"), "u = 1"),
        (("many", 1, "deeper", 1, "u"), "u = 2"),
        (("spaced", "out", "v"), "v = 1"),
        (("unicode", "w"), "w = 1"),
        (("many", 1, "absent"), "[[many]]\nk = 2"),
        (("table", "x", "y", "absent", 3), "x = { y"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_key_is_found_at_its_line(path: KeyPath, part: str, ending: str) -> None:
    tomllib.loads(TRICKY)
    expected = TRICKY[: TRICKY.index(part)].count("\n") + 1
    assert Lines(TRICKY.replace("\n", ending)).line(path) == expected


def test_what_is_nowhere_is_at_the_first_line() -> None:
    assert Lines("a = 1\n").line(("x", 0)) == 1
    assert Lines("").line(("x",)) == 1


KEYS = st.text("abc-_1 .'#[]=\"é\\", min_size=1, max_size=6)
SCALARS = st.one_of(
    st.integers(-9, 9), st.booleans(), st.text("ab\"'#[]{}=,\n\\é", max_size=8), st.floats(allow_nan=False, width=16)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value).replace("inf", "inf")
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + "".join(f'\n  # ], " {{\n  {written(item)},' for item in value) + "\n]"
    assert isinstance(value, dict)
    return "{ " + ", ".join(f"{quoted(key)} = {written(item)}" for key, item in value.items()) + " }"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@given(st.lists(st.tuples(KEYS, VALUES), max_size=6, unique_by=lambda pair: pair[0]), st.integers(0, 3))
def test_any_accepted_text_is_read_to_its_end(pairs: list[tuple[str, object]], rows: int) -> None:
    """What comes after anything at all still has its own line: nothing was misread on the way."""
    text = "".join(f"{quoted(key)} = {written(value)}\n" for key, value in pairs)
    text += "".join(f'[["the rows"]]\n{quoted("n")} = {n}\n' for n in range(rows)) + "[the-end]\nlast = 1\n"
    tomllib.loads(text)
    lines = Lines(text)
    total = text.count("\n")
    assert lines.line(("the-end", "last")) == total
    for row in range(rows):
        assert lines.line(("the rows", row, "n")) == total - 2 * (rows - row)
    at = 1
    for key, value in pairs:
        assert lines.line((key,)) == at
        at += f"{quoted(key)} = {written(value)}\n".count("\n")
