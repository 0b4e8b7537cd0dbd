"""Records that are versions of a call: the call counts once, with what its last version tells."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from leverwatch.collectors.aggregation import open_calls
from leverwatch.collectors.interface import Result
from tests.collectors.aggregation.restarting import Restarting, both, some

TOLD = ("inferences", "errors", "input_tokens", "cached_input_tokens", "output_tokens", "unknown_output")
START = "2026-03-10T08:00:00.250Z"


def message(output: int, *, stop: str | None = None, id_: str = "msg_q1", **values: Any) -> dict[str, Any]:
    usage = {"input_tokens": 3, "cache_read_input_tokens": 500, "output_tokens": output}
    return {
        "timestamp": "2026-03-10T08:00:05Z", "id": id_, "type": "message", "model": "claude-x", "usage": usage,
        "content": [{"type": "text", "text": "canary"}], "stop_reason": stop,
    } | values  # fmt: skip


def transcript(output: int, *, stop: str | None = None, id_: str = "msg_q1", **values: Any) -> dict[str, Any]:
    inner = message(output, stop=stop, id_=id_)
    time = inner.pop("timestamp")
    return {
        "parentUuid": None, "isSidechain": False, "sessionId": "s7", "uuid": f"{id_}-{output}", "timestamp": time,
        "type": "assistant", "requestId": f"req_{id_}", "message": inner, "cwd": "/home/canary",
    } | values  # fmt: skip


def observation(**values: Any) -> dict[str, Any]:
    return {
        "id": "ob1", "traceId": "t1", "type": "GENERATION", "startTime": START, "endTime": None, "model": None,
        "level": "DEFAULT", "usageDetails": {}, "totalCost": None,
    } | values  # fmt: skip


def ended(**values: Any) -> dict[str, Any]:
    usage = {"input": 70, "output": 30, "total": 100}
    end = {"endTime": "2026-03-10T08:00:04.250Z", "model": "gpt-x", "usageDetails": usage, "totalCost": 0.25}
    return observation(**end) | values


def response(status: str, **values: Any) -> dict[str, Any]:
    usage = {"input_tokens": 40, "output_tokens": 9} if status == "completed" else None
    return {
        "id": "resp_z", "object": "response", "created_at": 1773129600, "model": "m", "status": status,
        "usage": usage, "error": None,
    } | values  # fmt: skip


def user(text: str = "canary") -> dict[str, Any]:
    return {
        "type": "user", "uuid": "u", "sessionId": "s7", "timestamp": START,
        "message": {"role": "user", "content": text},
    }  # fmt: skip


@pytest.mark.parametrize("make", [message, transcript])
def test_a_message_that_is_written_again_as_it_grows_counts_with_its_last_output(make: Any) -> None:
    records = [make(2), make(2), make(80, stop="tool_use"), make(5, id_="msg_q2"), make(33, id_="msg_q2")]

    for read in both("anthropic", records):
        assert some(read.totals, *TOLD) == (2, 0, 1006, 1000, 113, 0)
        assert read.tallies == {Result.COUNTED: 2, Result.PART: 3}


def test_a_line_of_a_transcript_that_has_no_message_is_no_call() -> None:
    lines = [
        user(), transcript(4, stop="end_turn"), {"type": "summary", "summary": "canary", "leafUuid": "x"},
        {"type": "system", "uuid": "u", "sessionId": "s7", "content": "canary", "timestamp": START},
    ]  # fmt: skip

    for read in both("anthropic", lines):
        assert read.tallies == {Result.COUNTED: 1, Result.NOT_A_CALL: 3}


def test_a_message_that_claude_code_wrote_itself_is_no_inference() -> None:
    note = transcript(0, stop="stop_sequence", id_="u1")
    note["message"]["model"] = "<synthetic>"
    failed = transcript(0, stop="stop_sequence", id_="u2", isApiErrorMessage=True)
    failed["message"]["model"] = "<synthetic>"
    read = Restarting("anthropic").each([note, failed])

    assert some(read.totals, *TOLD) == (0, 1, 0, 0, 0, 0)
    assert read.tallies == {Result.COUNTED: 1, Result.NOT_A_CALL: 1}


def test_the_system_may_be_named_by_what_stands_beside_the_message() -> None:
    read = Restarting("anthropic", system="{sessionId}")
    counted = read.read(transcript(4, stop="end_turn"))

    assert [row.system for row in counted.usage] == ["s7"]


def test_an_observation_that_was_exported_while_it_ran_counts_with_what_its_end_tells() -> None:
    for read in both("langfuse", [observation(), observation(), ended(), ended(), observation()]):
        assert some(read.totals, *TOLD) == (1, 0, 70, 0, 30, 0)
        assert some(read.totals, "cost_usd", "unpriced", "latency_ms", "unknown_latency") == (0.25, 0, 4000, 0)
        assert list(read.cells) == [("gpt-x", "2026-03-10")]
        assert read.tallies == {Result.COUNTED: 1, Result.PART: 2, Result.DUPLICATE: 2}
        assert read.open_calls == 0


def test_versions_on_pages_and_lines_are_those_of_one_call() -> None:
    pages = [{"data": [observation()]}, {"data": [ended(), ended(id="ob2", traceId="t2")]}]

    for read in both("langfuse", pages):
        assert some(read.totals, *TOLD, "traces") == (2, 0, 140, 0, 60, 0, 2)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_versions_does_not_matter(order: tuple[int, ...]) -> None:
    records = [message(2), message(7), message(20, stop="end_turn")]

    for read in both("anthropic", [records[place] for place in order]):
        assert some(read.totals, *TOLD) == (1, 0, 503, 500, 20, 0)


def test_a_later_version_wins_even_if_its_numbers_are_smaller() -> None:
    records = [message(9), message(5, timestamp="2026-03-10T08:00:06Z"), message(8)]

    for read in both("anthropic", records):
        assert some(read.totals, "inferences", "output_tokens") == (1, 5)


def test_a_call_that_fails_in_a_later_version_is_an_error_and_no_inference() -> None:
    failed = ended(level="ERROR", usageDetails={}, totalCost=None)
    for records in ([observation(), failed], [observation(), failed, failed, observation()]):
        for read in both("langfuse", records):
            assert some(read.totals, *TOLD) == (0, 1, 0, 0, 0, 0)
            assert some(read.totals, "attempts", "traced") == (1, 0)


def test_a_version_that_is_read_after_a_failed_end_does_not_replace_it() -> None:
    for read in both("langfuse", [ended(level="ERROR"), observation()]):
        assert some(read.totals, *TOLD) == (0, 1, 0, 0, 0, 0)
        assert read.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


def test_a_version_of_the_next_day_takes_the_call_to_its_day() -> None:
    late = message(6, timestamp="2026-03-09T23:59:59Z")
    for read in both("anthropic", [late, message(9, stop="end_turn", timestamp="2026-03-10T00:00:01Z")]):
        assert read.cells.keys() == {("claude-x", "2026-03-10")}
        assert some(read.totals, "inferences", "output_tokens") == (1, 9)


def test_a_response_that_is_polled_counts_once() -> None:
    states = [response("queued"), response("in_progress"), response("in_progress"), response("completed")]
    for records in (states, [*states, states[1], states[3]], [states[3], *states]):
        for read in both("openai", records):
            assert some(read.totals, *TOLD) == (1, 0, 40, 0, 9, 0)
            assert read.open_calls == 0


def test_a_response_that_is_cancelled_while_it_runs_is_an_error() -> None:
    for read in both("openai", [response("in_progress"), response("cancelled")]):
        assert some(read.totals, *TOLD) == (0, 1, 0, 0, 0, 0)


def test_a_call_that_never_ends_counts_once_with_what_it_last_told() -> None:
    read = Restarting("anthropic").each([message(2), message(6)])

    assert some(read.totals, *TOLD) == (1, 0, 503, 500, 6, 0)
    assert read.open_calls == 1


def test_an_open_call_is_forgotten_once_everything_that_is_read_is_much_later() -> None:
    read = Restarting("anthropic").each([message(2, timestamp="2026-03-08T08:00:00Z")])
    read.read(message(1, id_="msg_q9"))

    assert read.open_calls == 1
    assert some(read.totals, "inferences", "output_tokens") == (2, 3)


def test_no_more_calls_are_remembered_than_a_bound_and_what_is_forgotten_stays_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_calls, "MOST_OPEN", 3)
    read = Restarting("anthropic").each([message(2, id_=f"m{number}") for number in range(5)])
    read.read(message(9, id_="m0", stop="end_turn"), message(9, id_="m4", stop="end_turn"))

    assert read.open_calls == 2
    assert some(read.totals, "inferences", "output_tokens") == (5, 4 * 2 + 9)
    assert read.tallies == {Result.COUNTED: 5, Result.PART: 1, Result.DUPLICATE: 1}


def test_what_is_known_of_an_open_call_says_nothing_of_its_content() -> None:
    read = Restarting("anthropic").each([transcript(2)])

    assert b"canary" not in b"".join(read.state.values())
    assert b"msg_q1" not in b"".join(read.state.values())
