"""Records are given to systems by rules, with the compiled helper and without it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from tests.collectors.aggregation.test_native_counter import outcome
from tests.collectors.aggregation.test_native_filters import ENTRIES, SCALARS
from tests.collectors.sources.files.logs import FIELDS, config, csv_config, ingest, record
from tests.examples import examples

NAMES = st.sampled_from(["search", "support", "{app}", "{kind}", "{app}-{kind}"])
RULES = st.lists(
    st.one_of(
        NAMES,
        st.fixed_dictionaries(
            {"is": NAMES, "where": st.dictionaries(st.sampled_from(["app", "kind"]), ENTRIES, min_size=1)}
        ),
    ),
    min_size=1, max_size=4,
)  # fmt: skip
VALUES = st.one_of(SCALARS, st.none(), st.just(""), st.just({}), st.sampled_from(["true", "7", " x ", "tx"]))


def systems(found: Any) -> dict[str, float]:
    totals: dict[str, float] = {}
    for row in found.usage:
        totals[row.system] = totals.get(row.system, 0) + row.inferences
    return totals


@settings(max_examples=examples(60))
@given(RULES, st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8))
def test_the_helper_gives_every_record_to_the_system_that_python_gives_it_to(
    rules: list[Any], values: list[tuple[Any, Any]]
) -> None:
    made = config(system=rules)
    data = b"".join(record(app=app, kind=kind) for app, kind in values)
    found = []
    for compiled in (True, False):
        one = ingest(made, compiled=compiled)
        one.add(Lines(data, "app.jsonl", 1))
        found.append(one.drain())

    assert outcome(found[0]) == outcome(found[1])
    assert systems(found[0]) == systems(found[1])
    assert found[0].unattributed == found[1].unattributed
    assert sum(found[0].unattributed.values()) == found[0].tallies.get(Result.UNATTRIBUTED, 0)


@pytest.mark.parametrize("compiled", [True, False])
def test_what_stays_unattributed_is_told_by_its_values_and_no_secret_is(compiled: bool) -> None:
    rules = [{"is": "search", "where": {"key": "key_a"}}, {"is": "{team}", "where": {"key": "key_b"}}]
    made = ingest(config(system=rules), compiled=compiled)
    keys = ["key_a", "key_b", "key_c", "key_c", "sk-proj-canary1", None]
    made.add(Lines(b"".join(record(key=key) for key in keys), "app.jsonl", 1))

    found = made.drain()

    assert systems(found) == {"search": 1}
    assert found.unattributed["key: key_c, team: (none)"] == 2
    assert found.unattributed["key: key_b, team: (none)"] == 1
    assert found.unattributed["key: (none), team: (none)"] == 1
    assert sum(found.unattributed.values()) == 5
    assert "canary" not in repr(found)
    assert made.drain().unattributed == {}


def test_a_template_tells_what_is_unattributed_as_well() -> None:
    made = ingest(config(system="{team}-{tier}"))
    made.add(Lines(record(team="ads"), "app.jsonl", 1))

    assert made.drain().unattributed == {"team: ads, tier: (none)": 1}


def test_rules_look_at_columns_and_words_of_the_path() -> None:
    rules = [{"is": "search", "where": {"path.parent": "blue"}}, {"is": "{Team}", "where": {"Team": ["ads", "x"]}}]
    made = ingest(csv_config(system=rules))
    header = b"TIMESTAMP,ContextTokens,GeneratedTokens,Team"
    row = b"2026-03-10 08:00:00,3,4,%s\n"
    made.add(Lines(row % b"ads" + row % b"y", "/logs/red/a.csv", 2, header))
    made.add(Lines(row % b"y", "/logs/blue/a.csv", 2, header))

    found = made.drain()

    assert systems(found) == {"ads": 1, "search": 1}
    assert found.unattributed == {"path.parent: red, Team: y": 1}


def test_rules_look_at_attributes_of_the_span_or_its_resource() -> None:
    def value(text: str) -> dict[str, str]:
        return {"stringValue": text}

    span = {
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "chat m", "kind": 3,
        "startTimeUnixNano": "1773129600000000000", "endTimeUnixNano": "1773129601000000000",
        "attributes": [{"key": "gen_ai.operation.name", "value": value("chat")},
                       {"key": "gen_ai.request.model", "value": value("m")}],
    }  # fmt: skip
    document = {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "deployment.environment", "value": value("prod-2")}]},
                "scopeSpans": [{"spans": [span]}],
            }
        ]
    }
    rules = [{"is": "live", "where": {"deployment.environment": {"prefix": "prod"}}}]
    made = ingest(config(format="otlp", system=rules))
    made.add(Lines(json.dumps(document).encode() + b"\n", "spans.jsonl", 1))

    assert systems(made.drain()) == {"live": 1}


def test_a_named_format_and_a_mapped_one_take_rules() -> None:
    rules = [{"is": "mini", "where": {"response.model": {"prefix": "gpt-4o-mini"}}}, "others"]
    mapped = {**FIELDS, "input_tokens": ["usage.prompt_tokens", "+usage.more"]}
    made = ingest(config(format={"type": "jsonl", "fields": mapped}, system=rules))
    lines = [record(response={"model": model}) for model in ("gpt-4o-mini-1", "o3")]
    made.add(Lines(b"".join(lines), "app.jsonl", 1))

    assert systems(made.drain()) == {"mini": 1, "others": 1}


def test_calls_that_rules_leave_over_are_counted_once_a_rule_names_them() -> None:
    before = config(system=[{"is": "search", "where": {"app": "x"}}])
    after = config(system=[{"is": "search", "where": {"app": ["x", "bot"]}}])

    assert before.system != after.system
    assert config(system=[{"is": "search", "where": {"app": ["bot", "x"]}}]).system == after.system


TAGS = [
    {"is": "search", "where": {"tags": ["blue", "red"]}},
    {"is": "{tags}", "where": {"tags": {"prefix": "team-"}}},
    {"is": "tagged", "where": {"tags": {"present": True}}},
]


@pytest.mark.parametrize("compiled", [True, False])
def test_of_an_array_one_element_has_to_fit(compiled: bool) -> None:
    made = ingest(config(system=TAGS), compiled=compiled)
    values: list[Any] = [["x", "red"], ["y", "team-ads", "team-b"], ["z", 7], "blue", [], None, ["two words", "a"]]
    made.add(Lines(b"".join(record(tags=value) for value in values), "app.jsonl", 1))

    found = made.drain()

    assert systems(found) == {"search": 2, "team-ads": 1, "tagged": 2}
    assert found.unattributed == {"tags: (none)": 2}


def test_elements_are_shown_as_single_values_are() -> None:
    made = ingest(config(system=[{"is": "search", "where": {"tags": "x"}}, "{tags}"]))
    values: list[Any] = [["a", "b", "sk-canary1"], ["one"], list("abcdefg")]
    made.add(Lines(b"".join(record(tags=value) for value in values), "app.jsonl", 1))

    found = made.drain()

    assert systems(found) == {"one": 1}
    assert found.unattributed["tags: [a b c d e ...]"] == 1
    assert [key for key in found.unattributed if key.startswith("tags: [a b (hash ")]


def test_tags_of_a_named_format_and_of_a_cell_are_arrays_as_well() -> None:
    call = {
        "id": "r-1", "call_type": "acompletion", "status": "success", "model": "m", "startTime": 1773129600.0,
        "endTime": 1773129601.0, "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2,
        "request_tags": ["k", "team-x"], "metadata": {}, "model_parameters": {},
    }  # fmt: skip
    made = ingest(config(format="litellm", system=[{"is": "x", "where": {"request_tags": "team-x"}}]))
    made.add(Lines(json.dumps(call).encode() + b"\n", "app.jsonl", 1))
    table = ingest(csv_config(system=[{"is": "x", "where": {"Tags": "team-x"}}]))
    header, row = (
        b"TIMESTAMP,ContextTokens,GeneratedTokens,Tags",
        b'2026-03-10 08:00:00,3,4,"[""k"", ""team-x""]"\n',
    )
    table.add(Lines(row, "a.csv", 2, header))

    assert systems(made.drain()) == systems(table.drain()) == {"x": 1}


def test_a_template_alone_takes_no_array() -> None:
    made = ingest(config(system="{tags}"))
    made.add(Lines(record(tags=["a"]), "app.jsonl", 1))

    assert made.drain().tallies == {Result.MISTYPED_FIELD: 1}
