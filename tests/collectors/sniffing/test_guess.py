from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.cli.source_block import source_block
from leverwatch.collectors.records.fields import parse_path
from leverwatch.collectors.sniffing.field_names import KNOWN, is_plain
from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose
from leverwatch.collectors.sniffing.loading import loadable
from leverwatch.collectors.sniffing.sniff import Guess, guess
from leverwatch.collectors.sniffing.tables import columns
from leverwatch.collectors.sources.files.config import FilesConfig

EXAMPLES: dict[str, Any] = {
    "time": "2026-03-10T08:00:00Z", "model": "m-1", "request_id": "r1", "operation": "chat", "status": "ok",
    "input_tokens": 30, "cached_input_tokens": 20, "output_tokens": 10, "cost_usd": 0.5, "latency_ms": 12.5,
    "trace_id": "t1", "inferences": 2, "sample_rate": 0.5, "cache_hit": False, "attempts": 3,
    "tier": "flex", "cache_write_tokens": 4, "cache_write_1h_tokens": 2,
    "reasoning_tokens": 5, "valid": True, "schema_mode": "json_schema",
    "finish_reason": "stop", "static_input_tokens": 7,
}  # fmt: skip
TIME = {"time": "2026-03-10T08:00:00Z"}


def fields_of(*records: dict[str, Any]) -> dict[str, str] | None:
    found = proposed(*records)
    return None if found is None else dict(found.fields)


def proposed(*records: dict[str, Any]) -> FieldGuess | None:
    return propose([leaves(record) for record in records])


def placed(record: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        record = record.setdefault(key, {})
    record[path[-1]] = value


def test_every_field_has_names() -> None:
    assert set(KNOWN) == set(EXAMPLES)


@given(
    st.dictionaries(st.sampled_from(sorted(EXAMPLES)), st.sampled_from([(), ("call",), ("a.b", "in fo")])).map(
        lambda places: {"time": (), "model": (), **places}
    )
)
def test_a_field_is_found_under_its_own_name_wherever_it_is(places: dict[str, tuple[str, ...]]) -> None:
    record: dict[str, Any] = {"text": "what a person wrote"}
    for field, parents in places.items():
        placed(record, (*parents, field), EXAMPLES[field])

    fields = fields_of(record)

    assert fields is not None
    assert {field: parse_path(path) for field, path in fields.items()} == {
        field: (*parents, field) for field, parents in places.items()
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"response": {"model": "served"}, "request": {"model": "asked"}}, {"model": "response.model"}),
        ({"model": "m", "user": {"id": "u", "created_at": "2020-01-01"}}, {"model": "model"}),
        ({"model": "m", "usage": {"promptTokens": 3, "completionTokens": "2"}},
         {"model": "model", "input_tokens": "usage.promptTokens", "output_tokens": "usage.completionTokens"}),
        ({"usage": {"input": 3, "output": 2}}, {"input_tokens": "usage.input", "output_tokens": "usage.output"}),
        ({"input": "a question", "output": "an answer", "model": "m"}, {"model": "model"}),
        ({"gen_ai.usage.input_tokens": 3}, {"input_tokens": "gen_ai\\.usage\\.input_tokens"}),
        ({"model": "m", "cached": True}, {"model": "model", "cache_hit": "cached"}),
        ({"model": "m", "service_tier": "default"}, {"model": "model", "tier": "service_tier"}),
        ({"model": "m", "tier": "gold"}, {"model": "model"}),
        ({"model": "m", "cached": 12}, {"model": "model", "cached_input_tokens": "cached"}),
        ({"model": "m", "status": "won", "http_status": 200}, {"model": "model", "status": "http_status"}),
        ({"model": "m", "input_tokens": -1, "latency_ms": "fast", "sample_rate": 7}, {"model": "model"}),
        ({"model": "m", "in_tokens": True, "request_id": 1.5}, {"model": "model"}),
        ({"model": "m", "choices": [{"finish_reason": "stop"}]}, {"model": "model"}),
        ({"model": ["m"], "tokens": {"in": 3}}, {"input_tokens": "tokens.in"}),
    ],
)  # fmt: skip
def test_names_and_values_together_say_what_a_field_is(values: dict[str, Any], expected: dict[str, str]) -> None:
    assert fields_of(TIME | values) == {"time": "time", **expected}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"model": "m", "time": "yesterday"},
        {"time": "2026-03-10T08:00:00Z", "level": "info", "message": "x"},
        {"time": "2026-03-10T08:00:00Z", "cost": 3, "status": "ok"},
    ],
)
def test_what_tells_no_time_or_nothing_of_a_model_is_no_usage_log(record: dict[str, Any]) -> None:
    assert proposed(record) is None


