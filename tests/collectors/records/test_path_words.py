"""What the words of a system template say of the path of a log."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.fields import FIELDS
from leverwatch.collectors.records.format_config import CsvFormat, JsonlFormat
from leverwatch.collectors.records.path_words import PathValues, check_words, is_path_word, parse_pattern, value_of

POD = r"/(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_[^_/]+/(?P<container>[^/]+)/[^/]+$"
PART = st.text(st.characters(blacklist_characters="/=\0", blacklist_categories=("Cs", "Cc")), min_size=1).filter(
    lambda part: part not in {".", ".."}
)


@given(st.lists(PART, min_size=1, max_size=6), PART)
def test_each_parent_is_the_folder_so_many_levels_up(folders: list[str], name: str) -> None:
    path = "/" + "/".join([*folders, name])

    assert value_of("name", path, None) == name
    for level, folder in enumerate(reversed(folders), 1):
        assert value_of(".".join(["parent"] * level), path, None) == folder
    for beyond in (1, 2):
        assert value_of(".".join(["parent"] * (len(folders) + beyond)), path, None) is None


@given(st.dictionaries(PART, PART, min_size=1, max_size=4), PART, PART)
def test_each_partition_is_a_word_also_with_escapes(parts: dict[str, str], between: str, name: str) -> None:
    path = "/" + between + "".join(f"/{key}={quote(value, safe='')}" for key, value in parts.items()) + f"/{name}"

    for key, value in parts.items():
        if key not in {"name", "stem"} and not re.fullmatch(r"parent(\.parent)*", key):
            assert value_of(key, path, None) == value
    assert value_of("no such=key", path, None) is None


@given(PART, PART, PART, st.integers(0, 99))
def test_the_groups_of_a_pattern_are_words(namespace: str, pod: str, container: str, number: int) -> None:
    pattern = parse_pattern(POD)
    namespace, pod = namespace.replace("_", "-"), pod.replace("_", "-")
    path = f"/var/log/pods/{namespace}_{pod}_0b1c/{container}/{number}.log"

    assert value_of("namespace", path, pattern) == namespace
    assert value_of("pod", path, pattern) == pod
    assert value_of("container", path, pattern) == container
    assert value_of("container", f"/srv/{number}.log", pattern) is None


@pytest.mark.parametrize(
    ("word", "path", "value"),
    [
        ("stem", "/logs/chat.jsonl", "chat"),
        ("stem", "/logs/chat.jsonl.gz", "chat"),
        ("stem", "/logs/chat", "chat"),
        ("team", "/logs/team=a/team=b/x.log", "b"),
        ("team", "/logs/team=/x.log", None),
        ("team", "/logs/team=file", None),
        ("team", "/logs/team=a=b/x.log", "a=b"),
    ],
)
def test_what_a_word_is(word: str, path: str, value: str | None) -> None:
    assert value_of(word, path, None) == value


@pytest.mark.parametrize("pattern", ["(", "/logs/", "(?P<name>x)", "(?P<parent>x)"])
def test_a_pattern_that_cannot_serve_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"regular expression|names no group|word that every path has"):
        parse_pattern(pattern)


def test_a_pattern_whose_groups_nobody_uses_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no effect: system has none of \{path\.team\}"):
        check_words(["app", "path.parent"], parse_pattern("(?P<team>x)"))


def test_values_of_the_path_and_of_the_record_stand_in_the_order_of_the_template() -> None:
    settings = JsonlFormat.model_validate({"type": "jsonl", "fields": {"time": "ts", "reasoning_tokens": "r"}})
    made = build_format(settings, ("path.parent", "app", "path.team", r"\path.team"))
    assert isinstance(made, PathValues)

    made.enter("/logs/team=blue/a.jsonl")
    row = made.parse(b'{"ts":1,"app":"x","path":{"team":"own"},"r":7}\n', None).rows[0]
    made.enter("/logs/green/a.jsonl")
    other = made.parse(b'{"ts":1,"app":"x"}\n', None).rows[0]

    start = len(FIELDS)
    assert row[start : start + 4] == ("team=blue", "x", "blue", "own")
    assert other[start : start + 4] == ("green", "x", None, None)
    assert 7 in row[start + 4 :]


def test_a_column_whose_name_looks_like_a_word_can_be_named() -> None:
    settings = CsvFormat.model_validate({"type": "csv", "fields": {"time": "ts"}})
    made = build_format(settings, (r"\path.team",))

    assert not is_path_word(r"\path.team")
    assert made.parse(b"1,red\n", b"ts,path.team").rows[0][len(FIELDS)] == "red"
