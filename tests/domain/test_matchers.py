"""Matchers over labels: as written, and whom they accept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.matchers import Matcher, match_all, parse_matcher, parse_matchers

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ('severity="critical"', Matcher("severity", "critical")),
        (' job =~ "pay.*" ', Matcher("job", "pay.*", regex=True)),
        ("team!=shop", Matcher("team", "shop", equal=False)),
        ('vendor!~"a|b"', Matcher("vendor", "a|b", equal=False, regex=True)),
        ('"service.name"="façade"', Matcher("service.name", "façade")),
        ('a="say \\"hi\\"\\n"', Matcher("a", 'say "hi"\n')),
        ("a=", Matcher("a", "")),
        ('a="[:alpha:]"', Matcher("a", "[:alpha:]")),
        (r"a=~\d+", Matcher("a", r"\d+", regex=True)),
    ],
)
def test_a_matcher_is_read(text: str, matcher: Matcher) -> None:
    assert parse_matcher(text) == matcher


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a matcher; write one like"),
        ("critical", "is not a matcher"),
        ('a="b', "is not a matcher"),
        ('a="b" and c="d"', "is not a matcher"),
        ("two words=1", "is not a matcher"),
        ('""="b"', "names no label"),
        ('a=~"("', "holds no regular expression"),
        ('a=~"(x+x+)+y"', "could be tried for hours; write at most three"),
        ('a=~"[[:alpha:]]+"', r"names a class of characters, \[:alpha:\]; write them out"),
        ("a=" + "b" * 2000, "…"),
    ],
)
def test_what_is_none_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_matcher(text)


@given(TEXTS.filter(bool), TEXTS, st.booleans())
def test_what_is_written_is_read_back(name: str, value: str, equal: bool) -> None:
    matcher = Matcher(name, value, equal=equal)
    assert parse_matcher(str(matcher)) == matcher


@given(st.lists(st.tuples(TEXTS.filter(bool), TEXTS), min_size=1, max_size=4))
def test_a_list_is_read_back(pairs: list[tuple[str, str]]) -> None:
    matchers = tuple(Matcher(name, value) for name, value in pairs)
    assert parse_matchers(", ".join(map(str, matchers))) == matchers
    assert parse_matchers("{" + ", ".join(map(str, matchers)) + ",}") == matchers


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("{}", []),
        ("{a=1", [("a", "1")]),
        ("a=1}", [("a", "1")]),
        ("{a=}b", [("a", "}b")]),
        ("{a=1}}", [("a", "1}")]),
        ("a=1 , b=2 , ", [("a", "1"), ("b", "2")]),
        ('a="1,2",b="\\","', [("a", "1,2"), ("b", '",')]),
        ("a=1\\,b=2", [("a", "1\\"), ("b", "2")]),
        ("a=1\\ ", [("a", "1\\")]),
    ],
)
def test_a_list_is_read(text: str, pairs: list[tuple[str, str]]) -> None:
    assert [(one.name, one.value) for one in parse_matchers(text)] == pairs


@pytest.mark.parametrize("text", [",", "{,}", "a=1,,b=2", "a=1, ,", "{{a=1}", '"a=1"'])
def test_a_list_with_something_else_in_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a matcher"):
        parse_matchers(text)


def test_a_label_that_is_not_there_is_empty() -> None:
    assert parse_matcher('team=""').matches({})
    assert parse_matcher('team!="shop"').matches({})
    assert not parse_matcher('team=~".+"').matches({})


def test_all_must_hold() -> None:
    labels = {"job": "payments", "severity": "critical"}
    assert match_all([], labels)
    assert match_all([parse_matcher('job=~"pay.*"'), parse_matcher('severity!="info"')], labels)
    assert not match_all([parse_matcher('job=~"pay"'), parse_matcher('severity="critical"')], labels)
