"""What is proposed for logs whose records are not one call each: arrays, keys, pairs, and lines of text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.sniffing.sniff import Guess, config_of, guess, refusal, summarise

MODELS = ("gpt-4o-mini", "claude-sonnet-4-5")


def at(n: int) -> str:
    return f"2026-05-{1 + n // 20:02}T10:{n % 60:02}:09Z"


def call(n: int) -> dict[str, Any]:
    return {"model": MODELS[n % 2], "input_tokens": 400 + n * 17, "output_tokens": 30 + n * 3}


def lines(records: list[Any]) -> bytes:
    return b"".join(json.dumps(it).encode() + b"\n" for it in records)


INPUT, OUTPUT = (sum(call(n)[name] for n in range(60)) for name in ("input_tokens", "output_tokens"))
SESSIONS = [
    {"session": f"s{n}", "started_at": at(3 * n), "turns": [call(3 * n + at_) for at_ in range(3)]}
    for n in range(20)
]
ATTRIBUTES = [
    {"time": at(n), "attributes": [{"key": f"llm.{name}", "value": value} for name, value in call(n).items()]}
    for n in range(60)
]
EVENTS = [
    {
        "event_time": at(n),
        "event_params": [
            {"key": "model", "value": {"string_value": call(n)["model"], "int_value": None}},
            {"key": "input_tokens", "value": {"string_value": None, "int_value": call(n)["input_tokens"]}},
            {"key": "output_tokens", "value": {"string_value": None, "int_value": call(n)["output_tokens"]}},
        ],
    }
    for n in range(60)
]
TEXT = "".join(
    f'time={at(n)} level=info msg="answer sent" model={call(n)["model"]} tokens_in={call(n)["input_tokens"]}'
    f" tokens_out={call(n)['output_tokens']}\n"
    + ('level=debug msg="cache is warm" size=9\n' if n % 3 else "listening\n")
    for n in range(60)
)
PREFIXED = "".join(
    f"{at(n).replace('T', ' ').replace('Z', ',123')} INFO desk.llm: done (model={call(n)['model']},"
    f" input_tokens={call(n)['input_tokens']}, output_tokens={call(n)['output_tokens']})\n"
    for n in range(60)
)
NAMED = "".join(
    f"[{at(n).removesuffix('Z')}] MODEL: {call(n)['model']} | PROMPT TOKENS: {call(n)['input_tokens']} |"
    f" COMPLETION TOKENS: {call(n)['output_tokens']} | SAID: Of quays, and: gulls\n"
    for n in range(60)
)
LOGS: dict[str, bytes] = {
    "calls in an array of each session": lines(SESSIONS),
    "one document with an array of calls": json.dumps(
        {"version": 3, "calls": [{"at": at(n), **call(n)} for n in range(60)]}, indent=2
    ).encode(),
    "one document by id": json.dumps({f"run-{n:03}": {"at": at(n), **call(n)} for n in range(60)}).encode(),
    "records over many lines one after the other": b"\n".join(
        json.dumps({"at": at(n), "usage": call(n)}, indent=4).encode() for n in range(60)
    ),
    "arrays within objects within arrays": json.dumps(
        [{"day": n, "jobs": [{"steps": [{"call": {"at": at(6 * n + m), **call(6 * n + m)}} for m in range(6)]}]}
         for n in range(10)]
    ).encode(),
    "attributes as keys and values": lines(ATTRIBUTES),
    "parameters as keys and typed values": lines(EVENTS),
    "lines of pairs": TEXT.encode(),
    "pairs behind a prefix": PREFIXED.encode(),
    "keys before colons": NAMED.encode(),
    "pairs in the messages of a shipper": lines([{"msg": it, "host": "a"} for it in TEXT.splitlines()]),
}  # fmt: skip


def proposed(data: bytes) -> Guess:
    found = guess(data, "plain")
    assert found is not None
    return found


def counted(found: Guess, path: Path, data: bytes) -> dict[str, float]:
    path.write_bytes(data)
    summary = summarise(config_of(path, found.settings))
    names = ("inferences", "input_tokens", "output_tokens")
    return {name: summary.add(name, Operation.GENERATION.__eq__) for name in names}


@pytest.mark.parametrize("log", LOGS)
def test_each_call_is_counted_wherever_it_lies(tmp_path: Path, log: str) -> None:
    found = proposed(LOGS[log])

    assert counted(found, tmp_path / "log", LOGS[log]) == {
        "inferences": 60, "input_tokens": INPUT, "output_tokens": OUTPUT,
    }  # fmt: skip


def days(number: int) -> dict[str, Any]:
    named = {"calls": 4, "in": 900, "out": 70}
    return {f"2026-05-{n + 1:02}": {model: {**named, "in": 900 + n} for model in MODELS} for n in range(number)}


def test_days_and_models_that_are_keys_give_time_and_model_and_one_id_for_each_entry(tmp_path: Path) -> None:
    data = json.dumps({"schema": 2, "usage": days(5)}, indent=1).encode()
    found = proposed(data)

    assert isinstance(found.settings, dict)
    assert found.settings["records"] == "usage.*.*"
    assert (found.settings["framing"], found.settings["repeats"]) == ("json", "versions")
    fields = found.settings["fields"]
    assert (fields["time"], fields["model"], fields["request_id"]) == ("key.1", "key.2", "key.all")
    assert counted(found, tmp_path / "log", data)["inferences"] == 40


def test_the_calls_of_a_day_in_a_list_are_all_calls_of_their_own(tmp_path: Path) -> None:
    call = {"model": MODELS[0], "clock": "09:01:07", "in_tokens": 900, "out_tokens": 70}
    data = json.dumps({f"2026-05-0{n}": [call, {**call, "in_tokens": 800 + n}] for n in range(1, 4)}).encode()
    found = proposed(data)

    assert isinstance(found.settings, dict)
    assert (found.settings["fields"]["time"], found.settings["framing"]) == ("key.1", "json")
    assert counted(found, tmp_path / "log", data)["inferences"] == 6


def test_the_sum_of_all_models_beside_them_is_left_out(tmp_path: Path) -> None:
    whole = {day: {**entry, "total": {"calls": 8, "in": 1800, "out": 140}} for day, entry in days(4).items()}
    data = json.dumps(whole).encode()
    found = proposed(data)

    assert isinstance(found.settings, dict)
    assert found.settings["not"] == {"key.2": ["total"]}
    assert counted(found, tmp_path / "log", data)["inferences"] == 32


def test_entries_of_which_nothing_says_how_many_calls_they_are_carry_a_doubt() -> None:
    records = [
        {"at": at(n), "by_model": {model: {"input_tokens": 5 + n, "output_tokens": 9} for model in MODELS}}
        for n in range(20)
    ]
    found = proposed(lines(records))

    assert found.fields is not None
    assert found.fields.notes[0].startswith("inferences: each of the 40 entries at by_model.* counts as one call")


def test_what_else_an_array_could_be_is_said() -> None:
    found = proposed(lines(SESSIONS))

    assert found.fields is not None
    assert found.fields.notes[0] == (
        "inferences: turns of 20 records has 60 items in all, each of which counts as one call; were the records"
        " the calls, there would be 20"
    )


@pytest.mark.parametrize(
    "record",
    [
        {"usage": {"input_tokens": 90, "output_tokens": 9}, "messages": [{"role": "user", "tokens_in": 3}]},
        {"usage": {"input_tokens": 90, "output_tokens": 9}, "tools": [{"name": "a", "input_tokens": 3}] * 2},
    ],
)
def test_items_that_do_not_sum_up_to_the_record_are_no_calls_of_their_own(record: dict[str, Any]) -> None:
    found = proposed(lines([{"at": at(n), "model": MODELS[0], **record} for n in range(9)]))

    assert isinstance(found.settings, dict)
    assert "records" not in found.settings


@pytest.mark.parametrize(
    "document",
    [
        {"gpt-4o": {"prompt": 10, "completion": 3}, "gpt-5": {"prompt": 10, "completion": 3}},
        {"providers": {"a": {"models": {"gpt-4o": {"prompt_tokens": 2, "requests": 3}}, "prompt_tokens": 2}}},
        {"tasks": {name: {"input_tokens": 4, "calls": 2} for name in ("sort", "mend", "ask")}, "limit": 5},
        {"month": "2026-05", "entries": [{"model": "gpt-4o", "status": "accepted"}]},
    ],
)
def test_sums_without_a_time_are_refused_wherever_they_lie(document: Any) -> None:
    data = json.dumps(document, indent=1).encode()

    assert guess(data, "plain") is None
    assert "no time" in refusal(data)


def test_lines_that_a_logger_wrote_twice_carry_a_doubt() -> None:
    found = proposed("".join(f"{line}\n" * 2 for line in PREFIXED.splitlines()).encode())

    assert found.fields is not None
    assert found.fields.notes[0].startswith("inferences: 60 of 120 lines of the sample repeat another one")


def test_a_service_that_logs_pairs_about_other_things_is_refused() -> None:
    text = "".join(f"time={at(n)} level=info msg=request path=/cart status=200 bytes={n}\n" for n in range(30))

    assert guess(text.encode(), "plain") is None


def answers(write: Any) -> bytes:
    return lines(
        [
            {"at": at(n), "id": f"q{n}", "took_ms": 900 + n, "reply": {**call(n), "model": "gpt-4o"}, **write(n)}
            for n in range(30)
        ]
    )


def test_an_embedding_beside_the_answer_is_a_call_of_its_own(tmp_path: Path) -> None:
    data = answers(lambda n: {"query": {"model": "text-embedding-3-small", "tokens": 5 + n}})
    found = proposed(data)

    assert isinstance(found.settings, dict)
    assert found.settings["records"] == ["reply", "query"]
    assert found.settings["fields"]["input_tokens"] == ["reply.input_tokens", "query.tokens"]
    assert found.fields is not None
    assert found.fields.notes[0].startswith("inferences: reply and query name a model and tokens each")
    assert counted(found, tmp_path / "log", data)["input_tokens"] == sum(
        call(n)["input_tokens"] for n in range(30)
    )
    summary = summarise(config_of(tmp_path / "log", found.settings))
    assert summary.add("inferences", Operation.EMBEDDING.__eq__) == 30
    assert summary.add("input_tokens", Operation.EMBEDDING.__eq__) == sum(5 + n for n in range(30))


@pytest.mark.parametrize(
    "write",
    [
        lambda n: {"raw": {"model": "gpt-4o-2024-08-06", "usage": {"prompt_tokens": call(n)["input_tokens"]}}},
        lambda n: {"draft": {"model": "gpt-4o-mini", "input_tokens": 3 + n, "output_tokens": 9}},
        lambda n: {"embedding": {"model": "house-vectors", "tokens": 5 + n}},
    ],
    ids=["the answer as it came", "maybe another answer", "an embedding whose model nobody knows"],
)
def test_what_may_be_the_same_call_or_has_no_known_operation_is_not_counted_beside_it(write: Any) -> None:
    found = proposed(answers(write))

    assert isinstance(found.settings, dict)
    assert "records" not in found.settings


def test_lines_of_text_that_a_program_logs_among_its_records_are_messages_and_not_broken_records() -> None:
    records = [json.dumps({"at": at(n), **call(n)}) for n in range(20)]
    among = "".join(
        f"{record}\n" + 'INFO: "GET /health HTTP/1.1" 200\n' * (n % 2) for n, record in enumerate(records)
    )
    broken = "".join(f"{record}\n" + "cut off\n" * (n == 3) for n, record in enumerate(records))

    for text, wrap in ((among, "prefix"), (broken, None)):
        settings = proposed(text.encode()).settings
        assert isinstance(settings, dict)
        assert settings.get("wrap") == wrap


def test_calls_beside_the_sums_of_days_and_models_are_the_records_and_equal_ones_count_each(
    tmp_path: Path,
) -> None:
    calls: list[dict[str, Any]] = [
        {
            "at": at(n),
            "model": MODELS[0],
            "input_tokens": 50,
            "output_tokens": 300 + 7 * (n < 2),
            "by": "ab"[n % 2],
        }
        for n in range(8)
    ]
    used = {"input": sum(it["input_tokens"] for it in calls), "output": sum(it["output_tokens"] for it in calls)}
    sums = {
        "days": {"2026-05-01": used},
        "models": {MODELS[0]: {"calls": 8, "tokens": used}},
        "total_tokens": used,
    }
    data = json.dumps({**sums, "log": calls}, indent=2).encode()

    assert counted(proposed(data), tmp_path / "log", data) == {
        "inferences": 8, "input_tokens": used["input"], "output_tokens": used["output"],
    }  # fmt: skip


def test_lines_of_pairs_that_name_no_model_are_left_out_with_a_doubt() -> None:
    bare = "".join(f"[{at(n).removesuffix('Z')}] MODEL: {MODELS[0]} | SIZE: {n}\n" for n in range(9))
    found = proposed(f"[2026-05-01T09:00:00] QUESTION: so | SIZE: 7\n{bare}".encode())

    assert found.fields is not None
    assert any(note.startswith("model: lines of pairs without MODEL are left out") for note in found.fields.notes)
