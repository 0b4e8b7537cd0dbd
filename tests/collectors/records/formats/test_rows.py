"""The generated function against what a declaration says, read in plain words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELD_INDEX, FIELDS
from leverwatch.collectors.records.formats.declared import Declaration, Declared, Paths
from leverwatch.collectors.records.formats.jsonl import TYPES
from leverwatch.collectors.records.formats.rows import BLANK
from leverwatch.collectors.records.tokens import Stands, Tokens, whole_tokens
from tests.examples import examples

TEXTS = ("model", "request_id", "operation", "status", "trace_id", "finish_reason")
COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
TEXT_PATHS = ("a", "b", "in.a", "in.b", "in.deep.a", "other.a")
COUNT_PATHS = ("n", "m", "in.n", "in.m", "in.deep.n", "other.n")
WORDS: Mapping[Any, Any] = {"x": "chat", "y": Result.NOT_A_CALL, "None": "never"}


def paths(known: tuple[str, ...]) -> st.SearchStrategy[Paths]:
    return st.lists(st.sampled_from(known), max_size=3, unique=True).map(
        lambda found: found[0] if len(found) == 1 else tuple(found)
    )


FIELD_MAPS = st.fixed_dictionaries(
    {},
    optional={
        **{name: paths(TEXT_PATHS) for name in ("model", "operation", "finish_reason")},
        **{name: paths(COUNT_PATHS) for name in COUNTS},
    },
)
TEXT = st.sampled_from(["x", "y", "z", "", "None", "null", None])
COUNT = st.one_of(st.none(), st.integers(0, 9))


def objects(**inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={"a": TEXT, "b": TEXT, "n": COUNT, "m": COUNT, **inner})


RECORDS = objects(
    **{"in": st.one_of(st.none(), objects(deep=st.one_of(st.none(), objects())))},
    other=st.one_of(st.none(), objects()),
    sum=st.one_of(st.none(), st.integers(0, 30)),
)


def finish(row: list[Any], what: str | None, number: int | None) -> Result | None:
    """Writes what it got into the row, where the test finds it."""
    row[FIELD_INDEX["trace_id"]] = f"{what}/{number}"
    return Result.IGNORED if number == 9 else None


def declaration(
    fields: Mapping[str, Paths], extras: tuple[Paths, Paths], *, cached: bool, reasoning: bool
) -> Declaration:
    return Declaration(
        name="test",
        recognise=lambda _: 0,
        fields={"trace_id": (), **fields},
        names={"name": ("b", "in.b")},
        extras={"what": (extras[0] or "a", str | None), "number": (extras[1] or "n", TYPES["input_tokens"])},
        convert={"model": str.upper, "input_tokens": lambda count: count + 1, "name": str.title},
        words={"operation": WORDS},
        cached=Stands.INSIDE if cached else Stands.BESIDE,
        reasoning=Stands.INSIDE if reasoning else Stands.BESIDE,
        total="sum",
        finish=finish,
    )


def at(record: Any, path: str) -> Any:
    for key in path.split("."):
        record = record.get(key) if isinstance(record, dict) else None
    return record


def first(record: Any, known: Paths, *, is_text: bool) -> Any:
    """The first path wins that holds something; of a number that is the first path, if it is not null."""
    values = [at(record, path) for path in ((known,) if isinstance(known, str) else known)]
    if values and not is_text and values[0] is not None:
        return values[0]
    return next((value for value in values if value is not None and value not in BLANK), None)


def expected(made: Declaration, record: Any, template: tuple[str, ...]) -> tuple[tuple[Any, ...], Result | None]:
    """What `Declaration` promises, in its order."""
    result: Result | None = None
    row: dict[str, Any] = {}
    for name in (*FIELDS, *EXTENDED_FIELDS):
        value = first(record, made.fields.get(name, ()), is_text=name in TEXTS)
        if name in made.words:
            value = made.words[name].get(value, value)
            if isinstance(value, Result):
                result, value = value, None
        if value is not None and name in made.convert:
            value = made.convert[name](value)
        row[name] = value
    if result is None:
        what, number = (
            next((it for path in ([known] if isinstance(known, str) else known)
                  if (it := at(record, path)) is not None), None)
            for known, _ in made.extras.values()
        )  # fmt: skip
        row["trace_id"] = f"{what}/{number}"
        result = Result.IGNORED if number == 9 else None
    told = replace(Tokens(*(row[name] for name in COUNTS)), total=record.get("sum"))
    whole = whole_tokens(told, made.cached, made.reasoning)
    row["input_tokens"], row["output_tokens"] = whole.input, whole.output
    names = []
    for part in template:
        value = first(record, made.names.get(part, part), is_text=True)
        names.append(made.convert[part](value) if value is not None and part in made.names else value)
    return (*(row[name] for name in FIELDS), *names, *(row[name] for name in EXTENDED_FIELDS)), result


@given(
    FIELD_MAPS,
    st.tuples(paths(TEXT_PATHS), paths(COUNT_PATHS)),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(["name", "in.deep.b"]), max_size=2, unique=True).map(tuple),
    st.lists(RECORDS, min_size=1, max_size=6),
)
@settings(max_examples=examples(300))
def test_rows_are_what_the_declaration_says(
    fields: dict[str, Paths],
    extras: tuple[Paths, Paths],
    cached: bool,
    reasoning: bool,
    template: tuple[str, ...],
    records: list[Any],
) -> None:
    made = declaration(fields, extras, cached=cached, reasoning=reasoning)
    parsed = Declared(made, template).read([json.dumps(record).encode() for record in records])
    found = [expected(made, record, template) for record in records]

    assert parsed.rows == [row for row, result in found if result is None]
    lines = range(len(parsed.rows)) if parsed.lines is None else parsed.lines
    assert list(lines) == [line for line, (_, result) in enumerate(found) if result is None]
    assert sum(parsed.passed.values()) == sum(result is not None for _, result in found)
    assert parsed.refused == []
