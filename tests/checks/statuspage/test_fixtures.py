"""Every recording is read as its vendor means it, and no damage makes one of them better than it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.payloads import named
from checks.statuspage.pages import NOW, body_of, page_of
from standby.checks.statuspage.judge import judge
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

FOLDERS = [
    *("statuspage", "incidentio", "instatus", "slackstatus", "googlecloud", "aws", "azure", "zendesk", "heroku"),
    *("betterstack", "statusio", "cachet", "uptimekuma", "other-html", "stripestatus"),
]
NAMES = [name for folder in FOLDERS for name in named(f"{folder}/*")]
NOT_UP = {
    "aws/rss-ec2-ap-northeast-1-2019-08.rss": None,  # judged below: the newest item decides
    "azure/status-feed-item-2018.xml.json": Outcome.DEGRADED,
    "cachet/components-v1.json": Outcome.DEGRADED,
    "instatus/summary-hasissues-documented.json": Outcome.DOWN,
    "instatus/summary-up-with-open-incident.json": Outcome.DEGRADED,
    "slackstatus/current-active-2023-03-02.json": Outcome.DEGRADED,
    "slackstatus/current-active-dns-outage-2021-09-30.json": Outcome.DEGRADED,
    "slackstatus/current-merged-log-v2.json": Outcome.DEGRADED,
    "statusio/public-status-degraded.json": Outcome.DEGRADED,
    "statuspage/box-components-with-problem.json": Outcome.DEGRADED,
    "statuspage/claude-incidents-trim-2026-06.json": Outcome.MAINTENANCE,
    "statuspage/cloudflare-groups-trim.json": Outcome.DEGRADED,
    "statuspage/coinbase-components.json": Outcome.DEGRADED,
    "statuspage/github-components-with-problem.json": Outcome.DEGRADED,
    "statuspage/github-status-minor-2023-03-02.json": Outcome.DEGRADED,
    "statuspage/github-summary-minor-2020-05-22.json": Outcome.DEGRADED,
    "statuspage/mixed-summary-edgecases.json": Outcome.DOWN,
    "statuspage/twilio-components.json": Outcome.DEGRADED,
    "uptimekuma/heartbeat.json": Outcome.DOWN,
}
NO_STATUS_PAGE = {
    "statuspage/discord-metrics-day-trim.json",
    "uptimekuma/status-page-404.json",
    "other-html/access-denied-200.json",
    "stripestatus/current-frozen-2024.json",  # says "up" for ever
}
FEEDS = {"aws/rss-ec2-ap-northeast-1-2019-08.rss"}


def outcome_of(raw: bytes, url: str) -> Outcome:
    """As the check would tell it: what cannot be read is unknown."""
    try:
        found = page_of(raw, url)
    except Trouble as trouble:
        return trouble.outcome if trouble.failure is Failure.UNREADABLE else Outcome.DOWN
    return Outcome.UNKNOWN if found is None else judge(found, (), NOW).outcome


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_is_read_as_it_was_meant(name: str) -> None:
    expected = Outcome.UNKNOWN if name in NO_STATUS_PAGE else NOT_UP.get(name, Outcome.UP) or Outcome.UP
    assert outcome_of(*body_of(name)) is expected


def test_the_names_above_are_names_of_recordings() -> None:
    assert not NAMES or {*NOT_UP, *NO_STATUS_PAGE} <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("components.json")])
def test_components_are_those_that_have_no_others_below_them(name: str) -> None:
    raw, url = body_of(name)
    found, document = page_of(raw, url), json.loads(raw)
    assert found is not None
    leaves = [one for one in document["components"] if not one.get("group")]
    assert sum(not one.heading for one in found.components) == len(leaves)
    assert {one.name for one in found.components if not one.heading} == {
        " ".join(one["name"].split()) for one in leaves
    }


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("name", NAMES)
def test_a_recording_cut_short_is_never_up(name: str, data: st.DataObject) -> None:
    raw, url = body_of(name)
    assert outcome_of(raw[: data.draw(st.integers(0, len(raw.rstrip()) - 1))], url) is Outcome.UNKNOWN


WORDS = {
    "status",
    "indicator",
    "state",
    "aggregate_state",
    "status_code",
    "impact",
    "status_impact",
    "current_worst_impact",
    "type",
}


def places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a document says how something is."""
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in items:
        if key in WORDS and not isinstance(value, (dict, list)):
            yield (*path, key)
        yield from places(value, (*path, key))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_STATUS_PAGE | FEEDS])
def test_a_word_that_is_not_understood_never_makes_a_page_better(name: str, data: st.DataObject) -> None:
    raw, url = body_of(name)
    try:
        document = json.loads(raw)
    except ValueError:
        pytest.skip("a feed")
    before = outcome_of(raw, url)
    where = sorted(places(document), key=str)
    if not where:
        pytest.skip("says nothing by a word")
    path = data.draw(st.sampled_from(where))
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    spoiled = data.draw(st.sampled_from(["operationalx", "", None, 7.5, [], {}, "gone"]))
    if spoiled == "gone":
        del parent[path[-1]]
    else:
        parent[path[-1]] = spoiled
    after = outcome_of(json.dumps(document).encode(), url)
    assert after is not Outcome.UP or before is Outcome.UP


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("name", NAMES)
def test_whatever_stands_anywhere_is_no_error(name: str, data: st.DataObject) -> None:
    raw, url = body_of(name)
    try:
        document = json.loads(raw)
    except ValueError:
        at = data.draw(st.integers(0, len(raw)))
        assert outcome_of(raw[:at] + data.draw(st.binary(max_size=20)) + raw[at:], url) in Outcome
        return
    path = data.draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
    parent: Any = None
    here, key = document, None
    for step in path:
        keys = list(here) if isinstance(here, dict) else list(range(len(here))) if isinstance(here, list) else []
        if not keys:
            break
        parent, key = here, keys[step % len(keys)]
        here = parent[key]
    spoiled = data.draw(JSON)
    if parent is None:
        document = spoiled
    else:
        parent[key] = spoiled
    assert outcome_of(json.dumps(document).encode(), url) in Outcome
