"""Fields that only grow within a session: what counts is how much they grew since the record before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leverwatch.collectors.aggregation import counters
from leverwatch.collectors.aggregation.day_filter import EVER
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.interface import Result
from tests.collectors.aggregation.restarting import Restarting, both, some
from tests.collectors.sources.files.logs import NOW, config, ingest, sums

FIELDS: dict[str, Any] = {
    "time": "at", "model": "m", "request_id": "id", "output_tokens": {"path": "out", "of_session": "chat"},
    "cost_usd": {"path": "cost", "of_session": "chat"},
}  # fmt: skip
COUNTING: dict[str, Any] = {"type": "jsonl", "fields": FIELDS}


def line(chat: Any, out: Any, second: int = 0, **more: Any) -> dict[str, Any]:
    return {"at": f"2026-03-10T08:00:{second:02d}Z", "m": "gpt-x", "chat": chat, "out": out, **more}


def test_what_counts_is_the_increase_also_over_restarts() -> None:
    records = [line("a", 10), line("b", 5, 1), line("a", 25, 2), line("a", 25, 3), line("b", 6, 4)]

    for read in both(COUNTING, records):
        assert some(read.totals, "inferences", "output_tokens", "unknown_output") == (5, 31, 0)


def test_a_decrease_is_a_new_start() -> None:
    for read in both(COUNTING, [line("a", 100), line("a", 30, 1), line("a", 50, 2)]):
        assert some(read.totals, "inferences", "output_tokens") == (3, 150)


def test_a_record_that_comes_late_is_no_new_start() -> None:
    for read in both(COUNTING, [line("a", 100, 1), line("a", 150, 5), line("a", 140, 4), line("a", 200, 6)]):
        assert some(read.totals, "inferences", "output_tokens") == (4, 200)


def test_a_record_that_is_delivered_again_adds_nothing_and_is_no_new_start() -> None:
    records = [line("a", 10, 1, id=1), line("a", 30, 2, id=2), line("a", 10, 1, id=1), line("a", 35, 3, id=3)]

    for read in both(COUNTING, records):
        assert some(read.totals, "inferences", "output_tokens") == (3, 35)
        assert read.tallies == {Result.COUNTED: 3, Result.DUPLICATE: 1}


def test_every_field_grows_for_itself() -> None:
    records = [line("a", 10, cost=0.5), line("a", None, 1, cost=0.75), line("a", 12, 2, cost=None)]

    for read in both(COUNTING, records):
        assert some(read.totals, "output_tokens", "unknown_output", "cost_usd", "unpriced") == (12, 1, 0.75, 1)


@pytest.mark.parametrize("chat", [None, "", " ", {}, True])
def test_a_record_of_no_session_has_no_increase_that_is_known(chat: Any) -> None:
    for read in both(COUNTING, [line(chat, 10), line(chat, 12, 1)]):
        assert some(read.totals, "inferences", "output_tokens", "unknown_output") == (2, 0, 2)


def test_a_session_with_a_number_for_its_name_is_one_session() -> None:
    assert some(both(COUNTING, [line(7, 10), line("7", 12, 1)])[0].totals, "output_tokens") == (12,)


def test_a_refused_record_moves_no_counter() -> None:
    records = [line("a", 10), {**line("a", 20, 1), "at": "soon"}, line("a", 25, 2)]

    for read in both(COUNTING, records):
        assert some(read.totals, "inferences", "output_tokens") == (2, 25)


def test_a_sum_and_what_stands_beside_it_grow_together() -> None:
    part = {"path": "cached", "of_session": "chat", "stands": "beside"}
    fields = {
        "time": "at",
        "input_tokens": {"path": ["in", "+more"], "of_session": "chat"},
        "cached_input_tokens": part,
    }
    records = [
        line("a", 0, **{"in": 5, "more": 1, "cached": 10}),
        line("a", 0, 1, **{"in": 9, "more": 1, "cached": 30}),
    ]

    for read in both({"type": "jsonl", "fields": fields}, records):
        assert some(read.totals, "input_tokens", "cached_input_tokens") == (40, 30)


def test_calls_and_failed_calls_can_be_such_counters() -> None:
    fields = {
        "time": "at",
        "inferences": {"path": "calls", "of_session": "host"},
        "errors": {"path": "failed", "of_session": "host"},
    }
    records = [{"at": f"2026-03-10T08:00:0{at}Z", "host": "h", "calls": calls, "failed": failed}
               for at, (calls, failed) in enumerate([(10, 1), (10, 1), (25, 4)])]  # fmt: skip

    for read in both({"type": "jsonl", "fields": fields}, records):
        assert some(read.totals, "inferences", "errors", "attempts") == (21, 4, 25)


def test_the_length_of_an_input_is_how_much_it_grew() -> None:
    fields = {"time": "at", "input_tokens": {"path": "in", "of_session": "chat"}}
    records = [line("a", 0, at, **{"in": total}) for at, total in enumerate((30_000, 60_000, 100_000))]

    read = Restarting({"type": "jsonl", "fields": fields})
    read.read(*records)
    assert [(tier.tier, tier.input_tokens) for tier in read.batches[0].tiers] == [(">32000", 40_000)]


def test_a_forgotten_session_is_said_and_counts_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_SESSIONS", 2)
    records = [line("a", 10), line("b", 1, 1), line("c", 1, 2), line("a", 15, 3), line("a", 18, 4)]

    for read in both(COUNTING, records):
        assert some(read.totals, "inferences", "output_tokens", "unknown_output") == (5, 15, 1)
        assert [batch.unreadable for batch in read.batches if batch.unreadable] == [{"output_tokens": 1}]
        (problem,) = [problem for batch in read.batches for problem in batch.problems]
        assert "its session was forgotten" in problem.detail
        assert sum(key.startswith("session/") for key in read.state) == 2


def test_no_more_than_a_bounded_number_of_forgotten_sessions_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_SESSIONS", 1)
    monkeypatch.setattr(counters, "MOST_LOST", 2)
    read = Restarting(COUNTING).each(line(f"s{at}", 1, at) for at in range(6))

    assert len(read.state["lost-sessions"]) == len(b"version 1\n") + 2 * 8


def columns(*rows: str) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


HEADER = "at,chat,out,m,id"
TABLE: dict[str, Any] = {
    "type": "csv", "fields": {"time": "at", "output_tokens": {"path": "out", "of_session": "chat"}},
}  # fmt: skip
WIDE: dict[str, Any] = {"type": "csv", "fields": {**TABLE["fields"], "model": "m", "request_id": "id"}}


def in_parts(
    settings: dict[str, Any], header: str, *parts: bytes | tuple[bytes, int]
) -> Iterator[dict[str, float]]:
    """The sums after each part; a pair is taken back. The state of the source is loaded anew before each."""
    made, state = Ingest(config(format=settings, system="bot"), lambda: NOW), dict[str, bytes]()
    total: dict[str, float] = {}
    for part in parts:
        made.load(state)
        data, at = part if isinstance(part, tuple) else (part, 2)
        lines = Lines(data, "a.csv", at, header.encode())
        if isinstance(part, tuple):
            made.retract(lines)
        else:
            made.add(lines, may_go_on=not data.endswith(b"\n"))
        counted = made.drain()
        for key, value in counted.state.items():
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
        for name, number in sums(counted.usage).items():
            total[name] = total.get(name, 0) + number
        yield dict(total)


def test_a_line_that_goes_on_counts_as_if_it_had_been_read_whole() -> None:
    start, partial = columns("2026-03-10T08:00:00Z,a,10"), b"2026-03-10T08:00:01Z,a,12"
    *_, counted, gone, last = in_parts(TABLE, "at,chat,out", start, partial, (partial, 2), partial + b"3\n")

    assert some(counted, "inferences", "output_tokens") == (2, 12)
    assert some(gone, "inferences", "output_tokens") == (1, 10)
    assert some(last, "inferences", "output_tokens") == (2, 123)


def test_a_line_whose_session_goes_on_takes_nothing_from_the_session_it_seemed_to_be_of() -> None:
    header = "at,out,chat"
    start, partial = columns("2026-03-10T08:00:00Z,10,a"), b"2026-03-10T08:00:01Z,12,a"
    parts = (start, partial, (partial, 2), partial + b"b\n", columns("2026-03-10T08:00:02Z,15,a"))
    *_, last = in_parts(TABLE, header, *parts)

    assert some(last, "inferences", "output_tokens") == (3, 12 + 15)


def test_a_line_that_goes_on_in_another_column_is_no_duplicate_of_itself() -> None:
    start, partial = columns("2026-03-10T08:00:00Z,a,10,m,1"), b"2026-03-10T08:00:01Z,a,12,m,7"
    *_, last = in_parts(WIDE, HEADER, start, partial, (partial, 2), partial + b"\n")

    assert some(last, "inferences", "output_tokens") == (2, 12)


def test_a_line_that_goes_on_after_its_session_did_adds_nothing_twice() -> None:
    partial = b"2026-03-10T08:00:01Z,a,12"
    parts = (partial, columns("2026-03-10T08:00:02Z,a,20"), (partial, 2), partial + b"3\n")
    *_, last = in_parts(TABLE, "at,chat,out", *parts)

    assert some(last, "inferences", "output_tokens") == (2, 123)


def test_days_cannot_be_left_out_of_a_counter() -> None:
    made = ingest(config(format=COUNTING, system="bot"))
    day = date(2026, 3, 10).toordinal()

    made.keep(EVER)
    with pytest.raises(SourceRefused, match="backfill without --since and --until"):
        made.keep(((day, day),))


def test_versions_of_a_call_have_no_counters() -> None:
    with pytest.raises(ValidationError, match="use one"):
        config(format={**COUNTING, "repeats": "versions"}, system="bot")


RECORDS = st.lists(
    st.builds(
        line,
        st.sampled_from(["a", "b", None]),
        st.one_of(st.none(), st.integers(0, 50)),
        st.integers(0, 3),
        id=st.one_of(st.none(), st.integers(0, 3)),
    ),
    max_size=12,
)


@given(RECORDS)
def test_where_a_run_ends_changes_nothing(records: list[dict[str, Any]]) -> None:
    whole, each = both(COUNTING, records)

    assert whole.totals == each.totals
    assert whole.tallies == each.tallies
    assert {key: value for key, value in whole.state.items() if key.startswith("session/")} == {
        key: value for key, value in each.state.items() if key.startswith("session/")
    }


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), max_size=20))
def test_a_counter_that_never_falls_counts_what_it_is_at_its_end(steps: list[tuple[str, int]]) -> None:
    total = dict.fromkeys("ab", 0)
    records = []
    for at, (chat, more) in enumerate(steps):
        total[chat] += more
        records.append(line(chat, total[chat], at))

    read = both(COUNTING, records)[0]
    assert some(read.totals, "output_tokens") == (sum(total.values()),)


def test_lines_are_counted_as_they_are_read_again() -> None:
    made = ingest(config(format=COUNTING, system="bot"))
    made.add(Lines(b'{"at": "2026-03-10T08:00:00Z", "chat": "a", "out": 9}\n', "a.jsonl", 1))
    made.again = True
    made.add(Lines(b'{"at": "2026-03-10T08:00:00Z", "chat": "a", "out": 4}\n', "a.jsonl", 1))

    assert some(sums(made.drain().usage), "inferences", "output_tokens") == (2, 9)


def test_a_failed_call_leaves_what_grew_to_the_next_one_but_for_its_cost() -> None:
    settings = {**COUNTING, "fields": {**FIELDS, "status": "end"}}
    ends = [("ok", 10, 1.0), ("error", 15, 1.5), ("ok", 25, 3.0)]
    records = [line("a", out, at, end=end, cost=cost) for at, (end, out, cost) in enumerate(ends)]

    for read in both(settings, records):
        assert some(read.totals, "inferences", "errors", "output_tokens", "cost_usd") == (2, 1, 25, 3.0)


def test_a_failed_call_that_is_taken_back_takes_nothing_of_the_one_before_it() -> None:
    settings = {"type": "csv", "fields": {**TABLE["fields"], "status": "end"}}
    start, partial = columns("2026-03-10T08:00:00Z,a,10,ok"), b"2026-03-10T08:00:01Z,a,10,error"
    parts = (start, partial, (partial, 2), partial + b"\n", columns("2026-03-10T08:00:02Z,a,15,ok"))
    *_, last = in_parts(settings, "at,chat,out,end", *parts)

    assert some(last, "inferences", "errors", "output_tokens") == (2, 1, 15)
