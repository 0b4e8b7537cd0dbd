"""What promptfoo writes beside JSON, deepeval's test runs, and tables of ragas and MLflow, in their shapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import EvalResult, Result
from tests.collectors.sources.evals.samples import CANARY, Bench, promptfoo, promptfoo_row

TABLE = f"""Description,city,[acme:chat:m-1] Where is {{{{city}}}}? {CANARY},Status,Score,Named Scores,\
Metric: tone,Grader Reason,Comment,[echo] short,Status,Score,Named Scores,Grader Reason,Comment
,Bern,in the Alps,PASS,1.00,"{{""tone"":0.5}}",0.50,All assertions passed,,Bern,PASS,1.00,,No assertions,
,"Oslo, N",{CANARY},FAIL,0.25,"{{""tone"":1}}",1.00,"Expected ""x"" ",,Oslo,PASS,1.00,,No assertions,
,Rome,,ERROR,0.00,,,,,Rome,FAIL,0.00,,,
"""
YAML = f"""evalId: eval-1
results:
  version: 3
  timestamp: '2026-10-01T08:00:00.000Z'
  prompts: []
  results:
    - promptIdx: 0
      promptId: 0123456789abcdef0123
      provider:
        id: acme:chat:m-1
        label: ''
      success: true
      score: 1
      failureReason: 0
      namedScores: {{}}
      testCase:
        vars: &ref_0
          city: Bern
          since: '1191'
        assert: &ref_1
          - type: equals
            value: {CANARY.replace("'", "")}
      vars: *ref_0
    - promptIdx: 0
      promptId: 0123456789abcdef0123
      provider: {{id: 'acme:chat:m-1', label: ''}}
      success: false
      score: 0.5
      failureReason: 1
      error: >-
        Expected output
        of another kind
      namedScores: {{}}
      testCase:
        vars:
          city: 'yes'
        assert: *ref_1
      vars: null
  stats:
    successes: 1
    failures: 1
    errors: 0
config:
  description: support bot
