"""A cost tells whether cached tokens stand in the input or beside it."""

from __future__ import annotations

from typing import Any

import pytest

from .test_own_logs import Call, proposed

PRICES = {"gpt-9": (3.0, 0.3, 3.75, 12.0), "gpt-9-mini": (0.4, 0.1, 0.5, 2.0)}


def model(it: Call) -> str:
    return "gpt-9-mini" if it.n % 3 else "gpt-9"


def read(it: Call) -> int:
    return (it.n * 13 % 4) * 64


def written(it: Call) -> int:
    return (it.n * 7 % 5) * 40


def usd(it: Call, *, with_written: bool = False) -> float:
    """The input of a call is `taken` beside what is read from the cache, and what is written to it."""
    fresh, cached, wrote, answered = PRICES[model(it)]
    more = written(it) * wrote if with_written else 0.0
    return round((it.taken * fresh + read(it) * cached + more + it.given * answered) / 1e6, 9)


@pytest.mark.parametrize("inside", [True, False])
def test_cached_tokens_are_where_the_prices_say(inside: bool) -> None:
    def write(it: Call) -> dict[str, Any]:
        return {"ts": it.ts, "model": model(it), "input_tokens": it.taken + inside * read(it),
                "cached_tokens": read(it), "output_tokens": it.given, "cost_usd": usd(it)}  # fmt: skip

    found = proposed(write)

    stands = "cached_tokens" if inside else {"path": "cached_tokens", "stands": "beside"}
    assert found.fields["cached_input_tokens"] == stands
    assert not [note for note in found.notes if note.startswith("cached_input_tokens")]


@pytest.mark.parametrize("inside", [True, False])
def test_tokens_written_to_a_cache_have_a_price_of_their_own_only_beside_the_input(inside: bool) -> None:
    def write(it: Call) -> dict[str, Any]:
        more = inside * (read(it) + written(it))
        return {"ts": it.ts, "model": model(it), "input_tokens": it.taken + more, "cached_tokens": read(it),
                "cache_write_tokens": written(it), "output_tokens": it.given,
                "cost_usd": usd(it, with_written=True)}  # fmt: skip

    found = proposed(write)

    parts = [found.fields[name] for name in ("cached_input_tokens", "cache_write_tokens")]
    assert [isinstance(part, dict) for part in parts] == [not inside, not inside]
    assert not [note for note in found.notes if "if they stand" in note]


def test_a_cost_that_is_made_of_something_else_leaves_the_doubt() -> None:
    found = proposed(
        lambda it: {"ts": it.ts, "model": model(it), "input_tokens": it.taken + read(it),
                    "cached_tokens": read(it), "output_tokens": it.given, "cost_usd": (1 + it.n * 7 % 11) / 1000}
    )  # fmt: skip

    assert [note for note in found.notes if note.startswith("cached_input_tokens") and "if they stand" in note]


def test_cached_counts_beside_an_input_whose_name_speaks_of_no_tokens_are_found() -> None:
    found = proposed(
        lambda it: {"ts": it.ts, "model": model(it), "fresh_in": it.taken, "tcache": read(it), "out": it.given,
                    "all": it.taken + read(it) + it.given}
    )  # fmt: skip

    assert found.fields["input_tokens"] == "fresh_in"
    assert found.fields["cached_input_tokens"] == {"path": "tcache", "stands": "beside"}
