"""The types of the fields that users write: durations, sizes, ids, URLs, secrets, conditions.

Each one refuses with a sentence that holds the mend after a semicolon.
"""

from __future__ import annotations

import re
import zoneinfo
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)

from standby.config.cel import (
    DNS,
    FIGURE,
    SERIES,
    ExpressionError,
    Scope,
    compile_expectation,
    compile_in,
    compile_rule,
)
from standby.config.cel.tokens import bare_name
from standby.config.references import is_sensitive, parse_reference, reference_mistake
from standby.config.sentences import described
from standby.domain.bucket import parse_rate
from standby.domain.matchers import parse_matcher
from standby.domain.text import clean
from standby.domain.threshold import parse_threshold
from standby.domain.units import format_duration, parse_duration

ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
_ID = re.compile(ID_PATTERN)
_SIZE = re.compile(r"([0-9]{1,12})(B|kB|MB|GB|TB)")
_SIZES = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}
_HOST = re.compile(
    r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?"
)
_TEXT_LIMIT = 500


def _duration(value: object, info: ValidationInfo) -> int:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if info.context is None:  # nanoseconds, when code makes a model
            return value
        raise ValueError(f'{clean(repr(value), 30)} has no unit; write one like "{clean(repr(value), 12)}s"')
    raise ValueError(f'{described(value)} is not a duration; write one like "500ms", "10s", "5m", "2h" or "30d"')


def is_zone(name: str) -> bool:
    """Whether this machine knows a time zone of that name; names come from a user, and are files there."""
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # the last is what a name that nothing has raises
        return False
    return True


def _positive(value: int) -> int:
    if value <= 0:
        raise ValueError('is not above zero; write one like "10s"')
    return value


def _rate(value: str) -> str:
    parse_rate(value)
    return value


def _size(value: object, info: ValidationInfo) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and info.context is None:
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{described(value)} is not a size; write one like "500MB" or "2GB"')
    return int(found[1]) * _SIZES[found[2]]


def format_size(size: int) -> str:
    """The shortest exact text that a size is read back from."""
    for unit in ("TB", "GB", "MB", "kB"):
        if size and size % _SIZES[unit] == 0:
            return f"{size // _SIZES[unit]}{unit}"
    return f"{size}B"


def _identifier(value: str) -> str:
    if _ID.fullmatch(value):
        return value
    mend = re.sub(r"[^a-z0-9._-]+", "-", value[:64].lower()).strip("-._")
    hint = f'write "{mend}"' if mend and _ID.fullmatch(mend) else 'write one like "payments-api"'
    raise ValueError(
        f'"{clean(value, 80)}" is not an id: lower-case letters, digits, ".", "_" and "-", at most 64, '
        f"a letter or digit first; {hint}"
    )


