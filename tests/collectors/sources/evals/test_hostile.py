"""One bad input costs itself: hostile values at every place of real documents, hostile names and sizes."""

from __future__ import annotations

import copy
import json
import math
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.agent.store.store import Store
from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.interface import Batch, Result, SourceState
from leverwatch.collectors.records import outline, window
from leverwatch.collectors.sources.evals import positions, reading
from leverwatch.collectors.sources.evals.config import EvalsConfig
from leverwatch.collectors.sources.evals.formats import detect, inspect_log, interface, lm_eval, promptfoo
from tests.collectors.sources.evals import samples
from tests.collectors.sources.evals.samples import NOW, Bench, lines, own

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, -1e308, 1e-320, 2**53 + 1, 2**63, 2**64, -(2**64), 10**400, -(10**400),
    math.nan, math.inf, -math.inf, "", " ", "\0", "a\0b", "two\nlines", "\ud800", "x\udfff", "\u202e", "é" * 201,
    "x" * 100_000, "1e308", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-10-01T08:00:00+99:99",
    [], {}, [[]], {"": ""}, [None] * 1000,
)  # fmt: skip
KEYS = ("", "\0", "\ud800", "x" * 100_000)
DOCUMENTS = {
    "own": own(stderr=0.1, passed=180, suite_hash="h"),
    "promptfoo": samples.promptfoo([samples.promptfoo_row(True, 1.0), samples.promptfoo_row(False, 0.5)]),
    "promptfoo-2": samples.promptfoo([samples.promptfoo_row(True, 1.0)], 2),
    "inspect": samples.inspect_log(),
    "lm-eval": samples.lm_eval(model_name="m", system_instruction_sha="0123"),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a document but itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from places(part, (*path, key))


def poisoned(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document with each hostile value at each place, and as each key."""
    for path in places(document):
        for hostile in HOSTILE:
            changed = copy.deepcopy(document)
            around: Any = changed
            for step in path[:-1]:
                around = around[step]
            if hostile in KEYS and isinstance(path[-1], str):
                renamed = copy.deepcopy(changed)
                inside: Any = renamed
                for step in path[:-1]:
                    inside = inside[step]
                inside[hostile] = inside.pop(path[-1])
                yield renamed
            around[path[-1]] = hostile
            yield changed


def merged(batches: list[Batch]) -> Batch:
    return Batch(
        state={key: value for batch in batches for key, value in batch.state.items()},
        eval_results=tuple(result for batch in batches for result in batch.eval_results),
    )


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whatever_stands_at_one_place_costs_its_document_and_every_store_takes_the_rest(
    tmp_path: Path, store: Store, name: str
) -> None:
    documents = [DOCUMENTS[name], *poisoned(DOCUMENTS[name]), DOCUMENTS[name] | {"last": 1}]
    suffix = "jsonl" if name == "own" else "json"
    system = "{system}" if name in {"own", "inspect"} else "{model}-{file}"
    bench = Bench(tmp_path / "files", path=f"*.{suffix}", system=system)
    if name == "own":
        documents[-1] = own(metric="last")
        bench.write("a.jsonl", lines(*documents))
    else:
        for number, document in enumerate(documents):
            bench.write(f"{number:05d}.{suffix}", document)

    batches = list(bench.collector.collect(SourceState(0, dict)))
    store.apply("evals", 0, merged(batches))

    results = [result for batch in batches for result in batch.eval_results]
    assert all(math.isfinite(result.value) for result in results)
    assert all(result.stderr is None or math.isfinite(result.stderr) for result in results)
    day = NOW.date()
    stored = [result for found in store.eval_results(day - timedelta(days=9000), day).values() for result in found]
    assert stored
    assert {result.value for result in stored} <= {result.value for result in results}
    good = [len(batch.eval_results) for batch in (batches[0], batches[-1])]
    assert good[0] > 0
    if name == "own":
        assert {"accuracy", "last"} <= {result.metric for result in stored}
    else:
        assert good[0] == good[1]
        assert len(batches) == len(documents)


@pytest.mark.parametrize("field", ["system", "model", "prompt_version", "suite", "suite_hash", "metric"])
@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "a\nb", " ", "x" * 201, "\u202e", "\x85"])
def test_a_name_that_cannot_be_shown_or_stored_costs_its_result(tmp_path: Path, field: str, text: str) -> None:
    bench = Bench(tmp_path, system="{system}")
    bench.write("a.jsonl", lines(own(metric="before"), own(**{field: text}), own(metric="after")))

    assert [result.metric for result in bench.collect()] == ["before", "after"]
    assert sum(bench.tallies.values()) == 3
    assert text.strip() == "" or all(text not in problem.detail for problem in bench.problems)


@pytest.mark.parametrize("n", [-1, -(10**400), 2**63, 10**12 + 1])
def test_a_number_of_cases_that_cannot_be_meant_costs_its_result(tmp_path: Path, n: int) -> None:
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(own(n=n, value=0.5), own()))

    assert [result.n for result in bench.collect()] == [200]
    assert bench.tallies == {Result.COUNTED: 1, Result.MISTYPED_FIELD: 1}


def test_one_metric_of_a_scorer_that_is_no_number_costs_no_other(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    log = samples.inspect_log()
    scorer = log["results"]["scores"][0]
    scorer["metrics"] |= {"f1": {"name": "f1", "value": math.nan}, "f2": {"value": "high"}, "f3": {"value": 0.3}}
    log["results"]["scores"] += [{"name": 5}, scorer | {"name": "second"}]
    bench.write("a.json", log)

    assert [result.metric for result in bench.collect()] == [
        "includes/accuracy", "includes/f3", "second/accuracy", "second/f3",
    ]  # fmt: skip
    assert bench.tallies == {Result.COUNTED: 4, Result.MISTYPED_FIELD: 5}


def test_a_score_that_is_no_number_costs_its_metric(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    row = samples.promptfoo_row(True, 1.0) | {"namedScores": {"tone": "high", "length": 0.5}}
    bench.write("a.json", samples.promptfoo([row, samples.promptfoo_row(True, 1.0)]))

    assert [result.metric for result in bench.collect()] == ["pass_rate", "score", "length"]
    assert bench.tallies == {Result.COUNTED: 3, Result.MISTYPED_FIELD: 1}


def test_half_a_character_in_an_answer_costs_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    row = samples.promptfoo_row(True, 1.0) | {"response": {"output": "cut \ud83d"}, "note": "\\ud83d \U0001f600"}
    bench.write("a.json", samples.promptfoo([row]))

    assert len(bench.collect()) == 3


def test_a_file_whose_name_is_no_text_is_shown_escaped_and_costs_no_other(tmp_path: Path) -> None:
    bench = Bench(tmp_path, path="**/*.jsonl")
    bench.write("b.jsonl", lines(own()))
    for name in (b"a\xff.jsonl", b"\xe9/c.jsonl"):
        path = os.path.join(os.fsencode(tmp_path), name)  # noqa: PTH118 - a name of bytes
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - as above
        with open(path, "wb") as file:  # noqa: PTH123 - as above
            file.write(lines(own(metric="other")))

    for _ in range(2):
        with pytest.raises(SourceIncomplete) as caught:
            bench.collect()
        assert "a\\xff.jsonl" in str(caught.value)
        assert "\\xe9" in str(caught.value)
        str(caught.value).encode()
    assert [result.metric for result in bench.results] == ["accuracy"]


def test_control_characters_in_the_name_of_a_file_are_shown_escaped(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a\nb\x1b[31m.json", b"{}")

    with pytest.raises(SourceIncomplete, match=r"/a\\nb\\x1b\[31m\.json: the name has control characters"):
        bench.collect()


@pytest.mark.parametrize("name", ["a\0b", "a\nb", " ", "x" * 201])
def test_a_model_is_not_renamed_to_what_cannot_be_stored(name: str) -> None:
    with pytest.raises(ValidationError):
        EvalsConfig.model_validate({"name": "evals", "path": "*", "models": {"a": name}})


def test_lines_beyond_the_bound_are_counted_and_said_once_a_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_MOST_LINES", 3)
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(*(own(metric=f"m{number}") for number in range(5))))
    assert len(bench.collect()) == 3
    bench.write("a.jsonl", lines(*(own(metric=f"m{number}") for number in range(6))))
    assert bench.collect() == []

    assert bench.tallies == {Result.COUNTED: 3, Result.INVALID_LINE: 3}
    said = [(problem.place.rpartition("/")[2], problem.detail) for problem in bench.problems]
    left = "is beyond line 3 and was not read, nor is any after it; begin another file"
    assert said == [("a.jsonl:4", left), ("a.jsonl:6", left)]


@pytest.mark.parametrize("size", [50, 1 << 20])
def test_an_unterminated_line_beyond_the_bound_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(reading, "_MOST_LINES", 1)
    monkeypatch.setattr(positions, "_PIECE", size)
    bench = Bench(tmp_path)
    content = lines(*(own(metric=f"m{number}") for number in range(4)))
    bench.write("a.jsonl", content[:-1], age=timedelta(seconds=5))
    assert len(bench.collect()) == 1
    assert bench.collect() == []
    assert bench.tallies == {Result.COUNTED: 1, Result.INVALID_LINE: 2}
    bench.now += timedelta(minutes=5)
    assert bench.collect() == []
    bench.write("a.jsonl", content)
    assert bench.collect() == []

    assert bench.tallies == {Result.COUNTED: 1, Result.INVALID_LINE: 3}


def test_a_line_that_is_too_long_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LONGEST_LINE", 1000)
    bench = Bench(tmp_path)
    content = lines(own(metric="a"), own(note="x" * 5000), own(metric="b"))
    bench.write("a.jsonl", content)
    assert [result.metric for result in bench.collect()] == ["a", "b"]
    bench.write("a.jsonl", content + lines(own(metric="c")))
    assert [result.metric for result in bench.collect()] == ["c"]

    assert bench.tallies == {Result.COUNTED: 3, Result.INVALID_LINE: 1}
    assert [problem.place.rpartition("/")[2] for problem in bench.problems] == ["a.jsonl:2"]


def test_many_lines_are_committed_in_parts_and_a_crash_between_them_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_LINES_A_BATCH", 4)
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(*(own(metric=f"m{number}") for number in range(10))))
    batches = bench.collector.collect(SourceState(0, dict))
    bench._apply(next(batches))
    batches.close()  # type: ignore[attr-defined] # collect is a generator

    bench.restart()
    assert [result.metric for result in bench.collect()] == [f"m{number}" for number in range(4, 10)]
    bench.restart()
    assert bench.collect() == []
    assert bench.tallies == {Result.COUNTED: 10}


@pytest.mark.parametrize(
    ("module", "bound", "document", "reason"),
    [
        (promptfoo, "_MOST_ROWS", DOCUMENTS["promptfoo"], "has more than 1 rows"),
        (promptfoo, "_MOST_SCORES", DOCUMENTS["promptfoo"], "has more than 1 scores"),
        (promptfoo, "_LARGEST_ROW", DOCUMENTS["promptfoo"], "one of its rows is larger than 0 MiB"),
        (
            promptfoo,
            "_MOST_GROUPS",
            samples.promptfoo([samples.promptfoo_row(True, 1.0, provider=name) for name in "ab"]),
            "has more than 1 models and prompts",
        ),
        (inspect_log, "_MOST_IDS", DOCUMENTS["inspect"], "has more than 1 ids of samples"),
        (inspect_log, "_LARGEST_IDS", DOCUMENTS["inspect"], "has more than 500_000 ids of samples, or more than"),
        (inspect_log, "_LARGEST_SCORE", DOCUMENTS["inspect"], "one of its scores is larger than 0 MiB"),
        (lm_eval, "MOST_RESULTS", DOCUMENTS["lm-eval"], "has more than 1 tasks"),
        (lm_eval, "_LARGEST", DOCUMENTS["lm-eval"], "what it says of a task is larger than 0 MiB"),
        (outline, "_LARGEST_VALUE", DOCUMENTS["inspect"], "one of its values is larger than 0 KiB"),
        (outline, "_MOST_KEYS", DOCUMENTS["inspect"], "has more than 1 keys in one place"),
        (window, "_DEEPEST", DOCUMENTS["inspect"], "is nested too deeply"),
    ],
)
def test_a_document_beyond_a_bound_is_refused_and_the_next_one_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, bound: str, document: Any, reason: str
) -> None:
    monkeypatch.setattr(module, bound, 1)
    bench = Bench(tmp_path)
    bench.write("a.json", document)
    bench.write("b.jsonl", lines(own()))

    assert [result.metric for result in bench.collect()] == ["accuracy"]
    assert [problem.detail[: len(reason)] for problem in bench.problems] == [reason]
    assert bench.tallies == {Result.COUNTED: 1, Result.INVALID_LINE: 1}


@pytest.mark.parametrize(("bound", "kept", "left"), [("MOST_RESULTS", 2, 3), ("MOST_METRICS", 2, 3)])
def test_results_beyond_a_bound_are_counted_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, kept: int, left: int
) -> None:
    monkeypatch.setattr(reading, bound, 2)
    bench = Bench(tmp_path)
    row = samples.promptfoo_row(True, 1.0) | {"namedScores": {"a": 1, "b": 1, "c": 1}}
    bench.write("a.json", samples.promptfoo([row]))

    assert len(bench.collect()) == kept
    assert bench.tallies == {Result.COUNTED: kept, Result.INVALID_LINE: left}


def test_names_of_scores_beyond_the_bound_are_not_gathered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promptfoo, "MOST_METRICS", 2)
    bench = Bench(tmp_path)
    row = samples.promptfoo_row(True, 1.0) | {"namedScores": dict.fromkeys("abcd", 1)}
    bench.write("a.json", samples.promptfoo([row, row]))

    assert [result.metric for result in bench.collect()] == ["pass_rate", "score", "a", "b"]
    assert bench.tallies == {Result.COUNTED: 4, Result.INVALID_LINE: 2}


def test_a_document_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    path = bench.write("a.json", samples.inspect_log())
    parse = detect.parser_of

    def touched(*given: Any) -> interface.Parser:
        path.write_bytes(json.dumps(samples.inspect_log()).encode())
        return parse(*given)

    monkeypatch.setattr(reading, "parser_of", touched)
    assert bench.collect() == []
    monkeypatch.undo()
    assert len(bench.collect()) == 2


def test_a_large_file_is_left_off_when_the_agent_stops(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(own(metric="a")))
    bench.write("b.json", samples.inspect_log(samples=["x" * 1000] * 5000))
    asked: list[None] = []

    def stopping() -> bool:
        asked.append(None)
        return len(asked) > 8

    bench.restart_with(stopping)
    with pytest.raises(SourceIncomplete, match="since the agent stops"):
        bench.collect()
    assert [result.metric for result in bench.results] == ["a"]
    bench.restart()
    assert len(bench.collect()) == 2
