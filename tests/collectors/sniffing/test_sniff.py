from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.interface import Operation, Result
from leverwatch.collectors.sniffing.sniff import Guess, config_of, guess, read_sample, samples, summarise
from tests.collectors.records.formats.test_litellm import payload
from tests.collectors.records.framing.test_frames import frame
from tests.collectors.records.framing.test_partial import cri, docker, journal_entry

RECORD = json.dumps(
    {
        "id": "c1", "object": "chat.completion", "created": 1773129600, "model": "m",
        "choices": [{"message": {"content": "canary"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
)  # fmt: skip
PRETTY = json.dumps([json.loads(RECORD)], indent=2)


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (RECORD.encode(), "openai"),
        (PRETTY.encode(), "openai"),
        (b"garbage\n" + RECORD.encode() + b"\n" + RECORD.encode(), "openai"),
        (b"data: " + RECORD.encode() + b"\n\ndata: [DONE]\n", "openai"),
        (frame(RECORD.encode()), {"type": "openai", "framing": "length-prefixed"}),
        (frame(RECORD.encode(), packed=True), {"type": "openai", "framing": "length-prefixed"}),
        (docker(RECORD), {"type": "openai", "wrap": "docker"}),
        (cri(RECORD[:30], tag="P") + cri(RECORD[30:]), {"type": "openai", "wrap": "cri"}),
        (b"INFO x " + RECORD.encode() + b"\n", {"type": "openai", "wrap": "prefix"}),
        (json.dumps({"message": RECORD}).encode() + b"\n", {"type": "openai", "wrap": "json-string"}),
        (journal_entry(RECORD), {"type": "openai", "wrap": "journald"}),
        (f"INFO raw {json.loads(RECORD)!r}\n".encode(), {"type": "openai", "wrap": "python"}),
        (docker(f"raw {json.loads(RECORD)!r}"), {"type": "openai", "wrap": ["docker", "python"]}),
        (cri(json.dumps({"log": RECORD})), {"type": "openai", "wrap": ["cri", "json-string"]}),
    ],
)
def test_a_guess_reads_the_file_that_it_was_made_of(tmp_path: Path, data: bytes, settings: object) -> None:
    (tmp_path / "a[1].log").write_bytes(data)
    found = guess(*read_sample(tmp_path / "a[1].log"))

    assert found is not None
    assert found.settings == settings
    config = config_of(tmp_path / "a[1].log", found.settings)
    summary = summarise(config)
    assert summary.tallies[Result.COUNTED] == 1
    assert [row.input_tokens for row in summary.usage] == [3]
    (sample,) = list(samples(config.format, data))[:1]
    assert sample.values["model"] == "m"
    assert "canary" not in repr((sample, summary))


OWN = json.dumps(
    {
        "ts": "2026-03-10T08:00:00Z",
        "id": "c1",
        "llm": {"model": "m"},
        "usage": {"prompt_tokens": 3},
        "msg": "canary",
    }
)
FIELDS = {"time": "ts", "model": "llm.model", "request_id": "id", "input_tokens": "usage.prompt_tokens"}
MAP = {"type": "jsonl", "fields": FIELDS}
TIMELESS = json.dumps({"model": "m", "prompt_tokens": 3})
ENVELOPE = json.dumps({"timestamp": "2026-03-10T09:00:00Z", "model": "shipper", "message": OWN})


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (OWN.encode(), MAP),
        (OWN.encode() + b"\n" + OWN[:40].encode(), MAP),
        (b"garbage\n" + OWN.encode() + b"\n" + OWN.encode() + b"\n", MAP),
        (gzip.compress(OWN.encode(), mtime=0), MAP),
        (b"\xef\xbb\xbf" + OWN.encode() + b"\n", MAP),
        (json.dumps(json.loads(OWN), indent=1).encode(), {**MAP, "framing": "json"}),
        (b"[" + OWN.encode() + b",\n" + OWN.encode() + b"]\n", {**MAP, "framing": "json"}),
        (frame(OWN.encode()), {**MAP, "framing": "length-prefixed"}),
        (docker(OWN), {**MAP, "wrap": "docker"}),
        (b"INFO x " + OWN.encode() + b"\n", {**MAP, "wrap": "prefix"}),
        (ENVELOPE.encode() + b"\n", {**MAP, "wrap": "json-string"}),
        (
            cri(TIMELESS),
            {
                "type": "jsonl",
                "fields": {"time": "time", "model": "model", "input_tokens": "prompt_tokens"},
                "wrap": "cri",
            },
        ),
        (
            b"at;Model Name;Prompt Tokens;text\n2026-03-10T08:00:00Z;m;3;canary, canary\n",
            {
                "type": "csv",
                "fields": {"time": "at", "model": "Model Name", "input_tokens": "Prompt Tokens"},
                "delimiter": ";",
            },
        ),
        (
            b'\xef\xbb\xbftime,model,text,in_tokens\r\n1773129600,m,"canary, x",3\r\n',
            {"type": "csv", "fields": {"time": "time", "model": "model", "input_tokens": "in_tokens"}},
        ),
    ],
)
def test_a_log_of_no_named_format_is_read_by_the_map_that_is_guessed(
    tmp_path: Path, data: bytes, settings: object
) -> None:
    (tmp_path / "a.log").write_bytes(data)
    sample, compression = read_sample(tmp_path / "a.log")
    found = guess(sample, compression)

    assert found is not None
    assert found.settings == settings
    config = config_of(tmp_path / "a.log", found.settings)
    summary = summarise(config)
    assert summary.tallies[Result.COUNTED] == 1
    assert [(row.model, row.input_tokens) for row in summary.usage] == [("m", 3)]
    shown = next(samples(config.format, sample))
    assert (shown.values["model"], shown.values["input_tokens"]) == ("m", 3)
    assert "canary" not in repr((found, shown, summary))


