"""Columns of few words in a language that nobody here reads: an outcome where tokens are missing, else listed."""

from __future__ import annotations

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.numerals import Scalar

FINE, BROKEN = "готово", "не вышло"


def _sheet(number: int = 44, *, none: str = "", **columns: list[str]) -> FieldGuess:
    rows: list[dict[tuple[str, ...], Scalar]] = []
    for n in range(number):
        failed = n % 11 == 6
        row = {"время": f"2026-04-0{1 + n // 9} 0{n % 9}:31:07", "модель": "qwen3-32b" if n % 3 else "llama-4"}
        row["prompt_tokens"] = none if failed else str(150 + 17 * n)
        row["completion_tokens"] = none if failed else str(9 + n % 8)
        row |= {name: words[0] if failed else words[1 + n % (len(words) - 1)] for name, words in columns.items()}
        rows.append({(name,): value for name, value in row.items() if value})
    found = propose(rows, lambda path: path[0])
    assert found is not None
    return found


@pytest.mark.parametrize("none", ["", "0"])
@pytest.mark.parametrize(
    "words", [[BROKEN, FINE], ["ಸೋತಿತು", "ಗೆದ್ದಿತು", "ಸರಿ"], ["X", "V"]], ids=["two", "three", "letters"]
)
def test_a_word_that_stands_where_tokens_are_missing_is_a_failure_and_that_is_doubted(
    words: list[str], none: str
) -> None:
    found = _sheet(none=none, итог=words)

    status = found.fields["status"]
    assert (status["path"], sorted(status["success"]), status["error"]) == ("итог", sorted(words[1:]), words[:1])
    assert any(f"status: итог is taken for it, as the 4 records with {words[0]}" in note for note in found.notes)


def test_a_column_of_something_else_is_doubted_and_not_taken_for_an_outcome() -> None:
    found = _sheet(region=["mars", "venus"])

    assert "status" not in found.fields
    assert any("4 records whose region is mars have no tokens or cost" in note for note in found.notes)


def test_other_columns_of_few_words_are_listed_without_the_words() -> None:
    found = _sheet(30, цвет=["синий", "синий", "белый"], итог=[BROKEN, FINE])

    assert found.words == ("цвет (2 words)",)
    assert "синий" not in repr(found)


def test_a_long_text_is_no_word() -> None:
    found = _sheet(вопрос=["canary, say why it is so", "tell me of the canary"])

    assert "canary" not in repr(found)
    assert found.words == ()
