"""Words that name an operation in one log and a task, a provider or a language in another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import config_of, guess, read_sample, summarise
from tests.collectors.sniffing.proposed import found_in, said


def records(**more: Any) -> list[dict[str, Any]]:
    return [
        {"at": f"2026-05-02T11:{n:02}:40Z", "model": "m-4", "input_tokens": 150 + n * 29 % 97,
         "output_tokens": 25 + n * 13 % 59, **{key: value(n) for key, value in more.items()}}
        for n in range(20)
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["translation", "ranking", "image_caption", "moderation", "speech"])
def test_a_task_whose_answers_have_tokens_is_a_generation_whatever_its_word_may_mean(word: str) -> None:
    found = found_in(records(task=lambda n: word if n % 4 == 0 else "summarize"))

    assert "operation" not in found.fields
    assert f"5 records whose task is {word} count as generations" in said(found, "operation")
    assert "there would be 5 fewer inferences" in said(found, "operation")


def test_a_word_that_the_name_of_the_model_confirms_is_the_operation() -> None:
    found = found_in([
        *records(task=lambda _: "chat"),
        *({**it, "task": "speech", "model": "m-4-tts"} for it in records()),
    ])  # fmt: skip

    assert found.fields["operation"] == "task"
    assert "20 records whose task is speech are taken as audio" in said(found, "operation")


def test_an_answer_of_text_says_that_a_speech_in_a_game_is_a_generation() -> None:
    found = found_in(records(
        call_type=lambda n: "speech" if n % 5 else "vote", input_tokens=lambda _: 0, output_tokens=lambda _: 0,
        response=lambda n: f"Player {n} spoke." if n % 5 else "",
    ))  # fmt: skip

    assert "operation" not in found.fields
    assert "16 records whose call_type is speech count as generations" in said(found, "operation")


def test_the_text_of_what_was_heard_makes_no_generation_of_it() -> None:
    found = found_in(records(
        call_type=lambda n: "transcription" if n % 2 else "speech", input_tokens=lambda _: 0,
        output_tokens=lambda _: 0, answer=lambda n: "Good morning." if n % 2 else None,
    ))  # fmt: skip

    assert found.fields["operation"] == "call_type"


def test_images_without_tokens_that_cost_something_are_no_failed_calls() -> None:
    found = found_in([
        *records(cost_usd=lambda n: 0.003 + n / 1e4),
        *({**it, "model": "m-image-2", "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.04, "pose": "left"}
          for it in records()[:4]),
    ])  # fmt: skip

    assert "status" not in found.fields
    assert "0 input and 0 output" not in said(found, "inferences")


@pytest.mark.parametrize(("name", "mapped"), [("source", False), ("model", True)])
def test_the_name_of_a_provider_is_a_model_only_where_it_is_called_one(name: str, mapped: bool) -> None:
    found = found_in([{**{key: it for key, it in record.items() if key != "model"}, name: "deepseek"}
                      for record in records()])  # fmt: skip

    assert ("model" in found.fields) is mapped


def heard(n: int) -> dict[str, Any]:
    return {"at": f"2026-05-02T12:{n:02}:11Z", "vendor": "hear-it", "cost_usd": 0.21 + n / 100, "units": 31.5 + n}


def test_what_costs_something_is_a_call_though_another_provider_tells_no_tokens() -> None:
    spoken = [{key: it for key, it in record.items() if key != "model"} for record in records(
        vendor=lambda _: "write-it", cost_usd=lambda n: 0.004 + n * 13 % 7 / 1e3)]  # fmt: skip
    found = found_in([*spoken, *map(heard, range(4))])

    assert not found.only
    assert not found.excluded
    assert "4 records have a cost and no tokens" in said(found, "inferences")


def test_a_record_that_has_its_cost_elsewhere_is_not_taken_for_a_call() -> None:
    budget = [{"at": f"2026-05-02T12:{n:02}:11Z", "event": "budget", "cost_total": 1.5 + n} for n in range(4)]
    found = found_in([*records(event=lambda _: "llm_call", cost_usd=lambda n: 0.004 + n / 1e4), *budget])

    assert found.only == {"event": "llm_call"}


def test_a_language_in_the_name_of_a_step_is_no_failure() -> None:
    assert "failed" not in said(found_in(records(step=lambda n: ("tts_ko", "tts_en")[n % 2])), "inferences")


def read(tmp_path: Path, name: str, text: str) -> tuple[FieldGuess, Any]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    data, compression = read_sample(path)
    found = guess(data, compression)
    assert found is not None
    assert found.fields is not None
    return found.fields, summarise(config_of(path, found.settings))


def lines(zone: str) -> str:
    return "".join(
        f"[usage][2026-03-0{1 + n // 9} 0{n % 9}:17:0{n % 7}{zone}] prompt: {900 + n * 61} | output: {40 + n * 7}"
        f" | total: {940 + n * 68 + (80 if n % 3 else 0)}\n"
        for n in range(20)
    )


def test_the_letters_of_a_zone_behind_the_time_are_named_with_what_they_may_mean(tmp_path: Path) -> None:
    fields, summary = read(tmp_path, "a.log", lines(" IST"))

    assert "IST is said beside it, which may be Asia/Kolkata, Europe/Dublin or Asia/Jerusalem" in said(
        fields, "time"
    )
    assert sum(row.input_tokens for row in summary.usage) == sum(900 + n * 61 for n in range(20))
    assert "total is more than prompt and output together in 13 of 20" in said(fields, "output_tokens")


def test_other_letters_behind_the_time_are_no_zone(tmp_path: Path) -> None:
    fields, _ = read(tmp_path, "a.log", lines(" INFO"))

    assert "time: has no zone; set timezone unless it is UTC" in fields.notes


def test_a_zone_in_the_name_of_the_time_is_named() -> None:
    rows = [{**it, "at": None, "run_date_sgt": it["at"].rstrip("Z")} for it in records()]

    assert "SGT is said beside it, which is Asia/Singapore" in said(found_in(rows), "time")


def test_runs_without_any_call_do_not_hide_that_the_calls_lie_in_an_array(tmp_path: Path) -> None:
    runs = [
        {"started": f"2026-06-0{1 + n}T08:00:00Z", "api_calls": [
            {"model": "m-4", "input_tokens": 100 + at, "output_tokens": 9} for at in range(n % 3)],
         "totals": {"input_tokens": sum(100 + at for at in range(n % 3)), "output_tokens": 9 * (n % 3)}}
        for n in range(6)
    ]  # fmt: skip
    fields, summary = read(tmp_path, "runs.json", json.dumps(runs, indent=1))

    assert fields.extras["records"] == "api_calls"
    assert sum(row.inferences for row in summary.usage) == 6