@pytest.mark.parametrize("indent", [None, 4])
def test_payloads_are_found_in_what_a_proxy_prints(tmp_path: Path, indent: int | None) -> None:
    noise = ["LiteLLM: Proxy initialized with Config, Set models:", "    m-small", "#---------#", ""] * 30
    access = 'INFO:     127.0.0.1:50000 - "POST /v1/chat/completions HTTP/1.1" 200 OK'
    printed = [
        line for number in range(3) for line in (access, json.dumps(payload(id=f"p{number}"), indent=indent))
    ]
    path = tmp_path / "proxy.log"
    path.write_text("\n".join([*noise, *printed, access]) + "\n")

    found = guess(*read_sample(path))
    assert found is not None
    summary = summarise(config_of(path, found.settings))

    assert found.format == "litellm"
    assert set(summary.tallies) == {Result.COUNTED, Result.IGNORED}
    assert summary.tallies[Result.COUNTED] == 3


def test_embeddings_and_look_ups_in_a_table_of_a_spend_log_are_no_inferences(tmp_path: Path) -> None:
    words = ("acompletion", "anthropic_messages", "aresponses", "aembedding", "aretrieve_batch")
    rows = [
        f'r{number},{word},0.01,30,10,2026-03-10 08:00:0{number}.25,m-{number},"{{""a"": 1}}",None,success'
        for number, word in enumerate(words)
    ]
    head = "request_id,call_type,spend,prompt_tokens,completion_tokens,startTime,model,metadata,cache_hit,status"
    path = tmp_path / "spend.csv"
    path.write_text("\n".join([head, *rows]) + "\n")

    found = guess(*read_sample(path))
    assert found is not None
    summary = summarise(config_of(path, found.settings))

    assert summary.add("inferences", Operation.GENERATION.__eq__) == 3
    assert summary.add("inferences", Operation.EMBEDDING.__eq__) == 1
    assert summary.tallies[Result.UNKNOWN_OPERATION] == 1


def test_a_sample_shows_every_number_under_the_name_of_its_field() -> None:
    fields = {"time": "t", "inferences": "n", "cache_hit": "hit", "attempts": "tries"}
    config = config_of(Path("x"), {"type": "jsonl", "fields": fields})
    (sample,) = samples(config.format, b'{"t": 1773129600, "n": 5, "hit": "canary", "tries": 7}\n')

    assert sample.values == {
        "time": "2026-03-10T08:00:00+00:00", "inferences": 5, "cache_hit": False, "attempts": 7,
    }  # fmt: skip


