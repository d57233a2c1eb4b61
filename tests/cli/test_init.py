"""`standby init`: what it writes stands, whatever is chosen, and it says what nobody has confirmed."""

from __future__ import annotations

import io
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from standby.catalogue.load import catalogue
from standby.catalogue.models import PLACEHOLDER
from standby.checks.registry import kinds, models
from standby.cli.main import main
from standby.cli.starter import Choices, starter
from standby.config.load import load
from standby.engine.kinds import kinds as every_kind


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STRIPE_API_KEY", "SENDGRID_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def written(path: str = "config.toml") -> dict[str, Any]:
    return tomllib.loads(Path(path).read_text())


def test_flags_give_a_file_that_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys, "init", "--vendor", "stripe", "datadog", "--critical", "stripe", "--tell", "anna@shop.example",
        "--environment", "staging", "--name", "shop", "--yes",
    )  # fmt: skip
    assert code == 0
    assert "waits for STRIPE_API_KEY (stripe)" in out
    assert "standby: stripe-api-2: https://api.stripe.com/v1/charges is unconfirmed" in err
    assert "datadog-api-2" not in err  # a recording says so
    document = written()
    assert document["standby"] == {"name": "shop", "environment": "staging", "policy": "everybody"}
    assert [one["criticality"] for one in document["integration"]] == ["critical", "medium"]
    assert document["person"] == [{"id": "anna", "reach": [{"channel": "mail", "to": "anna@shop.example"}]}]
    assert '(UNCONFIRMED: see that it is right)\n[[check]]\nid = "stripe-api-2"' in Path("config.toml").read_text()
    assert main(["--config", "config.toml", "config", "check"]) == 0


def test_a_check_runs_as_soon_as_its_secret_is_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk-canary")
    _, out, err = run(capsys, "init", "--vendor", "stripe", "--yes")
    (check,) = [one for one in written()["check"] if one["kind"] == "http"]
    assert (check["preset"], check["key"]) == ("stripe", "env:STRIPE_API_KEY")
    assert "sk-canary" not in out + err + Path("config.toml").read_text()


def test_it_never_replaces_a_file_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.toml").write_text("mine")
    code, out, err = run(capsys, "init", "--vendor", "github", "--yes")
    assert (code, out) == (2, "")
    assert err == "standby: config.toml is there already; name another with --output, or replace it with --force\n"
    assert Path("config.toml").read_text() == "mine"
    assert run(capsys, "init", "--vendor", "github", "--yes", "--force")[0] == 0
    assert [one["id"] for one in written()["vendor"]] == ["github"]
    assert sorted(path.name for path in Path().iterdir()) == ["config.toml"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--yes"], "which vendors?"),
        (["--vendor", "strpe"], 'did you mean "stripe"?'),
        (["--vendor", "stripe", "--critical", "github"], "none of the vendors that you use"),
        (["--vendor", "stripe", "--tell", "anna"], "is not an e-mail address"),
        (["--vendor", "stripe", "--name", "a\tb"], "plain text"),
        (["--vendor", "stripe", "--output", "no/such/folder.toml"], "--output"),
        (["--vendor", "stripe", "--tell", "a@b.example", "--mail-server", "a b"], "does not stand"),
    ],
)
def test_a_wrong_answer_writes_nothing(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    code, out, err = run(capsys, "init", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert not list(Path().iterdir())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answers(monkeypatch: pytest.MonkeyPatch, *lines: str) -> Terminal:
    asked = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))
    monkeypatch.setattr(sys, "stderr", asked)
    return asked


def test_five_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, "strpe", "github, twilio", "twilio", "anna@shop.example", "production", "the shop")
    assert main(["init"]) == 0
    text = asked.getvalue()
    assert text.count("? ") >= 5
    assert 'did you mean "stripe"?' in text  # and the question again
    document = written()
    assert document["standby"]["name"] == "the shop"
    assert {one["id"]: one["criticality"] for one in document["integration"]} == {
        "github": "medium", "twilio": "critical",
    }  # fmt: skip


