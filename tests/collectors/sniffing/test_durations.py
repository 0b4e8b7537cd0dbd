"""Which duration is that of the call, and in which unit it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess

from .test_own_logs import USED, Call, proposed


def of(**columns: Callable[[Call], Any]) -> FieldGuess:
    return proposed(
        lambda it: {
            "ts": it.ts,
            "model": "gpt-9",
            **USED(it),
            **{name: value(it) for name, value in columns.items()},
        }
    )


def millis(it: Call) -> int:
    return 800 + it.given * 20


def said(found: FieldGuess) -> str:
    return "\n".join(note for note in found.notes if note.startswith("latency"))


@pytest.mark.parametrize(
    "written",
    [lambda it: f"{millis(it)}ms", lambda it: f"{millis(it) / 1000}s",
     lambda it: f"0:00:{millis(it) / 1000:09.6f}",
     lambda it: f"PT{millis(it) / 1000}S"],
    ids=["ms", "s", "a clock", "ISO 8601"],
)  # fmt: skip
def test_texts_that_say_their_unit_are_read_as_such(written: Callable[[Call], str]) -> None:
    found = of(took=written)

    assert found.fields["latency"] == {"path": "took", "unit": "text"}
    assert not said(found)


@pytest.mark.parametrize("own", ["llm_ms", "llm_duration_ms", "model_ms"])
def test_the_duration_of_the_model_comes_before_that_of_the_request_around_it(own: str) -> None:
    found = of(duration_ms=lambda it: millis(it) + 90, **{own: millis})

    assert found.fields["latency_ms"] == own
    assert not said(found)


def test_a_duration_beside_the_tokens_in_an_object_of_the_call_is_that_of_the_call() -> None:
    found = proposed(
        lambda it: {"ts": it.ts, "duration": millis(it) + 4.25,
                    "llm": {"model": "gpt-9", "in": it.taken, "out": it.given, "ms": millis(it)}}
    )  # fmt: skip

    assert found.fields["latency_ms"] == "llm.ms"


def test_of_two_durations_that_nothing_tells_apart_the_other_one_is_named() -> None:
    found = of(duration_ms=millis, elapsed_ms=lambda it: millis(it) + 35)

    assert "elapsed_ms is another duration" in said(found)


@pytest.mark.parametrize(
    ("name", "number", "unit"),
    [("latency_ms", lambda it: millis(it) / 1000, {"latency": {"path": "latency_ms", "unit": "s"}}),
     ("duration_seconds", millis, {"latency_ms": "duration_seconds"})],
)  # fmt: skip
def test_a_unit_in_a_name_by_which_no_call_could_be_so_fast_or_slow_is_doubted(
    name: str, number: Callable[[Call], float], unit: dict[str, Any]
) -> None:
    found = of(**{name: number})

    assert {key: found.fields.get(key) for key in unit} == unit
    assert f"{name} is named" in said(found)