def test_a_compressed_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(RECORD.encode()))

    assert guess(*read_sample(tmp_path / "a.gz")) == Guess("openai", "gzip")


@pytest.mark.parametrize("data", [b"", b"hello\n", b'{"a": 1}\n', b"\x00\x01\x02", b"a,b\n1,2\n"])
def test_what_is_no_known_format_is_none(data: bytes) -> None:
    assert guess(data, "plain") is None


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="no such file"):
        read_sample(tmp_path / "none")


def test_a_table_of_spans_of_phoenix_counts_by_the_kind_and_the_status_of_each(tmp_path: Path) -> None:
    rows = [
        ("LLM", "OK", "m", "120", "30"), ("LLM", "UNSET", "m", "", ""), ("LLM", "ERROR", "m", "", ""),
        ("EMBEDDING", "OK", "", "16", ""), ("AGENT", "UNSET", "", "120", "30"), ("CHAIN", "UNSET", "", "", ""),
        ("RETRIEVER", "OK", "", "", ""), ("RERANKER", "OK", "", "", ""), ("GUARDRAIL", "OK", "", "", ""),
    ]  # fmt: skip
    path = tmp_path / "spans.csv"
    lines = [
        f"{number},{kind},2026-03-10 08:00:0{number}+00:00,{status},t{number},{model},{taken},{output}"
        for number, (kind, status, model, taken, output) in enumerate(rows)
    ]
    head = "context.span_id,span_kind,start_time,status_code,context.trace_id,attributes.llm.model_name"
    counts = "attributes.llm.token_count.prompt,attributes.llm.token_count.completion"
    path.write_text("\n".join([f"{head},{counts}", *lines]) + "\n")
    found = guess(*read_sample(path))

    assert found is not None
    summary = summarise(config_of(path, found.settings), lambda: datetime(2026, 3, 11, tzinfo=UTC))
    generation = Operation.GENERATION.__eq__
    names = ("inferences", "errors", "input_tokens", "output_tokens")
    assert [summary.add(name, generation) for name in names] == [2, 1, 120, 30]
    assert summary.tallies.total() - summary.tallies[Result.COUNTED] == 1


@pytest.mark.parametrize("around", ["time", "model", "both"])
def test_a_field_that_holds_the_call_as_text_is_opened_whatever_stands_beside_it(around: str) -> None:
    def line(n: int) -> str:
        model = {"model": "llama9.1:3b"}
        call = {
            "usage": {"prompt_tokens": 40 + n, "completion_tokens": 9 + n % 3},
            **({} if around != "time" else model),
        }
        outer = {"timestamp": f"2026-02-03T10:0{n}:07Z", "message": "done", **(model if around != "time" else {})}
        return json.dumps({**outer, "metrics": json.dumps(call)})

    data = "\n".join([*map(line, range(5)), ""]).encode()
    found = guess(data, "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.extras["objects"] == ["metrics"]
    first = next(samples(config_of(Path("x.jsonl"), found.settings).format, data)).values
    assert (first["model"], first["input_tokens"], first["output_tokens"]) == ("llama9.1:3b", 40, 9)


def test_a_text_that_tells_no_more_than_the_record_around_it_is_left_closed() -> None:
    def line(n: int) -> str:
        own = {"model": "llama9.1:3b", "input_tokens": 40 + n, "output_tokens": 9 + n % 3}
        return json.dumps({"time": f"2026-02-03T10:0{n}:07Z", **own, "request": json.dumps({"model": "llama9.1"})})

    found = guess("\n".join([*map(line, range(5)), ""]).encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert "objects" not in found.fields.extras


def test_a_table_is_one_where_its_lines_alone_tell_no_tokens() -> None:
    rows = [f"2026-02-03 10:0{n}:07,gpt-4o-mini,{n}.4s,{310 + n},{20 + n},$0.0012{n}" for n in range(6)]
    found = guess("\n".join(["time,model,took,tokens in,tokens out,cost", *rows, ""]).encode(), "plain")

    assert found is not None
    assert found.format == "csv"
    assert found.fields is not None
    assert found.fields.fields["input_tokens"] == "tokens in"
