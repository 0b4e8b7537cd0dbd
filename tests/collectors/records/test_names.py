"""Names of systems and models: one rule, whatever path a record takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.names import MAX_NAME_LENGTH, fault_of, is_usable
from leverwatch.collectors.records.recall import recall
from leverwatch.collectors.records.vocabulary import is_cache_hit, is_invalid, is_truncated, status_of
from leverwatch.collectors.sniffing.sniff import guess, samples
from tests.collectors.sources.files.logs import config, ingest, record
from tests.fuzz.records import record as fuzzed

LONG = "m" * (MAX_NAME_LENGTH + 1)
UNUSABLE = [LONG, "a\x00b", "a\nb", "\x1b[31mred", "a\x7f", "a\x85b", "a\u2028b", "\ud800", "a\u202eb"]


@pytest.mark.parametrize("name", [*UNUSABLE, "", "  "], ids=ascii)
def test_a_name_that_a_store_or_a_label_cannot_take_is_unusable(name: str) -> None:
    assert not is_usable(name)
    assert name.strip() not in str(fault_of(name)) or not name.strip()


@pytest.mark.parametrize("name", ["m", "m" * MAX_NAME_LENGTH, "Sprachmodell für Köln", "模型 2", "a'b\"c\\d"])
def test_a_name_of_200_printable_characters_is_usable(name: str) -> None:
    assert is_usable(name)


def counted(*lines: bytes, compiled: bool, **changes: Any) -> Counted:
    made = ingest(config(**changes), compiled=compiled)
    made.add(Lines(b"".join(lines), "app.jsonl", 1))
    return made.drain()


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("name", [name for name in UNUSABLE if name.isascii() or name == "a\u2028b"])
def test_an_unusable_model_refuses_its_record_alone_and_is_not_quoted(name: str, compiled: bool) -> None:
    good = record(response={"model": "m"})
    found = counted(good, record(response={"model": name}), good, compiled=compiled)

    assert found.tallies == {Result.COUNTED: 2, Result.MISTYPED_FIELD: 1}
    assert [row.model for row in found.usage] == ["m"]
    (problem,) = found.problems
    assert problem.place == "app.jsonl:2"
    assert problem.detail.startswith("model: ")
    assert name not in repr(problem)


@pytest.mark.parametrize("compiled", [True, False])
def test_an_unusable_system_stays_unattributed(compiled: bool) -> None:
    found = counted(*(record(app=name) for name in ("a\x00b", LONG, "ok")), compiled=compiled)

    assert found.tallies == {Result.COUNTED: 1, Result.UNATTRIBUTED: 2}


@pytest.mark.parametrize("compiled", [True, False])
def test_blanks_around_a_model_are_no_part_of_its_name(compiled: bool) -> None:
    lines = [record(response={"model": name}) for name in (" m ", "m", "m\t", "  ", "x" + " " * 300)]
    found = counted(*lines, compiled=compiled)

    assert {row.model: row.inferences for row in found.usage} == {"m": 3, "unknown": 1, "x": 1}


def test_a_part_of_a_streamed_call_follows_the_same_rule() -> None:
    models = (" m ", LONG, "a\\u0000b", "m")
    lines = [fuzzed("azure-apim", f"id{number}", model) + b"\n" for number, model in enumerate(models)]
    found = counted(*lines, compiled=True, format="azure-apim", system="bot")

    assert found.tallies == {Result.COUNTED: 2, Result.MISTYPED_FIELD: 2}
    assert [(row.model, row.inferences) for row in found.usage] == [("m", 2)]


def test_a_sample_shows_no_name_that_is_unusable() -> None:
    lines = [{"ts": "2026-03-10T08:00:00Z", "model": name} for name in ("m", LONG, "\x1b[2J")]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    settings = config(format={"type": "jsonl", "fields": {"time": "ts", "model": "model"}}).format

    assert [it.values["model"] for it in samples(settings, data)] == ["m", "?", "?"]


def test_a_field_whose_values_no_model_can_have_is_not_guessed_to_be_one() -> None:
    lines = [{"ts": "2026-03-10T08:00:00Z", "model": "a\x00b", "input_tokens": 1} for _ in range(3)]
    found = guess(b"".join(json.dumps(line).encode() + b"\n" for line in lines), "plain")

    assert found is not None
    assert found.fields is not None
    assert "model" not in found.fields.fields


def test_a_long_text_is_worked_out_each_time_and_not_remembered() -> None:
    asked: list[str] = []

    @recall(10)
    def length(text: str) -> int:
        asked.append(text[:1])
        return len(text)

    assert [length("a"), length("a"), length("b" * 5000), length("b" * 5000)] == [1, 1, 5000, 5000]
    assert asked == ["a", "b", "b"]


@pytest.mark.parametrize("value", ["9" * 5000, 10**5000, "x" * 10**6], ids=["digits", "number", "text"])
def test_a_word_of_any_length_is_an_unknown_one(value: Any) -> None:
    assert status_of(value) is None
    assert is_invalid(value) is None
    assert not is_cache_hit(value)
    assert is_truncated("x" * 5000) is False
