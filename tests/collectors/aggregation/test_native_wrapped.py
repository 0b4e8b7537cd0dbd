"""The helper counts records inside wrappers as Python counts them, whatever is wrong with some of the lines."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.day_filter import Days
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.known_records import KnownRecords, StoredRecords
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.pipeline import assemble
from tests.collectors.aggregation.test_native_counter import SPANS, damaged
from tests.collectors.aggregation.test_native_declared import expected, told, varied
from tests.collectors.sources.files.logs import NOW, config, ingest

WRAPPERS = (
    ("cri",), ("docker",), ("json-string",), ("prefix",), ("cri", "prefix"), ("docker", "json-string"),
    ("cri", "json-string", "prefix"), ("docker", "json-string", "json-string"),
)  # fmt: skip
FIELDS = {"time": "ts", "model": "model", "input_tokens": "usage.prompt_tokens", "request_id": "id"}
FORMATS: dict[str, dict[str, Any]] = {
    "openai": {"type": "openai"},
    "jsonl": {"type": "jsonl", "fields": FIELDS},
    "filtered": {"type": "jsonl", "fields": FIELDS, "not": {"model": "gpt-4o"}},
}
TIMES = (
    "2026-03-10T08:00:00.5Z", "2026-03-10T08:00:00,25+01:00", "2026-03-09 23:59:59", "2026-03-10T08:00:61Z", "",
    "2027-03-10T08:00:00Z",
)  # fmt: skip
MESSAGES = ("INFO ready", "", " ", "i", "\x01", "\x02{}", "{", '"a"', "null", "é\u00a0", "\x1c{", "2026-03-10 a")
OUTER = ("", " ", "\0", "{}", "[]", "garbage", '{"log": 1}', '{"message": 1}', '{"log":"a","stream":"x"}', "\0\0")


def record(chance: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": f"r{chance.randrange(8)}", "object": "chat.completion", "created": 1773129600 + chance.randrange(99),
        "ts": chance.choice(TIMES), "model": chance.choice(["gpt-4o", "gpt-4o-mini"]),
        "choices": [{"message": {"content": chance.choice(['a "b" \\ \n', "ü \U0001f600 \x7f", ""])}}],
        "usage": {"prompt_tokens": chance.randrange(9), "completion_tokens": 3, "total_tokens": 9},
    }  # fmt: skip
    for name in ("created", "ts"):
        if chance.random() < 0.4:
            del made[name]
    return varied(made, chance) if chance.random() < 0.3 else made


def text(value: Any, chance: random.Random) -> str:
    style = chance.choice([(", ", ": "), (",", ":")])
    indent = 1 if chance.random() < 0.03 else None
    return json.dumps(value, separators=style, ensure_ascii=chance.random() < 0.5, indent=indent)


def inner(wrappers: Sequence[str], chance: random.Random) -> str:
    """A record, or something else, inside all wrappers but those of containers."""
    made = text(record(chance), chance) if chance.random() < 0.8 else chance.choice(MESSAGES)
    for name in reversed(wrappers):
        if name == "prefix":
            made = (
                f"{chance.choice(['', 'INFO ', 'a{', '['])}{chance.choice(TIMES)}{chance.choice([' ', ''])}{made}"
            )
        elif name == "json-string":
            made = shipped(made, chance)
    return made


def shipped(made: str, chance: random.Random) -> str:
    """A record inside an object."""
    value: Any = made
    if chance.random() < 0.1 and made.startswith("{"):
        try:
            value = json.loads(made)
        except ValueError:
            value = None
    entries = [("message", value), ("host", {"name": 'h"'}), ("@timestamp", chance.choice(TIMES))]
    further = [
        ("log", "other"),
        ("time", None),
        ("ts", 1773129600.5),
        ("message", ""),
        ("time", "2026-03-10T07:00:00Z"),
    ]
    entries += chance.sample(further, chance.choice([0, 0, 0, 1, 2]))
    chance.shuffle(entries)
    return "{" + ",".join(f"{json.dumps(key)}:{text(it, chance)}" for key, it in entries) + "}"


def in_container(kind: str, made: str, chance: random.Random) -> Iterator[str]:
    """The lines of a container's log for one line of an application."""
    stream = chance.choice(["stdout", "stdout", "stderr"])
    cuts = sorted(chance.sample(range(len(made)), min(len(made), chance.choice([0, 0, 0, 1, 2]))))
    parts = [made[start:end] for start, end in zip([0, *cuts], [*cuts, len(made)], strict=True)]
    for at, part in enumerate(parts):
        ends = at + 1 == len(parts) and chance.random() < 0.97
        time = chance.choice(TIMES)
        if kind == "cri":
            tag = ("F" if ends else "P") + chance.choice(["", "", ":x"])
            yield f"{time} {stream} {tag}{chance.choice([' ', ' ', ''])}{part}".replace("\n", " ")
        else:
            entry = {"log": part + "\n" * ends, "stream": stream, "time": time, "attrs": {"a": [1, "}"]}}
            for name in ("attrs", "attrs", "stream", "time"):
                if chance.random() < 0.2:
                    entry.pop(name, None)
            keys = list(entry)
            if chance.random() < 0.2:
                chance.shuffle(keys)
            yield json.dumps({key: entry[key] for key in keys}, ensure_ascii=chance.random() < 0.5)
        if chance.random() < 0.3 and not ends:
            yield chance.choice(OUTER)


