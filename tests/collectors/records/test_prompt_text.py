"""The version of a prompt is a hash of what a person calls the prompt, however a producer writes it down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.records.prompt_text import MOST_KNOWN, Versions, version_of

PROMPT = "You are the clerk of a small harbour and answer every skipper in a friendly tone."
SYSTEM = {"role": "system", "content": PROMPT}
OTHER = PROMPT.replace("friendly", "stern")


def version(value: Any, template: str = "{prompt}") -> str | None:
    return version_of(parse_template(template), value if isinstance(value, tuple) else (value,))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(f"  {PROMPT}\r\n", id="white space around it"),
        pytest.param(PROMPT.replace(" ", "\n  "), id="another line width"),
        pytest.param([{"type": "text", "text": PROMPT}], id="blocks of text"),
        pytest.param({"parts": [{"text": PROMPT}], "role": "system"}, id="parts"),
        pytest.param([SYSTEM, {"role": "user", "content": "A berth?"}], id="messages"),
        pytest.param([{"role": "developer", "content": [{"text": PROMPT}]}], id="a message of blocks"),
        pytest.param({"messages": [SYSTEM]}, id="messages in an object"),
        pytest.param(json.dumps([SYSTEM]), id="messages as JSON in a text"),
        pytest.param(json.dumps([{"type": "text", "content": PROMPT}]), id="blocks as JSON in a text"),
        pytest.param(
            json.dumps({"model": "m", "messages": [SYSTEM, {"role": "user"}]}), id="a body with messages"
        ),
        pytest.param({"instructions": PROMPT, "input": "A berth?"}, id="a body with instructions"),
        pytest.param(
            json.dumps({"system": PROMPT, "messages": [{"role": "user"}]}), id="a body with the prompt apart"
        ),
        pytest.param({"systemInstruction": {"parts": [{"text": PROMPT}]}, "contents": []}, id="a body of Gemini"),
    ],
)
def test_the_same_prompt_is_the_same_version_however_it_is_written(value: Any) -> None:
    assert version(value) == version(PROMPT)


def test_another_wording_is_another_version() -> None:
    assert version(OTHER) != version(PROMPT)


@pytest.mark.parametrize(
    "moment",
    ["2031-05-09", "2031-05-09T07:15:00Z", "9 May 2031", "May 9th, 2031", "Friday", "7:15 pm", "09/05/2031"],
)
def test_a_date_that_is_filled_into_a_text_is_no_other_version(moment: str) -> None:
    assert version(f"{PROMPT} It is {moment} now.") == version(f"{PROMPT} It is 2030-01-01 now.")


def test_a_date_as_the_version_of_a_prompt_is_another_version() -> None:
    assert version("2031-05-09") != version("2031-05-10")


def test_name_and_version_make_one_version_and_do_not_run_into_each_other() -> None:
    template = "{name}@{version}"

    assert version(("clerk", 7), template) == version(("clerk", "7"), template)
    assert len({version(pair, template) for pair in (("clerk", 7), ("clerk", 8), ("clerks", 7))}) == 3


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "  ",
        [],
        {},
        "{}",
        "[]",
        [{"role": "user", "content": PROMPT}],
        {"temperature": 1},
        json.dumps({"messages": [{"role": "user", "content": PROMPT}]}),
        json.dumps({"input": PROMPT, "model": "m"}),
        ("clerk", None),
    ],
)
def test_a_record_without_a_prompt_has_no_version(value: Any) -> None:
    assert version(value, "{name}@{version}" if isinstance(value, tuple) else "{prompt}") is None


def test_a_version_is_64_bits_and_the_same_on_every_machine() -> None:
    assert version("clerk") == "b2479ecea19212fb"


NESTED = [{"role": "system", "content": '[{"role": "system", "content": "Be brief."}]'}]


@pytest.mark.parametrize(
    ("template", "records"),
    [
        ("{prompt}", [(PROMPT,), ([SYSTEM],), (PROMPT,), (OTHER,), (None,), ("",), (f" {PROMPT}\n",), (7,)]),
        (
            "{prompt}",
            [(NESTED,), (NESTED[0]["content"],), ("Be brief.",), ("\ud800 is no text",), ("? is no text",)],
        ),
        ("{name}@{version}", [("ab", "c"), ("a", "bc"), ("ab", 1), ("ab1", ""), ("ab", "c"), (None, "c")]),
        ("{prompt}", [(f"{PROMPT} It is {day} May 2031 now.",) for day in range(1, 29)]),
    ],
)
def test_what_was_seen_before_has_the_version_that_it_had(template: str, records: list[tuple[Any, ...]]) -> None:
    parsed = parse_template(template)
    versions = Versions(parsed)

    for values in [*records, *records]:
        assert versions.of(values) == version_of(parsed, values), values


def test_of_a_prompt_that_every_call_fills_in_only_so_many_digests_are_kept() -> None:
    versions = Versions(parse_template("{prompt}"))

    for number in range(MOST_KNOWN + 9):
        versions.of((f"{PROMPT} {number}",))

    assert len(versions._known) == 9
    assert "harbour" not in repr(versions.__dict__)
