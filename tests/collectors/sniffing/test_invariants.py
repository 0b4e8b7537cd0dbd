"""What a right reading must satisfy: where a log breaks it, the doubt says what would be counted otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose
from leverwatch.collectors.sniffing.order import ordered

Record = dict[str, Any]


@dataclass(frozen=True)
class Call:
    n: int

    @property
    def taken(self) -> int:
        return 300 + (self.n * 137) % 911

    @property
    def given(self) -> int:
        return 20 + (self.n * 71) % 193

    @property
    def both(self) -> int:
        return self.taken + self.given


def call(n: int, **more: Any) -> Record:
    it = Call(n)
    return {"at": f"2026-03-04T09:{n:02}:07Z", "model": "m-3", "input_tokens": it.taken,
            "output_tokens": it.given, **more}  # fmt: skip


def proposed(records: list[Record]) -> FieldGuess:
    found = propose([leaves(it) for it in records])
    assert found is not None
    return found


def said(found: FieldGuess) -> str:
    return "\n".join(found.notes)


def calls(more: Callable[[Call], Record]) -> list[Record]:
    return [call(n, **more(Call(n))) for n in range(24)]


def with_total(extra: Callable[[int], int]) -> list[Record]:
    return calls(lambda it: {"total_tokens": it.both + extra(it.n)})


def test_calls_that_fit_themselves_are_not_doubted() -> None:
    found = proposed(calls(lambda it: {
        "total_tokens": it.both, "latency_ms": 900 + it.given * 11,
        "cost_usd": it.taken * 2e-6 + it.given * 8e-6,
    }))  # fmt: skip

    assert found.notes == ()


def test_a_total_above_input_and_output_is_doubted_with_the_output_that_it_would_make() -> None:
    found = proposed(with_total(lambda n: 90 if n % 4 == 0 else 0))
    output = sum(20 + (n * 71) % 193 for n in range(24))

    assert "total_tokens is more than input_tokens and output_tokens together in 6 of 24 records" in said(found)
    assert f"would be {output + 540:,} instead of {output:,}" in said(found)


def test_a_total_below_input_and_output_is_doubted() -> None:
    assert "is less than input_tokens and output_tokens together in 8 of 24" in said(
        proposed(with_total(lambda n: -5 if n % 3 == 0 else 0))
    )


def test_a_total_with_the_tokens_of_a_cache_in_it_is_proof_and_no_doubt() -> None:
    found = proposed(calls(lambda it: {
        "cache_read_input_tokens": 40 + it.n, "total_tokens": it.both + 40 + it.n,
    }))  # fmt: skip

    assert found.fields["cached_input_tokens"] == {"path": "cache_read_input_tokens", "stands": "beside"}
    assert "more than" not in said(found)


def twice(every: int, **more: Any) -> list[Record]:
    records = []
    for it in map(call, range(24)):
        records.append(it)
        if it["input_tokens"] % every == 0:
            records.append({**it, "at": it["at"].replace("07Z", "07.412Z"), **more})
    return records


def test_the_same_amounts_in_the_same_second_under_another_model_are_doubted_as_one_call() -> None:
    records = twice(9, model="alias-of-m-3", client="desk")
    found = proposed(records)

    assert f"{len(records) - 24} records have the same amounts as another one within 2 seconds" in said(found)
    assert "with another model or client" in said(found)
    assert f"there are {len(records) - 24} fewer inferences" in said(found)


def test_the_same_amounts_again_and_again_are_no_sign_that_calls_were_written_twice() -> None:
    found = proposed(calls(lambda it: {"input_tokens": 500, "output_tokens": 30, "user": f"u{it.n % 7}",
                                       "at": f"2026-03-04T09:00:{it.n:02}Z"}))  # fmt: skip

    assert "same amounts" not in said(found)


def test_calls_with_an_id_of_their_own_are_not_doubted_for_equal_amounts() -> None:
    records = [{**it, "request_id": f"r-{n}"} for n, it in enumerate(twice(9, team="b"))]

    assert "same amounts" not in said(proposed(records))


@pytest.mark.parametrize(("first", "second"), [(0, 0), (2100, 350_000)])
def test_running_totals_of_runs_side_by_side_that_nothing_names_are_doubted(first: int, second: int) -> None:
    records, taken, given = [], [first, second], [0, 40]
    for n in range(30):
        run = (n * 7 % 5) % 2
        taken[run] += 900 + (n * 131) % 700
        given[run] += 60 + (n * 37) % 90
        records.append(call(n, input_tokens=taken[run], output_tokens=given[run]))

    assert "as running totals of 2 runs do" in said(proposed(records))


def test_a_running_cost_of_runs_side_by_side_is_doubted_where_no_tokens_are_told() -> None:
    records, cost = [], [0.3, 0.0]
    for n in range(24):
        cost[n % 2] += 0.004 + (n * 37 % 11) / 1000
        records.append({"at": f"2026-03-04T09:{n:02}:07Z", "model": "gpt-9-mini", "cost": cost[n % 2]})

    assert "cost_usd: the numbers of cost grow" in said(proposed(records))


def test_a_cost_that_grows_with_the_input_of_conversations_is_no_running_total() -> None:
    records, random = [], Random(5)
    for n in range(40):
        taken = 400 + n * 131 % 700 + n // 2 * 900
        records.append(call(n, input_tokens=taken, output_tokens=random.randrange(9, 60_000), cost=taken * 3e-6))

    assert "running totals" not in said(proposed(records))


def test_input_that_grows_with_a_conversation_is_no_running_total() -> None:
    found = proposed(calls(lambda it: {"input_tokens": 400 + it.n % 8 * 300 + it.n * 7 % 13}))

    assert "running totals" not in said(found)


def test_more_tokens_than_a_model_takes_are_the_sum_of_several_calls() -> None:
    records = [{"session_id": "s-1", **call(0), "cache_read_input_tokens": 41_000_000}]

    assert "1 records have more tokens than a model takes in one call" in said(proposed(records))
    assert "as of a session or run (session_id)" in said(proposed(records))


def test_records_of_minutes_with_a_session_of_their_own_may_be_sessions() -> None:
    found = proposed(calls(lambda it: {"run_id": f"run-{it.n}", "run_minutes": 6 + it.n % 5}))

    assert "each record has a run_id of its own and most last 8 minutes or more" in said(found)


def test_answers_faster_than_a_model_writes_may_be_those_of_a_cache() -> None:
    found = proposed(calls(lambda it: {"latency_ms": 1 if it.n in (5, 11, 12) else 400 + it.given * 9}))

    assert "records answered faster than any model writes" in said(found)


def test_a_latency_that_makes_all_answers_too_fast_is_doubted_itself() -> None:
    found = proposed(calls(lambda it: {"latency_ms": 1 + it.n % 2}))

    assert "latency: " in said(found)
    assert "faster than any model" not in said(found)


@pytest.mark.parametrize(
    ("name", "denied", "called"),
    [
        ("model", "rule_based_fallback", "m-3"), ("provider", "heuristics", "acme"), ("api_called", False, True),
        ("llm_used", "no", "yes"), ("dry_run", True, False),
    ],
)  # fmt: skip
def test_records_without_amounts_that_say_that_nothing_was_called_are_left_out(
    name: str, denied: object, called: object
) -> None:
    none = {"input_tokens": 0, "output_tokens": 0, name: denied}
    found = proposed(calls(lambda it: none if it.n % 6 == 1 else {name: called}))

    assert found.excluded == {name: [denied]}
    assert "were they calls, there would be 4 more" in said(found)


@pytest.mark.parametrize(("name", "denied", "called"), [("model", "mock-gpt", "m-3"), ("api_called", False, True)])
def test_records_with_amounts_that_say_so_count_with_a_doubt(name: str, denied: object, called: object) -> None:
    found = proposed(calls(lambda it: {name: denied if it.n % 6 == 1 else called}))

    assert not found.excluded
    assert f"4 records whose {name} is {denied} have amounts all the same, and count as calls" in said(found)


def test_a_text_that_denies_a_call_is_doubted_where_there_are_no_amounts() -> None:
    found = proposed(calls(lambda it: {
        "purpose": f"batch {it.n} (offline, no API calls made)", "input_tokens": 0, "output_tokens": 0,
    } if it.n % 8 == 3 else {"purpose": f"batch {it.n} of 24"}))  # fmt: skip

    assert "3 records say in purpose that nothing was called" in said(found)


def test_calls_with_another_latency_are_others_though_their_amounts_are_the_same() -> None:
    records = [{**it, "latency_ms": 700 + n} for n, it in enumerate(twice(9))]

    assert "same amounts" not in said(proposed(records))


def test_the_same_amounts_a_part_of_a_second_later_are_doubted_where_no_id_tells() -> None:
    assert "same amounts as another one within 2 seconds, with another time" in said(proposed(twice(9)))


@pytest.mark.parametrize("is_before", [False, True])
def test_a_row_with_the_sum_of_its_neighbours_is_doubted_though_no_word_tells(is_before: bool) -> None:
    records: list[Record] = []
    for start in range(0, 24, 4):
        some = [call(n) for n in range(start, start + 4)]
        whole = {"at": some[-1]["at"], "model": "m-3",
                 **{name: sum(it[name] for it in some) for name in ("input_tokens", "output_tokens")}}  # fmt: skip
        records += [whole, *some] if is_before else [*some, whole]
    where = "behind" if is_before else "before"
    found = said(proposed(records))

    assert f"6 records have just the input and the output of the 4 or fewer records {where} them" in found


def test_an_output_that_is_one_round_number_is_doubted_as_a_setting() -> None:
    assert "is 350 in all 24 records that have some" in said(proposed(calls(lambda _: {"output_tokens": 350})))


def test_an_output_that_is_one_small_number_is_none() -> None:
    assert said(proposed(calls(lambda _: {"output_tokens": 1}))) == ""


def test_a_service_among_the_models_that_never_has_tokens_is_doubted() -> None:
    found = proposed(calls(lambda it: {"model": "web-finder", "input_tokens": None, "output_tokens": None}
                           if it.n % 3 == 0 else {"model": "gpt-9-mini"}))  # fmt: skip

    assert "8 records whose model is web-finder, like no model that is known, have no tokens" in said(found)


def test_a_model_of_a_house_that_has_tokens_is_none() -> None:
    found = proposed(calls(lambda it: {"model": "house-writer" if it.n % 3 == 0 else "gpt-9-mini"}))

    assert "like no model" not in said(found)


@pytest.mark.parametrize("text", ["Error: 429 Too Many Requests", "[ERROR] no route", "Traceback (most recent"])
def test_an_answer_that_begins_as_an_error_does_is_doubted_where_no_field_tells_the_outcome(text: str) -> None:
    found = proposed(calls(lambda it: {"response": text if it.n % 8 == 2 else f"In part {it.n} errors are rare."}))

    assert "3 records have a text in response that begins as an error does" in said(found)


def test_calls_without_any_output_may_have_failed() -> None:
    found = proposed(calls(lambda it: {"output_tokens": 0} if it.n % 8 == 2 else {}))

    assert "3 records have input and no output tokens, and count as calls that succeeded" in said(found)


def test_records_that_grow_within_seconds_may_be_pieces_of_a_stream() -> None:
    found = proposed([call(n, output_tokens=9 * piece, at=f"2026-03-04T09:{n:02}:0{piece}Z")
                      for n in range(5) for piece in (1, 2, 3, 4)])  # fmt: skip

    assert "15 records have the input of the one up to 2 seconds before and more output" in said(found)


def test_one_row_of_a_day_may_be_a_sum() -> None:
    assert "the time is a day alone, as of sums" in said(proposed([call(0, at="2026-03-04")]))


def test_what_changes_the_number_of_calls_is_said_first_and_what_most_logs_leave_open_last() -> None:
    notes = ("time: has no zone; set timezone unless it is UTC", "cost_usd: cost is taken for US dollars",
             "model: names none", "output_tokens: more", "inferences: fewer")  # fmt: skip

    assert [note.partition(":")[0] for note in ordered(notes)] == [
        "inferences", "output_tokens", "model", "time", "cost_usd",
    ]  # fmt: skip
