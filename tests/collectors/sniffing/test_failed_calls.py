"""Which records are failed calls where a short name, or the event of an error without a model, says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose


def proposed(write: Callable[[int, bool], Any]) -> FieldGuess:
    written = [write(n, n % 6 == 2) for n in range(36)]
    records = [one for it in written for one in (it if isinstance(it, list) else [it])]
    found = propose([leaves(record) for record in records])
    assert found is not None
    return found


def call(n: int, failed: bool) -> dict[str, Any]:
    used = {} if failed else {"input_tokens": 300 + n * 17 % 91, "output_tokens": 20 + n * 7 % 43}
    return {"at": f"2026-03-05T09:{n:02}:11Z", "model": "m", **used}


@pytest.mark.parametrize("name", ["rc", "ret", "res", "verdict", "st", "result_code", "exitCode", "exit"])
@pytest.mark.parametrize(
    ("good", "bad", "setting"),
    [("ok", "error", None), ("done", "aborted", {"success": ["done"], "error": ["aborted"]}),
     (0, 1, {"success": [0], "error": [1]}), (0, 137, {"success": [0], "error": [137]}),
        ("0", "-3", {"success": ["0"], "error": ["-3"]}),
        (200, 503, None)],
)  # fmt: skip
def test_a_short_name_with_words_or_codes_of_outcomes_is_the_status(
    name: str, good: Any, bad: Any, setting: dict[str, Any] | None
) -> None:
    found = proposed(lambda n, failed: {**call(n, failed), name: bad if failed else good})

    assert found.fields["status"] == (name if setting is None else {"path": name, **setting})


@pytest.mark.parametrize("name", ["rc", "ret", "res", "verdict", "st"])
@pytest.mark.parametrize("values", [("small", "large"), ("ok", "CA"), (3, 9), (0, 0)])
def test_a_short_name_with_anything_else_is_no_status(name: str, values: tuple[Any, Any]) -> None:
    # Where it stands just where tokens are missing, that tells more than its name.
    found = proposed(lambda n, failed: {**call(n, False), name: values[failed]})

    assert "status" not in found.fields


def test_a_verdict_on_what_was_answered_is_no_status_of_the_call() -> None:
    found = proposed(lambda n, failed: {**call(n, False), "verdict": "rejected" if failed else "accepted"})

    assert "status" not in found.fields
    assert any("whose verdict is rejected count as calls that succeeded" in note for note in found.notes)


def test_a_result_code_is_the_status_of_a_call_that_has_output_all_the_same_and_that_is_said() -> None:
    found = proposed(lambda n, failed: {**call(n, False), "rc": "error" if failed else "ok"})

    assert found.fields["status"] == "rc"
    assert "status: 6 of 6 records that failed by rc have output tokens, which do not count" in found.notes


STARTS, TOOLS = "only: 36 records whose hook is", "only: 18 records whose hook is"


@pytest.mark.parametrize(
    ("begun", "ended", "failed_"),
    [("model_begin", "model_end", "model_failed"), ("on_chat_start", "on_chat_end", "on_chat_error"),
     ("gen.started", "gen.finished", "gen.aborted")],
)  # fmt: skip
def test_the_error_event_of_what_calls_are_named_after_is_a_failed_call(
    begun: str, ended: str, failed_: str
) -> None:
    def write(n: int, failed: bool) -> list[dict[str, Any]]:
        stamp = {"at": f"2026-03-05T09:{n:02}:11Z", "run": f"r{n}"}
        last = {**stamp, "hook": failed_} if failed else {**call(n, False), **stamp, "hook": ended}
        tool = [{**stamp, "hook": "lookup_error", "why": "gone"}] if n % 2 else []
        return [{**stamp, "hook": begun}, last, *tool]

    found = proposed(write)

    assert found.settings["only"] == {"hook": [ended, failed_]}
    assert found.fields["status"] == {"path": "hook", "success": [ended], "error": [failed_]}
    assert f"{TOOLS} lookup_error" in "\n".join(found.notes)
    assert any(note.startswith(f"{STARTS} {begun}") for note in found.notes)


def test_an_error_is_a_failed_call_by_the_id_of_what_had_begun_and_another_error_is_none() -> None:
    def write(n: int, failed: bool) -> list[dict[str, Any]]:
        stamp = {"at": f"2026-03-05T09:{n:02}:11Z", "flow": f"f{n}"}
        last = {**stamp, "event": "failure"} if failed else {**call(n, False), **stamp, "event": "reply"}
        other = [{**stamp, "flow": f"db{n}", "event": "crash"}] if n % 2 else []
        return [{**stamp, "event": "sending"}, last, *other]

    found = proposed(write)

    assert found.settings["only"] == {"event": ["reply", "failure"]}
    assert found.fields["status"] == {"path": "event", "success": ["reply"], "error": ["failure"]}
    assert any("18 records whose event is crash" in note for note in found.notes)


@pytest.mark.parametrize("scopes", [("billed", "used"), ("billing_units", "count"), ("usage_billed", "usage")])
def test_tokens_that_were_used_are_taken_and_not_those_that_are_paid_for(scopes: tuple[str, str]) -> None:
    paid, used = scopes
    found = proposed(
        lambda n, _: {
            "at": f"2026-03-05T09:{n:02}:11Z", "model": "m",
            paid: {"input_tokens": 200 + n, "output_tokens": 30}, used: {"input_tokens": 300 + n * 3 % 50,
                                                                         "output_tokens": 30},
        }
    )  # fmt: skip

    assert found.fields["input_tokens"] == f"{used}.input_tokens"
    assert found.fields["output_tokens"] == f"{used}.output_tokens"
    assert any(f"{paid}.input_tokens is what was paid for" in line for line in found.evidence)


def test_names_say_which_of_two_counts_side_by_side_is_paid_for() -> None:
    found = proposed(lambda n, _: {**call(n, False), "billable_input_tokens": 100 + n})

    assert found.fields["input_tokens"] == "input_tokens"


def test_tokens_that_are_paid_for_are_taken_where_nothing_else_is_told() -> None:
    found = proposed(
        lambda n, _: {"at": f"2026-03-05T09:{n:02}:11Z", "model": "m",
                      "billed": {"input_tokens": 200 + n * 3 % 50, "output_tokens": 30 + n * 7 % 9}}
    )  # fmt: skip

    assert found.fields["input_tokens"] == "billed.input_tokens"


def test_two_counts_of_which_no_name_tells_what_they_are_give_both_sums_as_a_doubt() -> None:
    found = proposed(
        lambda n, _: {"at": f"2026-03-05T09:{n:02}:11Z", "model": "m",
                      "a": {"input_tokens": 200 + n * 3 % 50, "output_tokens": 30},
                      "b": {"input_tokens": 300 + n * 3 % 50, "output_tokens": 30}}
    )  # fmt: skip
    (doubt,) = (note for note in found.notes if note.startswith("input_tokens: taken from"))

    assert "in the sample); " in doubt
    assert "and would give" in doubt
