"""`kind = "email"`: plain text to an SMTP server, over TLS unless told otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import socket
import ssl
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import aiosmtplib
from pydantic import AfterValidator, Field, model_validator

from standby.config.fields import Duration, Host, Port, SecretReference, check_host
from standby.config.people import ChannelModel
from standby.config.revealed import Revealed, reveal
from standby.domain.text import clean
from standby.domain.units import SECOND
from standby.net.phases import doing, enter
from standby.net.transport import Options
from standby.net.trouble import of_os_error
from standby.net.wire import connect
from standby.notify.base import Context, Kind, Message, NotifyError, attempt, handed_over

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9.-]{{1,253}}"
_WRITTEN = re.compile(rf'(?P<bare>{_PLAIN})|(?:"?(?P<name>[^<>"\\,;:@]{{1,64}}?)"? )?<(?P<angled>{_PLAIN})>')
_SHOWN = 200
_FAREWELL_S = 1.0


def _split(value: str) -> tuple[str, str] | None:
    """Name and address of `anna@shop.example` or `Anna <anna@shop.example>`: in ASCII, as every server takes it."""
    found = _WRITTEN.fullmatch(value) if clean(value) == value else None
    if found is None:
        return None
    address = found["bare"] or found["angled"]
    try:
        check_host(address.rpartition("@")[2])
    except ValueError:
        return None
    return found["name"] or "", address


def _mistake(value: str) -> str | None:
    if _split(value) is not None:
        return None
    return f'"{clean(value, 80)}" is not an e-mail address; write one like "anna@shop.example"'


def _address(value: str) -> str:
    mistake = _mistake(value)
    if mistake is not None:
        raise ValueError(mistake)
    return value


def _default_port(data: dict[str, Any]) -> int:
    return _PORTS.get(data.get("security", ""), _PORTS["starttls"])


EmailAddress = Annotated[str, AfterValidator(_address)]


class EmailModel(ChannelModel):
    """An e-mail in plain text, handed to an SMTP server."""

    kind: Literal["email"] = "email"
    timeout: Duration = Field(default=30 * SECOND, description="how long handing one message over may take")
    host: Host
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="`tls` from the first byte; `none` sends everything readable, the password too"
    )
    port: Port = Field(default_factory=_default_port, description="587, 465 or 25 by `security`")
    username: str | None = Field(default=None, description="for a server that asks who we are")
    password: SecretReference | None = Field(default=None, description="where the password is")
    from_: EmailAddress = Field(alias="from", description="who it comes from: `Standby <standby@shop.example>`")
    to: EmailAddress | None = Field(default=None, description="where it goes when a policy names the channel itself")
    verify: bool | Path = Field(
        default=True, description="false, or a PEM file of authorities, instead of the system's"
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> EmailModel:
        if (self.username is None) != (self.password is None):
            raise ValueError('has only one of username and password; write both, the password as "env:SMTP_PASSWORD"')
        return self

    def mistake_in(self, to: str) -> str | None:
        """An address is needed, and has to be one."""
        if to:
            return _mistake(to)
        return None if self.to else 'has no address; write to = "ops@shop.example" in the channel'


class EmailChannel:
    """Sends e-mails. The same message has the same Message-ID however often it is sent."""

    def __init__(self, model: EmailModel, context: Context) -> None:
        self._model = model
        self._context = context

    async def send(self, message: Message, to: str) -> str:
        """Hand it over once; what the server said when it took it."""
        model = self._model
        sender, receiver = _split(model.from_), _split(to or model.to or "")
        if sender is None or receiver is None:
            raise NotifyError(model.mistake_in(to) or "no sender", temporary=False)
        mail = compose(message, sender, receiver)
        async with attempt(self._context, model.timeout):
            revealed = await reveal(self._context.secrets, [model.password or ""])
            try:
                return await self._hand_over(mail, (sender[1], receiver[1]), revealed)
            except (aiosmtplib.SMTPException, OSError) as error:
                raise _why(error, revealed) from None

    async def close(self) -> None:
        """Holds nothing: each message has a connection of its own."""

    async def _hand_over(self, mail: EmailMessage, envelope: tuple[str, str], revealed: Revealed) -> str:
        model, tls = self._model, self._tls()  # first: it may not be made, and then nothing is open
        sock = await connect(self._context.resolver, model.host, model.port)
        client = aiosmtplib.SMTP(
            hostname=model.host,
            local_hostname=_own_name(sock),
            username=model.username,
            password=revealed.values[0] if model.username is not None else None,
            timeout=None,  # `attempt` bounds the whole
            use_tls=model.security == "tls",
            start_tls=model.security == "starttls",
            tls_context=tls,
            sock=sock,
        )
        try:
            await client.connect()
            enter("transfer")
            _, said = await client.sendmail(envelope[0], envelope[1], mail.as_bytes())
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout(_FAREWELL_S):  # taken is taken, however the server says goodbye
                    await client.quit()
        finally:
            client.close()
            with contextlib.suppress(OSError):  # a peer that never answers the farewell of TLS would hold the socket
                sock.shutdown(socket.SHUT_RDWR)
            await asyncio.sleep(0)  # its transport sees the end, and closes it
        return clean(revealed.redact(said), _SHOWN)

    def _tls(self) -> ssl.SSLContext | None:
        verify = self._model.verify
        if self._model.security == "none":
            return None
        authorities = verify if isinstance(verify, Path) else None
        try:
            options = Options(verify=verify is not False, authorities=authorities, http=False)
            return self._context.transports.tls(options)
        except OSError as error:
            raise NotifyError(f"the authorities in {authorities} cannot be read: {error.strerror or error}") from None


def compose(message: Message, sender: tuple[str, str], receiver: tuple[str, str]) -> EmailMessage:
    """The e-mail of a message, from and to (name, address).

    A vendor's words stay words: plain text, and no line of them can become a header.
    """
    mail = EmailMessage(policy=WIRE_POLICY)
    mail["From"] = Address(sender[0], addr_spec=sender[1])
    mail["To"] = Address(receiver[0], addr_spec=receiver[1])
    mail["Subject"] = clean(message.subject, _SHOWN)
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.at // SECOND, UTC))
    digest = hashlib.sha256(message.key.encode()).hexdigest()[:40]
    mail["Message-ID"] = f"<standby.{digest}@{sender[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
    mail["X-Standby-Key"] = clean(message.key, _SHOWN)
    mail.set_content("\n".join(clean(line, 1000) for line in message.text.splitlines()))
    return mail


def _own_name(sock: socket.socket) -> str:
    """What we call ourselves: an address in brackets, which needs no name service and is always allowed."""
    host: str = sock.getsockname()[0]
    return f"[IPv6:{host.partition('%')[0]}]" if ":" in host else f"[{host}]"


def _why(error: Exception, revealed: Revealed) -> NotifyError:
    """4xx and cut connections may pass; 5xx, and what the server does not offer, will not."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        said = revealed.redact(error.message)
        return NotifyError(f"the server says {error.code} {said}", temporary=not 500 <= error.code < 600)
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) else error
    if isinstance(cause, OSError) and not isinstance(cause, aiosmtplib.SMTPException):
        return NotifyError(str(of_os_error(cause, doing())), perhaps=handed_over())
    if isinstance(error, ConnectionError):
        return NotifyError(f"the connection ended {doing()}", perhaps=handed_over())
    return NotifyError(f"the server cannot what is asked of it: {error}", temporary=False)


KIND = Kind("email", EmailModel, EmailChannel)
