"""A named format that leaves out what the records tell gives way to a map, and what it does not read is listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.sniffing.sniff import config_of, guess, summarise, unread

ASKED = ("/openai/v1/chat/completions", "/openai/v1/chat/completions", "/openai/v1/embeddings", "/ready")


def _proxied(**more: Any) -> bytes:
    return "".join(
        json.dumps(
            {
                "msec": f"{1782000000 + 61 * n}.250",
                "request": f"{'GET' if n % 4 == 3 else 'POST'} {ASKED[n % 4]} HTTP/1.1",
                "uri": ASKED[n % 4],
                "status": "503" if n % 12 == 5 else "200",
                "upstream_response_time": f"{0.5 + n % 7 / 8:.3f}",
                "body_bytes_sent": 900 + n,
                **({name: make(n) for name, make in more.items()} if n % 4 != 3 else {}),
            }
        )
        + "\n"
        for n in range(48)
    ).encode()


def test_a_map_that_tells_model_and_tokens_wins_over_an_access_log(tmp_path: Path) -> None:
    data = _proxied(
        llm_model=lambda n: "bge-m3" if n % 4 == 2 else "mistral-large",
        llm_tokens_in=lambda n: 300 + n, llm_tokens_out=lambda n: 7 + n % 5,
    )  # fmt: skip
    found = guess(data, "plain")

    assert found is not None
    assert found.fields is not None
    wanted = {"model": "llm_model", "input_tokens": "llm_tokens_in", "output_tokens": "llm_tokens_out"}
    assert {name: found.fields.fields.get(name) for name in wanted} == wanted
    assert any(note.startswith("format: the records look like those of nginx") for note in found.fields.notes)
    path = tmp_path / "proxied.json"
    path.write_bytes(data)
    summary = summarise(config_of(path, found.settings))
    assert summary.add("inferences", Operation.GENERATION.__eq__) == 20
    assert summary.add("errors", Operation.GENERATION.__eq__) == 4
    assert summary.add("inferences", Operation.EMBEDDING.__eq__) == 12


def test_an_access_log_that_tells_neither_stays_one_and_its_other_numbers_are_listed() -> None:
    data = _proxied(gpu_seconds=lambda n: n % 3)
    found = guess(data, "plain")

    assert found is not None
    assert found.format == "nginx"
    assert unread(found, data) == ("body_bytes_sent (900 to 947)", "gpu_seconds (0 to 2)")


def test_numbers_that_a_named_format_reads_are_not_listed() -> None:
    answer = {
        "id": "r-9", "object": "chat.completion", "created": 1782000000, "model": "mistral-large", "extra": 5,
        "choices": [{"finish_reason": "stop", "message": {"content": "canary"}}],
        "usage": {"prompt_tokens": 41, "completion_tokens": 6, "queue_depth": 3},
    }  # fmt: skip
    data = (
        f"{json.dumps({'log': json.dumps(answer), 'stream': 'stdout', 'time': '2026-06-20T10:00:00Z'})}\n".encode()
    )
    found = guess(data, "plain")

    assert found is not None
    assert found.format == "openai"
    assert unread(found, data) == ("extra (5)", "usage.queue_depth (3)")


def test_numbers_of_an_export_that_its_columns_usually_do_not_have_are_listed() -> None:
    data = (
        b"generation_id,created_at,cost_total,tokens_prompt,tokens_completion,model_permaslug,queue_depth,app_name\n"
        b"g-1,2026-06-20 10:00:00.040,0.003,310,44,maker/m-2,7,desk\n"
        b"g-2,2026-06-20 10:00:01.040,0.004,420,51,maker/m-2,9,desk\n"
    )
    found = guess(data, "plain")

    assert found is not None
    assert found.format == "openrouter-activity"
    assert unread(found, data) == ("queue_depth (7 to 9)",)


def _visited(n: int) -> str:
    asked, model, answer = (
        ("/v1/chat/completions", "gpt-4.1-mini", str(20 + n % 9)),
        ("/v1/embeddings", "text-embedding-3-large", "-"),
        ("/healthz", "-", "-"),
    )[n % 3]
    bad = n % 12 == 0
    given, answer = ("-", "-") if bad or n % 3 == 2 else (str(310 + 7 * n), answer)
    return (
        f'10.9.8.{n} - - [0{1 + n // 20}/Mar/2026:0{n % 10}:15:{n:02} +0200] "{"GET" if n % 3 == 2 else "POST"}'
        f' {asked} HTTP/1.1" {503 if bad else 200} {700 + n} "-" "sdk/1.2" rt=0.{400 + n} model="{model}"'
        f" tokens_in={given} tokens_out={answer}\n"
    )


def test_what_lines_of_an_access_log_name_behind_the_usual_fields_is_read(tmp_path: Path) -> None:
    data = "".join(map(_visited, range(48))).encode()
    found = guess(data, "plain")

    assert found is not None
    assert found.fields is not None
    assert (found.format, found.fields.fields["model"]) == ("lines", "model")
    path = tmp_path / "access.log"
    path.write_bytes(data)
    summary = summarise(config_of(path, found.settings))
    assert summary.add("inferences", Operation.GENERATION.__eq__) == 12
    assert summary.add("errors", Operation.GENERATION.__eq__) == 4
    assert summary.add("inferences", Operation.EMBEDDING.__eq__) == 16
    assert summary.add("output_tokens", Operation.GENERATION.__eq__) == sum(
        20 + n % 9 for n in range(0, 48, 3) if n % 12
    )