def log(wrappers: Sequence[str], chance: random.Random) -> bytes:
    lines: list[bytes] = []
    for _ in range(chance.randrange(1, 12)):
        made = inner(wrappers, chance)
        inside = in_container(wrappers[0], made, chance) if wrappers[0] in {"cri", "docker"} else [made]
        lines += (it.encode(errors="surrogatepass") for it in inside)
        if chance.random() < 0.1:
            lines.append(chance.choice(OUTER).encode())
    if chance.random() < 0.1:
        at = chance.randrange(len(lines) - 1) if len(lines) > 1 else 0
        lines[at : at + 2] = reversed(lines[at : at + 2])  # streams whose lines lie among each other
    if chance.random() < 0.3:
        at = chance.randrange(len(lines))
        lines[at] = damaged(lines[at], chance.randrange(12))
    return b"\n".join(lines) + b"\n"


def noted(made: Ingest) -> StoredRecords | None:
    """What is noted of the records, for a document that may be written anew."""
    return None if made.known is None else made.known.stored()


@given(
    st.sampled_from(list(FORMATS)),
    st.sampled_from(WRAPPERS),
    st.integers(0, 2**32),
    st.sampled_from(["0s", "1h"]),
    st.sampled_from(["UTC", "Europe/Berlin"]),
    SPANS,
)
@settings(max_examples=100)
def test_the_helper_counts_what_python_counts(
    name: str, wrappers: tuple[str, ...], seed: int, window: str, zone: str, days: Days | None
) -> None:
    made = config(
        format={**FORMATS[name], "wrap": list(wrappers)}, system="bot", dedupe_window=window, timezone=zone
    )
    helped, alone = ingest(made), ingest(made, compiled=False)
    assert helped.takes_views
    chance, first = random.Random(seed), 1
    for one in (helped, alone):
        one.keep(days)
        one.known = KnownRecords() if seed % 3 == 0 else None
    for _ in range(chance.randrange(1, 3)):
        data = log(wrappers, chance)
        lines = Lines(data, "app.log", first)
        alone.add(lines)
        if chance.random() < 0.5 or helped.add_lines(lines) is None:
            helped.add(lines)
        first += data.count(b"\n")

    assert noted(helped) == noted(alone)
    assert told(helped.drain()) == expected(alone.drain())


ONE = '{"id":"a","object":"chat.completion","model":"gpt-4o","usage":{"prompt_tokens":7,"completion_tokens":3}}'
LINES = {
    ("cri",): f"2026-03-10T08:00:00.5Z stdout F {ONE}",
    ("docker",): json.dumps({"log": f"{ONE}\n", "stream": "stdout", "time": "2026-03-10T08:00:00.5Z"}),
    ("json-string",): json.dumps({"@timestamp": "2026-03-10T08:00:00.5Z", "message": ONE}),
    ("prefix",): f"2026-03-10 08:00:00,5 INFO {ONE}",
    ("cri", "prefix"): f"2026-03-10T08:00:00.5Z stdout F INFO {ONE}",
}


@pytest.mark.parametrize("wrappers", LINES, ids="-".join)
def test_a_plain_record_with_the_time_of_its_wrapper_is_not_given_to_python(wrappers: tuple[str, ...]) -> None:
    made = config(format={"type": "openai", "wrap": list(wrappers)}, system="bot")
    plain = assemble(made, lambda: NOW).plain
    assert plain is not None
    found = plain.scan(f"{LINES[wrappers]}\n".encode())
    assert found is not None

    counted = plain.count(found, NOW, None, lambda *_: pytest.fail("it was given to Python"))

    assert counted.counted == 1


@pytest.mark.parametrize(
    ("wrap", "line", "is_whole"),
    [
        ("cri", "2026-03-10T08:00:00Z stdout F {}", True),
        ("cri", "2026-03-10T08:00:00Z stdout P {}", False),
        ("docker", '{"log":"{}\\n","stream":"stdout"}', True),
        ("docker", '{"log":"{}","stream":"stdout"}', False),
        ("docker", '{"log":"{}\\n","stream":"', False),
    ],
)
def test_a_line_that_may_go_on_in_the_next_one_is_seen(wrap: str, line: str, is_whole: bool) -> None:
    plain = assemble(config(format={"type": "openai", "wrap": wrap}, system="bot"), lambda: NOW).plain
    assert plain is not None
    found = plain.scan(f"{line}\n".encode())
    assert found is not None
    assert found.is_whole is is_whole
