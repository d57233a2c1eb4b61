from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.checks import body
from standby.domain.observation import Failure
from standby.net.trouble import Trouble

LIMIT = 10_000


class Chunks:
    """An answer that comes in pieces."""

    def __init__(self, chunks: Sequence[bytes], encoding: str = "") -> None:
        self.chunks = chunks
        self.encoding = encoding
        self.given = 0

    def header(self, name: str) -> str:
        return self.encoding if name == "content-encoding" else ""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.given += 1
            yield chunk


def answer(*chunks: bytes, encoding: str = "") -> Chunks:
    return Chunks(chunks, encoding)


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def split(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


PLAIN = json.dumps({"status": "ok", "items": list(range(200))}).encode()


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("", PLAIN),
        ("identity", PLAIN),
        ("gzip", gzip.compress(PLAIN)),
        ("GZIP ", gzip.compress(PLAIN)),
        ("x-gzip", gzip.compress(PLAIN[:50]) + gzip.compress(PLAIN[50:])),
        ("gzip", gzip.compress(PLAIN) + b"\0" * 512),
        ("deflate", zlib.compress(PLAIN)),
    ],
)
async def test_what_was_sent_is_read_however_it_is_cut(encoding: str, sent: bytes, size: int) -> None:
    assert await body.read(answer(*split(sent, size), encoding=encoding), LIMIT) == PLAIN


async def test_deflate_without_its_envelope_is_read() -> None:
    assert await body.read(answer(raw_deflate(PLAIN), encoding="deflate"), LIMIT) == PLAIN


async def test_no_body_needs_no_gzip() -> None:
    assert await body.read(answer(encoding="gzip"), LIMIT) == b""


@pytest.mark.parametrize(
    ("encoding", "sent", "failure", "says"),
    [
        ("br", b"x", Failure.PROTOCOL, "'br'"),
        ("gzip, gzip", b"x", Failure.PROTOCOL, "nobody asked for"),
        ("gzip", PLAIN, Failure.PROTOCOL, "is not gzip"),
        ("deflate", b"\xff\xff\xff\xff", Failure.PROTOCOL, "is not deflate"),
        ("gzip", gzip.compress(PLAIN)[:-9], Failure.PROTOCOL, "cut short"),
        ("gzip", gzip.compress(PLAIN) + b"garbage", Failure.PROTOCOL, "is not gzip"),
        ("", b"x" * (LIMIT + 1), Failure.TOO_LARGE, "max_body"),
        ("gzip", gzip.compress(b"\0" * 10_000_000), Failure.TOO_LARGE, "max_body"),
        ("gzip", gzip.compress(b"") * 2000, Failure.TOO_LARGE, "max_body"),
    ],
)
async def test_what_cannot_be_read_says_why(encoding: str, sent: bytes, failure: Failure, says: str) -> None:
    with pytest.raises(Trouble, match=says) as caught:
        await body.read(answer(*split(sent, 1000), encoding=encoding), LIMIT)
    assert caught.value.failure is failure


async def test_a_bomb_in_one_chunk_is_never_inflated_beyond_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    step = body._Inflater._step

    def watched(self: body._Inflater, data: bytes) -> bytes:
        part = step(self, data)
        sizes.append(len(part))
        return part

    monkeypatch.setattr(body._Inflater, "_step", watched)
    with pytest.raises(Trouble):
        await body.read(answer(gzip.compress(b"\0" * 50_000_000), encoding="gzip"), LIMIT)
    assert max(sizes) <= LIMIT + 1


async def test_a_body_that_nobody_needs_is_read_to_the_cap_and_not_kept() -> None:
    endless = Chunks([b"x" * 1000] * 1_000_000)
    assert await body.skip(endless, LIMIT) > LIMIT
    assert endless.given == 11


@pytest.mark.parametrize(
    ("sent", "label", "text"),
    [
        ("grün".encode(), "text/html", "grün"),
        ("grün".encode("latin-1"), "text/html; charset=ISO-8859-1", "grün"),
        ("grün".encode("latin-1"), "text/html", "gr\ufffdn"),
        ("grün".encode(), 'text/html; charset="no-such-charset"', "grün"),
        ("grün".encode("utf-16"), "text/html; charset=utf-8", "grün"),
        ("grün".encode("utf-8-sig"), "text/html", "grün"),
        ("grün".encode("utf-32"), "", "grün"),
        ("東京".encode("shift_jis"), "text/html;charset=Shift_JIS", "東京"),
        (b"abc", "text/plain; charset=punycode", "abc"),
        (b"abc", "text/plain; charset=base64", "abc"),
        (b"abc", "text/plain; charset=unicode_escape", "abc"),
        (b"abc", "text/plain; charset=" + "x" * 5000, "abc"),
    ],
)
def test_text_is_decoded_by_mark_then_label_then_utf8(sent: bytes, label: str, text: str) -> None:
    assert body.text_of(sent, label) == text


@pytest.mark.parametrize(
    ("sent", "label", "value"),
    [
        (b'{"a": 1}', "text/html", {"a": 1}),
        ('{"a": "ü"}'.encode("utf-16"), "application/json; charset=utf-8", {"a": "ü"}),
        ("\ufeff[1]".encode("utf-16-be"), "", [1]),
        (b'\xef\xbb\xbf"foo"', "", "foo"),
        ('{"a": "ü"}'.encode(), "application/json; charset=iso-8859-1", {"a": "ü"}),
        ('{"a": "ü"}'.encode("latin-1"), "application/json; charset=iso-8859-1", {"a": "ü"}),
        (b"hello world", "application/json", "hello world"),
        (b"", "application/json", ""),
        (b"[" * 200_000, "", "[" * 200_000),
        (b"1" * 5000, "", "1" * 5000),
        (b'"\\ud800"', "", "?"),
        (b'"\\ud83e\\udd20"', "", "\U0001f920"),
    ],
)
def test_json_is_json_whatever_the_label_says(sent: bytes, label: str, value: object) -> None:
    assert body.parsed(sent, label) == value


@given(st.binary(max_size=300), st.text(max_size=60))
def test_any_bytes_become_text_that_can_be_encoded(sent: bytes, label: str) -> None:
    assert body.text_of(sent, f"x; charset={label}").encode() is not None
    assert json.dumps(body.parsed(sent, label), ensure_ascii=False).encode()
