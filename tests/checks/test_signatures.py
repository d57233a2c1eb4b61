"""The examples that GitHub and Slack publish for testing a verifier, and everything near them."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.checks.signatures import Refused, Scheme, Signed, Terms, verify
from standby.domain.units import MINUTE, SECOND

GITHUB_SECRET, GITHUB_BODY = b"It's a Secret to Everybody", b"Hello, World!"
GITHUB = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
SLACK_SECRET, SLACK_AT = b"8f742231b10e8888abcd99yyyzzz85a5", 1531420618
SLACK = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SECRET, BODY, NOW = b"whsec_s3cr3t", b'{"type": "charge.failed"}', 1_795_582_800


def terms(scheme: Scheme, *secrets: bytes) -> Terms:
    return Terms(scheme, secrets or (SECRET,), "x-webhook-token", 5 * MINUTE)


def stripe(at: int = NOW, secret: bytes = SECRET, body: bytes = BODY) -> str:
    return hmac.new(secret, b"%d." % at + body, hashlib.sha256).hexdigest()


def test_as_github_says() -> None:
    assert verify(terms("github", GITHUB_SECRET), {"x-hub-signature-256": GITHUB}, GITHUB_BODY, 0) == Signed(
        hashlib.sha256(GITHUB_BODY).hexdigest()
    )
    assert isinstance(verify(terms("github"), {"x-hub-signature-256": GITHUB}, GITHUB_BODY, 0), Refused)


@pytest.mark.parametrize(("late", "good"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_as_slack_says(late: int, good: bool) -> None:
    headers = {"x-slack-signature": SLACK, "x-slack-request-timestamp": str(SLACK_AT)}
    found = verify(terms("slack", SLACK_SECRET), headers, SLACK_BODY, (SLACK_AT + late) * SECOND)
    assert isinstance(found, Signed) is good
    assert good or "more than 5m ago or ahead" in getattr(found, "why", "")


@pytest.mark.parametrize(
    ("header", "good"),
    [
        (f"t={NOW},v1={stripe()}", True),
        (f"t={NOW},v1={'0' * 64},v1={stripe()},v0=6ffbb59b", True),
        (f"t={NOW}, v1={stripe()}", True),
        (f"t={NOW - 301},v1={stripe(NOW - 301)}", False),
        (f"t={NOW - 301},t={NOW},v1={stripe(NOW - 301)}", False),
        (f"t={NOW + 1},v1={stripe()}", False),
        (f"v1={stripe()}", False),
        (f"t=,v1={stripe()}", False),
        (f"t={NOW},v1={stripe(secret=b'other')}", False),
        (f"t={NOW},v0={stripe()}", False),
        (f"t={NOW},v1={stripe()[:-1]}", False),
        (f"t={NOW},v1={stripe().upper()}", False),
        ("", False),
        ("t=é,v1=é", False),
    ],
)
def test_as_stripe_signs(header: str, good: bool) -> None:
    found = verify(terms("stripe"), {"stripe-signature": header}, BODY, NOW * SECOND)
    assert isinstance(found, Signed) is good


@pytest.mark.parametrize(
    ("first", "again", "same"),
    [
        (b'{"id": "evt_1", "pending_webhooks": 2}', b'{"id": "evt_1", "pending_webhooks": 1}', True),
        (b'{"id": "evt_1"}', b'{"id": "evt_2"}', False),
        (b'{"id": null}', b'{"id": null}', True),
        (b'{"id": null}', b'{"id": 1}', False),
        (b"no JSON", b"no JSON", True),
        (b"no JSON", b"other", False),
        (b"[" * 100_000, b"[1]", False),
    ],
)
def test_a_try_that_is_signed_anew_is_the_same_event(first: bytes, again: bytes, same: bool) -> None:
    found = [
        verify(terms("stripe"), {"stripe-signature": f"t={at},v1={stripe(at, body=body)}"}, body, at * SECOND)
        for at, body in ((NOW, first), (NOW + 3600, again))
    ]
    marks = {one.mark for one in found if isinstance(one, Signed)}
    assert len(marks) == (1 if same else 2)


def test_a_try_of_slacks_is_the_same_event() -> None:
    def sent(at: int, body: bytes) -> Signed | Refused:
        signature = hmac.new(SECRET, b"v0:%d:" % at + body, hashlib.sha256).hexdigest()
        headers = {"x-slack-request-timestamp": str(at), "x-slack-signature": f"v0={signature}"}
        return verify(terms("slack"), headers, body, at * SECOND)

    assert sent(NOW, b'{"event_id": "Ev1"}') == sent(NOW + 60, b'{"event_id": "Ev1", "x": 1}')
    assert sent(NOW, b'{"event_id": "Ev1"}') != sent(NOW, b'{"event_id": "Ev2"}')


def test_two_secrets_while_they_are_exchanged() -> None:
    headers = {"stripe-signature": f"t={NOW},v1={stripe(secret=b'older')}"}
    assert isinstance(verify(terms("stripe", SECRET, b"older"), headers, BODY, NOW * SECOND), Signed)


@pytest.mark.parametrize(("given_", "good"), [("whsec_s3cr3t", True), ("whsec_s3cr3", False), ("", False)])
def test_a_secret_in_a_header(given_: str, good: bool) -> None:
    found = verify(terms("header"), {"x-webhook-token": given_}, BODY, 0)
    assert isinstance(found, Signed) is good


headers = st.dictionaries(
    st.sampled_from(["stripe-signature", "x-slack-signature", "x-slack-request-timestamp", "x-hub-signature-256"]),
    st.text(max_size=80),
)


@given(st.sampled_from(["stripe", "slack", "github", "header"]), headers, st.binary(max_size=50), st.integers(0, 2**62))
def test_whoever_does_not_know_the_secret_is_refused(
    scheme: Scheme, given_: dict[str, str], body: bytes, now: int
) -> None:
    found = verify(terms(scheme), given_, body, now)
    assert isinstance(found, Refused)
    assert not any(value and len(value) > 3 and value in found.why for value in given_.values())


@given(st.binary(max_size=60), st.integers(0, 59), st.binary(min_size=1, max_size=1))
def test_one_byte_of_the_body_changed_is_refused(body: bytes, at: int, byte: bytes) -> None:
    spoilt = body[:at] + byte + body[at + 1 :]
    headers = {"x-hub-signature-256": "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()}
    assert isinstance(verify(terms("github"), headers, spoilt, 0), Signed) == (spoilt == body)
