"""Every file of the catalogue: it loads, each fact says where it is from, and what it names says the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError
from tests.checks.payloads import fixtures, payload

from standby.catalogue.load import catalogue, categories, search
from standby.catalogue.models import FOR_PEOPLE, PLACEHOLDER, UNCONFIRMED, Fact, Probe, Saying, VendorFacts, texts
from standby.checks.registry import models
from standby.checks.statuspage.forms import BY_NAME
from standby.config.references import is_sensitive, parse_reference

NO_EVIDENCE = ("retyped", "test-mock", "derived")
ALL = [(one, about, fact) for one in catalogue().values() for about, fact in one.facts()]


def sourced(prefix: str) -> list[Any]:
    return [
        pytest.param(one, fact, id=f"{one.id}-{about}-{number}")
        for number, (one, about, fact) in enumerate(ALL)
        if fact.confirmed and fact.source.startswith("vendors.md") == (prefix == "research")
    ]


def test_there_are_enough_and_each_is_found_by_its_words() -> None:
    assert len(catalogue()) >= 40
    assert [one.id for one in search("stri")] == ["stripe"]
    assert "twilio" in [one.id for one in search(category="sms")]
    assert [one.id for one in search("sms twi")] == ["twilio"]
    assert not search("stripe", "sms")
    assert {"payments", "shipping", "crm", "e-mail", "sms", "weather", "monitoring", "cloud", "chat"} <= set(
        categories()
    )


@pytest.mark.parametrize(("vendor", "fact"), sourced("recording"))
def test_a_recording_that_is_named_exists_and_is_evidence(vendor: VendorFacts, fact: Fact) -> None:
    payload(fact.source)
    line = next(
        line for line in (fixtures() / "SOURCES.md").read_text().splitlines() if line.startswith(f"- `{fact.source}`")
    )
    origin = re.search(r"\[([a-z-]+)\]", line)
    assert origin is not None
    assert origin[1] not in NO_EVIDENCE, line


@pytest.mark.parametrize(("vendor", "fact"), sourced("research"))
def test_a_line_of_research_that_is_named_is_about_the_vendor(vendor: VendorFacts, fact: Fact) -> None:
    path = fixtures().parent / "research" / "vendors.md"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    number = re.sub(r"\D", "", fact.source.partition("§")[2].partition(" ")[0])
    section = re.search(rf"^## {number}\. .*?(?=^## |\Z)", path.read_text(), re.MULTILINE | re.DOTALL)
    assert section is not None
    words = {vendor.name.split()[-1].lower(), vendor.name.split()[0].lower(), vendor.id}
    head, *lines = section[0].splitlines()
    seen = [line for line in lines if "[V" in line]
    about = [line for line in [head, *seen] if any(word in line.lower() for word in words | {vendor.id[:3]})]
    assert seen, fact.source
    assert about, f"{fact.source} does not speak of {vendor.name}"


@pytest.mark.parametrize(
    "vendor", [one for one in catalogue().values() if one.status and one.status.confirmed], ids=lambda one: one.id
)
def test_a_confirmed_status_page_is_the_one_that_was_recorded(vendor: VendorFacts) -> None:
    status = vendor.status
    assert status is not None
    if not status.source.endswith(".json") or status.source.split("/")[0] not in ("statuspage", "instatus"):
        pytest.skip("this form of page does not say its own address")
    recorded = json.loads(payload(status.source))
    page = recorded.get("response", {}).get("body", recorded)["page"]
    assert urlsplit(page["url"]).hostname == urlsplit(status.url).hostname


def test_each_page_has_a_form_that_is_read_or_is_for_people() -> None:
    assert {one.status.form for one in catalogue().values() if one.status} <= {*BY_NAME, FOR_PEOPLE}


@pytest.mark.parametrize(
    ("vendor", "probe"),
    [pytest.param(one, probe, id=f"{one.id}-{n}") for one in catalogue().values() for n, probe in enumerate(one.probe)],
)
class TestProbes:
    def test_its_kind_takes_its_keys(self, vendor: VendorFacts, probe: Probe) -> None:
        if probe.kind not in models():
            pytest.skip(f"there is no kind {probe.kind} here")
        document = {"id": "x", "integration": "x", "kind": probe.kind, "every": probe.every, "timeout": probe.timeout}
        keys = _filled(probe.keys)
        text = json.dumps({**document, **keys})
        taken = models()[probe.kind].model_validate_json(text, strict=True, context={"file": "x"})
        assert taken.every > taken.timeout > 0

    def test_it_asks_over_tls_and_holds_no_secret(self, vendor: VendorFacts, probe: Probe) -> None:
        assert str(probe.keys.get("url", "https://")).startswith("https://")
        written = [*_pairs(probe.keys)]
        for name, text in written:
            if is_sensitive(name) and parse_reference(text) is None:
                pytest.fail(f"{name} is written out")
        assert not [
            text for text in texts(probe.keys) if re.search(r"[A-Za-z0-9+/_-]{32,}", text) and "://" not in text
        ]

    def test_it_is_polite(self, vendor: VendorFacts, probe: Probe) -> None:
        assert probe.every.endswith("m")


def _filled(value: Any) -> Any:
    if isinstance(value, str):
        return PLACEHOLDER.sub("xyz", value)
    if isinstance(value, dict):
        return {key: _filled(item) for key, item in value.items()}
    return [_filled(item) for item in value] if isinstance(value, list) else value


def _pairs(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _pairs(item, str(key))
    elif isinstance(value, str):
        yield name, value


@pytest.mark.parametrize(
    "source",
    ["", "somewhere", "vendors.md", "vendors.md §5", "vendors.md §5 [K]", "https://x/y", "a/../../b", "../x/y"],
)
def test_a_fact_without_a_source_does_not_stand(source: str) -> None:
    with pytest.raises(ValidationError):
        Saying(says="something", source=source)
    assert not Saying(says="something", source=UNCONFIRMED).confirmed


@pytest.mark.parametrize("url", ["http://x.example", "https://a:b@x.example", "ftp://x", "https://"])
def test_only_https_without_credentials(url: str) -> None:
    vendor = {"id": "x", "name": "X", "categories": ["sms"], "support": {"url": url, "source": UNCONFIRMED}}
    with pytest.raises(ValidationError):
        VendorFacts.model_validate(vendor)
