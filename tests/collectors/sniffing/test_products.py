"""Calls that make pictures, sounds and films, which no word and no model names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.sniffing.proposed import found_in, said


def records(**more: Any) -> list[dict[str, Any]]:
    return [
        {"at": f"2026-05-03T10:{n:02}:17Z", "cost_usd": 0.01 + (n * 7 % 5) / 500, "took_s": 3.5 + n % 4}
        | {key: value(n) for key, value in more.items()}
        for n in range(8)
    ]


@pytest.mark.parametrize(
    ("name", "file", "made"),
    [
        ("out", "fox_{}.png", "image"),
        ("output_path", "gen/{}.webp", "image"),
        ("saved_to", "/tmp/say {}.mp3", "audio"),
        ("result_url", "https://host/{}.mp4?sig=1", "other"),
        ("ausgabe", "{}.JPG", "image"),
    ],
)
def test_files_that_calls_wrote_tell_what_they_made(name: str, file: str, made: str) -> None:
    found = found_in(records(**{name: file.format, "steps": lambda n: 20 + n}))

    assert found.fields["operation"] == {"constant": made}
    assert f"all 8 records are taken as {made} by {name}" in said(found, "operation")
    assert "`inferences: steps`" not in said(found, "inferences")


def test_settings_that_only_makers_of_pictures_have_tell_it_as_well() -> None:
    found = found_in(records(prompt="a fox {}".format, negative_prompt=lambda _: "fog", cfg_scale=lambda n: 5 + n))

    assert found.fields["operation"] == {"constant": "image"}


@pytest.mark.parametrize(
    "more",
    [
        {"image": "in_{}.png".format, "prompt": "what is in {}".format, "response": "a cat and {}".format},
        {"output": "{}.png".format, "input_tokens": lambda n: 90 + n, "output_tokens": lambda n: 9 + n % 3},
        {"output": "{}.png".format, "model": lambda _: "gpt-4o-mini"},
        {"output": lambda n: f"{n}.png" if n else "{}.mp3", "prompt": "say {}".format},
    ],
)
def test_what_was_looked_at_and_what_writes_text_is_a_generation(more: dict[str, Any]) -> None:
    assert "operation" not in found_in(records(**more)).fields
