"""Feeds: the newest item, by the words of its vendor."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.statuspage.pages import NOW, body_of, page_of
from standby.checks.statuspage import feeds
from standby.checks.statuspage.judge import judge
from standby.checks.statuspage.words import outcome_of
from standby.domain.outcome import Outcome
from standby.domain.units import format_instant
from standby.net.trouble import Trouble

AWS = "aws/rss-ec2-ap-northeast-1-2019-08.rss"


def rss(*items: str, title: str = "Acme status", link: str = "https://status.acme.example") -> bytes:
    head = f"<title>{title}</title><link>{link}</link>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


def item(title: str, text: str = "", date: str = "") -> str:
    when = f"<pubDate>{date}</pubDate>" if date else ""
    return f"<item><title><![CDATA[{title}]]></title><description><![CDATA[{text}]]></description>{when}</item>"


def outcome(raw: bytes, *chosen: str) -> Outcome:
    found = page_of(raw)
    assert found is not None
    return judge(found, chosen, NOW).outcome


def test_a_recorded_feed_of_aws() -> None:
    feed = feeds.parse(body_of(AWS)[0])
    newest = feeds.newest(feed)
    assert newest is not None
    assert newest.at is not None
    assert format_instant(newest.at) == "2019-08-23T11:18:35.000Z"  # 04:18:35 PDT
    found = page_of(body_of(AWS)[0])
    assert found is not None
    assert found.indicator is not None
    assert found.indicator.says == 'operating normally ("Instance Availability")'


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Service is operating normally: [RESOLVED] Errors", Outcome.UP),
        ("Informational message: 何か | Something", Outcome.UP),
        ("Service degradation: Errors", Outcome.DEGRADED),
        ("Performance issues: Errors", Outcome.DEGRADED),
        ("Service disruption: Errors", Outcome.DOWN),
        ("Quantum anomaly: Errors", Outcome.DEGRADED),
    ],
)
def test_aws_tells_it_at_the_start_of_the_newest_title(title: str, found: Outcome) -> None:
    link = "http://status.aws.amazon.com/"
    old = item("Service disruption: Old", date="Fri, 23 Aug 2019 04:18:35 PDT")
    new = item(title, "We are investigating", "Sat, 24 Aug 2019 04:18:35 PST")
    assert outcome(rss(old, new, link=link)) is found
    assert outcome(rss(new, old, link=link)) is found
    assert outcome(rss(link=link)) is Outcome.UP


@pytest.mark.parametrize(
    ("title", "text", "found"),
    [
        ("Virtual Machines - East US 2", "We are investigating failures", Outcome.DEGRADED),
        ("Virtual Machines - East US 2", "Something without a word for it", Outcome.DEGRADED),
        ("RESOLVED: Virtual Machines - East US 2", "", Outcome.UP),
        ("Virtual Machines - East US 2 - Mitigated", "Summary of impact", Outcome.UP),
        ("Virtual Machines - East US 2", "It is not yet mitigated", Outcome.DEGRADED),
    ],
)
def test_azure_lists_what_is_not_well(title: str, text: str, found: Outcome) -> None:
    raw = rss(item(title, text), title="Azure Status")
    assert outcome(raw) is found
    assert outcome(raw, "east us 2", "*east us 2*") is found
    assert outcome(raw, "*west europe*") is Outcome.UP
    assert outcome(rss(title="Azure Status")) is Outcome.UP


@pytest.mark.parametrize(
    ("title", "text", "found"),
    [
        ("Errors", "<p><strong>Resolved</strong> - done</p><p><strong>Monitoring</strong> - a fix</p>", Outcome.UP),
        ("Errors", "<p><small>Aug 9</small><br><strong>Investigating</strong> - we look</p>", Outcome.DEGRADED),
        ("Errors", "&lt;b&gt;Status: Identified&lt;/b&gt;", Outcome.DEGRADED),
        ("Move", "<strong>Scheduled</strong> - we will move; expect an outage", Outcome.UP),
        ("Move", "<strong>In progress</strong> - moving", Outcome.MAINTENANCE),
        ("Scheduled maintenance of the database", "", Outcome.UP),
        ("Major outage", "", Outcome.DOWN),
        ("All systems operational", "", Outcome.UP),
        ("Lorem", "ipsum", Outcome.UNKNOWN),
    ],
)
def test_any_other_feed_by_its_newest_item(title: str, text: str, found: Outcome) -> None:
    assert outcome(rss(item(title, text))) is found
    body = f"<title><![CDATA[{title}]]></title><content type='html'><![CDATA[{text}]]></content>"
    entry = f"<entry>{body}<updated>2026-08-09T13:00:00Z</updated></entry>"
    old = "<entry><title>Major outage</title><updated>2020-08-09T13:00:00Z</updated></entry>"
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Acme</title>{old}{entry}</feed>'
    assert outcome(atom.encode()) is found


def test_an_empty_feed_says_nothing() -> None:
    assert outcome(rss()) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "raw",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><rss><channel>&b;</channel></rss>',
        b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><rss><channel/></rss>',
        b'<?xml version="1.0"?><svg/>',
        b'<?xml version="1.0"?><rss version="2.0"></rss>',
        b'<?xml version="1.0" encoding="klingon"?><rss/>',
        b"<rss><channel>",
    ],
)
def test_other_xml_is_no_feed(raw: bytes) -> None:
    with pytest.raises(Trouble):
        feeds.parse(raw)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("All Systems Operational", Outcome.UP),
        ("We have no known issues", Outcome.UP),
        ("not operational", Outcome.DEGRADED),
        ("not fully recovered", Outcome.DEGRADED),
        ("service unavailable", Outcome.DEGRADED),
        ("under_maintenance", Outcome.MAINTENANCE),
        ("everything is operationalx", None),
        ("", None),
    ],
)
def test_words(text: str, found: Outcome | None) -> None:
    assert outcome_of(text) is found


@given(st.binary(max_size=300))
def test_no_bytes_are_an_error(data: bytes) -> None:
    for raw in (data, b"<rss><channel>" + data + b"</channel></rss>", b"<?xml version='1.0'?>" + data):
        with contextlib.suppress(Trouble):
            page_of(raw)