def _printable(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; write some text or leave the key out")
    if clean(value, _TEXT_LIMIT) != value:
        raise ValueError(
            f"has control characters, surplus spaces or more than {_TEXT_LIMIT} characters; write plain text"
        )
    return value


def punycode(value: str) -> str:
    """A name as the DNS has it; one that cannot be so written stays, and is refused."""
    try:
        return value if value.isascii() or len(value) > 253 else value.encode("idna").decode()
    except UnicodeError:
        return value


def check_host(value: str) -> str:
    """A host name or an IP address. Raises ValueError."""
    import ipaddress

    bare = value.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        plain = punycode(value)
        if len(plain) > 253 or not _HOST.fullmatch(plain) or "[" in value:
            raise ValueError(f'"{clean(value, 80)}" is not a host; write one like "api.acme.example"') from None
        return value
    return bare


def _is_url(value: str) -> str:
    shown = clean(value.partition("?")[0], 80)
    if clean(value, 2000) != value or " " in value:
        raise ValueError(f'"{shown}" has spaces or control characters; write them as %20 and the like')
    try:
        parts = urlsplit(value)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise ValueError(
            f'is not a URL ({clean(str(error), 80)}); write one like "https://api.acme.example/health"'
        ) from None
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError(f'"{shown}" is not an http or https URL; write one like "https://api.acme.example/health"')
    if "@" in parts.netloc:  # the URL itself is not shown: it holds a password
        raise ValueError(
            "has credentials in the URL, where logs and screens would show them; write them in headers as a secret "
            'reference: headers = { Authorization = "env:ACME_TOKEN" }'
        )
    if not host or port == 0:
        raise ValueError(f'"{shown}" names no host; write one like "https://api.acme.example/health"')
    check_host(f"[{host}]" if ":" in host else host)
    return value


def _is_reference(value: str) -> str:
    reference = parse_reference(value)
    if reference is None:  # the value is not shown: it may be the secret itself
        raise ValueError("is not a secret reference; write env:NAME, file:PATH or cmd:PROGRAM ARG..., never the secret")
    return _well_written(value)


def _well_written(value: str) -> str:
    reference = parse_reference(value)
    mistake = None if reference is None else reference_mistake(reference)
    if mistake is not None:
        raise ValueError(mistake)
    return value


def _reference_or_url(value: str) -> str:
    return _well_written(value) if parse_reference(value) is not None else _is_url(value)


def check_headers(value: dict[str, str], places: re.Pattern[str] | None = None) -> dict[str, str]:
    """HTTP headers without a secret written out, and without what would break a line. Raises ValueError.

    A text with one of `places` in it is filled in later: no secret yet.
    """
    for name, text in value.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", name):
            raise ValueError(f'"{clean(name, 60)}" is not a header name; write one like "Accept"')
        filled = places is not None and places.search(text) is not None
        if parse_reference(text) is None and is_sensitive(name) and not filled:
            raise ValueError(f'{name} is written out; name where it is: {name} = "env:ACME_TOKEN" (or file:, cmd:)')
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text) or not text.isascii():
            raise ValueError(f"{name} has control or non-ASCII characters; write plain ASCII")
        _well_written(text)
    return value


def _headers(value: dict[str, str]) -> dict[str, str]:
    return check_headers(value)


def _expectation(value: str) -> str:
    return _compiles(compile_expectation, value)


def _within(scope: Scope) -> AfterValidator:
    return AfterValidator(lambda value: _compiles(lambda text: compile_in(text, scope), value))


def _threshold(value: str) -> str:
    parse_threshold(value)
    return value


def _rule(value: str) -> str:
    return _compiles(compile_rule, value)


def _command(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or not value[0] or any("\0" in argument for argument in value):
        raise ValueError('is not a command; write its program and arguments: ["/usr/local/bin/program", "argument"]')
    return value


FIGURE_ROOTS = frozenset({"body", "headers"})
_OWN_FIGURES = frozenset({"status", "body_bytes", "certificate_days"})
_MOST_FIGURES = 20


def _figures(value: dict[str, str]) -> dict[str, str]:
    if len(value) > _MOST_FIGURES:
        raise ValueError(f"are {len(value)}; keep at most {_MOST_FIGURES}")
    for name, text in value.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name):
            raise ValueError(f'"{clean(name, 60)}" is not a name for a metric; write one like "queue_length"')
        if name in _OWN_FIGURES:
            raise ValueError(f"{name} is a metric of every http check; choose another name")
        if bare_name(text[:_TEXT_LIMIT], FIGURE_ROOTS) is None:
            raise ValueError(
                f'{name}: "{clean(text, 80)}" is not a value of the answer; write one like "body.queue.length"'
            )
    return value


def _matcher(value: str) -> str:
    parse_matcher(value)
    return value


def _template(value: str) -> str:
    from standby.config.problems import did_you_mean
    from standby.config.templates import IDS

    if value not in IDS:
        raise ValueError(f'"{clean(value, 60)}" is no rule template; {did_you_mean(value, IDS, "templates")}')
    return value


def _alone_or_many(value: object) -> str:
    return "many" if isinstance(value, list | tuple) else "one"


def _compiles(compile_: Any, value: str) -> str:  # noqa: ANN401 - one of the two functions above
    try:
        compile_(value)
    except ExpressionError as error:
        raise ValueError(str(error)) from None
    return value


_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^([0-9]+(ms|s|m|h|d))+$",
    "examples": ["500ms", "10s", "5m", "2h", "30d"],
    "description": "a duration",
}
_SHOWN = PlainSerializer(format_duration, return_type=str)
_NO_FLOAT = WithJsonSchema(_DURATION_SCHEMA)

