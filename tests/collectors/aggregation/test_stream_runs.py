"""Parts of a stream that follow each other are counted together as they are counted one by one."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.open_calls import OpenCalls
from leverwatch.collectors.aggregation.rollup import Rollup
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELDS, parse_template, system_lookup
from leverwatch.collectors.records.formats.interface import Piece
from tests.collectors.aggregation.test_batch_counter import TOLERANCE
from tests.collectors.sources.files.logs import NOW
from tests.examples import examples

PIECES = [Piece.CHUNK, Piece.CHUNK, Piece.END, Piece.REST, Piece.PART, Piece.DONE]
TOLD = st.fixed_dictionaries(
    {"piece": st.sampled_from(PIECES)},
    optional={
        "input_tokens": st.sampled_from([0, 12]),
        "cached_input_tokens": st.sampled_from([5, 20]),
        "output_tokens": st.sampled_from([0, 3, 8]),
        "latency_ms": st.just(40),
        "finish_reason": st.sampled_from(["stop", "length"]),
        "schema_mode": st.just("json_schema"),
    },
)
COMMON = st.fixed_dictionaries(
    {
        "time": st.sampled_from(["2026-03-10T08:00:00Z", "2026-03-10T08:00:07Z"]),
        "model": st.sampled_from(["m-1", "m-1", "m-2"]),
    },
    optional={
        "status": st.sampled_from(["error", 200]),
        "trace_id": st.sampled_from(["t-1", "t-2"]),
        "sample_rate": st.just(0.5),
        "cost_usd": st.sampled_from([0.25, 0.5]),
    },
)
PART = st.tuples(TOLD, st.one_of(st.just({}), st.just({}), st.just({}), COMMON))
STREAMS = st.lists(
    st.tuples(st.sampled_from(["r-1", "r-2", None]), COMMON, st.lists(PART, min_size=1, max_size=7)), max_size=5
)
"""The id of each stream, what its parts have in common, and what they tell; some differ in the common values."""


class Counter:
    """Counts parts in steps of a length, and gives what came of it."""

    def __init__(self) -> None:
        self.calls = OpenCalls()
        self.rollup = Rollup(
            system_lookup(parse_template("{system}")), ZoneInfo("UTC"), lambda: NOW, TOLERANCE, SeenIds(3600),
            SeenIds(3600, "calls/"), has_extended=True, open_calls=self.calls,
        )  # fmt: skip

    def add(self, parts: list[dict[str, Any]], step: int) -> tuple[list[Result], Any, Any]:
        """Return the result of each part, the counts, and the stored calls."""
        results: list[Result] = []
        for start in range(0, len(parts), step):
            some = parts[start : start + step]
            rows = [(*map(it.get, FIELDS), "x", *map(it.get, EXTENDED_FIELDS)) for it in some]
            _, others = self.rollup.add(rows, {at: it["piece"] for at, it in enumerate(some)})
            assert [at for at, _, _ in others] == sorted({at for at, _, _ in others})
            other = {at: result for at, result, _ in others}
            results += [other.get(at, Result.COUNTED) for at in range(len(some))]
        stored = self.calls.changes()
        usage, _, newest = self.rollup.take()
        counts = {
            (it.model, it.day): {name: round(getattr(it, name), 9) for name in COLUMNS if getattr(it, name)}
            for it in usage
        }
        return results, (counts, newest), stored


@given(STREAMS, st.integers(2, 40))
@settings(max_examples=examples(150), deadline=None)
def test_parts_in_a_row_count_together_as_they_count_one_by_one(
    streams: list[tuple[str | None, dict[str, Any], list[tuple[dict[str, Any], dict[str, Any]]]]], step: int
) -> None:
    parts = [
        {"request_id": id_} | common | told | other for id_, common, stream in streams for told, other in stream
    ]
    assert Counter().add(parts, step) == Counter().add(parts, 1)
