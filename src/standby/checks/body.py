"""What an answer says: read raw with a cap on decoded bytes, decompressed and decoded strictly."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import AsyncIterator
from typing import Protocol

from standby.domain.observation import Failure
from standby.domain.text import clean
from standby.net.trouble import Trouble

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_TITLE = re.compile(r"<title[^>]{0,100}>\s*([^<]{1,200})", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
# Python knows codecs that are no character sets, or that take quadratic time; these are what the web uses.
_CHARACTER_SETS = (
    "utf-8",
    "utf-16",
    "utf-32",
    "iso8859",
    "cp",
    "koi8",
    "shift_jis",
    "euc",
    "gb",
    "big5",
    "ascii",
    "latin",
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Readable(Protocol):
    """What is read of an answer."""

    def header(self, name: str) -> str:
        """One of its headers; empty when there is none."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Its body as it comes. Raises Trouble."""
        ...


async def read(answer: Readable, limit: int) -> bytes:
    """The decompressed body, at most `limit` bytes of it on the wire and decoded. Raises Trouble."""
    inflate = _inflater(answer.header("content-encoding"), limit)
    parts: list[bytes] = []
    raw = size = 0
    async for chunk in answer:
        raw += len(chunk)
        if inflate is not None:
            chunk = inflate.feed(chunk)  # noqa: PLW2901 - what was compressed is not needed any more
        size += len(chunk)
        if max(raw, size) > limit:
            raise too_large(limit)
        parts.append(chunk)
    if inflate is not None and raw:
        inflate.end()
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def skip(answer: Readable, limit: int) -> int:
    """Read the body to its end, or `limit` bytes of it, and keep nothing; the bytes read. Raises Trouble."""
    size = 0
    async for chunk in answer:
        size += len(chunk)
        if size > limit:
            break
    return size


def too_large(limit: int) -> Trouble:
    """An answer that would not fit."""
    return Trouble(Failure.TOO_LARGE, f"the answer is larger than {limit} bytes (max_body)")


class _Inflater:
    """Decompresses with a cap, so that a few kilobytes cannot become gigabytes before somebody looks."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding
        self._bits = _WINDOW_BITS[encoding]
        self._left = limit
        self._limit = limit
        self._stream = zlib.decompressobj(self._bits)
        self._fresh = True

    def feed(self, data: bytes) -> bytes:
        """What `data` decompresses to. Raises Trouble: too large, or not what it says."""
        parts = []
        while data:
            if self._stream.eof:  # gzip may be several members one after the other, padded with zeros
                data = data.lstrip(b"\0")
                if not data:
                    break
                self._stream, self._fresh = zlib.decompressobj(self._bits), True
            part = self._step(data)
            self._left -= len(part)
            if self._left < 0:
                raise too_large(self._limit)
            parts.append(part)
            data = self._stream.unused_data
            self._fresh = False
        return b"".join(parts)

    def _step(self, data: bytes) -> bytes:
        try:
            return self._stream.decompress(data, self._left + 1)
        except zlib.error:
            if self._bits != 15 or not self._fresh:
                raise self._broken("is not") from None
        # Some servers send `deflate` without the zlib envelope.
        self._bits = -15
        self._stream = zlib.decompressobj(self._bits)
        try:
            return self._stream.decompress(data, self._left + 1)
        except zlib.error:
            raise self._broken("is not") from None

    def end(self) -> None:
        """Nothing more comes. Raises Trouble when something should."""
        if not self._stream.eof:
            raise self._broken("is cut short in")

    def _broken(self, how: str) -> Trouble:
        return Trouble(Failure.PROTOCOL, f"the body {how} {self._encoding}, which its Content-Encoding says")


def _inflater(encoding: str, limit: int) -> _Inflater | None:
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name not in _WINDOW_BITS:
        raise Trouble(Failure.PROTOCOL, f"the body is encoded as {encoding!r}, which nobody asked for")
    return _Inflater(name, limit)


def text_of(body: bytes, content_type: str) -> str:
    """The body as text: by its byte order mark, else its charset label, else UTF-8; what fits none is replaced."""
    return body.decode(_codec(body, content_type), "replace")


def parsed(body: bytes, content_type: str) -> object:
    """The body's JSON, whatever the label says; else its text."""
    text = text_of(body, content_type)
    # JSON is Unicode whatever the label says; only what is not gets a second chance by its label.
    for strict in (True, False):
        try:
            source = _unicode(body) if strict else text
            found: object = json.loads(source)
            # Half a surrogate pair is valid JSON and no text: nothing after this could encode it.
            return _paired(found) if "\\ud" in source.lower() else found
        except (ValueError, RecursionError):
            continue
    return text


def instead(text: str) -> str:
    """What an answer is that should have been a document: `empty`, `HTML ("Sign in")`, `text ("Forbidden")`."""
    start = text[:2000].strip()
    if not start:
        return "empty"
    if start.startswith("<") and (title := _TITLE.search(start)):
        return f'HTML ("{clean(title[1], 60)}")'
    if start[:100].lower().startswith(("<!doctype html", "<html")):
        return "HTML"
    return f'{"XML" if start.startswith("<?xml") else "text"} ("{clean(start, 60)}")'


def _unicode(body: bytes) -> str:
    encoding: str = json.detect_encoding(body)
    return body.decode(encoding)


def _paired(found: object) -> object:
    whole: object = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    return whole


def _codec(body: bytes, content_type: str) -> str:
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return codec
    label = _CHARSET.search(content_type)
    if label is None:
        return "utf-8"
    try:
        name = codecs.lookup(label[1]).name
    except LookupError:
        return "utf-8"
    return name if name.startswith(_CHARACTER_SETS) else "utf-8"