"""


def read(tmp_path: Path, name: str, content: bytes | str | dict[str, Any], **settings: Any) -> list[EvalResult]:
    bench = Bench(tmp_path, **settings)
    bench.write(name, content.encode() if isinstance(content, str) else content)
    found = bench.collect()
    assert not bench.problems
    assert CANARY not in repr(found)
    return found


def shares(results: list[EvalResult]) -> dict[tuple[str, str], tuple[int, int | None, int]]:
    return {(one.model, one.metric): (one.n, one.passed, one.errored) for one in results}


def test_the_table_of_promptfoo_has_the_same_shares_as_its_rows(tmp_path: Path) -> None:
    results = read(tmp_path, "out.csv", TABLE)

    assert shares(results) == {
        ("m-1", "pass_rate"): (3, 1, 1),
        ("m-1", "score"): (3, None, 1),
        ("m-1", "tone"): (2, None, 1),
        ("echo", "pass_rate"): (3, 2, 0),
        ("echo", "score"): (3, None, 0),
    }
    assert [one.value for one in results if one.metric == "tone"] == [0.75]
    assert len({one.suite_hash for one in results}) == 1
    assert len({one.prompt_version for one in results}) == 2


def test_yaml_of_promptfoo_has_what_its_json_has_whatever_anchors_repeat(tmp_path: Path) -> None:
    rows = [
        promptfoo_row(True, 1.0, provider="acme:chat:m-1") | {"namedScores": {}},
        promptfoo_row(False, 0.5, provider="acme:chat:m-1") | {"namedScores": {}, "failureReason": 1},
    ]
    checks = [{"type": "equals", "value": CANARY.replace("'", "")}]
    rows[0]["testCase"] = {"vars": {"city": "Bern", "since": "1191"}, "assert": checks}
    rows[1]["testCase"] = {"vars": {"city": "yes"}, "assert": checks}
    of_json = read(tmp_path / "json", "a.json", promptfoo(rows))

    assert read(tmp_path / "yaml", "a.yaml", YAML) == of_json
    assert shares(of_json)["m-1", "pass_rate"] == (2, 1, 0)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.yaml", "prompts: [a]\nproviders: [echo]\ntests: []\n", "ignored"),
        ("a.yaml", "results: {version: 3, results: [*nowhere]}\n", "invalid_line"),
        ("a.yaml", "results: [1, 2\n", "invalid_line"),
        ("a.yaml", "? [1]\n: 2\n", "invalid_line"),
        ("a.yaml", "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
            f"a{n}: &a{n} [{','.join([f'*a{n - 1}' if n else '*a'] * 9)}]\n" for n in range(9)
        ), "invalid_line"),
        ("a.csv", "name,age\nx,1\n", "invalid_line"),
        ("a.csv", TABLE.replace("FAIL", "MAYBE"), "mistyped_field"),
        ("a.csv", "question,response,model\nx,y,m\n", "missing_field"),
        ("a.csv", "question,response,good\nx,y,1\n", "missing_field"),
        ("a.json", b'{"test_cases_lookup_map": {}}', "ignored"),
        ("a.json", b'{"testCases": [], "metricsScores": []}', "ignored"),
        ("a.json", b'[{"user_input": "x", "model": "m"}, 7]', "mistyped_field"),
    ],
)  # fmt: skip
def test_what_is_no_result_is_refused_once_with_its_reason(
    tmp_path: Path, name: str, content: str | bytes, reason: str
) -> None:
    bench = Bench(tmp_path)
    bench.write(name, content.encode() if isinstance(content, str) else content)

    assert bench.collect() == []
    assert bench.tallies == {Result(reason): 1}
    assert CANARY not in repr(bench.problems)


def deepeval(**changes: Any) -> dict[str, Any]:
    def case(number: int, said: bool, kind: bool | None) -> dict[str, Any]:
        raised = {"error": CANARY, "success": False} if kind is None else {"success": kind, "score": 0.2}
        metrics = [{"name": "Exact", "success": said, "score": float(said)}, {"name": "Kind", **raised}]
        return {
            "name": f"test_case_{number}", "input": f"{CANARY} {number}", "actualOutput": CANARY,
            "expectedOutput": CANARY, "success": said and bool(kind), "metricsData": metrics,
        }  # fmt: skip

    cases = [case(1, True, True), case(2, True, None), case(3, False, True)]
    return {
        "testCases": cases, "conversationalTestCases": [], "metricsScores": [],
        "hyperparameters": {"model": "m-1", "prompt": "v4"}, "testPassed": 1, **changes,
    }  # fmt: skip


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_metric_of_deepeval_is_the_share_of_cases_that_passed_it(tmp_path: Path, wrapped: bool) -> None:
    run = {"testRunData": deepeval(), "testRunLink": None} if wrapped else deepeval()
    results = read(tmp_path, "run.json", run)

    assert shares(results) == {
        ("m-1", "pass_rate"): (3, 1, 0), ("m-1", "Exact"): (3, 2, 0), ("m-1", "Kind"): (3, 2, 1),
    }  # fmt: skip
    assert {one.prompt_version for one in results} == {"v4"}


def test_the_text_of_a_prompt_among_the_hyperparameters_is_not_kept(tmp_path: Path) -> None:
    one, *_ = read(tmp_path, "run.json", deepeval(hyperparameters={"model": "m-1", "prompt": CANARY}))

    assert len(one.prompt_version) == 16


def test_a_file_that_names_no_model_takes_the_one_of_the_source(tmp_path: Path) -> None:
    run = deepeval(hyperparameters=None)
    bench = Bench(tmp_path)
    bench.write("m-7.json", run)
    bench.collect()
    assert bench.problems[0].detail == "names no model; set `model` of the source"

    bench.restart(model="{file}")
    assert {one.model for one in bench.collect()} == {"m-7"}
    assert {one.model for one in read(tmp_path / "named", "a.json", deepeval(), model="m-8")} == {"m-8"}


RAGAS = [
    {"question": f"{CANARY} {n}", "grading_notes": n, "response": CANARY, "faithfulness": value, "verdict": word,
     "words": 7, "model": "m-1"}
    for n, (value, word) in enumerate(
        [(0.5, "pass"), (1.0, "MetricResult(value=fail, reason='a, b')"), (None, "pass")]
    )
]  # fmt: skip


def cells(rows: list[dict[str, Any]]) -> str:
    def cell(value: object) -> str:
        text = "" if value is None else str(value)
        return '"' + text.replace('"', '""') + '"'

    return "\n".join([",".join(rows[0]), *(",".join(map(cell, row.values())) for row in rows)]) + "\n"


WRITTEN = {
    "exp.csv": cells(RAGAS),
    "exp.json": json.dumps(RAGAS, indent=1),
    "exp.jsonl": "\n".join(map(json.dumps, RAGAS)),
    "frame.json": json.dumps({name: {str(n): row[name] for n, row in enumerate(RAGAS)} for name in RAGAS[0]}),
    "split.json": json.dumps({"columns": [*RAGAS[0]], "data": [[*row.values()] for row in RAGAS]}),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_scores_of_ragas_are_found_however_the_table_is_written(tmp_path: Path, name: str) -> None:
    results = read(tmp_path, name, WRITTEN[name])

    assert {one.metric: (one.value, one.n, one.passed, one.errored, one.cases) for one in results} == {
        "faithfulness": (0.75, 2, None, 1, 3), "verdict": (pytest.approx(2 / 3), 3, 2, 0, 3),
    }  # fmt: skip
    assert {(one.model, one.suite) for one in results} == {("m-1", "ragas")}


def test_scores_that_are_named_are_taken_whatever_their_range_and_no_others(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "exp.csv", WRITTEN["exp.csv"], metrics=["words"])

    assert (one.metric, one.value, one.n) == ("words", 7, 3)


def test_the_same_cases_in_another_order_and_with_other_answers_are_the_same_suite(tmp_path: Path) -> None:
    others = [{**row, "response": "else", "faithfulness": 0.1} for row in reversed(RAGAS)]
    first, *_ = read(tmp_path / "a", "a.csv", cells(RAGAS))
    second, *_ = read(tmp_path / "b", "b.csv", cells(others))
    other, *_ = read(tmp_path / "c", "c.csv", cells(others[1:]))

    assert first.suite_hash == second.suite_hash != other.suite_hash


def mlflow(as_json: bool) -> str:
    def row(n: int, exact: bool, close: float, kind: str | None) -> dict[str, Any]:
        assessments = [
            {"assessment_name": "expected", "expectation": {"value": 1}},
            {"assessment_name": "exact", "feedback": {"value": exact}},
        ]
        trace = {"info": {"trace_id": f"tr-{n}", "assessments": assessments}}
        return {
            "trace_id": f"tr-{n}", "expected/value": 1, "exact/value": exact, "close/value": close,
            "kind/value": kind, "kind/error_message": None if kind else CANARY, "trace": json.dumps(trace),
            "state": "OK",            "request": {"q": n} if as_json else json.dumps({"q": n}), "response": CANARY,
            "assessments": assessments if as_json else repr(assessments),
        }  # fmt: skip

    rows = [row(0, True, 2.5, "yes"), row(1, False, 3.5, "no"), row(2, True, 1.5, None)]
    return json.dumps(rows) if as_json else cells(rows)


@pytest.mark.parametrize("as_json", [False, True])
def test_scorers_of_mlflow_are_told_from_what_its_cases_expect(tmp_path: Path, as_json: bool) -> None:
    name = "eval_results.json" if as_json else "eval_results.csv"
    results = read(tmp_path, name, mlflow(as_json), model="m-1")

    assert {one.metric: (one.value, one.n, one.passed, one.errored) for one in results} == {
        "exact": (pytest.approx(2 / 3), 3, 2, 0), "close": (2.5, 3, None, 0), "kind": (0.5, 2, 1, 1),
    }  # fmt: skip
    assert {one.suite for one in results} == {"mlflow"}


def frame(rows: list[dict[str, Any]]) -> str:
    """As `mlflow.evaluate` logs it: `artifacts/eval_results_table.json` of its run."""
    columns = [*rows[0]]
    return json.dumps({"columns": columns, "data": [[row[name] for name in columns] for row in rows]})


def logged(n: int, **columns: Any) -> dict[str, Any]:
    return {
        "ask": f"question {n}", "expected_word": CANARY, "predictions": CANARY, "latency": 0.4,
        "token_count": 11 + n, "toxicity/v1/score": 0.25 * n, "exact_match/v1/score": n % 2,
        "answer_similarity/v1/score": 3 + n % 3, "answer_similarity/v1/justification": f"{CANARY} {n}", **columns,
    }  # fmt: skip


def test_the_table_that_mlflow_logs_of_an_evaluation_is_read_as_it_is(tmp_path: Path) -> None:
    rows = [logged(n) for n in range(4)]
    results = read(tmp_path, "eval_results_table.json", frame(rows), model="m-1")

    assert {one.metric: (one.value, one.n, one.passed, one.higher_is_better) for one in results} == {
        "toxicity/v1": (0.375, 4, None, False), "exact_match/v1": (0.5, 4, 2, True),
        "answer_similarity/v1": (3.75, 4, None, True),
    }  # fmt: skip
    assert {one.suite for one in results} == {"mlflow"}


def test_other_reasons_of_a_judge_do_not_make_other_cases_of_an_evaluation_of_mlflow(tmp_path: Path) -> None:
    first, *_ = read(tmp_path / "a", "eval_results_table.json", frame([logged(1), logged(2)]), model="m-1")
    told = [logged(n, **{"answer_similarity/v1/justification": "else", "predictions": "else"}) for n in (1, 2)]
    second, *_ = read(tmp_path / "b", "eval_results_table.json", frame(told), model="m-1")
    other, *_ = read(tmp_path / "c", "eval_results_table.json", frame(told[:1]), model="m-1")

    assert first.suite_hash == second.suite_hash != other.suite_hash


def test_lines_of_own_with_a_column_of_answers_stay_lines_of_own(tmp_path: Path) -> None:
    line: dict[str, Any] = {
        "ts": "2026-10-01T08:00:00Z",
        "model": "m",
        "suite": "s",
        "metric": "a",
        "value": 1,
        "n": 2,
    }
    line["output"] = "x"

    assert [one.metric for one in read(tmp_path, "own.jsonl", json.dumps(line) + "\n")] == ["a"]
