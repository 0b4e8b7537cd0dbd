"""Tokens that no usual name tells: by pairs of names, by other scripts, by a total, and by the cost they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess

from .test_own_logs import Call, proposed

PRICES = {"gpt-9": (3.0, 11.0), "gpt-9-mini": (0.5, 2.5)}


def model(it: Call) -> str:
    return "gpt-9-mini" if it.n % 3 else "gpt-9"


def cost(it: Call) -> float:
    paid, answered = PRICES[model(it)]
    return round((it.taken * paid + it.given * answered) / 1e6, 7)


def of(**columns: Callable[[Call], Any]) -> FieldGuess:
    return proposed(
        lambda it: {"ts": it.ts, "model": model(it), **{name: value(it) for name, value in columns.items()}}
    )


def taken(it: Call) -> int:
    return it.taken


def given(it: Call) -> int:
    return it.given


def both(it: Call) -> int:
    return it.taken + it.given


def tokens_of(found: FieldGuess) -> tuple[Any, Any]:
    return found.fields.get("input_tokens"), found.fields.get("output_tokens")


def doubts_about_tokens(found: FieldGuess) -> list[str]:
    return [note for note in found.notes if note.startswith("input_tokens and output_tokens")]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("ptok", "ctok"), ("itok", "otok"), ("toks_i", "toks_o"), ("tokensUp", "tokensDown"), ("tki", "tko"),
        ("ntokin", "ntokout"), ("p_tokens", "g_tokens"), ("promptTok", "cmplTok"),
        ("Tokens (ein)", "Tokens (aus)"),
        ("输入Token", "输出Token"), ("входные_токены", "выходные_токены"), ("토큰 입력", "토큰 출력"),
        ("vstupní_tokeny", "výstupní_tokeny"), ("syötetokenit", "tulostokenit"),
    ],
)  # fmt: skip
def test_names_that_speak_of_tokens_and_differ_in_the_side_of_the_call_are_read_without_a_doubt(
    asked: str, answered: str
) -> None:
    found = of(**{answered: given, asked: taken})

    assert tokens_of(found) == (asked, answered)
    assert not doubts_about_tokens(found)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("tin", "tout"),
        ("req_units", "res_units"),
        ("n_in", "n_out"),
        ("pt", "ct"),
        ("up", "down"),
        ("i", "o"),
        ("n_prompt", "n_gen"),
    ],
)
def test_names_that_do_not_speak_of_tokens_are_read_with_a_doubt_until_a_total_or_a_cost_proves_them(
    asked: str, answered: str
) -> None:
    alone = of(**{answered: given, asked: taken})
    with_total = of(**{answered: given, asked: taken, "total": both})
    with_cost = of(**{answered: given, asked: taken, "usd": cost})

    with_zeros = proposed(
        lambda it: {
            "ts": it.ts, "model": model(it),
            **{name: 0 if it.n % 9 == 1 else made(it)
               for name, made in {answered: given, asked: taken, "total": both}.items()},
        }
    )  # fmt: skip

    assert not doubts_about_tokens(with_zeros)
    assert tokens_of(alone) == tokens_of(with_total) == tokens_of(with_cost) == (asked, answered)
    assert f"{asked} and {answered} are taken for tokens" in doubts_about_tokens(alone)[0]
    assert not doubts_about_tokens(with_total)
    assert not doubts_about_tokens(with_cost)


def test_a_cost_at_a_price_for_each_tells_tokens_without_any_name_and_the_dearer_ones_are_the_output() -> None:
    found = of(k1=given, k2=taken, k3=lambda it: (it.n * 53) % 700, usd=cost)

    assert tokens_of(found) == ("k2", "k1")
    assert "usd is made of them at a fixed price for each" in doubts_about_tokens(found)[0]


def test_names_that_the_prices_contradict_are_doubted() -> None:
    found = of(p=given, c=taken, usd=cost)

    assert tokens_of(found) == ("p", "c")
    assert "the cost is such that c is" in doubts_about_tokens(found)[0]


def test_two_columns_with_names_of_tokens_in_an_unknown_language_are_told_apart_by_size_with_a_doubt() -> None:
    found = of(xarju_tokens=given, vosta_tokens=taken)

    assert tokens_of(found) == ("vosta_tokens", "xarju_tokens")
    assert "the larger ones are taken for the input" in doubts_about_tokens(found)[0]


@pytest.mark.parametrize("names", [("time_in", "time_out"), ("input_len", "output_len"), ("rows_in", "rows_out")])
def test_names_of_something_else_in_pairs_are_no_tokens(names: tuple[str, str]) -> None:
    found = of(**{names[0]: taken, names[1]: given})

    assert tokens_of(found) == (None, None)


def test_numbers_of_several_models_under_their_names_are_not_those_of_one_call() -> None:
    found = of(models=lambda it: {"gpt-4.1": {"in": it.taken, "out": it.given}, "gpt-5": {"in": 5, "out": it.n}})

    assert tokens_of(found) == (None, None)


def test_of_several_inputs_the_one_is_taken_that_makes_the_total_with_the_output() -> None:
    found = of(raw_prompt_tokens=lambda it: it.taken * 7, total_input_tokens=taken, output_tokens=given,
               total_tokens=both)  # fmt: skip

    assert tokens_of(found) == ("total_input_tokens", "output_tokens")
