"""Themes: data that is checked, and colours that tell states apart."""

from __future__ import annotations

import colorsys
from pathlib import Path

import pytest

from standby.console import theme

HOME = {"HOME": "/nonexistent"}
SHIPPED = ("ansi", "dark", "deuteranopia", "high-contrast", "light")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_themes_load(name: str) -> None:
    loaded = theme.load(name, HOME)
    assert set(loaded.styles) == set(theme.NAMES)
    assert loaded.ansi is (name == "ansi")


def _luminance(colour: tuple[int, int, int]) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "ansi"])
def test_text_can_be_read(name: str) -> None:
    loaded = theme.load(name, HOME)
    for style, least in (("text", 7.0), ("dim", 4.0), ("down", 4.5), ("degraded", 4.5), ("up", 4.5), ("key", 4.5)):
        for cursor in ("", "cursor"):
            shown = loaded.style(style, cursor)
            assert shown.color is not None
            assert shown.bgcolor is not None
            pair = sorted(_luminance(one.get_truecolor()) for one in (shown.color, shown.bgcolor))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= least * (0.75 if cursor else 1), (style, cursor)


def test_good_and_bad_differ_for_eyes_that_do_not_tell_red_from_green() -> None:
    loaded = theme.load("deuteranopia", HOME)
    good, bad = (loaded.styles[name].color for name in ("up", "down"))
    assert good is not None
    assert bad is not None
    hues = [colorsys.rgb_to_hsv(*(part / 255 for part in one.get_truecolor()))[0] for one in (good, bad)]
    assert 0.5 < hues[0] < 0.72, "blue"
    assert hues[1] < 0.12, "orange"


def test_no_color_has_none() -> None:
    chosen, trouble = theme.choose({**HOME, "NO_COLOR": "1", "STANDBY_THEME": "dark"})
    assert trouble == ""
    assert all(style.color is None and style.bgcolor is None for style in chosen.styles.values())


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"TERM": "xterm-256color"}, "dark"),
        ({"TERM": "linux"}, "ansi"),
        ({"TERM": "vt100", "COLORTERM": "truecolor"}, "dark"),
        ({"TERM": "linux", "STANDBY_THEME": "light"}, "light"),
    ],
)
def test_the_terminal_decides_when_nobody_does(environ: dict[str, str], name: str) -> None:
    assert theme.choose(HOME | environ)[0].name == name


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({"TERM": "linux", "LANG": "C.UTF-8"}, True),
        ({"TERM": "xterm", "LANG": "de_DE.ISO-8859-1"}, True),
        ({"TERM": "xterm", "LANG": "de_DE.UTF-8"}, False),
        ({"TERM": "xterm"}, False),
        ({"TERM": "linux", "STANDBY_ASCII": "0"}, False),
    ],
)
def test_who_gets_ascii(environ: dict[str, str], plain: bool) -> None:
    assert theme.plain_glyphs(environ) is plain


GOOD = (Path(__file__).parents[2] / "themes" / "dark.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not toml [", "mine.toml"),
        (GOOD.replace("\ndown =", "\ndwon ="), "did you mean down?"),
        (GOOD.replace("\nup =", "\n#up ="), "styles.up is missing"),
        (GOOD.replace('good = "#6fbf73"', 'good = "#6fbf7"'), "styles.up"),
        (GOOD.replace('\nup = "good"', "\nup = 7"), "is not text"),
        (GOOD.replace('\nup = "good"', '\nup = "link https://evil.test"'), "only colours"),
        ("colors = 3", "must be tables"),
    ],
)
def test_a_bad_theme_falls_back_with_one_line(tmp_path: Path, text: str, words: str) -> None:
    folder = tmp_path / "standby" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    chosen, trouble = theme.choose({"XDG_CONFIG_HOME": str(tmp_path), "STANDBY_THEME": "mine"})
    assert chosen.name == "dark"
    assert words in trouble
    assert "\n" not in trouble


def test_a_users_theme_wins_and_is_listed(tmp_path: Path) -> None:
    folder = tmp_path / "standby" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(GOOD, encoding="utf-8")
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "STANDBY_THEME": "mine"}
    assert theme.choose(environ)[0].name == "mine"
    assert set(theme.names(environ)) == {"mine", *SHIPPED}
    with pytest.raises(theme.ThemeError, match="not there"):
        theme.load("../mine", environ)
