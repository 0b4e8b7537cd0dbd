"""Tables whose rows end before their header does, or whose header has no line end behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverwatch.collectors.sniffing.counting import samples
from leverwatch.collectors.sniffing.sniff import config_of, guess
from leverwatch.collectors.sniffing.uneven_rows import without_line_end

NAMES = ("moment", "job", "model", "prompt_tokens", "completion_tokens", "usd")


def row(n: int) -> list[str]:
    return [f"2026-04-0{1 + n // 8} 07:{n:02}:31", f"j{n % 3}", "claude-haiku-4-5", str(420 + n * 37 % 61),
            str(31 + n * 17 % 29), f"0.00{1 + n % 7}"]  # fmt: skip


def read(lines: list[str]) -> tuple[list[dict[str, object]], str]:
    data = ("\n".join(lines) + "\n").encode()
    found = guess(data, "plain")
    assert found is not None
    assert found.fields is not None
    format_ = config_of(Path("x.csv"), found.settings).format
    return [dict(it.values) for it in samples(format_, data, 999)], "\n".join(found.fields.notes)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("full", [3, 6, 11])
def test_rows_without_the_last_value_are_calls_without_a_cost(delimiter: str, full: int) -> None:
    rows = [row(n) if n < full else row(n)[:-1] for n in range(14)]
    found, notes = read([delimiter.join(it) for it in (NAMES, *rows)])

    assert [it["input_tokens"] for it in found] == [int(it[3]) for it in rows]
    assert [it.get("cost_usd") for it in found[full:]] == [None] * (14 - full)
    assert f"{14 - full} of 14 rows have the first 5 of 6 values alone" in notes
    assert "none of usd" in notes


def test_a_header_that_is_newer_than_most_rows_names_what_these_have() -> None:
    rows = [row(n % 16)[: 6 if n > 225 else 5] for n in range(230)]
    found, notes = read([",".join(it) for it in (NAMES, *rows)])

    assert len(found) == 230
    assert "226 of 230 rows have the first 5 of 6 values alone" in notes


def test_rows_that_lack_a_value_in_the_middle_are_not_taken_for_those_that_end_early() -> None:
    rows = [row(n) if n < 9 else [*row(n)[:2], *row(n)[3:]] for n in range(12)]
    found, notes = read([",".join(it) for it in (NAMES, *rows)])

    assert len(found) == 9
    assert "3 of 12 lines have not the 6 columns of the header" in notes


def test_a_record_behind_the_header_in_its_line_is_refused_and_the_names_are_those_of_the_header() -> None:
    rows = [",".join(row(n)) for n in range(9)]
    found, notes = read([",".join(NAMES) + rows[0], *rows[1:]])

    assert [it["input_tokens"] for it in found] == [int(row(n)[3]) for n in range(1, 9)]
    assert "without a line end between, the first record, which is refused: there is 1 call more" in notes


@pytest.mark.parametrize(
    "first",
    [
        ["at", "model", "n2026-04-01 07:00:00", "m-4", "7", "8"],
        ["at", "model", "note", "m-4", "7"],
        ["at", "at", "n2026-04-01 07:00:00", "m-4", "7"],
        ["2026-04-01 07:00:00", "model", "n2026-04-01 07:00:00", "m-4", "7"],
    ],
)
def test_a_first_line_of_other_cells_has_no_record_behind_a_header(first: list[str]) -> None:
    assert without_line_end(first, [["2026-04-01 07:00:00", "m-4", str(n)] for n in range(4)]) is None
