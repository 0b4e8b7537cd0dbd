from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput
from leverwatch.collectors.sources.evals.formats import inspect_log, lm_eval, own, promptfoo
from leverwatch.collectors.sources.evals.formats.detect import PARSERS, parser_of
from leverwatch.collectors.sources.evals.formats.interface import NotFinished, Parser, RawResult, mean_and_error
from tests.collectors.sources.evals import samples

AT = datetime(2026, 10, 1, 8, tzinfo=UTC)


def read(parser: Parser, document: object) -> dict[str, RawResult]:
    found = {}
    for _, entry in parser(BytesIO(json.dumps(document).encode())):
        assert isinstance(entry, RawResult)
        found[entry.metric] = entry
    return found


def refusal(parser: Parser, document: object) -> BadInput:
    with pytest.raises(BadInput) as caught:
        list(parser(BytesIO(json.dumps(document).encode())))
    return caught.value


def test_a_line_of_ones_own_is_taken_as_it_is() -> None:
    line = samples.own(stderr=0.02, suite_hash="abc", higher_is_better=False, ts=1790841600)
    result = read(own.parse, line)["accuracy"]

    assert result == RawResult(
        system="bot",
        model="gpt-4o-mini",
        prompt_version="v7",
        suite="answers",
        suite_hash="abc",
        metric="accuracy",
        value=0.9,
        stderr=0.02,
        n=200,
        at=datetime(2026, 10, 1, 8, tzinfo=UTC),
        higher_is_better=False,
    )


@pytest.mark.parametrize(
    ("value", "n", "more", "passed"),
    [
        (0.9, 200, {}, 180),
        (0.917, 12, {}, 11),
        (0.955, 10, {}, None),
        (0.9, 200, {"stderr": 0.02}, None),
        (0.9, 200, {"passed": 181}, 181),
        (17.0, 200, {}, None),
    ],
)
def test_a_share_without_an_error_tells_the_passed_cases(
    value: float, n: int, more: dict[str, Any], passed: int | None
) -> None:
    assert read(own.parse, samples.own(value=value, n=n, **more))["accuracy"].passed == passed


def test_suites_of_one_name_are_one_suite_unless_a_hash_says_otherwise() -> None:
    hashes = [read(own.parse, samples.own(suite=name))["accuracy"].suite_hash for name in ("a", "a", "b")]

    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"suite": ...}, Result.MISSING_FIELD),
        ({"n": "many"}, Result.MISTYPED_FIELD),
        ({"value": None}, Result.MISTYPED_FIELD),
        ({"ts": "yesterday"}, Result.BAD_TIME),
    ],
)
def test_a_bad_line_costs_only_itself(change: dict[str, Any], reason: Result) -> None:
    data = samples.lines(samples.own(), samples.own(**change), samples.own(metric="tone")) + b"{\n\n"
    entries = list(own.parse(BytesIO(data)))

    assert [(number, type(entry)) for number, entry in entries] == [
        (1, RawResult),
        (2, BadInput),
        (3, RawResult),
        (4, BadInput),
    ]
    problem = entries[1][1]
    assert isinstance(problem, BadInput)
    assert problem.result is reason


def test_promptfoo_counts_rows_by_model_and_prompt() -> None:
    rows = [samples.promptfoo_row(True, 1.0), samples.promptfoo_row(False, 0.0, case="b")]
    found = read(promptfoo.parse, samples.promptfoo(rows))

    assert list(found) == ["pass_rate", "score", "tone"]
    rate = found["pass_rate"]
    assert (rate.value, rate.n, rate.passed, rate.at) == (0.5, 2, 1, AT)
    assert (rate.model, rate.prompt_version, rate.suite) == ("gpt-4o-mini", "0123456789abcdef", "support bot")
    assert (found["tone"].value, found["tone"].stderr) == (0.25, 0.25)


def test_promptfoo_version_2_has_the_same_rows() -> None:
    rows = [samples.promptfoo_row(True, 1.0), samples.promptfoo_row(False, 0.5, case="b")]

    assert read(promptfoo.parse, samples.promptfoo(rows, 2)) == read(promptfoo.parse, samples.promptfoo(rows, 3))


