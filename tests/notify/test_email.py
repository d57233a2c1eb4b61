from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.loopback import Authority
from notify.conftest import MESSAGE, channel
from notify.mailserver import CUT, HANG, MailServer, mailserver
from servers import Exim, exim
from standby.notify.base import Channel, Context, NotifyError
from standby.notify.email import EmailModel, compose

ANNA = "anna@shop.test"
SENDER = "Standby <standby@shop.test>"


def of(context: Context, port: int, **keys: object) -> Channel:
    keys = {"host": "127.0.0.1", "port": port, "security": "none", "from": SENDER} | keys
    return channel(context, "email", **keys)


async def refused(context: Context, server: MailServer, **keys: object) -> NotifyError:
    with pytest.raises(NotifyError) as caught:
        await of(context, server.port, **keys).send(MESSAGE, ANNA)
    return caught.value


def parsed(mail: bytes) -> EmailMessage:
    undotted = mail.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    return message_from_bytes(undotted, policy=policy.default)


async def test_a_mail_says_who_what_and_the_same_id_each_time(context: Context) -> None:
    async with mailserver() as server:
        one = of(context, server.port)
        assert await one.send(MESSAGE, f"Anna <{ANNA}>") == "queued as 12"
        assert await one.send(MESSAGE, ANNA) == "queued as 12"
        await one.send(replace(MESSAGE, key="8.0.0.0.firing.anna.mail"), ANNA)
    first, second, other = map(parsed, server.mails)
    assert (first["From"], first["To"], second["To"]) == (SENDER, f"Anna <{ANNA}>", ANNA)
    assert first["Subject"] == MESSAGE.subject
    assert first["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"] == second["Message-ID"] != other["Message-ID"]
    assert first["Message-ID"].endswith("@shop.test>")
    assert first["X-Standby-Key"] == MESSAGE.key
    assert first.get_content().splitlines() == MESSAGE.text.splitlines()
    assert server.heard[0] == "EHLO [127.0.0.1]"
    assert server.heard[1].startswith("MAIL FROM:<standby@shop.test>")
    assert server.heard[2] == f"RCPT TO:<{ANNA}>"


async def test_a_channel_that_is_named_itself_has_an_address_of_its_own(context: Context) -> None:
    async with mailserver() as server:
        await of(context, server.port, to="ops@shop.test").send(MESSAGE, "")
        with pytest.raises(NotifyError, match=r'has no address; write to = "ops@shop\.example"') as caught:
            await of(context, server.port).send(MESSAGE, "")
    assert parsed(server.mails[0])["To"] == "ops@shop.test"
    assert not caught.value.temporary


@pytest.mark.parametrize(
    ("replies", "says", "temporary"),
    [
        ({"": "421 too busy"}, "the server says 421 too busy", True),
        ({"": "554 go away"}, "the server says 554 go away", False),
        ({"MAIL": "451 try\x1b[31m later"}, "the server says 451 try later", True),
        ({"MAIL": "550 no sender"}, "the server says 550 no sender", False),
        ({"RCPT": "450-mailbox\r\n450 busy"}, "the server says 450 mailbox busy", True),
        ({"RCPT": "550 no such person"}, "the server says 550 no such person", False),
        ({"DATA": "452 disk full"}, "the server says 452 disk full", True),
        ({".": "451 local error"}, "the server says 451 local error", True),
        ({".": "552 too large"}, "the server says 552 too large", False),
        ({"": "HTTP/1.1 400 Bad Request"}, "Malformed SMTP response line", True),
        ({"EHLO": CUT}, "the connection ended", True),
        ({"": CUT}, "the connection ended", True),
        ({".": CUT}, "the connection ended", True),
        ({"": HANG}, "no answer within 1s", True),
        ({"RCPT": HANG}, "no answer within 1s", True),
        ({".": HANG}, "no answer within 1s, while reading the answer", True),
    ],
)
async def test_faults(context: Context, replies: dict[str, str], says: str, temporary: bool) -> None:
    async with mailserver(replies) as server:
        error = await refused(context, server, timeout="1s")
    assert says in str(error)
    assert error.temporary is temporary


