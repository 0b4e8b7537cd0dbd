"""Under a map of fields too, no part of the tokens is more than its whole: what cannot be inside is beside it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.tokens import WHOLES, Stands, Tokens, whole_tokens
from tests.collectors.sources.files.logs import config, ingest, sums

NAMES = {
    "input_tokens": "in", "cached_input_tokens": "cached", "cache_write_tokens": "written",
    "output_tokens": "out", "reasoning_tokens": "thought",
}  # fmt: skip
FLAT = {"time": "at", "request_id": "id", "status": "state", "sample_rate": "rate", "cost_usd": "usd", **NAMES}
COSTS = {"cost_usd", "unpriced"}
NESTED = {name: f"usage.{path}" if name in NAMES else path for name, path in FLAT.items()}
DEEP = {
    **NESTED, "cached_input_tokens": "usage.more.cached", "cache_write_tokens": "usage.more.written",
    "reasoning_tokens": "usage.less.thought",
}  # fmt: skip
AT = "2026-03-10T08:00:00Z"
WAYS = (
    "compiled", "python", "nested", "deep", "table", "versions", "table of versions", "wrapped", "document",
    "some days", "versions nested",
)  # fmt: skip


def made(way: str) -> Ingest:
    fields = DEEP if way == "deep" else NESTED if "nested" in way else FLAT
    settings: dict[str, Any] = {"type": "csv" if "table" in way else "jsonl", "fields": fields}
    if "versions" in way:
        settings["repeats"] = "versions"
    if way == "wrapped":
        settings["wrap"] = "prefix"
    if way == "document":
        settings["framing"] = "json"
    one = ingest(config(format=settings, system="bot"), compiled=way in ("compiled", "nested", "deep"))
    if way == "some days":
        day = date(2026, 3, 10).toordinal()
        one.keep(((day, day),))
    return one


def line(way: str, record: Mapping[str, Any]) -> bytes:
    if "table" in way:
        cells = ("" if record.get(path) is None else str(record[path]) for path in FLAT.values())
        return ",".join(cells).encode() + b"\n"
    told = dict(record)
    if "nested" in way or way == "deep":
        usage = {path: told.pop(path) for path in NAMES.values() if path in told}
        if way == "deep":
            usage["more"] = {path: usage.pop(path) for path in ("cached", "written") if path in usage}
            usage["less"] = {"thought": usage.pop("thought")} if "thought" in usage else None
        told["usage"] = usage
    return (b"worker-3 INFO " if way == "wrapped" else b"") + json.dumps(told).encode() + b"\n"


def counted(way: str, *records: Mapping[str, Any], costs: Collection[str] = ()) -> dict[str, float]:
    one = made(way)
    header = ",".join(FLAT.values()).encode() + b"\n" if "table" in way else None
    one.add(Lines(b"".join(line(way, {"at": AT, **it}) for it in records), "a.log", 1, header))
    found = one.drain()
    assert set(found.tallies) <= {Result.COUNTED, Result.PART, Result.DUPLICATE}
    assert found.unreadable == {}
    return {name: value for name, value in sums(found.usage).items() if name in {*NAMES, *costs, "inferences"}}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("told", "right"),
    [
        ({"in": 100, "cached": 900, "out": 5}, {"input_tokens": 1000, "cached_input_tokens": 900}),
        ({"in": 100, "written": 101, "out": 5}, {"input_tokens": 201, "cache_write_tokens": 101}),
        (
            {"in": 100, "cached": 60, "written": 41, "out": 5},
            {"input_tokens": 201, "cached_input_tokens": 60, "cache_write_tokens": 41},
        ),
        (
            {"in": 100, "cached": 60, "written": 40, "out": 5},
            {"input_tokens": 100, "cached_input_tokens": 60, "cache_write_tokens": 40},
        ),
        ({"in": 1, "out": 5, "thought": 176}, {"input_tokens": 1, "output_tokens": 181, "reasoning_tokens": 176}),
        (
            {"in": 0, "out": 0, "cached": 3, "thought": 2},
            {"input_tokens": 3, "cached_input_tokens": 3, "output_tokens": 2, "reasoning_tokens": 2},
        ),
        ({"cached": 900, "out": 5}, {"cached_input_tokens": 900}),
    ],
)
def test_a_part_that_is_larger_than_its_whole_stands_beside_it(
    told: dict[str, int], right: dict[str, float], way: str
) -> None:
    assert counted(way, told) == {"inferences": 1, "output_tokens": 5, **right}


@pytest.mark.parametrize("way", WAYS)
def test_a_cost_of_zero_beside_tokens_is_unknown_however_it_is_read(way: str) -> None:
    free = {"in": 100, "out": 5, "usd": 0}
    records = (
        {"id": "1", **free},
        {"id": "2", "out": 5, "usd": 0.0},
        {"id": "3", **free, "usd": 0.25},
        {"id": "4", "usd": 0},
    )

    assert counted(way, *records, costs=COSTS) == {
        "inferences": 4, "input_tokens": 200, "output_tokens": 15, "cost_usd": 0.25, "unpriced": 2,
    }  # fmt: skip


COUNT = st.none() | st.integers(0, 9) | st.integers(0, 2**53) | st.sampled_from([2**53, 2**53 - 1])
TOLD = st.fixed_dictionaries(dict.fromkeys(NAMES.values(), COUNT), optional={"rate": st.sampled_from([0.5, 0.3])})


@given(TOLD)
def test_every_way_to_read_gives_what_is_decided_for_every_format(told: dict[str, Any]) -> None:
    numbers = Tokens(told["in"], told["cached"], told["written"], told["out"], told["thought"])
    whole = whole_tokens(numbers, Stands.UNSAID, Stands.UNSAID)
    scale = 1.0 / told.get("rate", 1.0)
    values = (whole.input, whole.cached, whole.written, whole.output, whole.reasoning)
    right = {name: scale * value for name, value in zip(NAMES, values, strict=True) if value}

    for way in WAYS:
        found = counted(way, {"id": "r", **told})
        found.pop("inferences")
        assert found == right, way
    for name, parts in WHOLES.items():
        if whole_is_told := told[NAMES[name]] is not None:
            assert right.get(name, 0) >= max(right.get(part, 0) for part in parts), whole_is_told


@pytest.mark.parametrize("way", ["versions", "table of versions"])
def test_a_later_version_takes_back_what_an_earlier_one_had_beside_its_whole(way: str) -> None:
    first = {"id": "r", "in": 100, "cached": 900, "out": 5, "thought": 6}
    found = counted(way, first, {"id": "r", "in": 1000, "cached": 900, "out": 30, "thought": 6})

    assert found == {
        "inferences": 1, "input_tokens": 1000, "cached_input_tokens": 900, "output_tokens": 30,
        "reasoning_tokens": 6,
    }  # fmt: skip


@pytest.mark.parametrize("way", ["compiled", "python", "table", "wrapped"])
def test_what_makes_two_records_one_call_is_what_they_say_and_not_what_is_made_of_it(way: str) -> None:
    beside, inside = {"id": "r", "in": 100, "cached": 900}, {"id": "r", "in": 1000, "cached": 900}

    assert counted(way, beside, inside, beside)["inferences"] == 2


def test_an_error_and_a_hit_of_the_cache_add_no_tokens() -> None:
    for way in ("compiled", "python", "table"):
        assert counted(way, {"state": "error", "in": 1, "cached": 9}) == {}


def test_a_column_for_every_whole_and_part_is_stored() -> None:
    assert {*WHOLES, *(part for parts in WHOLES.values() for part in parts)} == set(NAMES) <= set(COLUMNS)
