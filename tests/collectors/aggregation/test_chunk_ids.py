"""Chunks of streams whose servers use ids again, give every chunk another one, or none."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.aggregation.restarting import Restarting, both, some

CREATED = 1773129600
TOLD = ("inferences", "input_tokens", "output_tokens", "unknown_input", "finish_known")


def chunk(id_: str | None, *, end: bool = False, at: int = 0, **values: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": "canary"}, "finish_reason": "stop" if end else None}
    return {
        "id": id_, "object": "chat.completion.chunk", "created": CREATED + at, "model": "m", "choices": [choice],
    } | values  # fmt: skip


def rest(id_: str | None, *, given: int = 11, at: int = 0) -> dict[str, Any]:
    usage = {"prompt_tokens": given, "completion_tokens": 4, "total_tokens": given + 4}
    return chunk(id_, at=at, choices=[], usage=usage)


def stream(*ids: str | None, at: int = 0) -> list[dict[str, Any]]:
    """A stream of four chunks, with an id each."""
    one, two, three, four = ids
    return [chunk(one, at=at), chunk(two, at=at), chunk(three, at=at, end=True), rest(four, at=at)]


def same(id_: str | None, at: int = 0) -> list[dict[str, Any]]:
    return stream(id_, id_, id_, id_, at=at)


def own(name: str, at: int = 0) -> list[dict[str, Any]]:
    return stream(*(f"{name}{number}" for number in range(4)), at=at)


def mixed(one: list[Any], two: list[Any]) -> list[Any]:
    return [record for pair in zip(one, two, strict=True) for record in pair]


@pytest.mark.parametrize("id_", ["", None, "null"])
def test_streams_without_an_id_count_once_each(id_: str | None) -> None:
    for records in (same(id_) + same(id_), mixed(same(id_), same(id_)), same(id_) + same(id_, at=9)):
        for read in both("openai", records):
            assert some(read.totals, *TOLD) == (2, 22, 8, 0, 2)


def test_a_stream_without_an_id_that_tells_no_usage_counts_once_and_its_tokens_are_unknown() -> None:
    for read in both("openai", same("")[:3] + same("", at=4)[:3]):
        assert some(read.totals, *TOLD) == (2, 0, 0, 2, 2)


def test_a_stream_without_an_id_that_was_cut_off_counts() -> None:
    for read in both("openai", [*same("")[:2], *same("", at=3600)]):
        assert some(read.totals, *TOLD) == (2, 11, 4, 1, 1)


def test_streams_whose_chunks_have_an_id_each_count_once_each() -> None:
    for records in (own("a") + own("b"), mixed(own("a"), own("b")), own("a") + own("b") + own("c")):
        for read in both("openai", records):
            number = len(records) // 4
            assert some(read.totals, *TOLD) == (number, 11 * number, 4 * number, 0, number)


def test_a_stream_that_had_one_chunk_when_another_ended_counts_with_its_second_one() -> None:
    for read in both("openai", [chunk("a"), chunk("b"), chunk("late", end=True), *same("a"), *same("b")]):
        assert some(read.totals, "inferences", "input_tokens") == (3, 22)
        assert read.tallies == {Result.COUNTED: 3, Result.PART: 8}


def test_a_stream_whose_usage_comes_before_its_chunks_counts_though_another_one_waited_for_a_usage() -> None:
    records = [chunk("a", end=True), rest("b"), chunk("b", end=True), chunk("b"), rest("a", given=9)]
    for read in both("openai", records):
        assert some(read.totals, *TOLD) == (2, 11, 4, 1, 2)


def test_a_usage_that_went_to_the_stream_that_waited_for_it_is_no_call_when_it_comes_again() -> None:
    for read in both("openai", [*own("a"), rest("a3"), rest("a3")]):
        assert some(read.totals, *TOLD) == (1, 11, 4, 0, 1)
        assert read.tallies[Result.PART] == 3


def test_a_stream_that_uses_the_id_of_one_that_ended_is_another_call() -> None:
    for read in both("openai", same("chatcmpl-7") + same("chatcmpl-7", at=1) + same("chatcmpl-7", at=90)):
        assert some(read.totals, *TOLD) == (3, 33, 12, 0, 3)
        assert read.tallies == {Result.COUNTED: 3, Result.PART: 9}


def test_a_stream_whose_server_dates_every_chunk_is_one_call() -> None:
    records = [chunk("x"), chunk("x", at=20), chunk("x", at=40, end=True), rest("x", at=41)]
    for read in both("openai", records):
        assert some(read.totals, *TOLD) == (1, 11, 4, 0, 1)


def test_streams_that_share_an_id_and_are_delivered_again_add_nothing() -> None:
    records = same("chatcmpl-7") + same("chatcmpl-7", at=1) + same("chatcmpl-7", at=2)
    for read in both("openai", records + records):
        assert some(read.totals, *TOLD) == (3, 33, 12, 0, 3)


def test_chunks_of_text_completions_are_one_call_however_often_they_tell_the_usage() -> None:
    def text(**values: Any) -> dict[str, Any]:
        return chunk("cmpl-1", object="text_completion", **values)

    def used(output: int) -> dict[str, Any]:
        return {"prompt_tokens": 11, "completion_tokens": output}

    last = [text(choices=[], usage=used(4))]
    bare = [text(usage=None), text(usage=None), text(end=True, usage=None)]
    growing = [text(usage=used(1)), text(usage=used(2)), text(end=True, usage=used(4))]
    zeros = [text(usage={"prompt_tokens": 0, "completion_tokens": 0}), text(end=True, usage=None)]
    for records in (bare + last, growing + last, growing, zeros + last):
        for read in both("openai", records):
            assert some(read.totals, *TOLD) == (1, 11, 4, 0, 1)


def test_a_text_completion_that_was_not_streamed_counts_at_once_and_once() -> None:
    whole = chunk(
        "cmpl-1", object="text_completion", end=True, usage={"prompt_tokens": 11, "completion_tokens": 4}
    )
    for read in both("openai", [whole, whole, {**whole, "id": "cmpl-2"}]):
        assert some(read.totals, *TOLD) == (2, 22, 8, 0, 2)
        assert some({name: float(count) for name, count in read.tallies.items()}, Result.COUNTED) == (2,)


def test_a_usage_that_grew_until_the_stream_was_cut_off_is_what_is_known_of_it() -> None:
    usages = [{"prompt_tokens": 11, "completion_tokens": output} for output in (1, 2, 3)]
    for read in both("openai", [chunk("x", usage=usage) for usage in usages]):
        assert some(read.totals, *TOLD) == (1, 11, 3, 0, 0)


def test_a_part_that_names_another_model_after_a_restart_takes_nothing_from_the_other_one() -> None:
    read = Restarting("openai").each(
        [chunk("x"), chunk("x", end=True, model="m-2026"), rest("x") | {"model": "m-2026"}]
    )

    assert read.cells.keys() == {("m", "2026-03-10")}
    assert some(read.totals, *TOLD) == (1, 11, 4, 0, 1)


def test_ends_that_wait_for_their_usage_are_forgotten_beyond_a_bound() -> None:
    read = Restarting("openai")
    read.read(*(chunk("", end=True, at=number) for number in range(100)))

    assert read.totals["inferences"] == 100
    assert read.open_calls == 64
