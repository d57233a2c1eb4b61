"""What a user installs works: from the wheel, from the sdist and from the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD_TOOLS = "hatchling"


def _run(*argv: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run([str(word) for word in argv], cwd=cwd, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout


def _build(kind: str, out: Path, source: Path) -> Path:
    _run(sys.executable, "-m", BUILD_TOOLS, "build", "-t", kind, "-d", out, cwd=source)
    (built,) = out.iterdir()
    return built


def _installed_says(wheel: Path, target: Path, cwd: Path) -> str:
    """Install one wheel beside the libraries of this environment and ask it for its own data."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", target, wheel)
    _run(*pip, cwd=cwd)
    script = (
        "import standby, sys; from pathlib import Path; home = Path(standby.__file__).parent;"
        "print(home); print((home / 'data' / 'config.toml').is_file());"
        "print(len(list((home / 'data' / 'themes').glob('*.toml'))));"
        "from standby.catalogue.load import catalogue; print(len(catalogue()));"
        "from standby.cli.main import main; sys.exit(main(['--config', str(home / 'data' / 'config.toml'),"
        " 'config', 'check']))"
    )
    env = {**os.environ, "PYTHONPATH": str(target)}
    return _run(sys.executable, "-c", script, cwd=cwd, env=env)


def _check(said: str, target: Path) -> None:
    home, has_config, themes, vendors, *_ = said.splitlines()
    assert Path(home) == target / "standby"
    assert has_config == "True"
    assert int(themes) >= 3
    assert int(vendors) >= 40


def test_a_wheel_carries_the_sample_configuration_and_the_themes(tmp_path: Path) -> None:
    wheel = _build("wheel", tmp_path / "out", ROOT)
    _check(_installed_says(wheel, tmp_path / "site", tmp_path), tmp_path / "site")


def test_a_wheel_holds_nothing_but_the_package(tmp_path: Path) -> None:
    wheel = _build("wheel", tmp_path / "out", ROOT)
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"standby"}


def test_an_sdist_builds_the_same_wheel(tmp_path: Path) -> None:
    sdist = _build("sdist", tmp_path / "sdist", ROOT)
    _run("tar", "xzf", sdist, "-C", tmp_path, cwd=tmp_path)
    (source,) = (path for path in tmp_path.iterdir() if re.match(r"standby-\d", path.name))
    assert (source / "tests").is_dir()
    wheel = _build("wheel", tmp_path / "out", source)
    _check(_installed_says(wheel, tmp_path / "site", tmp_path), tmp_path / "site")


def test_the_checkout_finds_the_sample_configuration_and_the_themes() -> None:
    script = (
        "from standby.config.discover import sample_path; from standby.console import theme;"
        "print(sample_path()); print(len(theme.names({'XDG_CONFIG_HOME': '/nonexistent', 'HOME': '/nonexistent'})))"
    )
    sample, themes = _run(sys.executable, "-c", script, cwd=ROOT).splitlines()
    assert Path(sample) == ROOT / "config.toml"
    assert int(themes) >= 3


def test_the_pinned_set_names_no_place_to_fetch_from() -> None:
    text = (ROOT / "requirements.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-(i|f|-index-url|-extra-index-url|-find-links)\b", text, re.MULTILINE)


@pytest.mark.parametrize("line", [line for line in (ROOT / "requirements.txt").read_text().split("\n") if "==" in line])
def test_every_pinned_library_has_hashes(line: str) -> None:
    text = (ROOT / "requirements.txt").read_text()
    after = text[text.index(line) + len(line) :].lstrip("\n")
    assert line.endswith("\\")
    assert after.lstrip().startswith("--hash=sha256:")
