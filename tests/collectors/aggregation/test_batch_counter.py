from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.rollup import Rollup
from leverwatch.collectors.aggregation.stored_ids import KeyOf
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result, TierCount, UsageRow
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.records.formats.jsonl import JsonLines
from leverwatch.collectors.records.layout import Layout, Way
from tests.collectors.sources.files.logs import FIELDS, NOW
from tests.collectors.sources.files.reference import Reference
from tests.examples import examples

TOLERANCE = timedelta(minutes=10)
BEGIN = datetime(2026, 3, 9, 22, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(hours=15)).map(lambda after: BEGIN + after)
TIMES = st.one_of(
    st.sampled_from(["2026-03-10T08:00:00Z", "2026-03-10T08:60:00Z", "2026-03-10T24:00:00Z"]),
    MOMENTS.map(lambda moment: moment.isoformat()),
    MOMENTS.map(lambda moment: moment.timestamp()),
    st.sampled_from([1773129600, 1773129600000, "1773129600", "2026-03-10 08:00:00", "yesterday", None, True, 0]),
)
COUNTS = st.one_of(st.none(), st.integers(0, 5000))
AMOUNTS = st.one_of(st.none(), st.integers(0, 9), st.floats(0, 10))
USAGE = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "prompt_tokens": COUNTS,
            "completion_tokens": COUNTS,
            "details": st.one_of(st.none(), st.fixed_dictionaries({}, optional={"cached": COUNTS})),
        },
    ),
)
RECORDS = st.fixed_dictionaries(
    {"ts": TIMES},
    optional={
        "response": st.one_of(st.none(), st.fixed_dictionaries({"model": st.sampled_from(["a", "b", "", None])})),
        "id": st.one_of(st.integers(0, 5), st.sampled_from(["r1", " r1 ", "r2", "", "None", None])),
        "op": st.sampled_from(["chat", "embedding", "", "teleport", None]),
        "status": st.sampled_from(["success", "error", "maybe", 200, 500, 1, 0, True, False, None]),
        "usage": USAGE,
        "cost": AMOUNTS,
        "ms": AMOUNTS,
        "n": AMOUNTS,
        "rate": st.one_of(st.none(), st.floats(0.01, 1)),
        "hit": st.sampled_from([True, False, 1, 0, "hit", None]),
        "tries": AMOUNTS,
        "app": st.sampled_from(["x", "y", 1, 1.0, True, 0, False, "", None]),
        "team": st.sampled_from(["t", 7, None]),
    },
)
UNCOMMON_FIELDS = {
    "cache_write_tokens": "written", "reasoning_tokens": "thought", "valid": "valid", "schema_mode": "mode",
    "finish_reason": "why", "static_input_tokens": "static", "errors": "failed", "tier": "tier",
    "cache_write_1h_tokens": "hour",
}  # fmt: skip
UNCOMMON_RECORDS = st.fixed_dictionaries(
    {"ts": TIMES, "app": st.sampled_from(["x", "y"])},
    optional={
        "trace": st.one_of(st.integers(0, 3), st.sampled_from(["t1", " t1", None])),
        "status": st.sampled_from(["success", "error", None]),
        "rate": st.one_of(st.none(), st.floats(0.01, 1)),
        "n": AMOUNTS,
        "tries": AMOUNTS,
        "failed": AMOUNTS,
        "hit": st.sampled_from([True, None]),
        "written": COUNTS,
        "hour": COUNTS,
        "tier": st.sampled_from(["batch", "default", "soon", 1, True, None]),
        "thought": COUNTS,
        "valid": st.sampled_from([True, False, "failed", "perhaps", None]),
        "mode": st.sampled_from([True, "json_schema", "json_object", None]),
        "why": st.sampled_from(["stop", "length", "", None]),
        "static": COUNTS,
        "cost": AMOUNTS,
    },
)
OPTIONAL = sorted(set(FIELDS) - {"time"})
MAPPINGS = st.one_of(
    st.just(FIELDS),
    st.sets(st.sampled_from(OPTIONAL)).map(lambda kept: {name: FIELDS[name] for name in ("time", *kept)}),
)


def value_at(record: Any, steps: Way) -> Any:
    for step in steps:
        if record is None:
            return None
        record = getattr(record, str(step))
    return record


def values_of(record: Any, layout: Layout) -> tuple[dict[str, Any], tuple[Any, ...]]:
    values = {name: value_at(record, steps) for name, steps in layout.fields.items()}
    return values, tuple(value_at(record, steps) for steps in layout.template)


