"""Records that repeat or sum the tokens of others with the same id are no calls of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose

RUNS = [
    [(410 + 37 * run + 11 * call, 30 + (53 * run + 29 * call) % 170) for call in range(1 + run % 4)]
    for run in range(20)
]
CALLS = sum(map(len, RUNS))


def _proposed(end: dict[str, Any], call: dict[str, Any], number: str, total: bool, wrong: int = 0) -> FieldGuess:
    records: list[dict[str, Any]] = []
    for run, calls in enumerate(RUNS):
        for taken, given in calls:
            records.append(
                {"flow": f"f{run}", "model": "gpt-4o", **call, "n_in": {"tokens": taken}, number: given}
            )
        taken, given = (sum(it) for it in zip(*calls, strict=True)) if total else calls[-1]
        records.append({"flow": f"f{run}", "model": "gpt-4o", **end, "n_in": {"tokens": taken},
                        number: given + (7 if run < wrong else 0)})  # fmt: skip
    start = datetime(2026, 5, 2, 7, 0, tzinfo=UTC)
    for at, record in enumerate(records):
        record["ts"] = (start + timedelta(minutes=7 * at)).isoformat()
    found = propose([leaves(record) for record in records])
    assert found is not None
    return found


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize(
    ("end", "call", "only", "excluded"),
    [
        ({"what": "closed"}, {"what": "hop"}, {"what": "hop"}, {}),
        ({"scope": "parent"}, {"scope": "leaf"}, {"scope": "leaf"}, {}),
        ({"hops": 2}, {}, {}, {"hops": {"present": True}}),
    ],
)
def test_the_end_of_a_run_that_repeats_its_calls_is_left_out(
    end: dict[str, Any], call: dict[str, Any], only: object, excluded: object, total: bool
) -> None:
    found = _proposed(end, call, "out_tokens", total)

    assert (found.only, found.excluded) == (only, excluded)
    (note,) = [note for note in found.notes if note.startswith("inferences: 20 of 20 records")]
    given = sum(count for calls in RUNS for _, count in calls)
    assert f"without them {given:,}" in note


def test_ends_of_which_only_some_repeat_are_counted_and_doubted_with_both_sums() -> None:
    found = _proposed({"what": "closed"}, {"what": "hop"}, "out_tokens", total=True, wrong=6)

    assert (found.only, found.excluded) == ({}, {})
    assert any("14 of 20 records whose what is closed repeat or sum" in note for note in found.notes)


def test_other_calls_of_a_run_with_tokens_of_their_own_stay_calls() -> None:
    found = _proposed({"what": "closed"}, {"what": "hop"}, "out_tokens", total=True, wrong=20)

    assert (found.only, found.excluded) == ({}, {})
    assert not any("repeat or sum" in note for note in found.notes)


def test_calls_of_fixed_prompts_that_have_the_same_tokens_again_and_again_stay_calls() -> None:
    start = datetime(2026, 5, 2, 7, 0, tzinfo=UTC)
    records = [
        {"ts": (start + timedelta(minutes=3 * at)).isoformat(), ("who" if at < 8 else "user"): "tester",
         "step": ("sort", "reword")[at % 2], "tokens_in": (104, 96)[at % 2], "tokens_out": (3, 9)[at % 2]}
        for at in range(18)
    ]  # fmt: skip

    found = propose([leaves(record) for record in records])

    assert found is not None
    assert (found.only, found.excluded) == ({}, {})


def test_a_number_of_tokens_written_as_text_names_no_kind_of_record() -> None:
    start = datetime(2026, 5, 2, 7, 0, tzinfo=UTC)
    sizes = [
        (358, 27),
        (474, 46),
        (326, 32),
        (358, 27),
        (474, 33),
        (326, 31),
        (358, 27),
        (474, 47),
        (326, 35),
        (360, 27),
    ]
    records = [
        {"ts": (start + timedelta(minutes=3 * at)).isoformat(), "model": "gpt-4o", "topic": f"t{at % 3}",
         "prompt_tokens": str(taken), "completion_tokens": str(given)}
        for at, (taken, given) in enumerate(sizes)
    ]  # fmt: skip

    found = propose([leaves(record) for record in records])

    assert found is not None
    assert (found.only, found.excluded) == ({}, {})


def _sessions(word: str, field: str, more: int = 0) -> list[dict[str, Any]]:
    """Sessions with a number of messages each, of which some did nothing, and one record with a word for all."""
    sizes = [(2_400_000, 31_000, 14), (0, 0, 0), (610_000, 9_000, 5), (0, 0, 0), (88_000, 700, 2)]
    every = (sum(it[0] for it in sizes) + more, sum(it[1] for it in sizes), sum(it[2] for it in sizes))
    return [
        {"ts": "2026-09-01T10:00:00Z", "who": f"w{at}", "scope": "agent", "model": "gpt-9-mini",
         "input_tokens": taken, "output_tokens": given, "messages": said,
         **({field: word} if at == len(sizes) else {})}
        for at, (taken, given, said) in enumerate([*sizes, every])
    ]  # fmt: skip


@pytest.mark.parametrize(("word", "field"), [("aggregate", "scope"), ("ALL", "model"), ("Grand total", "who")])
def test_a_record_with_a_word_for_sums_and_the_tokens_of_all_others_is_left_out(word: str, field: str) -> None:
    found = propose([leaves(it) for it in _sessions(word, field)])

    assert found is not None
    assert found.excluded == {field: [word]}
    assert found.fields["inferences"] == "messages"
    assert any("have the tokens of all the others together" in note for note in found.notes)


def test_a_word_for_sums_alone_leaves_nothing_out() -> None:
    found = propose([leaves(it) for it in _sessions("aggregate", "scope", more=7)])

    assert found is not None
    assert not found.excluded
