from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.records.system_config import MOST_RULES, System, doubts_of

KEYS = {"is": "search", "where": {"key_id": ["key_a", "key_b"]}}
PROJECT = {"is": "support", "where": {"project": "proj_1", "model": {"prefix": "gpt-4o"}}}
TEAM = {"is": "{team}", "where": {"team": {"present": True}}}


def setting(given: Any) -> str:
    read: str = TypeAdapter(System).validate_python(given)
    return read


def named(given: Any, **values: object) -> str | None:
    template = parse_template(setting(given))
    return system_lookup(template)(tuple(values.get(path) for path in template.paths))


def refusal(given: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        setting(given)
    return str(caught.value.errors()[0]["ctx"]["error"])


@pytest.mark.parametrize(
    ("values", "system"),
    [
        ({"key_id": "key_a"}, "search"),
        ({"key_id": " key_b "}, "search"),
        ({"key_id": "key_a", "project": "proj_1", "model": "gpt-4o-mini"}, "search"),
        ({"project": "proj_1", "model": "gpt-4o-mini"}, "support"),
        ({"project": "proj_1", "model": "o3"}, None),
        ({"key_id": "key_c", "team": "ads"}, "ads"),
        ({"key_id": "KEY_A"}, None),
        ({}, None),
    ],
)
def test_the_first_rule_that_fits_names_the_system(values: dict[str, object], system: str | None) -> None:
    assert named([KEYS, PROJECT, TEAM], **values) == system


def test_a_text_among_the_rules_is_for_all_that_no_rule_before_it_names() -> None:
    assert named([KEYS, "{workspace}", "others"], workspace="w") == "w"
    assert named([KEYS, "{workspace}", "others"]) == "others"


def test_a_name_that_cannot_be_used_is_not_that_of_the_next_rule() -> None:
    assert named(["{team}", "others"], team="x" * 201) is None
    assert named(["{team}", "others"], team="  ") == "others"


def test_numbers_and_booleans_are_compared_as_they_are_written_whatever_their_type() -> None:
    rules = [{"is": "seven", "where": {"n": [7, True]}}, "others"]

    assert [named(rules, n=it) for it in (7, 7.0, "7", Decimal(7), True, "true", 1)] == ["seven"] * 6 + ["others"]


def test_the_rules_look_at_each_path_once() -> None:
    template = parse_template(setting([KEYS, {"is": "{key_id}-{team}", "where": {"team": {"present": True}}}]))

    assert template.paths == ("key_id", "team")
    assert template.constant is None
    assert (set(template.systems), template.names_others) == ({"search"}, True)


def test_of_very_many_paths_the_first_are_said() -> None:
    rules = [{"is": "x", "where": {f"p{number}": "y"}} for number in range(20)]
    template = parse_template(setting(rules))

    told = system_lookup(template).unnamed(tuple("v" for _ in template.paths))

    assert told == "names no system"
    assert told.values.startswith("p0: v, p1: v")
    assert told.values.endswith("p11: v, and 8 more")


def test_rules_that_name_every_system_name_no_others() -> None:
    template = parse_template(setting([KEYS, "rest"]))

    assert (set(template.systems), template.names_others) == ({"search", "rest"}, False)
    assert parse_template(setting(["rest"])).constant == "rest"


def test_the_same_rules_are_the_same_text_in_every_process() -> None:
    code = (
        "from pydantic import TypeAdapter; from leverwatch.collectors.records.system_config import System;"
        "print(repr(TypeAdapter(System).validate_python("
        "[{'is': '{t}', 'where': {'b': ['x', 'y', 'z'], 'a': {'prefix': 'k'}}}])))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert texts == {"""'[{"is": "{t}", "where": {"a": {"prefix": "k"}, "b": ["x", "y", "z"]}}]'\n"""}


def test_a_text_is_the_setting_as_it_was_written() -> None:
    assert type(setting("{team}")) is str


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "is an empty list, which names no system"),
        ({"is": "x"}, "must be a text, or a list of rules"),
        (7, "must be a text, or a list of rules"),
        (["a"] * (MOST_RULES + 1), "has more than 1_000 rules; a template may stand for many of them"),
        ([KEYS, 7], "rule 2: is neither a text nor a mapping with `is` and `where`"),
        ([{"is": "x", "when": {}}], "rule 1: has when; a rule has `is` and `where`"),
        ([{"where": {"a": 1}}], "rule 1: `is` must be a text: the system, or a template"),
        ([{"is": "x", "where": {}}], "rule 1: `where` must map a path to what is there; without it the rule is for the rest"),  # noqa: E501
        ([{"is": "{x", "where": {"a": 1}}], "rule 1: unbalanced braces in the system template"),
        ([{"is": "x", "where": {"a": []}}], "rule 1: where a: is an empty list, which no value is in"),
        ([{"is": "x", "where": {"a": {"suffix": "x"}}}], "rule 1: where a: is none of a value, a list of values, {prefix: text} or {present: true}"),  # noqa: E501
        ([{"is": "x", "where": {" ": "y"}}], "rule 1: a path in `where` must be a text"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_said_with_its_number(given: Any, why: str) -> None:
    assert refusal(given) == why


@pytest.mark.parametrize(
    ("given", "doubts"),
    [
        ([KEYS, PROJECT, TEAM, "rest"], []),
        (["rest", KEYS], ["rule 2 can never fit: rule 1 takes all that comes to it"]),
        (["{team}", "rest"], []),
        ([KEYS, {**KEYS, "is": "x"}], ["rule 2 can never fit: rule 1 has the same `where`"]),
        ([TEAM, {"is": "x", "where": {"team": "ads"}}], ["rule 2 can never fit: rule 1 takes all that has team"]),
        (
            [KEYS, {"is": "x", "where": {"key_id": "key_b", "model": "m"}}],
            ["rule 2 can never fit: what it has for key_id is taken by rule 1"],
        ),
        (
            [KEYS, {"is": "x", "where": {"key_id": ["key_b", "key_c"]}}],
            ["rule 2 never gets key_id key_b: rule 1 takes it"],
        ),
        (
            [{"is": "x", "where": {"m": {"prefix": "gpt-"}}}, {"is": "y", "where": {"m": {"prefix": "gpt-4"}}}],
            ["rule 2 can never fit: rule 1 takes all that begins so"],
        ),
        (
            [{"is": "x", "where": {"m": {"prefix": "gpt-"}}}, {"is": "y", "where": {"m": ["gpt-5", "o3"]}}],
            ["rule 2 never gets m gpt-5: rule 1 takes it"],
        ),
        ([{"is": "{team}", "where": {"m": "a"}}, {"is": "y", "where": {"m": "a"}}], []),
        ([{"is": "x", "where": {"m": {"present": False}}}, {"is": "y", "where": {"m": "a"}}], []),
    ],
)
def test_a_rule_that_can_never_fit_is_doubted(given: Any, doubts: list[str]) -> None:
    assert list(doubts_of(setting(given))) == doubts


def test_what_no_name_has_is_only_tested() -> None:
    template = parse_template(setting([KEYS, PROJECT, TEAM, {"is": "{project}", "where": {"model": "o3"}}]))

    assert {path: len(tests) for path, tests in template.only_tested.items()} == {"key_id": 1, "model": 2}
    assert parse_template("{team}-{app}").only_tested == {}
