"""Calls that a log tells over several lines of text each: where one begins, and what is read of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverwatch.collectors.interface import Result
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sniffing.test_text_lines import sniffed
from tests.collectors.sources.files.logs import sums

NUMBER = 8
RULER = "=" * 20
FORMS: dict[str, str] = {
    "a time, and what is indented below it": "{at} - asked\n  model: {m}\n  tokens_in: {i}\n  tokens_out: {o}",
    "rulers and texts": RULER
    + "\nTimestamp: {at}\nModel: {m}\nPrompt tokens: {i}\nCompletion tokens: {o}\n\nPrompt:\nname a"
    " river\n\nResponse:\n- it is {n} km long\n",
    "a number first": "--- Call #{n} ---\nModel: {m}\nTime: {at}\nInput tokens: {i}\nOutput tokens: {o}\n",
    "aligned, time last": "Model         : {m}\nPrompt tokens : {i}\nOutput tokens : {o}\nAt            : {at}\n",
    "sections of Markdown": "## {at}\n\n- **Model:** {m}\n- **Input tokens:** {i}\n- **Output tokens:** {o}\n",
    "documents of YAML": "---\nat: {at}\nmodel: {m}\nusage:\n  input_tokens: {i}\n  output_tokens: {o}",
    "a list in YAML": "- at: '{at}'\n  model: {m}\n  prompt: |\n    a river\n  tokens_in: {i}\n  tokens_out: {o}",
    "sections of INI": "[call-{n}]\nat = {at}\nmodel = {m}\ninput_tokens = {i}\noutput_tokens = {o}\n",
    "numbers with units behind": "{at} | {m}\n  Tokens: {i} in, {o} out\n  Took: 1.{n}s",
    "a time on each line": "{at} INFO Model: {m}\n{at} INFO Input tokens: {i}\n{at} INFO Output tokens: {o}",
}


def log(form: str) -> list[str]:
    return [
        form.format(at=f"2026-03-1{n // 5} 08:{n:02}:07", n=n, m=("gpt-4o", "claude-sonnet-4-5")[n % 2],
                    i=1100 + n * 7 % 50, o=20 + n * 5 % 9)
        for n in range(NUMBER)
    ]  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_records_over_several_lines_are_calls(tmp_path: Path, name: str) -> None:
    found, summary = sniffed(tmp_path, log(FORMS[name]))

    assert found.fields is not None
    assert "block" in found.fields.extras
    assert summary.tallies[Result.COUNTED] == NUMBER
    counted = sums(summary.usage)
    assert counted["input_tokens"] == sum(1100 + n * 7 % 50 for n in range(NUMBER))
    assert counted["output_tokens"] == sum(20 + n * 5 % 9 for n in range(NUMBER))
    assert {row.model for row in summary.usage} == {"gpt-4o", "claude-sonnet-4-5"}


@pytest.mark.parametrize(
    "form",
    [
        "commit {n}\nAuthor: anna\nDate: {at}\n\n    Add model: view {n}\n",
        "[{at}]\nMethod: GET\nPath: /x/{n}\nDuration: 120 ms\n",
        "{at} ERROR app: failed\nTraceback (most recent call last):\n  File 'x.py', line {n}\nTypeError: {n}",
        "{at}\nEpoch: {n}\nModel: resnet\nLoss: 0.1{n}\n",
    ],
)
def test_other_blocks_of_lines_are_none(form: str) -> None:
    assert guess("\n".join(log(form)).encode(), "plain") is None


def test_a_line_of_each_call_that_tells_all_of_it_is_read_alone() -> None:
    found = guess("\n".join(log("{at} {m} in={i} out={o}\n  saved page {n}")).encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert "block" not in found.fields.extras


def in_two_lines(order: list[int]) -> bytes:
    """A line of what is asked and one of the answer for each call, the answers in an order."""
    asked = [f"2026-03-10 08:{n:02}:07 INFO llm.api: request id=a{n} model=gpt-4o max=9" for n in range(NUMBER)]
    told = [f"2026-03-10 08:{n:02}:09 INFO llm.api: response id=a{n} prompt={90 + n} completion={7 + n}"
            for n in order]  # fmt: skip
    return "\n".join(it for both in zip(asked, told, strict=True) for it in both).encode()


def test_the_lines_of_what_was_asked_and_of_the_answer_are_one_call() -> None:
    found = guess(in_two_lines(list(range(NUMBER))), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.format == "logfmt"
    assert "block" in found.fields.extras
    assert found.fields.fields.keys() >= {"model", "input_tokens", "output_tokens"}
    assert not any("are mixed" in note for note in found.fields.notes)


def test_lines_of_calls_at_the_same_time_are_said_to_be_mixed() -> None:
    found = guess(in_two_lines([1, 0, *range(2, NUMBER)]), "plain")

    assert found is not None
    assert found.fields is not None
    assert any(note.startswith("model: 2 records tell two values of id") for note in found.fields.notes)
