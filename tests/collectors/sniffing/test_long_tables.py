"""Tables that are read as such whatever their size, and what is said of those that are not."""

from __future__ import annotations

import pytest

from leverwatch.collectors.sniffing.sniff import guess, refusal

HEAD = "asked,model,in_tokens,out_tokens,question"


def _table(number: int, added: tuple[int, ...] = (), text: str = "short") -> bytes:
    rows = [
        f'2026-02-{1 + n % 27:02}T04:00:{n % 60:02}Z,mixtral-8x7b,{200 + n},{9 + n % 40},"{text}"'
        + "".join(f",{n % 4}" for first in added if n >= first)
        for n in range(number)
    ]
    return "\n".join([HEAD, *rows, ""]).encode()


@pytest.mark.parametrize("number", [40, 195, 260, 3000])
@pytest.mark.parametrize("added", [(12,), (150,), (12, 25)])
def test_columns_that_are_added_early_make_it_no_less_a_table(number: int, added: tuple[int, ...]) -> None:
    if added[-1] < number - 5:
        found = guess(_table(number, added), "plain")

        assert found is not None
        assert found.settings["columns"] == [*HEAD.split(","), *(f"column{6 + n}" for n in range(len(added)))]  # type: ignore[index]


@pytest.mark.parametrize("number", [1, 60, 67, 199, 1000])
@pytest.mark.parametrize("text", ["why,\nsay\nyou", 'a ""b""\n\nc\nd\ne'])
def test_line_breaks_in_quotes_make_it_no_less_a_table(number: int, text: str) -> None:
    found = guess(_table(number, text=text), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.fields["input_tokens"] == "in_tokens"
    assert not any("columns of the header" in note for note in found.fields.notes)


def test_a_quote_that_is_never_closed_spoils_its_own_line_alone() -> None:
    lines = _table(700).decode().splitlines()
    lines[9] = '2026-02-03T04:00:00Z,mixtral-8x7b,5,5,"open'
    found = guess("\n".join(lines).encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert any(note.startswith("1 of 700 lines have not the 5 columns") for note in found.fields.notes)


def test_lines_that_have_not_the_columns_of_the_first_one_are_said_so() -> None:
    data = "\n".join([HEAD, *("1;2" if n % 4 else "1,2,3,4,5" for n in range(80))]).encode()

    assert guess(data, "plain") is None
    assert "first line has 5 columns by ',', and 20 of 80 rows" in refusal(data)
