"""Every list of every oracle about alerts is run by some test, or stands here with the reason why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from .loader import folder, oracle

SORTS = ("a_", "b_", "c_", "e_", "f_", "g_")
LEFT_OUT = {
    ("a_alert_timing", "rule_state_cases"): "the state of a rule with many alerts; a rule here has one an integration",
}
FILES = sorted(path.stem for path in folder().glob("*.json") if path.stem.startswith(SORTS))
TESTS = {path.name: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")}


@pytest.mark.skipif(not FILES, reason="the oracles are not here")
@pytest.mark.parametrize("name", FILES)
def test_every_list_is_run(name: str) -> None:
    document = oracle(name)
    assert document is not None
    texts = [text for test, text in TESTS.items() if f'"{name}"' in text and test != Path(__file__).name]
    assert texts, "no test reads this file"
    for section, found in document.items():
        if section == "source" or not isinstance(found, list) or not found or (name, section) in LEFT_OUT:
            continue
        named = f'"{section}"'
        run = any(named in text or (section == "cases" and "cases(" in text) for text in texts)
        assert run, f"{section} is not run"