def test_the_hash_of_a_promptfoo_suite_names_its_cases_whatever_their_order_and_outcome() -> None:
    def suite_hash(*cases: str) -> str:
        rows = [samples.promptfoo_row(case == "a", 1.0, case=case) for case in cases]
        return read(promptfoo.parse, samples.promptfoo(rows))["score"].suite_hash

    assert suite_hash("a", "b") == suite_hash("b", "a") == suite_hash("a", "b", "a", "b")
    assert suite_hash("a", "b") != suite_hash("a", "c")


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai:gpt-4o", "gpt-4o"),
        ("openai:chat:ft:gpt-4o-mini:org::id", "ft:gpt-4o-mini:org::id"),
        ("bedrock:anthropic.claude-v2:1", "anthropic.claude-v2:1"),
        ("python:provider.py", "python:provider.py"),
        ("file://provider.js", "file://provider.js"),
        ("echo", "echo"),
    ],
)
def test_the_model_of_a_promptfoo_provider_is_what_usage_calls_it(provider: str, model: str) -> None:
    rows = [samples.promptfoo_row(True, 1.0, provider=provider)]

    assert read(promptfoo.parse, samples.promptfoo(rows))["score"].model == model


def test_promptfoo_files_that_cannot_be_used_say_why() -> None:
    assert "version 1" in str(refusal(promptfoo.parse, samples.promptfoo([], 1)))
    assert refusal(promptfoo.parse, samples.promptfoo([])).result is Result.MISSING_FIELD
    rows = [samples.promptfoo_row(True, 1.0)]
    assert refusal(promptfoo.parse, samples.promptfoo(rows, timestamp=None)).result is Result.BAD_TIME


def test_inspect_gives_every_metric_of_every_scorer_but_its_spreads() -> None:
    found = read(inspect_log.parse, samples.inspect_log())

    assert list(found) == ["includes/accuracy", "includes/f1"]
    accuracy = found["includes/accuracy"]
    assert (accuracy.value, accuracy.stderr, accuracy.n) == (0.5, 0.25, 3)
    assert (accuracy.system, accuracy.prompt_version, accuracy.model) == ("bot", "v7", "gpt-4o-mini")
    assert accuracy.at == AT
    assert found["includes/f1"].stderr is None


def test_the_hash_of_an_inspect_task_names_its_samples() -> None:
    def suite_hash(**dataset: Any) -> str:
        log = samples.inspect_log()
        log["eval"]["dataset"] |= dataset
        return read(inspect_log.parse, log)["includes/f1"].suite_hash

    assert suite_hash() == suite_hash(sample_ids=["a", "b", "c"]) != suite_hash(sample_ids=["a", "b", "d"])


@pytest.mark.parametrize("change", [{"status": "error"}, {"status": "started"}, {"invalidated": True}])
def test_an_inspect_run_that_did_not_end_well_has_no_results(change: dict[str, Any]) -> None:
    with pytest.raises(NotFinished):
        list(inspect_log.parse(BytesIO(json.dumps(samples.inspect_log(**change)).encode())))


def test_inspect_logs_that_cannot_be_used_say_why() -> None:
    assert "version 1" in str(refusal(inspect_log.parse, samples.inspect_log(version=1)))
    assert str(refusal(inspect_log.parse, samples.inspect_log(results=None))) == "has no scores"
    refused = refusal(inspect_log.parse, {"version": 2, "status": "success"})
    assert (refused.result, str(refused)) == (Result.MISSING_FIELD, "object missing required field `eval`")


def test_nan_in_a_sample_does_not_cost_the_log() -> None:
    log = samples.inspect_log()
    log["samples"][0]["score"] = math.nan

    assert read(inspect_log.parse, log)["includes/accuracy"].value == 0.5


def test_lm_eval_gives_every_metric_of_every_task_and_no_group() -> None:
    found = read(lm_eval.parse, samples.lm_eval())

    assert list(found) == ["acc", "exact_match,strict-match"]
    accuracy = found["acc"]
    assert (accuracy.value, accuracy.stderr, accuracy.n, accuracy.suite) == (0.75, 0.02, 400, "answers")
    assert (accuracy.model, accuracy.higher_is_better) == ("org/bot-lora", True)
    assert found["exact_match,strict-match"].stderr is None


@pytest.mark.parametrize(
    ("change", "model"),
    [
        ({"model_name": "org/named"}, "org/named"),
        ({"config": {"model_args": {"pretrained": "org/base"}}}, "org/base"),
        ({"config": {"model_args": "model=gpt-4o,base_url=x"}}, "gpt-4o"),
    ],
)
def test_the_model_of_lm_eval_is_where_its_version_has_it(change: dict[str, Any], model: str) -> None:
    assert read(lm_eval.parse, samples.lm_eval(**change))["acc"].model == model


