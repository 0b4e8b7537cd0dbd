"""The helper counts the calls of a gateway that may have several rows as Python counts them, in whatever order and
chunks these come, and whatever their bodies say."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.day_filter import Days
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.pipeline import assemble
from leverwatch.collectors.records.formats.azure import AZURE_APIM
from tests.collectors.aggregation.test_native_counter import SPANS, damaged
from tests.collectors.aggregation.test_native_declared import both, expected, told
from tests.collectors.records.formats.test_azure import BODY, GATEWAY, LLM
from tests.collectors.sources.files.logs import NOW, config
from tests.examples import examples

USAGE: Any = BODY["usage"]
ANSWERS: Any = BODY["choices"]
OF_CLAUDE = {"input_tokens": 10, "cache_read_input_tokens": 40, "output_tokens": 9}
ERROR = {"error": {"code": "429", "message": 'The model "m" said "usage": {"prompt_tokens": 5}', "param": None}}
USAGES: tuple[Any, ...] = (
    USAGE, USAGE, USAGE, OF_CLAUDE, USAGE | OF_CLAUDE, {}, None, [], USAGE | {"total_tokens": 22},
    USAGE | {"total_tokens": 23}, USAGE | {"prompt_tokens": 0, "completion_tokens": 0}, USAGE | {"more": {}},
    USAGE | {"more": {"prompt_tokens": 3}}, USAGE | {"prompt_tokens_details": {"prompt_tokens": 3}},
    USAGE | {"prompt_tokens_details": {"cached_tokens": 15}}, USAGE | {"prompt_tokens": 40_000},
    USAGE | {"completion_tokens_details": {"reasoning_tokens": 3, "cached_tokens": 1}}, {"prompt_tokens": 14},
    USAGE | {"cached_tokens": 2}, USAGE | {"completion_tokens": 2.5}, USAGE | {"completion_tokens": True},
)  # fmt: skip
CHOICES: tuple[Any, ...] = (
    ANSWERS, ANSWERS, [], None, ANSWERS * 2, [{"finish_reason": None}], [{}], [3],
    [{"finish_reason": "length", "text": "ü \U0001f600 \\ \" / \n"}], {},
)  # fmt: skip
MORE: tuple[dict[str, Any], ...] = (
    {}, {}, {"said": 'a "usage": {"prompt_tokens": 7} b'}, {"in": {"usage": {"prompt_tokens": 8}}}, {"model": ""},
    {"model": None}, {"in": [{"model": "inner"}]}, {"model": 3},
)  # fmt: skip


def body_of(chance: random.Random) -> str | None:
    """What a backend answered."""
    if chance.random() < 0.6:
        tokens: Any = {"completion_tokens": chance.randrange(9, 40), "prompt_tokens": chance.choice((9, 70_000))}
        plain = {**BODY, "usage": {**USAGE, **tokens}}
        return json.dumps(chance.choice((plain, plain, plain, ERROR, ERROR | {"model": "e"})))
    made = {**BODY, "usage": chance.choice(USAGES), "choices": chance.choice(CHOICES), **chance.choice(MORE)}
    for key in chance.sample(list(made), chance.choice((0, 0, 0, 1, 2))):
        del made[key]
    way = chance.random()
    if way < 0.1:
        made = {**copy.deepcopy(ERROR), **chance.choice(MORE)}
    text = json.dumps(
        made, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, None, 1)),
        separators=chance.choice(((",", ":"), (", ", ": "))),
    )  # fmt: skip
    if way > 0.9:
        text = "".join(f"data: {json.dumps(it)}\n\n" for it in ({"model": "m"}, made, {"usage": USAGE}))
    return chance.choice((text,) * 12 + (text + "\r\n", text[: len(text) // 2], " " + text, "", "{}", None))


def row_of(chance: random.Random) -> dict[str, Any]:
    """A row of one of a few calls."""
    id_ = chance.choice(("c1", "c2", "c3", *[f"r{chance.getrandbits(24)}"] * 5, None))
    time = f"2026-03-{chance.choice((9, 10, 10, 10)):02}T0{chance.randrange(10)}:{chance.randrange(60):02}:00.5Z"
    if chance.random() < 0.2:
        tokens = chance.choice(({}, {"PromptTokens": 0, "CompletionTokens": 0, "TotalTokens": 0}))
        return {**LLM, "CorrelationId": id_, "TimeGenerated": time, **tokens}
    properties = {
        **GATEWAY["properties"], "backendResponseBody": body_of(chance), "apiId": chance.choice(("a", "b")),
        "responseCode": chance.choice((200, 200, 200, 429, 500, "", 302)),
        "cache": chance.choice(("none", "none", "none", "hit")),
        "backendMethod": chance.choice(("POST", "POST", "POST", "GET", None)),
    }  # fmt: skip
    if chance.random() < 0.1:
        properties["backendUrl"] = "https://a/orders"
    made = {**GATEWAY, "correlationId": id_, "time": time, "durationMs": chance.choice((5, 5, 5, 0, -1, None))}
    if chance.random() < 0.1:  # a row of Log Analytics
        return {
            "TimeGenerated": time, "CorrelationId": id_, "BackendResponseBody": body_of(chance), "TotalTime": 7,
            "BackendUrl": properties.get("backendUrl"), "BackendMethod": "POST", "ResponseCode": 200,
        }  # fmt: skip
    return {**made, "properties": json.dumps(properties) if chance.random() < 0.05 else properties}


@given(
    seed=st.integers(0, 2**32),
    window=st.sampled_from(["0s", "1h"]),
    system=st.sampled_from(["bot", "{api}"]),
    days=SPANS,
    ascii_=st.booleans(),
)
@settings(max_examples=examples(150))
def test_the_helper_counts_what_python_counts(
    seed: int, window: str, system: str, days: Days | None, ascii_: bool
) -> None:
    chance = random.Random(seed)
    state: dict[str, bytes] = {}
    old: list[bytes] = []
    first = 1
    helped, alone = both("azure-apim", system, window)
    for _ in range(chance.randrange(1, 5)):
        for one in (helped, alone):
            one.load(state)
            one.keep(days)
        for _ in range(chance.randrange(1, 3)):
            texts = [
                json.dumps(row_of(chance), ensure_ascii=ascii_).encode() for _ in range(chance.randrange(1, 12))
            ]
            texts += chance.sample(old, min(len(old), chance.randrange(3)))
            if chance.random() < 0.2:
                at = chance.randrange(len(texts))
                texts[at] = damaged(texts[at], chance.randrange(12))
            old = texts
            data = b"\n".join(texts) + b"\n"
            assert helped._plain is not None
            helped._plain._pause = 0  # so that it reads the next chunk too, whatever was in the last one
            for one in (helped, alone):
                one.add(Lines(data, "gateway.jsonl", first))
            first += data.count(b"\n")
        counted = helped.drain()
        assert told(counted) == expected(alone.drain())
        if chance.random() < 0.7:  # else what was counted is not committed, and forgotten
            state = {key: body for key, body in {**state, **counted.state}.items() if body is not None}


def whole(number: int) -> dict[str, Any]:
    """A row that tells all of a call."""
    return {**GATEWAY, "correlationId": f"w{number}"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"backendResponseBody": json.dumps(BODY, indent=1, ensure_ascii=False)},
        {"backendResponseBody": json.dumps({**BODY, "said": 'ü \U0001f600 <b> \\ " /'})},
        {"backendResponseBody": json.dumps(ERROR), "responseCode": 429},
        {"backendResponseBody": None, "responseCode": 500},
        {"cache": "hit"},
    ],
)
@pytest.mark.parametrize("ascii_", [True, False])
def test_a_row_that_tells_all_of_a_call_is_not_given_to_python(changes: dict[str, Any], ascii_: bool) -> None:
    plain = assemble(config(format={"type": "azure-apim"}, system="bot"), lambda: NOW).plain
    row = {**whole(0), "properties": {**GATEWAY["properties"], **changes}}
    assert plain is not None
    found = plain.scan(json.dumps(row, ensure_ascii=ascii_).encode() + b"\n")
    assert found is not None
    assert plain.count(found, NOW, None, lambda *_: pytest.fail("it was given to Python")).counted == 1


def test_rows_of_a_call_that_is_known_are_given_to_python() -> None:
    helped, _ = both("azure-apim", "bot", "1h")
    assert AZURE_APIM.plainly is not None
    later = {**LLM, "CorrelationId": "w0", "TotalTokens": 109}
    rows = [whole(0), whole(1), later, whole(0), {**LLM, "CorrelationId": "w2"}, whole(2), whole(3)]
    helped.add(Lines(b"".join(json.dumps(row).encode() + b"\n" for row in rows), "gateway.jsonl", 1))

    counted = helped.drain()
    assert {str(result): number for result, number in counted.tallies.items()} == {"counted": 4, "part": 3}
    assert sum(row.inferences for row in counted.usage) == 4
    assert len([key for key in counted.state if key.startswith("open/")]) == 1


@pytest.mark.parametrize(
    "bodies",
    [
        ({"usage": None, "id": 1}, {"usage": None, "in": [{"model": "inner"}]}),
        ({"error": {}}, {"error": {}, "in": [{"model": "inner"}]}),
        ({"choices": []}, {"choices": [], "in": [{"model": "inner"}]}),
        ({"usage": {"more": 1}, "model": "m"}, {"usage": {"more": {"prompt_tokens": 70_000}}, "model": "m"}),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_bodies_with_the_same_names_that_python_searches_are_told_apart(bodies: Any, order: int) -> None:
    helped, alone = both("azure-apim", "bot", "1h")
    rows = []
    for number, body in enumerate(bodies[::order] * 2):
        changes = {"backendResponseBody": json.dumps(body), "responseCode": 429}
        rows.append({**whole(number), "properties": {**GATEWAY["properties"], **changes}})
    for one in (helped, alone):
        one.add(Lines(b"".join(json.dumps(row).encode() + b"\n" for row in rows), "gateway.jsonl", 1))

    assert told(helped.drain()) == expected(alone.drain())
