"""What holds for every named format; `examples` has records of each."""

from __future__ import annotations

import copy
import json
import random
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.interface import MALFORMED, Result
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELDS
from leverwatch.collectors.records.formats.registry import NAMED
from leverwatch.collectors.records.framing.values import VALUES
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.records.formats.examples import CASES, EXAMPLES, NO_OBJECTS, Make
from tests.collectors.records.formats.records import lines, totals
from tests.collectors.records.framing.test_partial import cri, docker, journal_entry
from tests.collectors.sources.files.logs import config, count
from tests.examples import examples

ODD: list[Any] = [
    None, "", "canary", "None", [], {}, [None], {"canary": 1}, -1, 0, 1, 0.5, 1e300, True, False, 2**70,
    "\ud800", "{", "[" * 3000, json.dumps("[" * 3000),
]  # fmt: skip
"""The last two are too deep for any parser, where a text is taken for JSON."""
EVERY = pytest.mark.parametrize(("name", "make"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])


def test_every_named_format_has_an_example() -> None:
    assert EXAMPLES.keys() | NO_OBJECTS == NAMED.keys()


def read(name: str, data: bytes, **format_: Any) -> Any:
    counted = count(data, config(format={"type": name, **format_}, system="bot"))
    assert "canary" not in repr(counted.problems)
    return counted


def mutate(value: Any, chance: random.Random, changes: int) -> Any:
    """The same record with some of its values, or whole parts of it, replaced, dropped or moved."""
    value = copy.deepcopy(value)
    for _ in range(changes):
        node = value
        while True:
            keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(node[key], dict | list) and chance.random() < 0.8:
                node = node[key]
                continue
            if chance.random() < 0.3:
                del node[key]
            else:
                node[key] = copy.deepcopy(chance.choice(ODD))
            break
    return value


@cache
def neighbours(name: str, make: Make) -> Any:
    """The records around, read without one between them."""
    return read(name, lines(*make("first"), *make("last")))


@EVERY
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 4))
@settings(max_examples=examples(60))
def test_a_record_of_any_shape_costs_no_neighbour_and_shows_nothing(
    name: str, make: Make, seed: int, changes: int
) -> None:
    chance = random.Random(seed)
    bad = [mutate(record, chance, changes) for record in make("bad")]
    alone = read(name, lines(*bad))
    counted = read(name, lines(*make("first"), *bad, *make("last")))

    around = neighbours(name, make)
    assert around.tallies[Result.COUNTED] == 2
    assert counted.tallies[Result.COUNTED] >= 2
    assert sum(counted.tallies.values()) == sum(around.tallies.values()) + sum(alone.tallies.values())


@EVERY
@given(seed=st.integers(0, 2**32))
@settings(max_examples=examples(60))
def test_bytes_that_are_damaged_raise_nothing_and_cost_no_neighbour(name: str, make: Make, seed: int) -> None:
    chance = random.Random(seed)
    damaged = bytearray(lines(*make("bad")))
    for _ in range(chance.randrange(1, 40)):
        damaged[chance.randrange(len(damaged) - 1)] = chance.randrange(256)
    counted = read(name, lines(*make("first")) + bytes(damaged) + lines(*make("last")))

    assert counted.tallies[Result.COUNTED] >= 2


@EVERY
def test_the_same_record_counts_the_same_in_every_wrapping(name: str, make: Make) -> None:
    records = make("one")
    texts = [json.dumps(record) for record in records]
    plain = read(name, lines(*records))
    assert plain.tallies[Result.COUNTED] == 1
    shapes: list[tuple[bytes, dict[str, Any]]] = [
        (b"".join(map(docker, texts)), {"wrap": "docker"}),
        (b"".join(cri(text[:50], tag="P") + cri(text[50:]) for text in texts), {"wrap": "cri"}),
        (b"".join(json.dumps({"log": text}).encode() + b"\n" for text in texts), {"wrap": "json-string"}),
        (b"".join(f"INFO {text}\n".encode() for text in texts), {"wrap": "prefix"}),
        (b"".join(f"INFO {record!r}\n".encode() for record in records), {"wrap": "python"}),
        (b"".join(cri(json.dumps({"msg": text})) for text in texts), {"wrap": ["cri", "json-string"]}),
        (b"".join(map(journal_entry, texts)), {"wrap": "journald"}),
    ]
    if NAMED[name].framing is VALUES:
        shapes.append((json.dumps(records, indent=2).encode(), {}))
    for data, format_ in shapes:
        counted = read(name, data, **format_)
        assert (totals(counted), counted.tallies) == (totals(plain), plain.tallies), format_


@EVERY
def test_its_own_records_are_recognised_and_those_of_the_others_are_not(name: str, make: Make) -> None:
    found = guess(lines(*make("one")), "plain")

    assert found is not None
    assert found.format == name


@EVERY
def test_a_whole_record_has_no_problem(name: str, make: Make) -> None:
    counted = read(name, lines(*make("one")))

    assert not MALFORMED & counted.tallies.keys()


@EVERY
@given(seed=st.integers(0, 2**32), changes=st.integers(0, 3))
@settings(max_examples=examples(60))
def test_a_row_tells_nothing_but_the_fields_that_its_format_knows(
    name: str, make: Make, seed: int, changes: int
) -> None:
    chance = random.Random(seed)
    reader = NAMED[name].build(())
    parsed = reader.read([json.dumps(mutate(it, chance, changes)).encode() for it in make("one")])

    for row in parsed.rows:
        told = {field for field, value in zip((*FIELDS, *EXTENDED_FIELDS), row, strict=True) if value is not None}
        assert told <= reader.known


def test_a_format_is_imported_under_the_name_that_it_has_itself() -> None:
    assert list(NAMED) == [NAMED[name].name for name in NAMED]
