from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.interface import CollectorContext, Result, SourceState
from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.evals.collector import EvalsCollector
from leverwatch.collectors.sources.evals.config import EvalsConfig
from leverwatch.collectors.sources.evals.formats.interface import digest
from leverwatch.collectors.sources.evals.positions import refused_files
from tests.collectors.sources.evals import samples
from tests.collectors.sources.evals.samples import Bench, lines, own


def values(bench: Bench) -> list[float]:
    return [result.value for result in bench.collect()]


def test_the_collector_is_registered_under_its_type_name() -> None:
    assert source_types()["evals"].name == "evals"


def test_files_of_every_format_are_read_side_by_side(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(own()))
    bench.write("b.json", samples.promptfoo([samples.promptfoo_row(True, 1.0)]))
    bench.write("c.json", samples.inspect_log())
    bench.write("d.json", samples.lm_eval())

    metrics = [result.metric for result in bench.collect()]

    assert metrics == [
        "accuracy",
        "pass_rate",
        "score",
        "tone",
        "includes/accuracy",
        "includes/f1",
        "acc",
        "exact_match,strict-match",
    ]
    assert bench.tallies == {Result.COUNTED: 8}
    assert not bench.problems


def test_a_file_is_read_once_and_again_when_its_content_changed(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    path = bench.write("a.json", samples.inspect_log())
    assert len(bench.collect()) == 2
    assert bench.collect() == []
    bench.restart()
    assert bench.collect() == []
    bench.touch(path, timedelta(minutes=30))
    assert bench.collect() == []
    log = samples.inspect_log()
    log["stats"]["completed_at"] = "2026-10-02T08:00:00+00:00"
    bench.write("a.json", log)
    assert [result.at.day for result in bench.collect()] == [2, 2]
    assert bench.tallies == {Result.COUNTED: 4}


def test_a_run_without_news_yields_no_batch(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.json", samples.inspect_log())
    bench.write("b.jsonl", lines(own()))
    bench.collect()
    before = bench.revision

    bench.collect()

    assert bench.revision == before == 2


def test_a_file_written_within_the_clocks_tick_is_looked_into_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    path = bench.write("a.jsonl", lines(own(value=0.1)), age=timedelta(0))
    assert values(bench) == [0.1]
    before = path.stat()
    path.write_bytes(lines(own(value=0.2)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert values(bench) == [0.2]


def test_a_copy_of_a_file_counts_as_a_duplicate(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.json", samples.inspect_log())
    bench.write("b.json", samples.inspect_log())

    assert len(bench.collect()) == 2
    assert bench.tallies == {Result.COUNTED: 2, Result.DUPLICATE: 1}


def test_a_file_of_lines_goes_on_where_it_stood(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(own(value=0.1)))
    assert values(bench) == [0.1]
    bench.write("a.jsonl", lines(own(value=0.1), own(value=0.2)) + b"{\n")
    assert values(bench) == [0.2]
    bench.write("moved.jsonl", (tmp_path / "a.jsonl").read_bytes() + lines(own(value=0.3)))
    (tmp_path / "a.jsonl").unlink()
    assert values(bench) == [0.3]

    assert bench.tallies == {Result.COUNTED: 3, Result.INVALID_LINE: 1}
    assert [problem.place.rpartition("/")[2] for problem in bench.problems] == ["a.jsonl:3"]


def test_a_file_of_lines_that_was_rewritten_is_read_from_its_start(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(own(value=0.1), own(value=0.2)))
    bench.collect()
    bench.write("a.jsonl", lines(own(value=0.5)))

    assert values(bench) == [0.5]


@pytest.mark.parametrize("newline", [b"", b"\n"])
def test_an_unterminated_line_counts_once_when_the_file_is_quiet(tmp_path: Path, newline: bytes) -> None:
    bench = Bench(tmp_path)
    whole = lines(own(value=0.1, metric="a"), own(value=0.2, metric="b"))
    bench.write("a.jsonl", whole[:-1], age=timedelta(seconds=5))
    assert values(bench) == [0.1]
    assert values(bench) == []
    bench.now += timedelta(minutes=5)
    assert values(bench) == [0.2]
    bench.write("a.jsonl", whole[:-1] + newline)
    assert values(bench) == []
    assert bench.tallies == {Result.COUNTED: 2}


def test_results_that_say_the_same_are_one_result_the_last_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(own(value=0.1), own(value=0.2)))

    assert values(bench) == [0.2]


def test_a_broken_file_is_counted_named_and_harmless(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.json", b'{"results": ' + samples.CANARY.encode())
    bench.write("b.json", samples.inspect_log())
    bench.write("c.eval", b"PK\x03\x04")
    bench.write("d.json", samples.inspect_log(results=None))
    bench.write("e.json", samples.inspect_log(status="cancelled"))

    assert len(bench.collect()) == 2
    assert bench.collect() == []
    assert bench.tallies == {
        Result.COUNTED: 2,
        Result.INVALID_LINE: 2,
        Result.MISSING_FIELD: 1,
        Result.IGNORED: 1,
    }
    shown = [(problem.place.rpartition("/")[2], problem.detail) for problem in bench.problems]
    assert shown == [
        ("a.json", "is not JSON"),
        ("c.eval", "is no packed log of Inspect, or is damaged"),
        ("d.json", "has no scores"),
        ("e.json", "has no results: the run ended as cancelled"),
    ]


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    whole = json.dumps(samples.inspect_log()).encode()
    path = bench.write("a.json", whole[:100], age=timedelta(seconds=5))
    assert bench.collect() == []
    assert not bench.tallies
    path.write_bytes(whole)
    bench.touch(path, timedelta(seconds=1))

    assert len(bench.collect()) == 2
    assert bench.tallies == {Result.COUNTED: 2}


def test_a_file_that_was_mended_counts(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.json", b"{")
    bench.collect()
    bench.write("a.json", samples.inspect_log())

    assert len(bench.collect()) == 2


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"n": 0}, Result.MISTYPED_FIELD, "n must be from 1 to 1_000_000_000_000"),
        ({"n": 10**300}, Result.MISTYPED_FIELD, "n must be from 1 to 1_000_000_000_000"),
        ({"stderr": -0.1}, Result.MISTYPED_FIELD, "stderr must be a finite number, not below 0"),
        ({"passed": 201}, Result.MISTYPED_FIELD, "passed must be from 0 to n"),
        ({"value": float("nan")}, Result.MISTYPED_FIELD, "value must be a finite number"),
        ({"metric": "m" * 201}, Result.MISTYPED_FIELD, "metric must be 1 to 200 printable characters"),
        ({"prompt_version": "two\nlines"}, Result.MISTYPED_FIELD, "prompt_version must be 1 to 200 printable"),
        ({"ts": "2026-10-05T12:11:00Z"}, Result.FUTURE, "the time of the run is in the future"),
    ],
)
def test_a_number_or_name_that_cannot_be_meant_is_refused(
    tmp_path: Path, change: dict[str, Any], reason: Result, detail: str
) -> None:
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(own(**change), own()))

    assert len(bench.collect()) == 1
    assert [(problem.reason, problem.detail[: len(detail)]) for problem in bench.problems] == [(reason, detail)]


@pytest.mark.parametrize(
    ("template", "system"),
    [
        ("{system}", "bot"),
        ("{folder}-{file}", "search-a"),
        ("{suite}", "answers"),
        ("x", "x"),
        ([{"is": "y", "where": {"folder": "chat"}}, {"is": "z", "where": {"folder": "search"}}], "z"),
    ],
)
def test_the_system_is_a_template_over_the_result_and_its_place(
    tmp_path: Path, template: str | list[Any], system: str
) -> None:
    bench = Bench(tmp_path, path="**/*.jsonl", system=template)
    bench.write("search/a.jsonl", lines(own()))

    assert [result.system for result in bench.collect()] == [system]


def test_a_result_without_a_system_is_unattributed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, system="{system}")
    bench.write("a.jsonl", lines(own(system=...)))

    assert bench.collect() == []
    assert bench.tallies == {Result.UNATTRIBUTED: 1}
    assert "set `system` of the source" in bench.problems[0].detail


def test_models_are_renamed_and_other_settings_read_every_file_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.jsonl", lines(own()))
    bench.write("b.json", samples.inspect_log())
    bench.collect()
    bench.restart(models={"gpt-4o-mini": "gpt-4o-mini-2024-07-18"})

    assert {result.model for result in bench.collect()} == {"gpt-4o-mini-2024-07-18"}
    assert len(bench.results) == 6


def test_a_crash_at_a_batch_neither_loses_nor_doubles(tmp_path: Path) -> None:
    bench = Bench(tmp_path, models={"a": "b"})
    for name in "abc":
        bench.write(f"{name}.jsonl", lines(own(metric=name)))
    batches = bench.collector.collect(SourceState(0, dict))
    bench._apply(next(batches))
    batches.close()  # type: ignore[attr-defined] # collect is a generator

    bench.restart()
    assert [result.metric for result in bench.collect()] == ["b", "c"]


def test_an_unreadable_file_fails_the_run_and_costs_no_other(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("b.jsonl", lines(own()))
    (tmp_path / "a.jsonl").symlink_to(tmp_path / "a.jsonl")
    bench.settings["path"] = ["a.jsonl", "b.jsonl"]
    bench.restart()

    with pytest.raises(SourceIncomplete, match=r"source evals: .*a\.jsonl"):
        bench.collect()
    assert bench.tallies == {Result.COUNTED: 1}


def test_no_text_of_a_prompt_or_answer_leaves_the_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.json", samples.promptfoo([samples.promptfoo_row(True, 1.0)]))
    bench.write("b.json", samples.inspect_log())
    bench.write("c.json", samples.lm_eval())
    bench.collect()

    assert bench.results
    assert samples.CANARY not in repr((bench.results, bench.problems, bench.state))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("path", ""),
        ("path", []),
        ("format", "helm"),
        ("system", "{team}"),
        ("system", "{"),
        ("models", {"": "a"}),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(setting: str, value: object) -> None:
    with pytest.raises(ValidationError):
        EvalsConfig.model_validate({"name": "evals", "type": "evals", "path": "*", setting: value})


def test_a_constant_system_is_declared_and_nothing_is_counted_or_watched(tmp_path: Path) -> None:
    config = EvalsConfig.model_validate({"name": "evals", "path": "*", "system": "bot"})

    assert config.declared_systems() == {"bot"}
    assert EvalsConfig.model_validate({"name": "evals", "path": "*"}).declared_systems() == frozenset()
    assert not config.counts_usage()
    assert not config.watches_prompts()
    assert list(EvalsCollector(config, CollectorContext(tmp_path, tmp_path)).collect(SourceState(0, dict))) == []


def test_what_was_refused_of_a_file_is_remembered_with_its_reason_until_the_file_is_mended(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    broken = bench.write("a.json", b'{"results": 7}')
    bench.write("b.jsonl", lines(own(), own(n=0), own(suite="other")))
    bench.write("c.json", samples.inspect_log() | {"status": "cancelled"})
    bench.write("d.json", samples.inspect_log())
    bench.collect()

    def refused() -> dict[str, str]:
        return {Path(path).name: why for path, why in refused_files("evals", bench.state).items()}

    assert refused() == {
        "a.json": "invalid_line: is no result file of promptfoo, Inspect, lm-eval, deepeval, ragas or MLflow",
        "b.jsonl": "mistyped_field: line 2: n must be from 1 to 1_000_000_000_000",
        "c.json": "ignored: has no results: the run ended as cancelled",
    }

    bench.touch(broken, timedelta(minutes=30))
    with (tmp_path / "b.jsonl").open("ab") as file:
        file.write(lines(own(suite="third")))
    bench.touch(tmp_path / "b.jsonl", timedelta(minutes=30))
    bench.collect()
    assert set(refused()) == {"a.json", "b.jsonl", "c.json"}

    bench.write("a.json", samples.promptfoo([samples.promptfoo_row(True, 1.0)]))
    bench.collect()
    assert set(refused()) == {"b.jsonl", "c.json"}


def test_files_that_an_earlier_method_could_not_read_are_read_and_all_others_stay_as_they_are(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path)
    bench.write("a.json", samples.inspect_log())
    bench.write("b.csv", b"question,response,model,good\nx,y,m,1\nz,y,m,0\n")
    bench.write("c.json", b'[{"user_input": "x", "model": "m", "good": 1}]')
    bench.collect()
    earlier = digest([2, "auto", "bot", {}]).encode()
    bench.state = {
        key: re.sub(rb'"settings":"[0-9a-f]+"', b'"settings":"' + earlier + b'"', value)
        for key, value in bench.state.items()
    }

    bench.restart()
    assert [(one.suite, one.metric) for one in bench.collect()] == [("ragas", "good"), ("ragas", "good")]
    assert bench.collect() == []
    bench.restart()
    assert bench.collect() == []
