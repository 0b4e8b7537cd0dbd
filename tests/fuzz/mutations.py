"""Ways to damage a line."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Mutation = Callable[[random.Random, bytes, bytes], bytes]
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_STRING = re.compile(rb'"[^"\\]*"(?!\s*:)')
_KEY = re.compile(rb'"[^"\\]{1,40}"\s*:')
_VALUES = (
    b'"\\ud800"',
    b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1", b"-0", b"0", b"null", b"true", b"false", b'""', b'"-"',
    b"[]", b"{}", b"[[]]", b"{", b"[", b"]", b"}", b"1" * 400, b"9007199254740993", b"1.5", b'"\\u0000"',
    b'"\\', b"'", b"\xff", b"1773129600e5", b'"2026-99-99T00:00:00Z"', b'"0001-01-01T00:00:00Z"', b"x" * 3000,
    b'"' + b"[" * 3000 + b'"', b'"\\"' + b"[" * 3000 + b'\\""',
)  # fmt: skip


def _flip(chance: random.Random, line: bytes, other: bytes) -> bytes:  # noqa: ARG001 all take the same
    damaged = bytearray(line)
    for _ in range(chance.randint(1, 8)):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _truncate(chance: random.Random, line: bytes, other: bytes) -> bytes:  # noqa: ARG001 as above
    at = chance.randrange(len(line))
    return line[:at] if chance.random() < 0.7 else line[at:]


def _splice(chance: random.Random, line: bytes, other: bytes) -> bytes:
    return line[: chance.randrange(len(line))] + other[chance.randrange(len(other)) :]


def _cut(chance: random.Random, line: bytes, other: bytes) -> bytes:  # noqa: ARG001 as above
    start = chance.randrange(len(line))
    return line[:start] + line[start + chance.randint(1, 40) :]


def _repeat(chance: random.Random, line: bytes, other: bytes) -> bytes:  # noqa: ARG001 as above
    start = chance.randrange(len(line))
    part = line[start : start + chance.randint(1, 60)]
    return line[:start] + part * chance.randint(2, 5) + line[start:]


def _replace(chance: random.Random, line: bytes, other: bytes) -> bytes:  # noqa: ARG001 as above
    places = list((_NUMBER if chance.random() < 0.5 else _STRING).finditer(line))
    if not places:
        return line
    place = chance.choice(places)
    return line[: place.start()] + chance.choice(_VALUES) + line[place.end() :]


def _bomb(chance: random.Random, line: bytes, other: bytes) -> bytes:  # noqa: ARG001 as above
    places = list(_NUMBER.finditer(line))
    place = chance.choice(places) if places else None
    depth = chance.choice((50, 50, 50, 50, 2000))
    bomb = chance.choice(
        (b"[" * depth, b'{"a":' * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth)
    )
    return line[: place.start()] + bomb + line[place.end() :] if place else line + bomb


def _insert(chance: random.Random, line: bytes, other: bytes) -> bytes:  # noqa: ARG001 as above
    at = chance.choice((0, len(line), chance.randrange(len(line))))
    text = chance.choice(
        (b"\xef\xbb\xbf", b"\0", b"\0" * 64, b"\r", b"\xed\xa0\x80", b'"', b"\\", b"\n", b" ", b"\x1e")
    )
    return line[:at] + text + line[at:]


def _twice(chance: random.Random, line: bytes, other: bytes) -> bytes:
    return line + chance.choice((b"", b" ", b",", b"\r", b"}")) + other


def _same_key(chance: random.Random, line: bytes, other: bytes) -> bytes:  # noqa: ARG001 as above
    keys = list(_KEY.finditer(line))
    if not keys:
        return line
    key, at = chance.choice(keys)[0], chance.choice(keys).start()
    return line[:at] + key + chance.choice(_VALUES) + b"," + line[at:]


MUTATIONS: tuple[Mutation, ...] = (
    _flip, _truncate, _splice, _cut, _repeat, _replace, _replace, _bomb, _insert, _twice, _same_key,
)  # fmt: skip


def mutate(chance: random.Random, line: bytes, other: bytes) -> bytes:
    """A damaged copy of a line; `other` is another whole one."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        line = chance.choice(MUTATIONS)(chance, line, other) or b"{"
    return line
