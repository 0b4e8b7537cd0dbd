"""Parts of streamed calls against the rule in plain words: a call counts bare, and what each part knows once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.rollup import Rollup
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELDS, parse_template, system_lookup
from leverwatch.collectors.records.formats.interface import Piece
from leverwatch.collectors.records.vocabulary import CallStatus, is_cache_hit, operation_of, status_of
from tests.collectors.aggregation.test_batch_counter import TOLERANCE
from tests.collectors.sources.files.logs import NOW
from tests.collectors.sources.files.reference import Reference
from tests.examples import examples

ASPECTS = {
    "usage": ("input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "reasoning_tokens"),
    "latency": ("latency_ms",),
    "finish": ("finish_reason",),
}
TOLD = [name for names in ASPECTS.values() for name in names]
COUNTS = st.one_of(st.none(), st.integers(0, 9))
ROWS = st.fixed_dictionaries(
    {
        "time": st.sampled_from(["2026-03-10T08:00:00Z", "2026-03-10T08:01:00Z"]),
        "request_id": st.sampled_from(["r1", "r2", 3, "3"]),
        "system": st.sampled_from(["x", "y"]),
        "is_part": st.booleans(),
    },
    optional={
        "operation": st.sampled_from(["chat", "embedding", "teleport"]),
        "status": st.sampled_from(["success", "error", 200, 1, True, None]),
        "cache_hit": st.sampled_from(["hit", None]),
        "sample_rate": st.sampled_from([0.5, None]),
        "trace_id": st.sampled_from(["t", None]),
        "finish_reason": st.sampled_from(["stop", "length", None]),
        **{name: COUNTS for name in TOLD if name != "finish_reason"},
    },
)


@dataclass
class _Call:
    """A streamed call."""

    outcome: CallStatus
    is_other: bool = False
    """Whether another record has counted it."""
    aspects: dict[str, dict[str, Any]] = field(default_factory=dict)
    news: set[str] = field(default_factory=set)
    added: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, Any]:
        return {name: value for told in self.aspects.values() for name, value in told.items()}


class Plain:
    """Cells of one day by system and operation, and what is known of which call."""

    def __init__(self, dedupe: bool) -> None:
        self.cells: dict[tuple[object, ...], Counter[str]] = {}
        self.known: set[tuple[object, ...]] = set()
        self.calls: dict[tuple[object, ...], _Call] = {}
        self.seen: set[tuple[object, ...]] | None = set() if dedupe else None

    def add(self, row: Mapping[str, Any]) -> Result:
        """Count a row, or what a part knows that is new."""
        operation, outcome = operation_of(row.get("operation")), status_of(row.get("status"))
        if operation is None or outcome is None:
            return Result.UNKNOWN_OPERATION if operation is None else Result.UNKNOWN_STATUS
        if not row["is_part"]:
            return self._count(row, 1) if self._is_new(row) else Result.DUPLICATE
        bare = {name: value for name, value in row.items() if name not in TOLD}
        key = (row["system"], operation, str(row["request_id"]))
        call = self.calls.get(key)
        if call is None:
            counts_as = _outcome(row)
            assert counts_as is not None
            self.calls[key] = call = _Call(counts_as)
            if not self._is_new(row):
                call.is_other = True
                return Result.DUPLICATE
            if outcome is not CallStatus.ERROR:
                self._tell(call, row)
            return self._count(bare | call.told(), 1, call)
        if call.is_other or call.outcome is CallStatus.ERROR:
            return Result.PART
        if outcome is CallStatus.ERROR:
            if "usage" not in call.aspects:
                cell = self.cells[row["system"], operation]
                cell.subtract(call.added)
                call.outcome, call.added = outcome, Counter()
                self._count(bare, 1, call)
            return Result.PART
        before = self._tell(call, row)
        if before is not None:
            told = {name: value for name, value in call.told().items() if name in call.news}
            self._count({**bare, **told}, 1, call)
            self._count({**bare, **before}, -1, call)
        return Result.PART

    def _tell(self, call: _Call, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """Note what a row tells that is new. Returns what it replaces; None when it tells nothing new."""
        before: dict[str, Any] | None = None
        call.news = set()
        for aspect, names in ASPECTS.items():
            told = {name: row[name] for name in names if row.get(name) is not None}
            if not told:
                continue
            old = call.aspects.get(aspect)
            if old is not None:
                output = row.get("output_tokens")
                if aspect != "usage" or output is None or output <= old.get("output_tokens", -1):
                    continue
            before = (before or {}) | (old or {})
            call.aspects[aspect] = told
            call.news |= set(names)
        return before

    def _is_new(self, row: Mapping[str, Any]) -> bool:
        if self.seen is None:
            return True
        key = (row["system"], operation_of(row.get("operation")), _outcome(row), str(row["request_id"]))
        is_new = key not in self.seen
        self.seen.add(key)
        return is_new

    def _count(self, row: Mapping[str, Any], sign: int, call: _Call | None = None) -> Result:
        outcome = _outcome(row) if call is None else call.outcome
        assert outcome is not None
        counts = dict.fromkeys(COLUMNS, 0.0)
        Reference._count(counts, outcome, row)
        weight = 1 / (row.get("sample_rate") or 1)
        if outcome is CallStatus.SUCCESS:
            counts["reasoning_tokens"] = weight * (row.get("reasoning_tokens") or 0)
            counts["finish_known"] = weight * (row.get("finish_reason") is not None)
            counts["truncated"] = weight * (row.get("finish_reason") == "length")
            if row.get("trace_id") is not None:
                counts["traced"] = weight
                key = (row["system"], "trace", row["trace_id"])
                counts["traces"] = float(sign > 0 and key not in self.known)
                if sign > 0:
                    self.known.add(key)
        cell = self.cells.setdefault((row["system"], operation_of(row.get("operation"))), Counter())
        for name, count in counts.items():
            cell[name] += sign * count  # type: ignore[assignment]  # weights need not be whole
            if call is not None:
                call.added[name] += sign * count  # type: ignore[assignment]  # as above
        return Result.COUNTED


def _outcome(row: Mapping[str, Any]) -> CallStatus | None:
    outcome = status_of(row.get("status"))
    return (
        CallStatus.CACHE_HIT if outcome is CallStatus.SUCCESS and is_cache_hit(row.get("cache_hit")) else outcome
    )


SOME = st.lists(st.tuples(ROWS, st.integers(1, 4)), max_size=14).map(
    lambda rows: [row for row, times in rows for _ in range(times)]
)
"""Rows of which some follow themselves, as the chunks of a stream do."""


@given(SOME, st.booleans(), st.integers(0, 30))
@settings(max_examples=examples(400))
def test_parts_count_as_the_rule_says_whatever_lies_between_them(
    rows: list[dict[str, Any]], dedupe: bool, cut: int
) -> None:
    plain = Plain(dedupe)
    results = [plain.add(row) for row in rows]
    made = Rollup(
        system_lookup(parse_template("{system}")), ZoneInfo("UTC"), lambda: NOW, TOLERANCE,
        SeenIds(3600) if dedupe else None, SeenIds(3600, "calls/"), has_extended=True,
    )  # fmt: skip
    found: list[Result] = []
    for chunk in (rows[:cut], rows[cut:]):
        values = [
            (*map(row.get, FIELDS), row["system"], *map(row.get, EXTENDED_FIELDS)) for row in chunk
        ]  # fmt: skip
        parts = {index: Piece.PART for index, row in enumerate(chunk) if row["is_part"]}
        counted, others = made.add(values, parts)
        refused = {index: result for index, result, _ in others}
        found += [refused.get(index, Result.COUNTED) for index in range(len(chunk))]
        assert counted == len(chunk) - len(others)

    usage, _, newest = made.take()
    cells = {
        (row.system, row.operation): {name: getattr(row, name) for name in COLUMNS if getattr(row, name)}
        for row in usage
    }
    expected = {key: {name: count for name, count in cell.items() if count} for key, cell in plain.cells.items()}
    assert found == results
    assert cells == {key: cell for key, cell in expected.items() if cell}
    assert (newest is None) == (not any(plain.cells.values()))