def test_of_two_times_the_first_in_a_fixed_order_is_taken_and_the_other_is_said() -> None:
    times = {"end_time": "2026-03-10T08:00:02Z", "created": 1773129600, "model": "m"}
    found = proposed(times, dict(reversed(times.items())))

    assert found is not None
    assert (found.fields["time"], found.others) == ("created", {"time": ("end_time",)})


def test_a_time_of_an_unknown_name_is_said_to_be_one_by_its_values() -> None:
    found = proposed({"quando": "2026-03-10T08:00:00Z", "number": 1773129600, "model": "m", **USED})

    assert found is not None
    assert found.fields["time"] == "quando"
    assert found.notes == ("time: chosen by its values, for no name tells",)


def test_an_id_that_different_records_share_is_not_mapped_and_a_line_that_came_twice_changes_nothing() -> None:
    def records(id_: str) -> list[dict[str, Any]]:
        return [{**TIME, "model": "m", "id": id_, **USED, "input_tokens": number} for number in (1, 1, 2)]

    shared, apart = proposed(*records("a")), proposed(*records("a")[:2])

    assert shared is not None
    assert "request_id" not in shared.fields
    assert shared.notes == ("request_id: id is the same in different records",)
    assert apart is not None
    assert (apart.fields["request_id"], apart.notes) == ("id", ())


def test_a_field_for_the_operation_is_taken_though_some_of_its_words_are_not_known() -> None:
    words = ("acompletion", "aembedding", "anthropic_messages", "aretrieve_batch")
    found = proposed(*({**TIME, "model": "m", "call_type": word, **USED} for word in words))

    assert found is not None
    assert found.fields["operation"] == "call_type"
    unknown, embedding = found.notes
    assert unknown.startswith("operation: call_type has a word of no known meaning, aretrieve_batch, in 1 records")
    assert embedding.startswith("operation: 1 records whose call_type is aembedding are taken as embedding")
    assert "operation" not in (fields_of(*({**TIME, "model": "m", "kind": word} for word in words)) or {})


USED = {"input_tokens": 30, "output_tokens": 20}


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ({**USED, "time": "2026-03-10 08:00:00"}, "time: has no zone; set timezone unless it is UTC"),
        ({**USED, "cost": 0.001}, "cost_usd: cost is taken for US dollars"),
        ({**USED, "duration": 1.5}, "latency: duration is taken as s, by its size; nothing names its unit"),
        ({**USED, "requests": 5}, "inferences: every record stands for as many calls as requests says"),
        ({"usage": {"input_tokens": 90, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 8}},
         ("cached_input_tokens: cached tokens are taken as beside usage.input_tokens, as in the API that has these"
         " names; if they stand inside, input_tokens of the sample are 90 instead of 130")),
        ({"usage": {"promptTokenCount": 9, "candidatesTokenCount": 9, "thoughtsTokenCount": 7}},
         ("reasoning_tokens: reasoning tokens are taken as beside usage.candidatesTokenCount, as in the API"
          " that has"
         " these names; if they stand inside, output_tokens of the sample are 9 instead of 16")),
        ({**USED, "cached_tokens": 20},
         ("cached_input_tokens: cached tokens are taken as inside input_tokens, as nothing shows the other; if"
          " they"
         " stand beside, input_tokens of the sample are 50 instead of 30")),
        # Who adds up two numbers need not know of a third one.
        ({"usage": {"input_tokens": 90, "cache_read_input_tokens": 40, "output_tokens": 5, "total_tokens": 95}},
         ("cached_input_tokens: cached tokens are taken as inside usage.input_tokens, as the total leaves them"
         " out")),
        ({**USED, "status": "won"}, "status: status has values of no known meaning, and is not mapped"),
        ({**USED, "operation": "knit"}, "operation: operation has values of no known meaning"),
        ({**USED, "error": {"type": "x"}},
         "status: 1 of 1 records have error.type, and are taken for failed calls; the others for successes"),
        ({"total_tokens": 7}, ("input_tokens and output_tokens: no field tells them, and they stay unknown;"
         " total_tokens is not split")),
    ],
)  # fmt: skip
def test_what_is_not_sure_is_said(values: dict[str, Any], note: str) -> None:
    found = proposed({**TIME, "model": "m", **values})

    assert found is not None
    assert any(said.startswith(note) for said in found.notes), found.notes


