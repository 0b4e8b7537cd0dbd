"""Tables whose first line is a record: the columns are told by the shapes of their values, and that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.sniffing.counting import samples
from leverwatch.collectors.sniffing.sniff import config_of, guess
from tests.collectors.sniffing.proposed import of_text

MODELS = ("gpt-4o-mini", "claude-haiku-4-5", "gemini-2.5-flash")


def table(delimiter: str, *more: str, day: str = "2026-05-04T09:{n:02}:11", sums: bool = False) -> bytes:
    lines = []
    for n in range(12):
        taken, given = 310 + (n * 71) % 97, 40 + (n * 29) % 31
        cells = [day.format(n=n), f"task{n % 3}", MODELS[n % 3], str(taken), str(given)]
        cells += [str(taken + given)] if sums else []
        lines.append(delimiter.join([*cells, *(it.format(n=n) for it in more)]))
    return "\n".join(lines).encode() + b"\n"


@pytest.mark.parametrize("delimiter", [",", "|", ";", "\t"])
def test_a_table_without_a_header_has_its_columns_named_by_what_stands_in_them(delimiter: str) -> None:
    found = guess(table(delimiter, "True", "0.00{n:02}7"), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.extras["columns"] == [
        "time", "column2", "model", "input_tokens", "output_tokens", "success", "cost_usd",
    ]  # fmt: skip
    assert found.fields.fields["status"] == "success"
    assert any("first line is no header" in note for note in found.fields.notes)
    assert any("nothing proves it" in note for note in found.fields.notes)


def test_its_first_line_is_a_record_too() -> None:
    data = table(",")
    found = guess(data, "plain")
    assert found is not None
    format_ = config_of(Path("x.csv"), found.settings).format

    assert next(samples(format_, data)).values["input_tokens"] == 310
    assert len(build_format(format_, ()).parse(data, b"").rows) == 12


def test_a_sum_behind_two_counts_proves_which_ones_are_tokens() -> None:
    found = guess(table(",", sums=True), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.extras["columns"][5] == "total_tokens"
    assert not any("nothing proves it" in note for note in found.fields.notes)


@pytest.mark.parametrize(
    "lines",
    [
        "a,b,c,d\n1,2,3,4\n5,6,7,8\n",
        "2026-05-04,web,4,9\n2026-05-05,web,5,12\n",
        "2026-05-04,gpt-4o,west,4\n2026-05-05,gpt-4o,east,5\n",
        "2026-05-04,gpt-4o,900,31,by hand\n2026-05-05,gpt-4o,1200,44,by hand\n",
        "2026-05-04T08:00:01,gpt-4o,900,31,x\n2026-05-04T08:00:02,gpt-4o,950,34,x\n"
        + "".join(f"2026-05-04T08:00:0{n},gpt-4o,,,note\n" for n in range(3, 9)),
    ],
)
def test_a_table_of_something_else_is_none(lines: str) -> None:
    assert guess(lines.encode(), "plain") is None


def test_rows_of_an_older_form_are_named_as_such() -> None:
    found = guess(b"gpt-4o-mini,5,80\ngpt-4o-mini,6,81\n" + table(","), "plain")

    assert found is not None
    assert found.fields is not None
    assert any("2 of 14 lines have not the 5 values" in note for note in found.fields.notes)


def test_a_row_none_of_whose_columns_is_there_takes_no_more_memory_than_its_line() -> None:
    found = guess(table(","), "plain")
    assert found is not None
    format_ = build_format(config_of(Path("x.csv"), found.settings).format, ())

    assert len(format_.parse(b"1,2,3\n4,5,6\n", b"a,b,c\n").rows) <= 2


def ended(n: int, word: str, *more: str) -> str:
    model = ("Gemma 9-4B (MLX)", "Qwen 9.5-Coder 14B")[n % 2]
    return ",".join([f"2026-05-04T09:{n:02}:11", f"file_{n}.txt", model, word, *more])


@pytest.mark.parametrize(("bad", "more"), [("failed", ["no memory"]), ("fallback", ["ApiError: 404"])])
def test_a_time_a_model_and_a_word_for_how_it_ended_are_calls(bad: str, more: list[str]) -> None:
    lines = [ended(n, bad, *more) if n % 4 == 1 else ended(n, "success", "") for n in range(12)]
    found = of_text("\n".join(lines) + "\n")

    assert found.extras["columns"][:4] == ["time", "column2", "model", "status"]
    assert found.fields["model"] == "model"
    assert found.fields["status"] in ("status", {"path": "status", "success": ["success"], "error": [bad]})
    format_ = config_of(Path("x.csv"), {"type": "csv", **found.settings}).format
    rows = build_format(format_, ()).parse("\n".join(lines).encode() + b"\n", b"").rows
    assert len(rows) == 12
    assert not found.excluded
