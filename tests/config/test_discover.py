"""Which file is taken, whose word is trusted, and what is known before anything heavy is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.config.kinds import GOOD, loaded, write

from standby.config import discover
from standby.config.discover import find, peek, sample_path
from standby.config.problems import ConfigError
from standby.domain.outcome import Environment


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir(mode=0o755)
    return folder


def refused(here: Path, environ: dict[str, str] | None = None, explicit: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        find(explicit, here, environ or {})
    return str(caught.value)


def test_the_named_one_comes_first(here: Path, home: Path) -> None:
    environ = {"HOME": str(home), "STANDBY_CONFIG": str(write(home, GOOD, "env.toml"))}
    user = write(home, GOOD, ".config/standby/config.toml")
    assert find(None, here, {"HOME": str(home)}) == user
    local = write(here, GOOD)
    assert find(None, here, {"HOME": str(home)}) == local
    assert find(None, here, environ) == home / "env.toml"
    named = write(here, GOOD, "named.toml")
    assert find(Path("named.toml"), here, environ) == named


def test_the_configuration_folder_of_xdg_is_used(here: Path, home: Path) -> None:
    path = write(home, GOOD, "xdg/standby/config.toml")
    assert find(None, here, {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "xdg")}) == path


def test_the_system_one_comes_last_and_keeps_its_store_where_services_do(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, GOOD.replace('store = "standby.db"', ""), "etc/config.toml")
    monkeypatch.setattr(discover, "SYSTEM", path)
    assert find(None, here, {}) == path
    assert peek(path).store == Path("/var/lib/standby/standby.db")


def test_none_at_all_says_where_it_was_looked_for(
    here: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discover, "SYSTEM", tmp_path / "etc.toml")
    line = refused(here, {"HOME": str(home)})
    assert line.startswith(f"no configuration found (looked for {here}/config.toml, {home}/.config/standby/config.toml")
    assert line.endswith("name one with --config FILE, or try: standby demo")


def test_a_foreign_config_toml_is_passed_by(here: Path, home: Path) -> None:
    write(here, "[other-tool]\nname = 'x'\n")
    user = write(home, GOOD, ".config/standby/config.toml")
    assert find(None, here, {"HOME": str(home)}) == user
    write(here, "not toml at all [[[")
    assert find(None, here, {"HOME": str(home)}) == user
    (here / "config.toml").unlink()
    os.mkfifo(here / "config.toml")
    assert find(None, here, {"HOME": str(home)}) == user


def test_our_own_with_a_mistake_is_not_passed_by(here: Path, home: Path) -> None:
    path = write(here, "[standby]\nname = oops\n")
    write(home, GOOD, ".config/standby/config.toml")
    assert find(None, here, {"HOME": str(home)}) == path


def test_a_found_file_that_others_can_write_is_not_trusted(here: Path) -> None:
    path = write(here, GOOD)
    path.chmod(0o646)
    assert refused(here).endswith(f"was found here but can be written by others; run: chmod go-w {path}")
    assert find(path, here, {}) == path


def test_a_found_file_in_a_folder_that_others_can_write_is_not_trusted(here: Path) -> None:
    path = write(here, GOOD)
    here.chmod(0o777)
    assert f"run: chmod go-w {here}, or --config {path}" in refused(here)
    here.chmod(0o1777)  # like /tmp: others cannot replace what is mine
    assert find(None, here, {}) == path


def test_a_group_of_one_is_no_other(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import grp
    import pwd

    path = write(here, GOOD)
    path.chmod(0o664)
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("team", "x", 4242, ["ann", "bob"])))
    monkeypatch.setattr(discover.os, "getuid", os.getuid)
    status = list(path.stat())
    status[5] = 4242
    assert discover.others_write(os.stat_result(status))
    me = pwd.struct_passwd(("ann", "x", os.getuid(), 4242, "", "/", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: me)
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("ann", "x", 4242, [])))
    assert not discover.others_write(os.stat_result(status))


@pytest.mark.skipif(os.getuid() != 0, reason="needs to give a file away")
def test_a_found_file_of_somebody_else_is_not_trusted(here: Path) -> None:
    path = write(here, GOOD)
    os.chown(path, 65534, 65534)
    line = refused(here)
    assert "was found here but belongs to" in line
    assert line.endswith(f"to trust it: --config {path}")


def test_a_named_file_that_is_not_there_is_told_as_it_was_named(here: Path) -> None:
    assert refused(here, explicit=Path("no.toml")).startswith("no.toml:1: there is no such file")
    assert refused(here, {"STANDBY_CONFIG": "dir"}).startswith("dir:1: there is no such file")
    (here / "dir").mkdir()
    assert refused(here, {"STANDBY_CONFIG": "dir"}).startswith("dir:1: is a directory, not a file")
    assert "cannot be read" in refused(here, explicit=Path("a\0b"))


def test_a_peek_says_what_loading_says(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    seen = peek(config.path)
    assert (seen.name, seen.environment, seen.store) == ("shop-eu", Environment.PRODUCTION, config.store)
    assert not seen.simulated
    simulated = loaded(tmp_path, GOOD + "[simulator]\nseed = 3\n")
    assert peek(simulated.path).simulated
    assert simulated.simulator is not None
    off = loaded(tmp_path, GOOD + "[simulator]\nenabled = false\n")
    assert not peek(off.path).simulated
    assert off.simulator is None


@pytest.mark.parametrize(
    ("written", "store"),
    [
        ("data/x.db", "data/x.db"),
        ("../x.db", "../x.db"),
        ("/var/x.db", "/var/x.db"),
    ],
)
def test_a_store_is_relative_to_the_configuration(tmp_path: Path, written: str, store: str) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    config = loaded(folder, GOOD.replace('"standby.db"', f'"{written}"'))
    assert config.store == Path(os.path.normpath(folder / store))
    assert peek(config.path).store == config.store


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[standby]\nname = 3\n", "x.toml:2: standby.name: is not text"),
        ("[standby]\nenvironment = 'prod'\n", "x.toml:2: standby.environment: is not an environment"),
        ("[standby]\nenvironment = []\n", "x.toml:2: standby.environment: is not an environment"),
        ("[standby]\n\nstore = 3\n", "x.toml:3: standby.store: is not text"),
        ("[standby]\nstore = 'postgresql://x/y'\n", "x.toml:2: standby.store: only a path to a SQLite file"),
        ("[standby]\nstore = '~nobody-at-all/x'\n", "x.toml:2: standby.store: names a home folder that does not exist"),
        ('[standby]\nstore = "a\\u0000b"\n', "x.toml:2: standby.store: is not the path of a file"),
        ("standby = 3\n", "x.toml:1: standby: is not a table"),
        ("[standby\n", "x.toml:1: not valid TOML"),
    ],
)
def test_a_peek_at_a_mistake_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        peek(write(tmp_path, text, "x.toml"))
    assert str(caught.value).startswith(said)


def test_looking_imports_nothing_heavy(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    script = (
        "import sys; from pathlib import Path; import os;"
        "from standby.config.discover import find, peek; from standby.config.problems import ConfigError;"
        f"peek(find(Path({str(path)!r}), Path.cwd(), os.environ));"
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " & {'pydantic', 'pydantic_core', 'cel_expr_python', 'asyncio', 'httpx', 'textual', 'rich', 'platformdirs'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_the_sample_is_there_and_is_ours() -> None:
    assert peek(sample_path()).simulated


ELSEWHERE = [
    ("a mistake in another table", "[[vendor]]\nid = \n" + GOOD),
    ("twice the same table", GOOD + "[oops]\n[oops]\n"),
    ("quoted names", '["standby"]\nname = "shop-eu"\nstore = "standby.db"\n[[ vendor ]]\nx = nonsense\n'),
    ("a table below", GOOD + "[standby.extra]\nname = 'other'\n[vendor.standby]\nname = oops\n"),
    ("dotted", 'standby.name = "shop-eu"\nstandby.store = "standby.db"\n[x]\n[x]\n'),
]


@pytest.mark.parametrize("text", [one[1] for one in ELSEWHERE], ids=[one[0] for one in ELSEWHERE])
def test_a_mistake_elsewhere_keeps_nobody_from_looking(tmp_path: Path, text: str) -> None:
    seen = peek(write(tmp_path, text))
    assert (seen.name, seen.store) == ("shop-eu", tmp_path / "standby.db")


TRICKY = [
    '[standby]\noperators = [\n[],\n]\nname = "shop-eu"\n',
    '[standby]\noperators = [\n["a"],\n]\nname = "shop-eu"\n[[vendor]]\nid = "standby"\n',
    '[[vendor]]\nnote = """\n[standby]\nname = "not this"\n"""\n[standby]\nname = "shop-eu"\n',
    "[[vendor]]\nnote = '''\n[standby]\nname = \"not this\"\n'''\n[standby]\nname = \"shop-eu\"\n",
    '[[vendor]]\nid = "a"\n# [standby]\nname = "not this"\n[standby]\nname = "shop-eu"\n',
    '[vendor.standby]\nname = "not this"\n[standby]\nname = "shop-eu"\n',
    '[standby]\r\nname = "shop-eu"\r\n[[vendor]]\r\nname = "not this"\r\n',
]


@pytest.mark.parametrize("text", TRICKY)
def test_lines_that_only_look_like_tables(tmp_path: Path, text: str) -> None:
    assert peek(write(tmp_path, text)).name == "shop-eu"


def test_a_mistake_in_the_table_itself_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, '[[vendor]]\nid = "a"\n\n[standby]\nname = oops\n')
    with pytest.raises(ConfigError, match=r"config.toml:5: not valid TOML"):
        peek(path)