@pytest.mark.parametrize(
    ("usage", "beside"),
    [
        ({"prompt_tokens": 9, "output_tokens": 9, "reasoning_tokens": 7, "total_tokens": 25}, "reasoning_tokens"),
        ({"prompt_tokens": 9, "output_tokens": 9, "cached_tokens": 7, "total_tokens": 25}, "cached_input_tokens"),
        ({"input_tokens": 3, "cached_tokens": 4, "output_tokens": 3}, "cached_input_tokens"),
        ({"fresh_input_tokens": 100, "output_tokens": 90, "cached_tokens": 70}, "cached_input_tokens"),
        ({"prompt_tokens": 100, "output_tokens": 90, "cached_tokens": 70, "reasoning_tokens": 50,
          "total_tokens": 190}, None),
        ({"prompt_tokens": 100, "output_tokens": 9, "prompt_tokens_details": {"cached_tokens": 70}}, None),
        ({"input_tokens": 90, "cache_read_input_tokens": 0, "output_tokens": 5}, None),
    ],
)  # fmt: skip
def test_a_total_or_a_name_proves_where_parts_stand_and_needs_no_comment(
    usage: dict[str, Any], beside: str | None
) -> None:
    found = proposed({**TIME, "model": "m", "usage": usage})

    assert found is not None
    assert found.notes == ()
    placed_beside = [name for name, setting in found.fields.items() if "stands" in setting]
    assert placed_beside == ([] if beside is None else [beside])


@pytest.mark.parametrize("zoned", ["Tue, 10 Mar 2026 08:00:00 GMT", "2026-03-10 08:00:00.5 +0000 UTC m=+0.1"])
def test_a_time_of_http_or_go_has_its_zone(zoned: str) -> None:
    found = proposed({"time": zoned, "model": "m", **USED}, {"time": zoned, "model": "m", **USED})

    assert found is not None
    assert (found.fields["time"], found.notes) == ("time", ())
    assert fields_of({"whenever": zoned, "model": "m"}) == {"time": "whenever", "model": "model"}


def test_a_few_broken_numbers_are_no_reason_and_a_word_that_nobody_knows_is_said_with_its_meaning() -> None:
    records: list[dict[str, Any]] = [
        {**TIME, "model": "m", **USED, "input_tokens": 9 + number % 7, "id": f"r{number}", "status": "ok"}
        for number in range(20)
    ]
    records[7] |= {"input_tokens": "seven", "status": "won"}
    found = proposed(*records)

    assert found is not None
    assert found.fields["input_tokens"] == "input_tokens"
    assert found.fields["status"] == {"path": "status", "success": ["ok", "won"]}
    assert found.notes == (
        (
            "status: status has a word of no known meaning, won, in 1 records; taken for success, as most of"
            " them have"
            " output tokens"
        ),
    )


def test_values_that_may_name_the_system_are_offered_for_the_template() -> None:
    found = proposed(
        {**TIME, "model": "m", "service": {"name": "s"}, "team": 7, "app": ""}, {**TIME, "model": "m", "team": 8}
    )

    assert found is not None
    assert found.systems == ("team",)


def test_a_value_at_the_bottom_of_a_well_is_not_looked_for() -> None:
    depth = 100_000
    deep = b'{"time": "2026-03-10", "model": "m", "usage": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}\n"
    shallow = b'{"time": "2026-03-10", "model": "m", "usage": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}\n"

    assert guess(deep, "plain") is None
    found = guess(shallow, "plain")
    assert found is not None
    assert found.settings == {"type": "jsonl", "fields": {"time": "time", "model": "model"}}


def test_a_table_has_a_header_and_rows_of_its_width() -> None:
    assert columns(["t;m", "1;2", '"a;b";3']) == (";", [{("t",): "1", ("m",): "2"}, {("t",): "a;b", ("m",): "3"}])
    assert columns(["t,x,x", "1,2,3"]) == (",", [{("t",): "1", ("x#1",): "2", ("x#2",): "3"}])
    assert columns(["t,m"]) is None
    assert columns(["t,m", "1", "2", "3,4"]) is None
    assert columns([]) is None


