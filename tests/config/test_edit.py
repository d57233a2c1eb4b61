"""One rule changed in its file: comments stay, nothing half is written, nothing that would not load."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.config import edit as edit_module
from standby.config.edit import EditError, apply, edit_rule
from standby.config.load import load
from standby.config.models import Rule
from standby.config.whole import Config

from .kinds import KINDS

HEAD = """# the shop
[standby]
name = "shop"          # as people call it
environment = "development"
"""
REST = """
[[vendor]]
id = "acme"

[[integration]]
id = "payments"
vendor = "acme"

[[check]]
id = "pay"
integration = "payments"
kind = "http"
url = "https://api.acme.example/health"
"""
RULES = """
# -- what wakes people -----
[[rule]]
id = "errors"
integration = "payments"
when = 'error_rate > 0.05'   # five in a hundred
severity = "critical"

[[rule]]   # slow
id = "slow"
integration = "payments"
when = "latency_ms > 900.0"
for = "30s"  # not at once
"""

ERRORS, SLOW, DOWN = (Rule(id=name, integration="payments", when="true") for name in ("errors", "slow", "down"))


def written(folder: Path, rules: str = RULES) -> Config:
    main = folder / "config.toml"
    (folder / "conf.d").mkdir()
    (folder / "conf.d" / "rules.toml").write_text(rules)
    main.write_text('include = ["conf.d/*.toml"]\n' + HEAD + REST)
    return load(main, KINDS)


def test_the_file_that_holds_the_rule_changes_in_one_line(tmp_path: Path) -> None:
    config = written(tmp_path)
    edit = edit_rule(config, ERRORS, {"when": "error_rate > 0.1"})
    apply(edit, config, KINDS)
    changed = RULES.replace("error_rate > 0.05'", "error_rate > 0.1'")
    assert (tmp_path / "conf.d" / "rules.toml").read_text() == changed
    assert load(config.path, KINDS).rules[0].when == "error_rate > 0.1"


def test_the_diff_says_what_it_would_change(tmp_path: Path) -> None:
    edit = edit_rule(written(tmp_path), SLOW, {"for": "5m"})
    lines = edit.diff.splitlines()
    assert [line for line in lines if line.startswith(("-f", "+f"))] == [
        '-for = "30s"  # not at once',
        '+for = "5m"  # not at once',
    ]
    assert lines[0].startswith("--- a/")
    assert (tmp_path / "conf.d" / "rules.toml").read_text() == RULES


def test_a_key_that_is_not_there_is_added(tmp_path: Path) -> None:
    config = written(tmp_path)
    apply(edit_rule(config, ERRORS, {"keep_firing_for": "5m"}), config, KINDS)
    assert load(config.path, KINDS).rules[0].keep_firing_for == 300 * 10**9
    text = (tmp_path / "conf.d" / "rules.toml").read_text()
    assert "# five in a hundred" in text
    assert "[[rule]]   # slow" in text


def test_a_rule_in_an_inline_table_is_changed_too(tmp_path: Path) -> None:
    rules = "rule = [ { id = 'errors', integration = 'payments', when = 'error_rate > 0.05' } ] # all\n"
    config = written(tmp_path, rules)
    apply(edit_rule(config, ERRORS, {"when": "error_rate > 0.1"}), config, KINDS)
    assert (tmp_path / "conf.d" / "rules.toml").read_text() == rules.replace("0.05", "0.1")


def test_of_two_rules_with_one_id_the_right_one_changes() -> None:
    text = RULES + RULES.replace('"payments"', '"shipping"')
    shipping = Rule(id="errors", integration="shipping", when="true")
    changed = edit_module._changed(text.encode(), shipping, {"when": "error_rate > 0.1"}, "rules.toml")
    assert changed == (RULES + RULES.replace('"payments"', '"shipping"').replace("0.05", "0.1")).encode()


def test_a_built_in_rule_is_in_no_file(tmp_path: Path) -> None:
    with pytest.raises(EditError, match="is in no file: it is built in"):
        edit_rule(written(tmp_path), DOWN, {"for": "1m"})


def test_what_would_not_load_is_refused(tmp_path: Path) -> None:
    config = written(tmp_path)
    with pytest.raises(EditError, match=r"the change would not load: .*rules\.toml:"):
        apply(edit_rule(config, ERRORS, {"when": "error_rte > 0.1"}), config, KINDS)
    assert (tmp_path / "conf.d" / "rules.toml").read_text() == RULES


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    config = written(tmp_path)
    edit = edit_rule(config, ERRORS, {"when": "error_rate > 0.1"})
    theirs = RULES + "# mine\n"
    (tmp_path / "conf.d" / "rules.toml").write_text(theirs)
    with pytest.raises(EditError, match="was changed meanwhile"):
        apply(edit, config, KINDS)
    assert (tmp_path / "conf.d" / "rules.toml").read_text() == theirs
    assert sorted(path.name for path in (tmp_path / "conf.d").iterdir()) == ["rules.toml"]


def test_a_file_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = written(tmp_path)
    edit = edit_rule(config, ERRORS, {"when": "error_rate > 0.1"})
    monkeypatch.setattr(edit_module.os, "access", lambda *_: False)
    with pytest.raises(EditError, match="may not be written by this user; apply the diff by hand"):
        apply(edit, config, KINDS)
    assert (tmp_path / "conf.d" / "rules.toml").read_text() == RULES


def test_a_file_whose_owner_cannot_be_kept_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = written(tmp_path)
    edit = edit_rule(config, ERRORS, {"when": "error_rate > 0.1"})

    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(edit_module.os, "fchown", refuse)
    with pytest.raises(EditError, match="cannot be written: Operation not permitted; apply the diff by hand"):
        apply(edit, config, KINDS)
    assert (tmp_path / "conf.d" / "rules.toml").read_text() == RULES


_NOISE = st.lists(st.sampled_from(["", "# why", "  # indented", "\t", "# [[rule]]"]), max_size=3).map("\n".join)


@given(st.lists(_NOISE, min_size=4, max_size=4), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_whatever_stands_around_it_one_line_changes(noise: list[str], ending: str, first: bool) -> None:
    slow, errors = (part.strip() for part in RULES.partition("[[rule]]   # slow")[::2])
    parts = [f"[[rule]]   # slow\n{errors}", slow] if first else [slow, f"[[rule]]   # slow\n{errors}"]
    text = f"{noise[0]}\n{parts[0]}\n{noise[1]}\n{parts[1]}\n{noise[2]}".replace("\n", ending)
    changed = edit_module._changed(text.encode(), ERRORS, {"when": "error_rate > 0.1"}, "rules.toml")
    assert changed == text.replace("0.05", "0.1").encode()


def test_a_disk_that_is_full_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = written(tmp_path)
    edit = edit_rule(config, ERRORS, {"when": "error_rate > 0.1"})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(edit_module.os, "fsync", full)
    with pytest.raises(EditError, match="cannot be written: No space left on device"):
        apply(edit, config, KINDS)
    assert (tmp_path / "conf.d" / "rules.toml").read_text() == RULES
    assert sorted(path.name for path in (tmp_path / "conf.d").iterdir()) == ["rules.toml"]


def test_its_mode_stays_and_a_link_is_followed(tmp_path: Path) -> None:
    config = written(tmp_path)
    rules = tmp_path / "conf.d" / "rules.toml"
    real = rules.rename(tmp_path / "conf.d" / "real")
    real.chmod(0o640)
    rules.symlink_to("real")
    apply(edit_rule(config, ERRORS, {"when": "error_rate > 0.1"}), config, KINDS)
    assert rules.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "error_rate > 0.1" in real.read_text()
