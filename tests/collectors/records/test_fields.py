from __future__ import annotations

import pytest
from pydantic import ValidationError

from leverwatch.collectors.records.fields import parse_path, parse_template, system_lookup
from tests.collectors.sources.files.logs import config


def test_a_path_is_split_at_its_dots_and_a_backslash_keeps_one() -> None:
    assert parse_path("usage.prompt_tokens_details.cached_tokens") == (
        "usage",
        "prompt_tokens_details",
        "cached_tokens",
    )
    assert parse_path(r"gen_ai\.usage\.input_tokens") == ("gen_ai.usage.input_tokens",)
    assert parse_path(r"a\\.b") == ("a\\", "b")


@pytest.mark.parametrize("path", ["", ".", "a..b", "a.", ".a", "a\\"])
def test_a_path_with_an_empty_key_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="a path is keys"):
        parse_path(path)


def test_a_name_without_braces_is_the_system_of_every_record() -> None:
    assert parse_template("code-completion").constant == "code-completion"


def test_a_template_is_filled_with_text_numbers_and_booleans() -> None:
    template = parse_template("{team}-{app}/v{n}")

    assert template.constant is None
    assert template.fill(("core", "bot", 2)) == "core-bot/v2"
    assert template.fill(("core", True, 2.0)) == "core-true/v2"


@pytest.mark.parametrize("value", [None, "", "  ", "x" * 201, "a\nb", "a\x00b"])
def test_a_missing_or_unusable_part_names_no_system(value: object) -> None:
    assert parse_template("{app}").fill((value,)) is None


@pytest.mark.parametrize("text", ["{team", "team}", "{}", "{a}{ }", "", "  ", "x" * 201, "{{a}}"])
def test_a_broken_template_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="system"):
        parse_template(text)


def test_values_that_are_equal_as_numbers_keep_their_own_names() -> None:
    lookup = system_lookup(parse_template("s{n}"))

    assert [lookup((1,)), lookup((True,)), lookup((1.5,)), lookup((1,))] == ["s1", "strue", "s1.5", "s1"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"format": {"type": "jsonl", "fields": {"time": "a", "model": "a.b"}}},
            "goes through another mapped value",
        ),
        ({"format": {"type": "jsonl", "fields": {"time": "a..b"}}}, "a path is keys"),
        (
            {"format": {"type": "jsonl", "fields": {"time": "t", "input_tokens": "x", "cost_usd": "x"}}},
            "two fields",
        ),
        ({"format": {"type": "jsonl", "fields": {"time": "t", "tokens": "x"}}}, "tokens"),
        ({"format": {"type": "jsonl", "fields": {}}}, "time"),
        ({"format": {"type": "csv", "fields": {"time": "t"}, "delimiter": "ab"}}, "delimiter"),
        ({"system": "{app"}, "unbalanced braces"),
        ({"system": "{a..b}"}, "a path is keys"),
        ({"timezone": "Mars/Base"}, "no such time zone"),
        ({"path": ""}, "needs a path"),
        ({"dedupe_window": "10"}, "a duration needs a unit"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_reason(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        config(**changes)


def test_a_template_may_use_a_mapped_field() -> None:
    assert config(system="{response.model}").declared_systems() == frozenset()
    assert config(system="bot").declared_systems() == {"bot"}