KEYS = st.one_of(
    st.sampled_from([name for known in KNOWN.values() for name in known.names.split()[:6]]),
    st.sampled_from(
        ["usage", "on", "null", "@t", "a.b", "a\\b", "x y", "app", "team", "duration", "error", "1", "#"]
    ),
    st.text(max_size=8),
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 2**70), st.floats(),
    st.sampled_from(sorted(map(str, EXAMPLES.values()))),
    # Single words may be shown, where several records have them: they are names of states.
    st.text(max_size=8).map(lambda text: f"canary of {text} \n"),
)  # fmt: skip
RECORDS = st.lists(
    st.dictionaries(
        KEYS,
        # Few leaves each: to draw a large record takes ten times as long as to look at it.
        st.recursive(
            VALUES,
            lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=3)),
            max_leaves=5,
        ),
        max_size=12,
    ).map(lambda record: {**TIME, "output_tokens": 1, **record}),
    min_size=1,
    max_size=4,
)


def validated(found: Guess) -> FilesConfig:
    block = "\n".join(source_block(Path("a b.log"), found))
    assert "canary" not in block
    (source,) = yaml.safe_load(block)
    assert source["format"] == found.settings
    return FilesConfig.model_validate(source)


@given(RECORDS)
def test_whatever_is_proposed_is_a_configuration_that_loads_and_shows_no_value(
    records: list[dict[str, Any]],
) -> None:
    found = propose([leaves(record) for record in records])

    loaded = None if found is None else loadable(found, {"type": "jsonl"})
    if loaded is not None:
        validated(Guess("jsonl", "plain", fields=loaded))
        known = {path for record in records for path in leaves(record)}
        paths = [parse_path(path) for setting in loaded.fields.values() for path in paths_in(setting)]
        assert set(paths) <= known
        assert all(map(is_plain, paths))


def paths_in(setting: Any) -> list[str]:
    inside = setting["path"] if isinstance(setting, dict) else setting
    return [path.removeprefix("+") for path in ([inside] if isinstance(inside, str) else inside)]


@given(RECORDS, st.booleans())
def test_the_lines_of_any_records_are_guessed_or_not_and_nothing_else_happens(
    records: list[dict[str, Any]], pretty: bool
) -> None:
    found = guess("\n".join(json.dumps(it, indent=2 if pretty else None) for it in records).encode(), "plain")

    if found is not None and found.fields is not None:
        validated(found)


@given(
    st.lists(KEYS, min_size=1, max_size=8),
    st.lists(st.lists(VALUES.map(str), min_size=1, max_size=8), max_size=4),
    st.sampled_from(",;\t|"),
)
def test_any_table_is_guessed_or_not_and_nothing_else_happens(
    names: list[str], rows: list[list[str]], delimiter: str
) -> None:
    lines = [["time", "model", *names], *([*map(str, ("2026-03-10", "m")), *row] for row in rows)]
    found = guess("\n".join(delimiter.join(cells) for cells in lines).encode(errors="replace"), "plain")

    if found is not None and found.fields is not None:
        validated(found)


@pytest.mark.parametrize("odd", ["\x1b", "\x7f", "a\u2028b", "\x85"])
def test_names_that_nobody_can_print_neither_end_a_comment_nor_break_the_source(odd: str) -> None:
    record = {"time": "2026-03-10T08:00:00Z", "model": "m", f"{odd}tokens": 7, f"{odd}_input_tokens": 5}

    found = guess("\n".join([json.dumps(record, ensure_ascii=False)] * 3).encode(), "plain")

    assert found is not None
    validated(found)
    assert all(line.isprintable() for line in source_block(Path("a.log"), found))


def test_a_column_that_nobody_can_print_is_said_with_an_escape() -> None:
    found = guess(b"time,model,\x1b,\x1b\n2026-03-10,m,1,2\n", "plain")

    assert found is not None
    validated(found)
    assert any("columns: 2 are named \\u001b" in line for line in source_block(Path("a.log"), found))


@pytest.mark.parametrize("name", ["team", "svc", "tenant", "workspaceId"])
def test_a_value_of_every_record_that_may_be_a_system_is_offered(name: str) -> None:
    records = [
        {
            "at": f"2026-03-04T09:{n:02}:07Z",
            "model": "gpt-9-mini",
            name: ("shop", "blog")[n % 2],
            "lat_ms": 300.5 + n,
        }
        for n in range(12)
    ]

    found = propose([leaves(it) for it in records])

    assert found is not None
    assert (found.systems, found.fields["latency_ms"]) == ((name,), "lat_ms")