@pytest.mark.parametrize("farewell", [HANG, CUT, "500 no"])
async def test_what_was_taken_is_taken_whatever_the_farewell(
    context: Context, farewell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("standby.notify.email._FAREWELL_S", 0.05)
    async with mailserver({"QUIT": farewell}) as server:
        assert await of(context, server.port).send(MESSAGE, ANNA) == "queued as 12"


async def test_nothing_is_said_in_the_clear_to_a_server_without_tls(context: Context) -> None:
    async with mailserver() as server:
        login = {"username": "standby", "password": "env:PASSWORD"}
        error = await refused(context, server, security="starttls", **login)
    assert "the server cannot what is asked of it: SMTP STARTTLS extension not supported" in str(error)
    assert not error.temporary
    assert [line.split()[0] for line in server.heard] == ["EHLO"]


async def test_a_server_that_knows_no_login(context: Context) -> None:
    async with mailserver({"EHLO": "250 mail.test"}) as server:
        error = await refused(context, server, username="standby", password="env:PASSWORD")
    assert "AUTH extension is not supported" in str(error)
    assert not error.temporary


async def test_the_password_is_never_shown(context: Context) -> None:
    async with mailserver({"AUTH": "535 s3cr3t-password is wrong"}) as server:
        error = await refused(context, server, username="standby", password="env:PASSWORD")
    assert str(error) == "the server says 535 ••• is wrong"
    async with mailserver() as server:
        error = await refused(context, server, username="standby", password="env:MISSING")
    assert str(error) == "a secret cannot be read: env:MISSING is not set"


async def test_nobody_there(context: Context) -> None:
    for keys, says in (({"port": 1}, "connection refused"), ({"host": "no.such.invalid"}, "no.such.invalid")):
        with pytest.raises(NotifyError, match=says) as caught:
            await of(context, **{"port": 1, **keys}).send(MESSAGE, ANNA)  # type: ignore[arg-type]
        assert caught.value.temporary


async def test_who_has_no_valid_certificate_gets_no_mail(context: Context, trusted: Authority) -> None:
    async with mailserver(tls=trusted.context("other.test")) as server:
        error = await refused(context, server, security="tls")
        assert "the certificate is not valid" in str(error)
        assert await of(context, server.port, security="tls", verify=False).send(MESSAGE, ANNA) == "queued as 12"
    assert len(server.mails) == 1


hostile = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n\0\x1b.: <>@"), max_size=200)


@settings(max_examples=50, phases=[Phase.explicit, Phase.generate])  # shrinking a mail takes minutes
@given(subject=hostile, text=hostile, key=hostile)
def test_no_word_of_a_vendor_becomes_a_header_or_an_end(subject: str, text: str, key: str) -> None:
    message = replace(MESSAGE, subject=subject, text=text, key=key)
    raw = compose(message, ("Standby", "standby@shop.test"), ("Anna", ANNA)).as_bytes()
    mail = message_from_bytes(raw, policy=policy.default)
    expected = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Standby-Key"]
    added = {"Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert [name for name in mail.keys() if name not in added] == expected  # noqa: SIM118 - the same name twice counts
    assert mail.get_content_type() == "text/plain"
    assert not mail.defects
    assert "\x1b" not in mail["Subject"] + mail.get_content()


@pytest.fixture(scope="module")
def real(trusted: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exim]:
    folder = tmp_path_factory.mktemp("exim")
    certificate = trusted.ca.issue_cert("127.0.0.1")
    pem, key = folder / "server.pem", folder / "server.key"
    pem.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(key))
    with exim(pem, key) as running:
        yield running


@pytest.mark.servers
@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
async def test_a_real_server_delivers(context: Context, real: Exim, security: str) -> None:
    before = len(real.inbox("anna"))
    keys: dict[str, object] = {"security": security}
    if security != "none":
        keys |= {"username": "standby", "password": "env:PASSWORD"}
    port = real.tls_port if security == "tls" else real.port
    key = f"{security}.0.0.firing.anna.mail"
    text = "line\n.\n..\n<b>[link=x]grün</b>\nMAIL FROM:<evil@x>"
    said = await of(context, port, **keys).send(replace(MESSAGE, key=key, text=text), ANNA)
    assert said.startswith("OK id=")
    mail = (await asyncio.to_thread(real.inbox, "anna", at_least=before + 1))[-1]
    assert mail["X-Standby-Key"] == key
    assert mail["Subject"] == MESSAGE.subject
    assert mail.get_content().splitlines() == text.splitlines()
    assert mail["Return-Path"] == "<standby@shop.test>"


@pytest.mark.servers
@pytest.mark.parametrize(
    ("to", "password", "says", "temporary"),
    [
        ("busy@shop.test", "PASSWORD", "the server says 451 come back later", True),
        ("nobody@shop.test", "PASSWORD", "the server says 550 no such person", False),
        (ANNA, "TOKEN", "the server says 535 Incorrect authentication data", False),
    ],
)
async def test_a_real_server_refuses(
    context: Context, real: Exim, to: str, password: str, says: str, temporary: bool
) -> None:
    login = {"username": "standby", "password": f"env:{password}"}
    with pytest.raises(NotifyError) as caught:
        await of(context, real.port, security="starttls", **login).send(MESSAGE, to)
    assert says in str(caught.value)
    assert caught.value.temporary is temporary


async def test_authorities_that_cannot_be_read_leave_nothing_open(context: Context) -> None:
    async with mailserver() as server:
        error = await refused(context, server, security="tls", verify="missing.pem")
    assert "missing.pem" in str(error)
    assert server.sessions == 0


@pytest.mark.servers
async def test_a_real_server_whose_certificate_we_do_not_know(
    context: Context, real: Exim, tmp_path: Path, trusted: Authority
) -> None:
    (tmp_path / "other.pem").write_bytes(trusted.pem.read_bytes())
    context.transports._extra_ca = None
    for security, port in (("starttls", real.port), ("tls", real.tls_port)):
        with pytest.raises(NotifyError, match="the certificate is not valid: unable to get local issuer"):
            await of(context, port, security=security).send(MESSAGE, ANNA)
        said = await of(context, port, security=security, verify="other.pem").send(MESSAGE, "ops@shop.test")
        assert said.startswith("OK id=")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"from": "standby"}, '"standby" is not an e-mail address; write one like'),
        ({"from": "a@b.test\r\nBcc: c@d.test"}, "is not an e-mail address"),
        ({"from": "grün@b.test"}, "is not an e-mail address"),
        ({"from": "a@b.test, c@d.test"}, "is not an e-mail address"),
        ({"from": "a@-.test"}, "is not an e-mail address"),
        ({"from": SENDER, "to": "anna"}, '"anna" is not an e-mail address'),
        ({"from": SENDER, "username": "a"}, "has only one of username and password"),
        ({"from": SENDER, "username": "a", "password": "hunter2"}, "is not a secret reference"),
        ({"from": SENDER, "security": "ssl"}, "security"),
        ({"from": SENDER, "port": 0}, "port"),
    ],
)
def test_what_is_refused_with_the_mend(row: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        EmailModel.model_validate({"id": "c", "kind": "email", "host": "mail.test", **row}, context={})
    assert says in str(caught.value)


@pytest.mark.parametrize(("security", "port"), [(None, 587), ("starttls", 587), ("tls", 465), ("none", 25)])
def test_ports(security: str | None, port: int) -> None:
    keys = {} if security is None else {"security": security}
    model = EmailModel.model_validate({"id": "c", "host": "mail.test", "from": SENDER, **keys})
    assert model.port == port
    assert model.mistake_in("anna@shop.test") is None
    assert "is not an e-mail address" in str(model.mistake_in("+49 1"))
