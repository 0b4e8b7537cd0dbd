"""What sniff says of records that are versions and parts of calls."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.sniff import config_of, doubts, guess
from tests.collectors.aggregation.restarting import lines
from tests.collectors.aggregation.test_chunk_ids import mixed, own, same
from tests.collectors.aggregation.test_versions import ended, message, observation, transcript, user


def said(records: list[dict[str, Any]], tmp_path: Any) -> tuple[str, tuple[str, ...]]:
    data = lines(records)
    found = guess(data, "plain")
    assert found is not None
    return found.format, doubts(config_of(tmp_path / "x.jsonl", found.settings).format, data)


@pytest.mark.parametrize(
    ("records", "format_", "words"),
    [
        ([transcript(2), transcript(9, stop="end_turn")], "anthropic", "had not ended"),
        ([user()] * 40 + [transcript(2)], "anthropic", "had not ended"),
        ([observation(), ended()], "langfuse", "had not ended"),
        (same("a") + same("b"), "openai", "those with the same id are counted as one call"),
        (mixed(own("a"), own("b")), "openai", "every chunk has an id of its own"),
        (same("") + same(""), "openai", "chunks without an id"),
        (same("a") + same("a", at=7), "openai", "streams share an id"),
    ],
)
def test_a_comment_says_what_is_joined_and_which_ids_cannot_be_used(
    records: list[dict[str, Any]], format_: str, words: str, tmp_path: Any
) -> None:
    found, comments = said(records, tmp_path)

    assert found == format_
    assert len(comments) == 1
    assert words in comments[0]


def test_nothing_is_said_of_whole_calls(tmp_path: Any) -> None:
    assert said([message(2, stop="end_turn"), message(3, stop="end_turn", id_="b")], tmp_path)[1] == ()