def test_the_hash_of_an_lm_eval_task_is_its_own_or_names_its_data() -> None:
    def suite_hash(**changes: Any) -> str:
        return read(lm_eval.parse, samples.lm_eval(**changes))["acc"].suite_hash

    made, _, cases = suite_hash(task_hashes={"answers": "f00"}).partition("~")
    assert made == suite_hash()
    assert cases not in {"", suite_hash(task_hashes={"answers": "f01"}).partition("~")[2]}
    assert suite_hash() == suite_hash(date=1790000000) != suite_hash(versions={"answers": 2.0})


def test_lm_eval_says_what_it_lacks() -> None:
    entries = list(lm_eval.parse(BytesIO(json.dumps(samples.lm_eval(**{"n-samples": {}})).encode())))

    assert [str(entry) for _, entry in entries] == ["n-samples lacks one of the tasks"]
    assert str(refusal(lm_eval.parse, samples.lm_eval(config={}))) == "names no model"


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (samples.promptfoo([samples.promptfoo_row(True, 1.0)]), "promptfoo"),
        (samples.inspect_log(), "inspect"),
        (samples.inspect_log(samples=[{"score": math.nan}]), "inspect"),
        (samples.lm_eval(), "lm-eval"),
    ],
)
def test_a_file_is_known_by_the_keys_at_its_top(document: object, name: str) -> None:
    assert parser_of("results.json", "auto", BytesIO(json.dumps(document).encode())) is PARSERS[name]


@pytest.mark.parametrize("data", [b"{}", b"[]", b"", b"{", b'{"results": {"outputs": []}}', b"\xff\xfe"])
def test_a_file_of_no_format_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        parser_of("results.json", "auto", BytesIO(data))


def test_a_packed_inspect_log_is_told_apart() -> None:
    assert parser_of("a.eval", "auto", BytesIO(b"PK")) is inspect_log.parse_packed


def test_no_message_quotes_the_file() -> None:
    broken = [
        {"results": {"version": samples.CANARY, "results": []}},
        samples.inspect_log(eval={"task": {samples.CANARY: 1}}),
        samples.lm_eval(results={samples.CANARY: {samples.CANARY + ",none": [samples.CANARY]}}),
        samples.own(n=samples.CANARY),
    ]
    for parser, document in zip(
        (promptfoo.parse, inspect_log.parse, lm_eval.parse, own.parse), broken, strict=True
    ):
        try:
            entries = list(parser(BytesIO(json.dumps(document).encode())))
        except BadInput as problem:
            entries = [(None, problem)]
        assert entries
        assert all(isinstance(entry, BadInput) and samples.CANARY not in str(entry) for _, entry in entries)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50), st.floats(-1e6, 1e6))
def test_the_error_of_a_mean_does_not_depend_on_where_zero_is(values: list[float], shift: float) -> None:
    mean, error = mean_and_error(values)
    moved, same = mean_and_error([value + shift for value in values])

    assert error is not None
    assert same is not None
    assert min(values) - 1e-6 <= mean <= max(values) + 1e-6
    assert moved == pytest.approx(mean + shift, abs=1e-6)
    assert same == pytest.approx(error, rel=1e-6, abs=1e-6)


def test_numbers_beyond_reason_break_no_parser() -> None:
    rows = [samples.promptfoo_row(True, 1e308), samples.promptfoo_row(True, 1e308), samples.promptfoo_row(True, 1)]
    assert read(promptfoo.parse, samples.promptfoo(rows))["score"].value == math.inf
    huge = samples.lm_eval(results={"answers": {"acc,none": 10**400, "f1,none": True, "em,none": 1}})
    assert [type(entry) for _, entry in lm_eval.parse(BytesIO(json.dumps(huge).encode()))] == [
        BadInput,
        BadInput,
        RawResult,
    ]


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    row = samples.promptfoo_row(True, 1.0)
    row["testCase"]["vars"] = {"deep": deep}
    data = json.dumps(samples.promptfoo([row])).encode()
    for text in (data, data.replace(b"[[", b"[" * 20_000)):
        try:
            assert list(promptfoo.parse(BytesIO(text)))
        except BadInput as problem:
            assert str(problem) in {"is not JSON", "is nested too deeply"}  # noqa: PT017 - either way is fine


@given(st.binary(max_size=300))
def test_no_bytes_break_a_parser(data: bytes) -> None:
    for parser in PARSERS.values():
        try:
            list(parser(BytesIO(data)))
        except (BadInput, NotFinished):
            continue