Duration = Annotated[int, BeforeValidator(_duration), AfterValidator(_positive), _SHOWN, _NO_FLOAT]
"""Integer nanoseconds above zero, written `10s`."""
DurationOrZero = Annotated[int, BeforeValidator(_duration), Field(ge=0), _SHOWN, _NO_FLOAT]
"""Integer nanoseconds, `0s` allowed."""
RateText = Annotated[
    str, AfterValidator(_rate), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,7}/[0-9]{0,6}(ms|s|m|h|d)$"})
]
"""How often: `100/m`; read it with `bucket.parse_rate`."""
Share = Annotated[
    str, AfterValidator(_threshold), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,4} of [0-9]{1,4}$"})
]
"""So many of so many: `3 of 5`; read it with `threshold.parse_threshold`."""
Size = Annotated[
    int,
    BeforeValidator(_size),
    Field(gt=0),
    PlainSerializer(format_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,12}(B|kB|MB|GB|TB)$", "examples": ["500MB", "2GB"]}),
]
"""Bytes, written `500MB` (decimal units)."""
Identifier = Annotated[str, AfterValidator(_identifier), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
"""The id of a vendor, integration, check or rule."""
Needed = Annotated[
    Annotated[Identifier, Tag("one")]
    | Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=100), Tag("many")],
    Discriminator(_alone_or_many),
]
"""An integration, or several of which one is enough."""
TemplateId = Annotated[str, AfterValidator(_template), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
"""The id of a rule template."""
Templates = Annotated[
    Annotated[bool, Tag("one")] | Annotated[tuple[TemplateId, ...], Field(max_length=50), Tag("many")],
    Discriminator(_alone_or_many),
]
"""Whether rule templates are in force, or the ids of those that are."""
MatcherText = Annotated[str, AfterValidator(_matcher)]
"""A condition on a label; read it with `matchers.parse_matcher`."""
Text = Annotated[str, AfterValidator(_printable)]
"""One plain line for people."""
Url = Annotated[
    str,
    AfterValidator(_is_url),
    Field(description="an http or https address"),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://", "description": "an address"}),
]
"""An http or https URL without credentials."""
Host = Annotated[str, AfterValidator(check_host), Field(description="a host name or an IP address")]
"""A host name or an IP address; brackets of an IPv6 address are taken off."""
Port = Annotated[int, Field(ge=1, le=65535, description="a TCP port")]
"""A TCP port."""
SecretReference = Annotated[
    str,
    AfterValidator(_is_reference),
    WithJsonSchema({"type": "string", "pattern": "(env|file|keyring|cmd):", "description": "where a secret is"}),
]
"""Where a secret is, as written; resolve it with `secrets.Secrets`."""
UrlOrReference = Annotated[str, AfterValidator(_reference_or_url)]
"""A URL, or where one is kept (it may hold a token)."""
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
"""HTTP headers; values are plain or references (`Secrets.resolve` takes both). Secrets written out are refused."""
Command = Annotated[tuple[str, ...], AfterValidator(_command)]
"""A program and its arguments, run without a shell."""
Figures = Annotated[dict[str, str], AfterValidator(_figures)]
"""Metric names, and which value of an answer each one is: `body.queue.length`, `headers['x-left']`."""
Expectation = Annotated[str, AfterValidator(_expectation)]
"""A condition on one answer, in CEL; compile it again with `cel.compile_expectation` (kept, so free)."""
FigureExpectation = Annotated[str, _within(FIGURE)]
"""A condition on each figure that a query gives, in CEL; compile it again with `cel.compile_in`."""
SeriesExpectation = Annotated[str, _within(SERIES)]
"""A condition on each series of a metrics store, in CEL; compile it again with `cel.compile_in`."""
DnsExpectation = Annotated[str, _within(DNS)]
"""A condition on what resolvers say, in CEL; compile it again with `cel.compile_in`."""
Condition = Annotated[str, AfterValidator(_rule)]
"""A condition on a rule's window, in CEL; compile it again with `cel.compile_rule`."""
