"""What runs that were repeated, cut off, failed in part or were packed come to."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard

from leverwatch.collectors.interface import EvalResult, Result
from leverwatch.collectors.sources.evals.positions import refused_files
from tests.collectors.sources.evals import samples
from tests.collectors.sources.evals.samples import Bench


def _row(case: str, passed: bool, **changes: Any) -> dict[str, Any]:
    return samples.promptfoo_row(passed, float(passed), case=case) | changes


def _rates(bench: Bench) -> dict[str, tuple[float, int, int | None, int]]:
    return {
        one.model: (one.value, one.n, one.passed, one.errored)
        for one in bench.collect()
        if one.metric == "pass_rate"
    }


def packed(log: dict[str, Any], *, method: int = 93) -> bytes:
    """An archive as Inspect writes it; `zipfile` cannot, so the member is stored and its headers are changed."""
    content = json.dumps(log).encode()
    body = zstandard.ZstdCompressor().compress(content) if method == 93 else content
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("_journal/start.json", b"{}")
        archive.writestr("header.json", body)
    data = bytearray(file.getvalue())
    if method == 93:
        local = data.index(b"PK\x03\x04", 4)
        central = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
        for start, at, size in ((local, 8, 22), (central, 10, 24)):
            struct.pack_into("<H", data, start + at, 93)
            struct.pack_into("<I", data, start + size, len(content))
    return bytes(data)


CASES: dict[str, tuple[list[dict[str, Any]], tuple[float, int, int | None, int]]] = {
    "a repeated case is one": ([_row("a", True)] * 4 + [_row("b", False)] * 4, (0.5, 2, 1, 0)),
    "a case that passed now and then counts by its share": (
        [_row("a", True), _row("a", False), _row("b", False), _row("b", False)],
        (0.25, 2, None, 0),
    ),
    "two labels of one provider are one model": (
        [_row("a", True), _row("a", True, provider={"id": "openai:chat:gpt-4o-mini", "label": "warm"})],
        (1.0, 1, 1, 0),
    ),
    "an error is a case that did not pass": (
        [_row("a", True), _row("b", False, failureReason=2, error="API error: 500")],
        (0.5, 2, 1, 1),
    ),
    "a case that never ran is none": (
        [_row("a", True), _row("b", False, failureReason=2, error="Evaluation exceeded max duration of 90ms")],
        (1.0, 1, 1, 0),
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_promptfoo_counts_each_case_once(tmp_path: Any, name: str, ending: str) -> None:
    rows, expected = CASES[name]
    bench = Bench(tmp_path)
    bench.write(f"a.{ending}", samples.promptfoo(rows) if ending == "json" else samples.lines(*rows))

    assert list(_rates(bench).values()) == [expected]
    assert not bench.problems


def test_rows_without_a_time_have_that_of_their_file_and_are_waited_for(tmp_path: Any) -> None:
    bench = Bench(tmp_path)
    path = bench.write("a.jsonl", samples.lines(_row("a", True)))
    bench.touch(path, timedelta(seconds=5))
    assert bench.collect() == []
    bench.now += timedelta(hours=2)

    assert bench.collect()[0].at == datetime(2026, 10, 5, 11, 59, 55, tzinfo=UTC)


def test_a_run_that_was_given_up_has_no_results_and_says_why(tmp_path: Any) -> None:
    bench = Bench(tmp_path)
    bench.write(
        "a.json",
        samples.promptfoo([_row("a", True), _row("b", False)], stats={"successes": 1, "failures": 0, "errors": 0}),
    )

    assert bench.collect() == []
    assert bench.tallies == {Result.IGNORED: 1}
    assert bench.problems[0].detail == "has no results: its stats count 1 rows and it has 2: the run was given up"


def test_two_providers_of_one_model_name_are_two_models(tmp_path: Any) -> None:
    bench = Bench(tmp_path)
    ids = (
        "vertex:gemini-3",
        "google:gemini-3",
        "bedrock:converse:m-1",
        "huggingface:text-generation:o/m",
        "sagemaker:llama:e",
    )
    bench.write("a.json", samples.promptfoo([_row("a", True, provider={"id": name}) for name in ids]))

    assert list(_rates(bench)) == ["vertex:gemini-3", "google:gemini-3", "m-1", "o/m", "e"]


def _inspect(bench: Bench, name: str = "a.json", **changes: Any) -> dict[str, EvalResult]:
    bench.write(name, samples.inspect_log(**changes))
    return {one.metric: one for one in bench.collect()}


def _results(*scores: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"total_samples": 3, "completed_samples": 3, "scores": list(scores)} | changes


def _score(name: str, scorer: str, value: float, **changes: Any) -> dict[str, Any]:
    metrics = {"mean": {"value": value}, "stderr": {"value": 0.125}}
    return {"name": name, "scorer": scorer, "scored_samples": 3, "metrics": metrics} | changes


ONCE = samples.inspect_log()["eval"] | {"config": {"epochs": 1}}


def test_two_scorers_with_one_name_are_two_results(tmp_path: Any) -> None:
    found = _inspect(
        Bench(tmp_path), eval=ONCE, results=_results(_score("tone", "a", 0.25), _score("tone", "b", 0.75))
    )

    assert {metric: one.value for metric, one in found.items()} == {"a/tone/mean": 0.25, "b/tone/mean": 0.75}


def test_samples_that_raised_are_told_and_samples_stopped_early_make_another_suite(tmp_path: Any) -> None:
    bench = Bench(tmp_path)
    score = _score("tone", "a", 0.25, scored_samples=2)
    whole = _inspect(bench, eval=ONCE, results=_results(_score("tone", "a", 0.5)))["tone/mean"]
    raised = _inspect(bench, "b.json", eval=ONCE, results=_results(score, completed_samples=2))["tone/mean"]
    stops = {"early_stops": [{"id": "c", "epoch": 1}]}
    early = _inspect(
        bench, "c.json", eval=ONCE, results=_results(score, completed_samples=2, early_stopping=stops)
    )
    stopped = early["tone/mean"]

    assert (whole.errored, whole.cases, whole.n) == (0, 3, 3)
    assert (raised.errored, raised.cases, raised.n, raised.suite_hash) == (1, 3, 2, whole.suite_hash)
    assert (stopped.errored, stopped.cases, stopped.n) == (0, 2, 2)
    assert stopped.suite_hash != whole.suite_hash


def test_epochs_that_were_not_reduced_are_no_cases_of_their_own(tmp_path: Any) -> None:
    spec = ONCE | {"config": {"epochs": 4, "epochs_reducer": []}}
    results = _results(_score("tone", "a", 0.5, scored_samples=12), total_samples=12, completed_samples=12)
    one = _inspect(Bench(tmp_path), eval=spec, results=results)["tone/mean"]

    assert (one.n, one.stderr) == (3, 0.25)


@pytest.mark.parametrize("method", [93, 0])
def test_a_packed_log_has_the_results_of_the_plain_one(tmp_path: Any, method: int) -> None:
    bench = Bench(tmp_path)
    plain = _inspect(bench)
    bench.write("b.eval", packed(samples.inspect_log(), method=method))

    assert {one.metric: one for one in bench.collect()} == plain


def test_a_damaged_or_unfinished_packed_log_says_so(tmp_path: Any) -> None:
    bench = Bench(tmp_path)
    whole = packed(samples.inspect_log())
    bench.write("a.eval", whole.replace(b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfe"))
    bench.write("b.eval", whole.replace(b"header.json", b"leader.json"))

    assert bench.collect() == []
    assert [one.detail for one in bench.problems] == [
        "is no packed log of Inspect, or is damaged",
        "has no results: the run has not ended, or was killed",
    ]


def _task(**changes: Any) -> dict[str, Any]:
    task = samples.lm_eval()["configs"]["answers"] | changes
    return samples.lm_eval(configs={"answers": task})


def test_other_data_of_an_lm_eval_task_makes_another_suite(tmp_path: Any) -> None:
    bench = Bench(tmp_path)
    for name in ("one", "two"):
        bench.write(f"{name}.json", _task(dataset_kwargs={"data_files": {"test": f"{name}.jsonl"}}))

    assert len({one.suite_hash for one in bench.collect()}) == 2


def test_the_folder_that_lm_eval_makes_for_a_model_is_no_system(tmp_path: Any) -> None:
    bench = Bench(tmp_path, path="**/*", system="{folder}")
    bench.write("desk/org__m/results_1.json", samples.lm_eval(model_name="org/m", model_name_sanitized="org__m"))
    bench.write(
        "desk/org__m/samples_answers_1.jsonl", samples.lines({"doc_id": 0, "doc": {}, "doc_hash": "a"}) * 3
    )

    assert {one.system for one in bench.collect()} == {"desk"}
    assert bench.tallies[Result.IGNORED] == 1
    assert [one.detail for one in bench.problems] == [
        "has no results: it has the samples of lm-eval, whose results are in another file"
    ]


def test_a_model_that_lm_eval_made_up_is_not_one(tmp_path: Any) -> None:
    bench = Bench(tmp_path)
    bench.write("a.json", samples.lm_eval(model_name="4kd82hqz", config={"model": "dummy", "model_args": ""}))

    assert {one.model for one in bench.collect()} == {"dummy"}


def test_predictions_without_scores_are_no_results(tmp_path: Any) -> None:
    bench = Bench(tmp_path)
    bench.write("a.json", samples.lm_eval(results={"answers": {"alias": "answers", "bypass,none": 999}}))

    assert (bench.collect(), bench.problems) == ([], [])


def _value(name: str, value: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "params": {}} | more


def _grouped(name: str, value: float, **params: Any) -> dict[str, Any]:
    return _value(name, value, group="grouped", params={"metric": {"name": "mean"}, "group_key": "area"} | params)


def test_groups_of_samples_are_left_out_and_what_is_over_all_samples_is_read(tmp_path: Path) -> None:
    metrics = {
        "mean": _value("mean", 0.5),
        "billing": _grouped("billing", 0.9),
        "all": _grouped("all", 0.55),
        "whole": _grouped("whole", 0.6, all_label="whole"),
        "all1": _grouped("all", 0.7, all="groups"),
        "recall": _value("recall", 0.8, group="answers"),
    }
    score = {"name": "tone", "scorer": "tone", "scored_samples": 9, "metrics": metrics}
    bench = Bench(tmp_path)
    found = _inspect(bench, eval=ONCE, results=_results(score))

    assert {name: (one.value, one.n, one.higher_is_better) for name, one in found.items()} == {
        "tone/mean": (0.5, 9, True), "tone/all": (0.55, 9, True), "tone/whole": (0.6, 9, True),
        "tone/recall": (0.8, 9, None),
    }  # fmt: skip
    assert bench.tallies == {Result.COUNTED: 4, Result.IGNORED: 2}


def test_what_was_refused_of_a_file_is_told_before_what_was_left_out(tmp_path: Path) -> None:
    metrics = {"billing": _grouped("billing", 0.9), "mean": _value("mean", 0.5) | {"value": "much"}}
    bench = Bench(tmp_path)
    _inspect(bench, eval=ONCE, results=_results({"name": "tone", "scorer": "tone", "metrics": metrics}))

    assert [why.partition(":")[0] for why in refused_files("evals", bench.state).values()] == ["mistyped_field"]
