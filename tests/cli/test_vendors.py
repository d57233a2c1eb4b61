"""`standby vendors` as a person calls it."""

from __future__ import annotations

import json

import pytest

from standby.catalogue.load import catalogue
from standby.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["vendors", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_all_of_them_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    head, *rows = out.splitlines()
    assert code == 0
    assert head.split() == ["ID", "NAME", "CATEGORIES", "STATUS", "PAGE"]
    assert len(rows) == len(catalogue())


def test_a_search_and_a_category(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "stri")[1].splitlines()[1].split()[0] == "stripe"
    assert {row.split()[0] for row in run(capsys, "--category", "sms")[1].splitlines()[1:]} == {"twilio", "vonage"}
    code, out, _ = run(capsys, "nobody-has-this")
    assert (code, out) == (1, "no vendor has these words; `standby vendors` lists all\n")


def test_what_is_not_known_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--category", "payment")
    assert (code, out) == (2, "")
    assert 'did you mean "payments"?' in err
    code, _, err = run(capsys, "show", "strpe")
    assert code == 2
    assert err == 'standby: the catalogue has no vendor "strpe"; did you mean "stripe"?\n'


def test_all_facts_of_one_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "datadog")
    assert code == 0
    assert out.startswith("Datadog (datadog): monitoring\n")
    probes = [row for row in out.splitlines() if row.startswith("probe")]
    assert len(probes) == 2
    assert probes[0].endswith("datadog/validate-200.json")
    assert out.splitlines()[-1].endswith("unconfirmed")


def test_json_has_the_same_facts(capsys: pytest.CaptureFixture[str]) -> None:
    one = json.loads(run(capsys, "show", "github", "--json")[1])
    assert one["status"]["url"] == "https://www.githubstatus.com"
    assert one["status"]["confirmed"] is True
    assert one["support"]["confirmed"] is False
    every = json.loads(run(capsys, "--json")[1])
    assert [entry["id"] for entry in every] == list(catalogue())
