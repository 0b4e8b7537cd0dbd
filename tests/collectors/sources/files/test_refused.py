from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.interface import BackfillRequest, Result
from leverwatch.collectors.sources.files import refused as ranges
from leverwatch.collectors.sources.files.refused import REFUSED_RANGES
from tests.collectors.records.formats.test_otlp import SEMCONV, export, span
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench, append, compress, line

JSONL: dict[str, Any] = {"type": "jsonl", "fields": {"time": "ts"}}


def record(**values: Any) -> bytes:
    return json.dumps({"ts": "2026-03-10T08:00:00Z", **values}).encode() + b"\n"


class Place:
    """One log, read under settings that change."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.log = folder / "a.jsonl"
        self.bench = Bench(
            folder, config(**{"path": "*.jsonl", "format": JSONL, "dedupe_window": "0s", **settings})
        )

    def change(self, **settings: Any) -> None:
        given = {"path": "*.jsonl", "format": JSONL, "dedupe_window": "0s", **settings}
        self.bench.settings = config(**given)
        self.bench.restart()

    def stored(self) -> list[tuple[int, int, int, int]]:
        """Start, end, line and number of records of each range."""
        return [
            (it.start, it.end, it.lines, it.records)
            for key, value in self.bench.store.state.items()
            if key.startswith("refused/")
            for it in REFUSED_RANGES.loads(key, value).ranges
        ]

    def again(self) -> dict[str, int]:
        history = BackfillRequest(refused=True)
        for batch in self.bench.collector.backfill(self.bench.store.source_state(), history):
            self.bench.store.apply(batch)
        return self.bench.store.counted()


def test_nothing_is_stored_where_nothing_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path, system="{app}")
    append(place.log, line("bot") * 3)

    assert place.bench.collect() == {"bot": 3}
    assert not [key for key in place.bench.store.state if key.startswith("refused/")]


def test_what_was_refused_is_judged_by_a_filter_that_came_later_and_what_one_left_out_is_not_read_again(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, system="{app}", format={**JSONL, "not": {"event": "tick"}})
    append(place.log, record(app="bot") + record(event="tick") + record(event="boot") + record(event="call"))
    place.bench.collect()
    assert [records for *_, records in place.stored()] == [2]

    place.change(system="bot", format={**JSONL, "only": {"event": ["call", "tick"]}})

    assert place.bench.collect() == {"bot": 2}
    assert place.stored() == []
    assert place.bench.store.tallies == {Result.COUNTED: 2, Result.FILTERED: 2, Result.UNATTRIBUTED: 2}


def test_neighbours_are_one_range_and_ranges_end_where_records_do(tmp_path: Path) -> None:
    place = Place(tmp_path, system="{app}")
    one, bad = record(app="bot"), record(team="a")
    append(place.log, one + bad + bad)
    place.bench.collect()
    append(place.log, bad + one + bad)
    place.bench.collect()

    at = len(one)
    assert place.stored() == [
        (at, at + 3 * len(bad), 1, 3),
        (2 * at + 3 * len(bad), 2 * at + 4 * len(bad), 5, 1),
    ]


@pytest.mark.parametrize(
    ("wrong", "right", "data"),
    [
        ({"system": "{team}"}, {"system": "{app}"}, record(app="bot")),
        ({"system": "bot", "format": {"type": "jsonl", "fields": {"time": "at"}}}, {"system": "bot"}, record()),
        ({"system": "bot", "format": "anthropic"}, {"system": "bot"}, record()),
        (
            {"system": "bot", "format": {**JSONL, "wrap": "json-string"}},
            {"system": "bot"},
            record(kind="call"),
        ),
        (
            {"system": "bot"},
            {"system": "bot", "format": {**JSONL, "framing": "json"}},
            b'{\n  "ts": "2026-03-10T08:00:00Z"\n}\n',
        ),
        (
            {"system": "{team}", "format": {**JSONL, "framing": "json"}},
            {"system": "bot", "format": {**JSONL, "framing": "json"}},
            b'[\n {"ts": "2026-03-10T08:00:00Z"} ]\n',
        ),
        (
            {"system": [{"is": "bot", "where": {"app": "x"}}]},
            {"system": [{"is": "bot", "where": {"app": ["x", "bot"]}}]},
            record(app="bot"),
        ),
    ],
    ids=["template", "fields", "format", "wrap", "framing", "array", "rules"],
)
def test_what_was_refused_counts_once_after_the_setting_is_right(
    tmp_path: Path, wrong: dict[str, Any], right: dict[str, Any], data: bytes
) -> None:
    place = Place(tmp_path, **wrong)
    append(place.log, data * 4)
    assert place.bench.collect() == {}
    refused = place.bench.store.tallies.total()

    place.change(**right)
    assert place.bench.collect() == {"bot": 4}
    place.bench.restart()
    assert place.bench.collect() == {"bot": 4}
    assert place.again() == {"bot": 4}
    assert place.bench.store.tallies[Result.COUNTED] == 4
    assert place.bench.store.tallies.total() == refused + 4
    assert place.stored() == []


def test_what_is_a_table_after_all_has_its_header_in_the_first_line(tmp_path: Path) -> None:
    place = Place(tmp_path, system="bot")
    append(place.log, b"ts,n\r\n" + b"2026-03-10T08:00:00Z,1\r\n" * 3)
    assert place.bench.collect() == {}

    place.change(system="bot", format={"type": "csv", "fields": {"time": "at"}})
    with pytest.raises(SourceIncomplete, match="no column"):
        place.bench.collect()
    place.change(system="bot", format={"type": "csv", "fields": {"time": "ts"}})
    assert place.bench.collect() == {"bot": 3}
    append(place.log, b"2026-03-10T09:00:00Z,1\r\n")
    assert place.bench.collect() == {"bot": 4}


def test_what_is_refused_still_is_tallied_once_and_remembered(tmp_path: Path) -> None:
    place = Place(tmp_path, system="{team}")
    append(place.log, record(app="bot") + record(org="x") + record(app="bot"))
    place.bench.collect()

    place.change(system="{app}")
    assert place.bench.collect() == {"bot": 2}
    assert place.bench.store.tallies == {Result.UNATTRIBUTED: 3, Result.COUNTED: 2}
    place.change(system="{org}")
    assert place.bench.collect() == {"bot": 2, "x": 1}


def test_settings_that_decide_nothing_about_a_record_read_nothing_again(tmp_path: Path) -> None:
    place = Place(tmp_path, system="{team}")
    append(place.log, record(app="bot"))
    place.bench.collect()
    batches = len(place.bench.store.batches)

    place.change(system="{team}", quiet_after="1h", path="**/*.jsonl")
    place.bench.collect()

    assert not any(key.startswith("refused/") for it in place.bench.store.batches[batches:] for key in it.state)


def test_a_record_from_the_future_counts_when_its_time_has_come(tmp_path: Path) -> None:
    place = Place(tmp_path, system="bot")
    place.bench.wait(-30 * 86400)  # the clock is wrong when the agent starts first
    yesterday = place.bench.now() + timedelta(days=29)
    append(place.log, record(ts=yesterday.isoformat()))
    assert place.bench.collect() == {}

    place.bench.wait(30 * 86400)
    assert place.bench.collect() == {"bot": 1}
    assert place.bench.store.tallies == {Result.FUTURE: 1, Result.COUNTED: 1}


def test_a_compressed_log_is_known_by_its_content(tmp_path: Path) -> None:
    place = Place(tmp_path, system="{team}")
    append(place.log, record(app="bot") + record(team="a") + record(app="bot"))
    place.bench.collect()
    compress(place.log.rename(tmp_path / "a.jsonl.1"))

    place.change(system="{app}")
    assert place.bench.collect() == {"a": 1, "bot": 2}


def test_a_last_line_without_its_end_that_was_refused_is_read_again_as_it_is_by_then(tmp_path: Path) -> None:
    place = Place(tmp_path, system="{team}")
    append(place.log, record(app="bot")[:-1])
    place.bench.settle()
    place.change(system="{app}")
    assert place.bench.collect() == {"bot": 1}

    append(place.log, b"\n" + record(app="bot"))
    assert place.bench.collect() == {"bot": 2}


def test_a_file_that_is_gone_is_named_once_with_the_number_of_its_records(tmp_path: Path) -> None:
    place = Place(tmp_path, system="{team}")
    append(place.log, record(app="bot") * 1200)
    place.bench.collect()
    kept = place.log.read_bytes()
    place.log.unlink()
    place.bench.collect()

    place.change(system="{app}")
    with pytest.raises(SourceIncomplete, match=r"a\.jsonl: 1_200 refused records of it cannot be read again"):
        place.bench.collect()
    place.bench.restart()
    place.bench.collect()
    place.log.write_bytes(kept)
    assert place.bench.collect() == {"bot": 1200}


def test_a_range_that_a_backfill_of_some_days_read_counts_those_days_and_the_others_later(tmp_path: Path) -> None:
    place = Place(tmp_path, system="{app}")
    early, late = "2026-03-09T08:00:00Z", "2026-03-10T08:00:00Z"
    append(place.log, record(app="bot", ts=early) + record(team="bot", ts=early) + record(team="bot", ts=late))
    for batch in place.bench.collector.backfill(
        place.bench.store.source_state(), BackfillRequest(since=date(2026, 3, 10))
    ):
        place.bench.store.apply(batch)
    assert place.bench.store.counted() == {}

    place.change(system="{team}")
    assert place.bench.collect() == {"bot": 1}
    place.change(system="{app}")
    for batch in place.bench.collector.backfill(place.bench.store.source_state(), BackfillRequest()):
        place.bench.store.apply(batch)
    assert place.bench.store.counted() == {"bot": 2}


def test_beyond_the_largest_number_of_ranges_it_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "MOST", 2)
    place = Place(tmp_path, system="{app}")
    append(place.log, (record(team="a") + record(app="bot")) * 4)
    place.bench.collect()
    append(place.log, record(team="a"))
    place.bench.collect()

    said = [it.detail for it in place.bench.store.problems if "places" in it.detail]
    assert said == ["more than 2 places were refused; what comes after is not read again"]
    place.change(system="{team}")
    assert place.bench.collect() == {"bot": 4, "a": 2}


def spans(*teams: str | None) -> bytes:
    """One line of an OpenTelemetry export with a call of each team; None tells no team."""
    told = [SEMCONV if team is None else {**SEMCONV, "team": team} for team in teams]
    return json.dumps(export(*map(span, told))).encode() + b"\n"


@pytest.mark.parametrize("chunk", [100, 1 << 20], ids=["small pieces", "at once"])
def test_of_a_line_with_counted_and_refused_records_only_the_refused_ones_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", chunk)
    place = Place(tmp_path, system="{team}", format="otlp")
    append(place.log, spans("a", None, "b") + spans(None, None) + spans("c") + spans(None, "d"))
    assert place.bench.collect() == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert [it[3] for it in place.stored()] == [1, 2, 1]

    place.change(system="bot", format="otlp")
    assert place.bench.collect() == {"a": 1, "b": 1, "c": 1, "d": 1, "bot": 4}
    assert place.stored() == []
    assert place.again() == {"a": 1, "b": 1, "c": 1, "d": 1, "bot": 4}
    assert all(batch.read == sum(batch.tallies.values()) for batch in place.bench.store.batches)


@pytest.mark.parametrize("chunk", [60, 1 << 20], ids=["small pieces", "at once"])
@pytest.mark.parametrize("end", [b"\n", b""], ids=["ended", "without an end"])
def test_of_an_array_on_one_line_only_the_refused_elements_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: bytes, chunk: int
) -> None:
    monkeypatch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", chunk)
    whole = {**JSONL, "framing": "json"}
    place = Place(tmp_path, system="{app}", format=whole)
    records = [record(app="a"), record(team="t"), record(team="t"), record(app="b"), record(team="u")]
    append(place.log, b"[" + b", ".join(it.strip() for it in records) + b"]" + end)
    assert place.bench.settle() == {"a": 1, "b": 1}

    place.change(system="{team}", format=whole)
    assert place.bench.settle() == {"a": 1, "b": 1, "t": 2, "u": 1}
    place.change(system="all", format=whole)
    assert place.bench.settle() == {"a": 1, "b": 1, "t": 2, "u": 1}


def test_a_line_of_which_a_part_is_refused_twice_knows_what_counted_in_between(tmp_path: Path) -> None:
    both = [{"system": "{team}"}, {"system": "{squad}"}, {"system": "{team}"}, {"system": "bot"}]
    told = [{**SEMCONV, "team": "a"}, {**SEMCONV, "squad": "s"}, SEMCONV, {**SEMCONV, "squad": "s"}]
    place = Place(tmp_path, format="otlp", **both[0])
    append(place.log, json.dumps(export(*map(span, told))).encode() + b"\n")
    counted = [place.bench.collect()]
    for settings in both[1:]:
        place.change(format="otlp", **settings)
        counted.append(place.bench.collect())

    assert counted == [{"a": 1}, {"a": 1, "s": 2}, {"a": 1, "s": 2}, {"a": 1, "s": 2, "bot": 1}]


def test_a_line_that_gives_other_records_than_before_waits_for_the_settings_that_it_was_read_with(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, system="{team}", format="otlp")
    append(place.log, spans("a", None))
    assert place.bench.collect() == {"a": 1}
    before = place.bench.store.tallies.total()

    place.change(system="bot", format={"type": "jsonl", "fields": {"time": "resourceSpans.0.startTimeUnixNano"}})
    assert place.bench.collect() == {"a": 1}
    assert place.bench.store.tallies.total() == before
    place.change(system="bot", format="otlp")
    assert place.bench.collect() == {"a": 1, "bot": 1}


def test_what_a_part_of_a_line_waits_for_survives_a_run_that_dies(tmp_path: Path) -> None:
    place = Place(tmp_path, system="{team}", format="otlp")
    append(place.log, spans("a", None) + spans(None, "b"))
    place.bench.collect()
    compress(place.log)
    place.change(system="bot", format="otlp", path="*.jsonl*")
    place.bench.crash(1, False)

    assert place.bench.collect() == {"a": 1, "b": 1, "bot": 2}
    place.bench.restart()
    assert place.bench.settle() == {"a": 1, "b": 1, "bot": 2}