class Both:
    """The generated loops and the plain reference on the same records."""

    def __init__(
        self, fields: dict[str, str], system: str, window: int, zone: str, key_of: KeyOf = KeyOf.RECORD
    ) -> None:
        template = parse_template(system)
        self.format = JsonLines(fields, template.paths)
        seen = SeenIds(window, key_of=key_of) if window else None
        lookup = system_lookup(template)
        self.fast = Rollup(lookup, ZoneInfo(zone), lambda: NOW, TOLERANCE, seen, SeenIds(3600, "calls/"), False)
        self.plain = Reference(
            lookup,
            ZoneInfo(zone),
            NOW + TOLERANCE,
            seen.slot_seconds if seen else 60,
            seen.span if seen else None,
            by_record=key_of is KeyOf.RECORD,
        )

    def add(self, records: list[dict[str, Any]]) -> None:
        parsed = self.format.records(b"".join(json.dumps(record).encode() + b"\n" for record in records))
        layout = self.format.layout
        results = [self.plain.add(*values_of(row, layout)) for row in parsed.rows]
        counted, others = self.fast.add_records(parsed.rows, layout)
        assert [(index, result) for index, result, _ in others] == [
            (index, result) for index, result in enumerate(results) if result is not Result.COUNTED
        ]
        assert counted == Counter(results)[Result.COUNTED]

    def compare(self) -> None:
        usage, days, newest = self.fast.take()
        cells = {
            (row.system, row.model, row.operation, row.day): {name: getattr(row, name) for name in COLUMNS}
            for row in usage
        }
        assert cells == {key: cell for key, cell in self.plain.cells.items() if any(cell.values())}
        assert days == self.plain.days
        assert newest == self.plain.newest


@settings(max_examples=examples(300))
@given(
    MAPPINGS,
    st.sampled_from(["bot", "{app}", "{team}-{app}"]),
    st.sampled_from([0, 3600]),
    st.sampled_from(["UTC", "Europe/Berlin"]),
    st.sampled_from(list(KeyOf)),
    st.lists(st.lists(RECORDS, max_size=12), max_size=4),
)
def test_the_loops_give_what_the_plain_roll_up_gives(
    fields: dict[str, str], system: str, window: int, zone: str, key_of: KeyOf, chunks: list[list[dict[str, Any]]]
) -> None:
    both = Both(fields, system, window, zone, key_of)
    for chunk in chunks:
        both.add(chunk)
    both.compare()


UNIFORM = st.tuples(
    st.sampled_from(["2026-03-10", "2026-03-09", "2026-02-30", "2026-13-01", "1970-01-01"]),
    st.sampled_from(["T", " "]),
    st.sampled_from(["00:00", "08:59", "09:01", "09:99", "10:60", "23:59", "24:00", "25:10"]),
    st.sampled_from([":00", ":59", ":60", ":61", ":99"]),
)


@settings(max_examples=examples(300))
@given(
    st.lists(UNIFORM, min_size=1, max_size=8),
    st.sampled_from(["", ".5", ".123456", ".123456789"]),
    st.lists(st.sampled_from(["Z", "", "+00:00", "+05:30", "-23:59", "+24:00", "+00:60"]), min_size=1, max_size=2),
    st.sampled_from(["UTC", "Europe/Berlin"]),
)
def test_times_of_one_form_are_judged_one_by_one(
    parts: list[tuple[str, ...]], fraction: str, zones: list[str], zone: str
) -> None:
    both = Both(FIELDS, "bot", 3600, zone)
    both.add([{"ts": "".join(part) + fraction + zones[at % len(zones)]} for at, part in enumerate(parts)])
    both.compare()


@given(
    st.lists(st.one_of(st.integers(10**7, 10**21), st.floats(1e7, 1e20)), min_size=1, max_size=4), st.booleans()
)
def test_epochs_of_one_unit_are_judged_one_by_one(numbers: list[float], as_text: bool) -> None:
    both = Both(FIELDS, "bot", 3600, "UTC")
    both.add([{"ts": str(number) if as_text else number} for number in numbers])
    both.compare()


@settings(max_examples=examples(300))
@given(
    st.sets(st.sampled_from(sorted({*FIELDS, *UNCOMMON_FIELDS} - {"time"}))),
    st.sampled_from([0, 600, 3600]),
    st.lists(st.lists(UNCOMMON_RECORDS, max_size=12), max_size=3),
)
def test_traces_and_rare_fields_count_as_in_rows(
    kept: set[str], window: int, chunks: list[list[dict[str, Any]]]
) -> None:
    fields = {name: (FIELDS | UNCOMMON_FIELDS)[name] for name in ("time", *kept)}
    made = JsonLines(fields, ("app",))
    lookup = system_lookup(parse_template("{app}"))
    bulk, rows, each = (
        Rollup(
            lookup, ZoneInfo("UTC"), lambda: NOW, TOLERANCE, SeenIds(window) if window else None,
            SeenIds(max(window, 3600), "calls/"), made.has_extended,
        )
        for _ in range(3)
    )  # fmt: skip
    for chunk in chunks:
        data = b"".join(json.dumps(record).encode() + b"\n" for record in chunk)
        expected = each.add_each(made.parse(data, None).rows)
        assert bulk.add_records(made.records(data).rows, made.layout) == expected
        assert rows.add(made.parse(data, None).rows) == expected

    tiers = by_tier(each)
    assert by_tier(bulk) == by_tier(rows) == tiers
    expected_cells = by_cell(each.take())
    assert by_cell(bulk.take()) == expected_cells
    assert by_cell(rows.take()) == expected_cells


def by_tier(made: Rollup) -> list[TierCount]:
    return sorted(made.take_tiers(), key=lambda count: (count.system, count.model, count.day, count.tier))


def by_cell(taken: tuple[tuple[UsageRow, ...], frozenset[date], datetime | None]) -> tuple[Any, ...]:
    usage, days, newest = taken
    return sorted(usage, key=lambda row: (row.system, row.model, row.operation, row.day)), days, newest
