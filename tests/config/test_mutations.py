"""Two hundred broken configurations: taken, or refused with clear lines; never a traceback, never slow."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.config.kinds import GOOD, write

from standby.config.discover import peek, sample_path
from standby.config.load import load
from standby.config.problems import ConfigError
from standby.engine.kinds import kinds

_LINE = re.compile(r"config\.toml:[1-9][0-9]*: \S.*")
Mutation = Callable[[random.Random, bytes], bytes]


def flip_bytes(dice: random.Random, raw: bytes) -> bytes:
    broken = bytearray(raw)
    for _ in range(dice.randint(1, 8)):
        broken[dice.randrange(len(broken))] = dice.randrange(256)
    return bytes(broken)


def flip_letters(dice: random.Random, raw: bytes) -> bytes:
    broken = bytearray(raw)
    for _ in range(dice.randint(1, 8)):
        broken[dice.randrange(len(broken))] = dice.choice(b"[]{}\"'=.,#\\ \nabz019-")
    return bytes(broken)


def drop_lines(dice: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    for _ in range(dice.randint(1, 5)):
        del lines[dice.randrange(len(lines))]
    return b"".join(lines)


def double_lines(dice: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    for _ in range(dice.randint(1, 5)):
        lines.insert(dice.randrange(len(lines)), dice.choice(lines))
    return b"".join(lines)


def shuffle_lines(dice: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    for _ in range(dice.randint(1, 4)):
        one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def swap_values(dice: random.Random, raw: bytes) -> bytes:
    lines = raw.decode().splitlines()
    pairs = [index for index, line in enumerate(lines) if " = " in line]
    for _ in range(dice.randint(1, 4)):
        one, other = dice.sample(pairs, 2)
        (key, value), (key2, value2) = lines[one].split(" = ", 1), lines[other].split(" = ", 1)
        lines[one], lines[other] = f"{key} = {value2}", f"{key2} = {value}"
    return "\n".join(lines).encode()


def rename_keys(dice: random.Random, raw: bytes) -> bytes:
    lines = raw.decode().splitlines()
    pairs = [index for index, line in enumerate(lines) if re.match(r"[a-z_]+ = ", line)]
    for index in dice.sample(pairs, dice.randint(1, 5)):
        key, value = lines[index].split(" = ", 1)
        letters = list(key)
        dice.shuffle(letters)
        lines[index] = f"{''.join(letters)} = {value}"
    return "\n".join(lines).encode()


STRANGE = (
    "3", "-1", "0", "1e400", "nan", "-inf", "true", "[]", "{}", '""', '"\\u0000"', '"\\u202E"', "1979-05-27",
    "07:32:00",
    "99999999999999999999999999", "[[[[1]]]]", '{ a = { b = "c" } }', '"' + "x" * 5000 + '"', "'env:'", "'cmd:'",
    "'file:'", "'keyring:x'", "'https://['", "'https://user:pw@h'", '"size(size(size("', "'\\'", '"100000d"', '"1d1d"',
    "'[::1]'", '["a", 1, []]', "'http://\N{CYRILLIC SMALL LETTER A}.example/%00'", '"999999999999999999TB"', "+0x1",
)  # fmt: skip


def strange_values(dice: random.Random, raw: bytes) -> bytes:
    lines = raw.decode().splitlines()
    pairs = [index for index, line in enumerate(lines) if re.match(r"[a-z_]+ = ", line)]
    for index in dice.sample(pairs, dice.randint(1, 6)):
        lines[index] = f"{lines[index].split(' = ', 1)[0]} = {dice.choice(STRANGE)}"
    return "\n".join(lines).encode()


def cut(dice: random.Random, raw: bytes) -> bytes:
    return raw[: dice.randrange(len(raw))]


def swap_tables(dice: random.Random, raw: bytes) -> bytes:
    names = [b"[[vendor]]", b"[[integration]]", b"[[check]]", b"[[rule]]", b"[standby]", b"[[standby]]", b"[check]"]
    present = [name for name in names if name in raw]
    for _ in range(dice.randint(1, 3)):
        raw = raw.replace(dice.choice(present), dice.choice(names), dice.randint(1, 3))
    return raw


MUTATIONS: tuple[Mutation, ...] = (
    flip_bytes, flip_letters, drop_lines, double_lines, shuffle_lines,
    swap_values, rename_keys, strange_values, cut, swap_tables,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(200))
def test_a_broken_configuration_is_refused_with_clear_lines(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    mutate = MUTATIONS[seed % len(MUTATIONS)]
    sample = (GOOD.encode(), sample_path().read_bytes())[seed // len(MUTATIONS) % 2]
    path = write(tmp_path, mutate(dice, sample))
    started = time.process_time()
    try:
        load(path, kinds(), shown="config.toml")
    except ConfigError as error:
        lines = str(error).splitlines()
        assert lines
        for line in lines:
            assert _LINE.fullmatch(line), line
            assert len(line) < 1500
            assert line.isprintable()
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize("seed", range(100))
def test_a_broken_configuration_never_trips_the_quick_look(tmp_path: Path, seed: int) -> None:
    dice = random.Random(1000 + seed)
    path = write(tmp_path, MUTATIONS[seed % len(MUTATIONS)](dice, GOOD.encode()))
    try:
        store, said = peek(path).store, ""
    except ConfigError as error:
        store, said = path, str(error)
    assert store.is_absolute()
    assert said.isprintable()


def test_some_are_taken_and_most_are_not(tmp_path: Path) -> None:
    """The mutations above do break things: the test would be worth nothing if all loaded, or none."""
    taken = 0
    for seed in range(200):
        raw = MUTATIONS[seed % len(MUTATIONS)](random.Random(seed), GOOD.encode())
        try:
            load(write(tmp_path, raw), kinds())
        except ConfigError:
            continue
        taken += 1
    assert 5 <= taken <= 120


def test_a_megabyte_of_mistakes_is_judged_quickly(tmp_path: Path) -> None:
    keys = "[standby]\n" + "".join(f"k{n} = 1\n" for n in range(60_000))
    tables = GOOD + "".join(
        f'[[check]]\nid = "x{n}"\nkind = "tcp"\nhost = "h"\nport = 1\nintegration = "zz{n}"\n[[vendor]]\nid = "v{n}"\n'
        for n in range(6_000)
    )
    for text in (keys, tables):
        started = time.process_time()
        with pytest.raises(ConfigError) as caught:
            load(write(tmp_path, text), kinds(), shown="config.toml")
        assert len(str(caught.value).splitlines()) == 101
        assert time.process_time() - started < 5.0
