"""Failed calls that a log tells in lines of another form than its answers are errors, and no call counts twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.fields import FIELDS
from leverwatch.collectors.records.vocabulary import CallStatus, status_of
from leverwatch.collectors.sniffing.left_out import notes_on_left_out
from leverwatch.collectors.sniffing.sniff import config_of, guess
from tests.collectors.sniffing.proposed import of_text


def rows_of(text: str) -> list[dict[str, Any]]:
    data = text.encode()
    found = guess(data, "plain")
    assert found is not None
    format_ = build_format(config_of(Path("x"), found.settings).format, ())
    rows = format_.parse(data[: format_.framing.complete(data, final=True)], None).rows
    return [dict(zip(FIELDS, row, strict=False)) for row in rows]


def counts(text: str) -> Counter[tuple[str | None, bool]]:
    """How many calls each model has, by whether they failed."""
    return Counter((it["model"], status_of(it["status"]) is CallStatus.ERROR) for it in rows_of(text))


def written(good: str, bad: str, between: str = "") -> str:
    """Eleven answers, and two failures among them."""
    lines = []
    for n in range(13):
        form = bad if n in {4, 9} else good
        values = {"n": n, "m": f"{n:02}", "tin": 300 + n * 37 % 211, "tout": 40 + n * 13 % 57}
        lines += [(between + form).format(**values)]
    return "\n".join(lines) + "\n"


STAMP = "2026-03-05 09:{m}:11"
CLIENT = '10.0.0.1 - ide [05/Mar/2026:09:{m}:11 +0000] "POST /v1/chat/completions HTTP/1.1" '


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (STAMP + " lab chat gpt-4o-mini ok in={tin} out={tout} 5.2s",
         STAMP + " lab chat gpt-4o-mini FAIL 503 (busy) 3.6s"),
        ("[05/03/2026 09:{m}:11] [INFO] Sent | model: gpt-4o-mini | input tokens: {tin} | output tokens: {tout}",
         "[05/03/2026 09:{m}:11] [ERROR] Call failed | model: gpt-4o-mini | HTTP 503 | busy"),
    ],
)  # fmt: skip
def test_a_failure_in_a_line_of_its_own_form_is_a_failed_call(good: str, bad: str) -> None:
    assert counts(written(good, bad)) == {("gpt-4o-mini", False): 11, ("gpt-4o-mini", True): 2}


def test_a_failure_with_its_code_is_a_failed_call_where_no_line_names_a_model() -> None:
    good = STAMP + " info: Chat[0] Prompt tokens: {tin}. Completion tokens: {tout}."
    bad = STAMP + " fail: Reply[0] Function failed. Error: HTTP 503 (busy)"

    assert counts(written(good, bad)) == {(None, False): 11, (None, True): 2}


@pytest.mark.parametrize(
    ("good", "bad", "model"),
    [
        (STAMP + " run done agent=a model=lab:gpt-4o-mini Use(input_tokens={tin}, output_tokens={tout}, n=2)",
         STAMP + " run failed agent=a model=lab:gpt-4o-mini n=2 HTTPError: status_code: 429, body: slow down",
         "lab:gpt-4o-mini"),
        ("[" + STAMP + '] app.INFO: AI done {{"model":"gpt-4o-mini","usage":{{"input_tokens":{tin},'
         '"output_tokens":{tout}}},"ms":6256}} ',
         "[" + STAMP + '] app.ERROR: AI failed: code 429 {{"model":"gpt-4o-mini","exception":"[object]'
         '\n[trace]\n#0 /a.php(4): b()\n"}} ',
         "gpt-4o-mini"),
        (CLIENT + '200 930 "-" "a/1.0" 5.551 "model=gpt-4o-mini prompt_tokens={tin} completion_tokens={tout}"',
         CLIENT + '429 130 "-" "a/1.0" 0.051 "model=gpt-4o-mini prompt_tokens=- completion_tokens=-"',
         "gpt-4o-mini"),
        (CLIENT + '200 9 model="gpt-4o-mini" tokens_in="{tin}" tokens_out="{tout}"',
         CLIENT + '503 9 model="gpt-4o-mini" tokens_in="-" tokens_out="-"', "gpt-4o-mini"),
        (STAMP + ' prod.INFO: LLM {{"model":"gpt-4o-mini","tokens_in":{tin},"tokens_out":{tout},"status":"ok"}}',
         STAMP + ' prod.ERROR: LLM {{"model":"gpt-4o-mini","status":"error","exception":"x\n#0 y\n"}}',
         "gpt-4o-mini"),
    ],
    ids=["in what is printed of an object", "with an exception over several lines", "in an access log",
         "with values in quotes", "where a status says of each answer that it is one"],
)  # fmt: skip
def test_a_failure_that_stands_beside_named_values_is_a_failed_call(good: str, bad: str, model: str) -> None:
    rows = counts(written(good, bad))

    assert rows == {(model, False): 11, (model, True): 2}
    assert sum(it["output_tokens"] or 0 for it in rows_of(written(good, bad))) == sum(
        40 + n * 13 % 57 for n in range(13) if n not in {4, 9}
    )


def test_the_line_that_begins_a_call_is_none_beside_the_one_that_ends_it() -> None:
    begun = STAMP + " DEBUG app - sent model=gpt-4o-mini attempt=1\n"
    good = STAMP + " INFO app - got model=gpt-4o-mini attempt=1 prompt_tokens={tin} completion_tokens={tout}"
    bad = STAMP + " ERROR app - gone model=gpt-4o-mini attempt=1 RateLimitError: Error code: 429"

    assert counts(written(good, bad, begun)) == {("gpt-4o-mini", False): 11, ("gpt-4o-mini", True): 2}


USE = "Use(completion_tokens={tout}, prompt_tokens={tin}, details=None)"


@pytest.mark.parametrize(
    ("good", "bad", "between"),
    [
        (" app - model=gpt-4o-mini ok usage=" + USE,
         " app - model=gpt-4o-mini failed: ModelHTTPError: status_code: 503, body: {{'message': 'busy'}}",
         STAMP + " app - agent=a start prompt='go on'\n"),
        (" INFO h answer id=a{n}b{n} model=gpt-4o-mini usage=" + USE,
         " ERROR h gone RateLimitError: Error code: 429 - {{'error': {{'message': 'slow down, `gpt-4o-mini`'}}}}",
         STAMP + " INFO h asked model=gpt-4o-mini answer_model=Bill attempt=1\n"),
        (" INFO 1 --- [x] [p-{n}] c.a.Log : used [gpt-4o-mini]: Use{{promptTokens={tin}, answerTokens={tout}}}",
         " WARN 1 --- [x] [p-{n}] o.s.Try : Retry error. Exception: HTTP 429 - gpt-4o-mini is busy",
         STAMP + " INFO 1 --- [x] [p-{n}] c.a.Web : POST /ask user=u{n} length=520\n"),
    ],
    ids=["in the value of a pair", "whose beginnings have a text of their own", "with the model in brackets"],
)  # fmt: skip
def test_a_printed_object_tells_the_tokens_of_the_model_in_the_same_line(
    good: str, bad: str, between: str
) -> None:
    rows = counts(written(STAMP + good, STAMP + bad, between))

    assert rows == {("gpt-4o-mini", False): 11, ("gpt-4o-mini", True): 2}


def test_failures_that_are_not_counted_are_said() -> None:
    good = STAMP + " INFO got model=gpt-4o-mini prompt_tokens={tin} completion_tokens={tout}"
    notes = of_text(written(good, STAMP + " ERROR openai request failed: connection reset")).notes

    assert (
        "status: 2 other lines tell of an error beside a model or a call, and are not counted; were they failed"
        " calls, there would be 2 more errors"
    ) in notes


ANSWERS = [f"2026-03-05 09:0{n}:11 gpt-4o-mini 12 in 4 out" for n in range(6)]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (["2026-03-05 09:07:11 cache of gpt-4o-mini hit"] * 4, ["inferences"]),
        (["2026-03-05 09:07:11 started with gpt-4o-mini"], []),
        (["2026-03-05 09:07:11 disk failed"], []),
        (["2026-03-05 09:07:11 llm call timed out"], ["status"]),
        (["2026-03-05 09:07:11 OpenAI call failed: 503"], ["status"]),
        (["    at openai.call failed"], []),
    ],
)
def test_lines_that_look_like_calls_and_are_none_are_said(others: list[str], said: list[str]) -> None:
    notes = notes_on_left_out([*ANSWERS, *others], range(6), {"gpt-4o-mini"})

    assert [it.partition(":")[0] for it in notes] == said


def test_lines_that_begin_the_calls_that_others_end_are_not_said() -> None:
    lines = [it for answer in ANSWERS for it in ("2026-03-05 09:00:01 to gpt-4o-mini", answer)]

    assert notes_on_left_out(lines, range(1, 12, 2), {"gpt-4o-mini"}) == []


def test_what_a_server_prints_over_several_lines_is_a_call_and_its_failure_another() -> None:
    used = "  prompt_tokens: {tin},\n  completion_tokens: {tout},\n  details: {{\n    cached_tokens: 0\n  }}\n}}"
    good = "[" + STAMP + "] usage (gpt-4o-mini): {{\n" + used
    bad = "[" + STAMP + "] chat error (gpt-4o-mini): 503 busy\n    at a.b (/c.js:8:1)"
    other = "[" + STAMP + "] POST /api/ask\n"

    assert counts(written(good, bad, other)) == {("gpt-4o-mini", False): 11, ("gpt-4o-mini", True): 2}
