"""Colour themes: plain data in themes/*.toml, style names to colours. State is never told by colour alone."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.errors import StyleSyntaxError
from rich.style import Style

DEFAULT = "dark"
NAMES = (
    "text", "dim", "name", "name.bad", "title", "rule", "pane", "pane.bad", "key", "figure", "figure.bad", "spark",
    "up", "degraded", "down", "maintenance", "unknown", "soft", "stale", "acked", "sent",
    "severity.critical", "severity.warning", "severity.info",
    "bar", "bar.name", "bar.key", "bar.dim", "bar.ok", "bar.down", "bar.degraded", "bar.unknown", "bar.acked",
    "env.production", "env.staging", "env.development", "env.unknown",
    "banner", "banner.down", "guide", "prompt", "prompt.cursor", "cursor", "cursor.idle",
    "flash", "flash.done", "flash.kept", "flash.refused",
)  # fmt: skip


class ThemeError(Exception):
    """A theme that cannot be used: one line with the file, what is wrong and the mend."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Style by name. `ansi` themes use the terminal's own sixteen colours and background."""

    name: str
    dark: bool
    ansi: bool
    styles: Mapping[str, Style]

    def style(self, name: str, cursor: str = "") -> Style:
        """The style of a cell, under the cursor's when there is one."""
        base = self.styles["text"]
        found = self.styles.get(name)
        style = base if found is None else base + found
        return style + self.styles[cursor] if cursor else style


def folders(environ: Mapping[str, str]) -> list[Path]:
    """Where themes are looked for: the user's, those in the package, those of the checkout."""
    package = Path(__file__).resolve().parents[1]
    found = [package / "data" / "themes", package.parents[1] / "themes"]
    home = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if environ.get("HOME") else "")
    if home.startswith("/"):
        found.insert(0, Path(home) / "standby" / "themes")
    return [folder for folder in found if folder.is_dir()]


def names(environ: Mapping[str, str]) -> list[str]:
    """Every theme that can be chosen, by name."""
    return sorted({path.stem for folder in folders(environ) for path in folder.glob("*.toml")})


def load(name: str, environ: Mapping[str, str]) -> Theme:
    """A theme by name. Raises ThemeError."""
    for folder in folders(environ):
        path = folder / f"{name}.toml"
        if "/" not in name and path.is_file():
            return parse(path)
    raise ThemeError(f"theme {name!r} is not there; choose one of {', '.join(names(environ))}")


def choose(environ: Mapping[str, str]) -> tuple[Theme, str]:
    """The theme in force, and one line when it is not the one that was asked for.

    NO_COLOR takes every colour away. STANDBY_THEME names one; else a terminal without 256 colours gets `ansi`.
    """
    if environ.get("NO_COLOR"):
        return monochrome(), ""
    wanted = environ.get("STANDBY_THEME") or (DEFAULT if _colourful(environ) else "ansi")
    try:
        return load(wanted, environ), ""
    except ThemeError as error:
        trouble = f"{error}; using {DEFAULT}"
    for name in (DEFAULT, "ansi"):
        try:
            return load(name, environ), trouble
        except ThemeError:
            continue
    return monochrome(), trouble


def monochrome() -> Theme:
    """Without any colour: bold, reverse, underline and the words."""
    bold, reverse = Style(bold=True), Style(reverse=True)
    loud = {"down", "name.bad", "pane.bad", "figure.bad", "severity.critical", "bar.down", "flash.refused", "key"}
    turned = {"bar", "bar.name", "bar.key", "bar.dim", "bar.ok", "bar.degraded", "bar.unknown", "bar.acked", "bar.down"}
    turned |= {"banner.down", "banner", "prompt.cursor"}
    styles = dict.fromkeys(NAMES, Style())
    styles |= dict.fromkeys(turned, reverse)
    styles |= {name: styles[name] + bold for name in loud | {"pane", "banner.down", "guide", "prompt", "name.bad"}}
    styles |= {
        name: styles[name] + bold for name in ("env.production", "env.staging", "env.development", "env.unknown")
    }
    styles |= {"cursor": bold, "title": Style(underline=True)}
    return Theme("monochrome", dark=True, ansi=True, styles=styles)


def plain_glyphs(environ: Mapping[str, str]) -> bool:
    """Whether the terminal shows ASCII only: the Linux console, `dumb`, or a locale that is not UTF-8."""
    if environ.get("STANDBY_ASCII"):
        return environ["STANDBY_ASCII"] != "0"
    if environ.get("TERM", "") in ("linux", "dumb", "vt100", "vt102", "vt220", "ansi", "cons25"):
        return True
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return bool(locale) and "utf" not in locale.lower() and locale not in ("C", "POSIX")


def _colourful(environ: Mapping[str, str]) -> bool:
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return True
    return any(word in environ.get("TERM", "") for word in ("256color", "direct", "kitty", "alacritty", "ghostty"))


def parse(path: Path) -> Theme:
    """Read one file. Raises ThemeError."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(f"theme {path}: {str(error).splitlines()[0]}") from None
    colours, styles = data.get("colors", {}), data.get("styles", {})
    if not isinstance(colours, dict) or not isinstance(styles, dict):
        raise ThemeError(f"theme {path}: [colors] and [styles] must be tables")
    for problem in _problems(styles):
        raise ThemeError(f"theme {path}: {problem}")
    parsed = {name: _style(path, name, styles[name], colours) for name in NAMES}
    return Theme(path.stem, bool(data.get("dark", True)), bool(data.get("ansi", False)), parsed)


def _problems(styles: Mapping[str, Any]) -> Iterator[str]:
    import difflib

    for name in styles:
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1)
            yield f"styles.{name} is not a style" + (f"; did you mean {near[0]}?" if near else "")
    for name in NAMES:
        if name not in styles:
            yield f"styles.{name} is missing; copy it from another theme"


def _style(path: Path, name: str, written: object, colours: Mapping[str, Any]) -> Style:
    if not isinstance(written, str):
        raise ThemeError(f'theme {path}: styles.{name} is not text; write one like "bold red"')
    words = [str(colours.get(word, word)) for word in written.split()]
    try:
        style = Style.parse(" ".join(words))
    except StyleSyntaxError as error:
        raise ThemeError(f"theme {path}: styles.{name}: {str(error).splitlines()[0]}") from None
    if style.link or style.meta:
        raise ThemeError(f"theme {path}: styles.{name}: only colours and attributes")
    return style


def environ() -> Mapping[str, str]:
    """The process's environment; Textual takes NO_COLOR out of it, so it is read before."""
    return dict(os.environ)
