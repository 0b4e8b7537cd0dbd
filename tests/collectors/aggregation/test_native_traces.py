"""The helper counts the spans of MLflow's traces as Python counts them, whatever is unusual about some of them."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation import _native, known_records
from leverwatch.collectors.aggregation.known_records import KnownRecords
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.pipeline import assemble
from tests.collectors.aggregation.test_native_counter import SPANS, damaged
from tests.collectors.aggregation.test_native_declared import expected, told, varied
from tests.collectors.aggregation.test_native_spans import count, refusals
from tests.collectors.aggregation.test_native_wrapped import noted
from tests.collectors.sources.files.logs import NOW, config, ingest

START = 1773129600 * 10**9
KINDS = ("CHAT_MODEL", "LLM", "AGENT", "TOOL", "EMBEDDING", "RERANKER", "")
BY_ANSWER = r"{leverwatch span.attributes.mlflow\.spanOutputs}"
TEXTS: tuple[Any, ...] = (
    json.dumps('a "b" \\ ü'),
    "ü" * 70,
    "x" * 200,
    None,
    {"mlflow.spanType": '"LLM"'},
    [1, {}],
)
NAMES = ("call", "count_tokens", "embeddings_1", "Completions")


def span(number: int, chance: random.Random, calm: bool) -> dict[str, Any]:
    usage = {"input_tokens": chance.randrange(50), "output_tokens": 3, "total_tokens": chance.choice([53, None])}
    if chance.random() < 0.3:
        usage["cache_read_input_tokens"] = chance.randrange(60)
    kind = chance.choice(KINDS)
    start = START + chance.randrange(10**12)
    values: dict[str, Any] = {"mlflow.spanType": json.dumps(kind), "mlflow.spanInputs": chance.choice(TEXTS)}
    if chance.random() < 0.5:
        values["mlflow.spanOutputs"] = chance.choice(TEXTS)
    if chance.random() < 0.8:
        values["mlflow.chat.tokenUsage"] = chance.choice([json.dumps(usage), usage])
        values["mlflow.llm.model"] = json.dumps(chance.choice(["gpt-4o", "text-embedding-3-small"]))
    if chance.random() < 0.3:
        values["mlflow.llm.cost"] = json.dumps({"total_cost": chance.choice([0, 0.5])})
    made = {
        "span_id": f"{number:04x}", "parent_span_id": "0000" if number else None, "name": chance.choice(NAMES),
        "start_time_unix_nano": start, "end_time_unix_nano": start + chance.randrange(10**10),
        "status": {"code": chance.choice(["STATUS_CODE_OK", "STATUS_CODE_ERROR", "OK"]), "message": ""},
        "attributes": values,
    }  # fmt: skip
    if not calm and chance.random() < 0.3:
        others = ({"trace_id": "other"}, {"span_id": "0001"}, {"parent_span_id": "0002"}, {"end_time": 1})
        made |= chance.choice(others)
    return varied(made, chance) if not calm and chance.random() < 0.3 else made


def trace(chance: random.Random, calm: bool) -> Any:
    """A trace, or parts of one."""
    spans = [span(number, chance, calm) for number in range(chance.randrange(1, 5))]
    if calm and sum(it["attributes"]["mlflow.spanType"] in ('"LLM"', '"CHAT_MODEL"') for it in spans) > 1:
        spans[0]["attributes"]["mlflow.spanType"] = '"AGENT"'
    location = {"mlflow_experiment": {"experiment_id": chance.choice(["1", "2", ""])}}
    info: dict[str, Any] = {
        "trace_id": f"tr-{chance.randrange(9)}", "trace_location": location, "request_preview": 'a "b"',
        "trace_metadata": {"mlflow.trace.tokenUsage": "{}"}, "tags": {"mlflow.traceName": "x"},
    }  # fmt: skip
    made: Any = {"info": info, "data": {"spans": spans}}
    if calm:
        return made
    if chance.random() < 0.1:
        info["tags"] = chance.choice([None, 7, {"mlflow.trace.sourceScorer": "judge"}])
    if chance.random() < 0.1:
        del info[chance.choice(list(info))]
    alone = {**spans[0], "trace_id": "a"}
    form = chance.choice((made, made, made, {**info, "spans": spans}, {"traces": [made]}, {"spans": spans}, alone))
    return varied(form, chance) if chance.random() < 0.2 else form


@given(
    st.integers(0, 2**32),
    st.sampled_from(["{experiment}", "bot", BY_ANSWER]),
    st.sampled_from(["0s", "1h"]),
    SPANS,
)
@settings(max_examples=50)
def test_the_helper_counts_what_python_counts(seed: int, system: str, window: str, days: Any) -> None:
    chance = random.Random(seed)
    made = config(format={"type": "mlflow"}, system=system, dedupe_window=window)
    helped, alone = ingest(made), ingest(made, compiled=False)
    assert helped.takes_views
    _native.wide(chance.random() < 0.5)
    refused = refusals(helped), refusals(alone)
    for one in (helped, alone):
        one.keep(days)
        one.known = KnownRecords() if seed % 3 == 0 else None
    first = 1
    for _ in range(chance.randrange(1, 4)):
        calm = chance.random() < 0.5
        number = chance.randrange(1, 6)
        texts = [json.dumps(trace(chance, calm or chance.random() < 0.7)).encode() for _ in range(number)]
        if not calm and chance.random() < 0.2:
            texts[0] = damaged(texts[0], chance.randrange(12))
        data = b"\n".join(texts) + b"\n"
        count(helped, alone, Lines(data, "traces.json", first, key="a"), chance)
        first += data.count(b"\n")

    assert [numbers for numbers, _, _ in refused[0]] == [numbers for numbers, _, _ in refused[1]]
    assert noted(helped) == noted(alone)
    assert told(helped.drain()) == expected(alone.drain())
    _native.wide(True)


def test_of_many_traces_the_same_sample_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_records, "MOST", 20)
    monkeypatch.setattr(known_records, "SAMPLE", 8)
    chance = random.Random(5)
    made = config(format={"type": "mlflow"}, system="bot")
    helped, alone = ingest(made), ingest(made, compiled=False)
    helped.known, alone.known = KnownRecords(), KnownRecords()
    for first in range(1, 40, 4):
        data = b"".join(json.dumps(trace(chance, calm=True)).encode() + b"\n" for _ in range(4))
        for one in (helped, alone):
            one.add(Lines(data, "traces.json", first))
    assert noted(helped) == noted(alone)
    assert alone.known.stored().many


def lines_of(data: bytes, *, reads_texts: bool, wide: bool) -> tuple[bytes, bytes]:
    _native.wide(wide)
    made = _native.divide(data, reads_texts)
    _native.wide(True)
    assert made is not None
    return made


def test_spans_are_the_same_however_many_bytes_are_read_at_once() -> None:
    chance = random.Random(11)
    data = b"".join(json.dumps(trace(chance, calm=number % 2 == 0)).encode() + b"\n" for number in range(200))
    data = b"".join(line + b"\n" for line in data.splitlines() if b'"traces"' not in line and b'"data"' in line)

    for reads_texts in (False, True):
        wide, narrow = (lines_of(data, reads_texts=reads_texts, wide=it) for it in (True, False))
        assert wide == narrow


def test_what_a_span_was_given_and_answered_is_in_its_line_only_where_it_is_read() -> None:
    one = trace(random.Random(3), calm=True)
    for span in one["data"]["spans"]:
        span["attributes"] |= {"mlflow.spanInputs": "what was asked", "mlflow.spanOutputs": {"what": ["was said"]}}
    data = json.dumps(one).encode() + b"\n"

    whole, _ = lines_of(data, reads_texts=True, wide=True)
    short, rows = lines_of(data, reads_texts=False, wide=True)

    assert b"was asked" in whole
    assert b"was said" in whole
    assert b"was" not in short
    empty = one | {"data": {"spans": [dict(span) for span in one["data"]["spans"]]}}
    for span in empty["data"]["spans"]:
        span["attributes"] = span["attributes"] | {"mlflow.spanInputs": None, "mlflow.spanOutputs": None}
    assert short == lines_of(json.dumps(empty).encode() + b"\n", reads_texts=True, wide=True)[0]
    # What Python reads has all of it.
    alone = [json.loads(line) for line in _native.undivide(data, rows).splitlines()]
    assert alone == [{"info": one["info"], "data": {"spans": [span]}} for span in one["data"]["spans"]]


def test_a_span_that_is_not_in_the_log_is_an_error() -> None:
    _, rows = lines_of(
        json.dumps(trace(random.Random(3), calm=True)).encode() + b"\n", reads_texts=False, wide=True
    )

    with pytest.raises(ValueError, match="not in the text"):
        _native.undivide(b"short\n", rows)


def test_plain_spans_are_not_given_to_python() -> None:
    plain = assemble(config(format={"type": "mlflow"}, system="{experiment}"), lambda: NOW).plain
    assert plain is not None
    made = trace(random.Random(3), calm=True)
    found = plain.scan(json.dumps(made).encode() + b"\n")
    assert found is not None

    counted = plain.count(found, NOW, None, lambda *_: pytest.fail("it was given to Python"))

    assert counted.counted + len(counted.passed) == len(made["data"]["spans"])