def test_enter_takes_what_is_in_brackets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answers(monkeypatch, "github", "", "", "", "")
    assert main(["init"]) == 0
    assert written()["standby"] == {"name": tmp_path.name, "environment": "production"}
    assert "policy" not in written()


def test_answers_that_end_write_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, "github")
    assert main(["init"]) == 2
    assert asked.getvalue().endswith("standby: nothing was written: the answers ended\n")
    assert not list(Path().iterdir())


def test_probe_asks_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "init", "--vendor", "algolia", "--yes", "--probe")
    assert code == 0
    assert out.rstrip().endswith("no checks are configured")


def test_every_vendor_of_the_catalogue_stands_with_and_without_secrets(tmp_path: Path) -> None:
    every = tuple(catalogue().values())
    chosen = Choices(
        every, {every[0].id}, ["Ann.O'Neil <a.o@x.example>", "a.o@y.example", "mail@x.example"], "production", "x"
    )
    wanted = dict.fromkeys(starter(chosen, kinds(), {}).waiting, "x")
    path = tmp_path / "all.toml"
    for environ in ({}, wanted):
        made = starter(chosen, kinds(), environ)
        path.write_text(made.text)
        config = load(path, every_kind())
        assert len(config.checks) == made.checks
        assert len(config.vendors) == len(every)


def test_only_kinds_that_are_there_are_written() -> None:
    every = tuple(catalogue().values())
    made = starter(Choices(every, (), (), "production", "x"), {"tls"}, {})
    assert {one["kind"] for one in tomllib.loads(made.text)["check"]} == {"tls"}
    paged = starter(Choices(every, (), (), "production", "x"), {*models(), "statuspage"}, {})
    pages = [one for one in tomllib.loads(paged.text)["check"] if one["kind"] == "statuspage"]
    assert len(pages) > 30
    stripe = paged.text.partition("Stripe: payments")[2]
    assert "is for people" in stripe.partition("[[check]]")[0]  # what says up for ever is never asked


def test_a_page_that_is_read_experimentally_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, "init", "--vendor", "aws", "github", "--yes")
    assert "standby: aws-status: pages of the form aws are read experimentally\n" in err
    assert "github-status" not in err
    assert "are read experimentally (vendors.md §5 [V])\n[[check]]" in Path("config.toml").read_text()


def test_what_is_commented_out_stands_when_it_is_taken_in(tmp_path: Path) -> None:
    """Without their #, the waiting blocks are good tables."""
    made = starter(Choices(tuple(catalogue().values()), (), (), "production", "x"), kinds(), {})
    lines = [line.removeprefix("# ") if _of_a_block(line) else line for line in made.text.splitlines()]
    path = tmp_path / "all.toml"
    path.write_text("\n".join(lines))
    path.write_text(PLACEHOLDER.sub("xyz", path.read_text()))
    assert len(load(path, every_kind()).checks) == made.checks + made.text.count("\n# [[check]]")


def _of_a_block(line: str) -> bool:
    """A line of a table that is commented out; prose and separators are none."""
    body = line.removeprefix("# ")
    key = body.partition(" = ")[0]
    return line.startswith("# ") and (body == "[[check]]" or (" = " in body and key.isidentifier() and key != "data"))


PAGE = Path(__file__).resolve().parents[2] / "docs" / "vendors.md"


def test_the_page_tells_the_truth(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = PAGE.read_text()
    line = next(line for line in text.splitlines() if line.startswith("standby init --"))
    assert run(capsys, *shlex.split(line)[1:])[0] == 0
    example = text.partition("```toml\n")[2].partition("```")[0]
    document = '[standby]\nname = "x"\nenvironment = "production"\n[[vendor]]\nid = "stripe"\n' + example
    path = tmp_path / "example.toml"
    path.write_text(document)
    assert load(path, every_kind()).integrations[0].data == ("card data", "e-mail")
