"""Tables whose rows got columns between those that their header names."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.sniff import guess

HEADER = "at,model,in_tokens,out_tokens,usd"


def row(n: int, *, user: str = "", cached: str = "", end: str = "") -> str:
    taken, given, usd = 400 + n * 7 % 31, 20 + n % 9, f"0.00{1 + n % 4}"
    return f"2026-05-{1 + n:02}T08:11:{n:02}Z,{user}gpt-4o,{taken},{cached}{given},{usd}{end}"


def settings(**more: str) -> tuple[dict[str, Any], str]:
    lines = [HEADER, *(row(n) for n in range(4)), *(row(n, **more) for n in range(4, 12)), ""]
    found = guess("\n".join(lines).encode(), "plain")
    assert found is not None
    assert found.fields is not None
    assert isinstance(found.settings, dict)
    return found.settings, "\n".join(found.fields.notes)


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"user": "ada,"}, ["at", "column2", "model", "in_tokens", "out_tokens", "usd"]),
        ({"user": '"ada, x\ny",'}, ["at", "column2", "model", "in_tokens", "out_tokens", "usd"]),
        ({"cached": "fast,"}, ["at", "model", "in_tokens", "column4", "out_tokens", "usd"]),
        ({"user": "ada,", "end": ","}, ["at", "column2", "model", "in_tokens", "out_tokens", "usd", "column7"]),
    ],
)
def test_what_stands_among_the_columns_of_the_header_moves_none_of_them(
    more: dict[str, str], names: list[str]
) -> None:
    found, notes = settings(**more)

    assert found["columns"] == HEADER.split(",")
    assert found["other_columns"] == [names]
    assert found["fields"]["input_tokens"] == "in_tokens"
    assert "others stand among them, as other_columns has it" in notes


def test_what_stands_at_the_end_needs_no_names_of_its_own() -> None:
    found, notes = settings(end=",ok")

    assert "other_columns" not in found
    assert found["columns"] == [*HEADER.split(","), "column6"]
    assert "they are taken for added at the end" in notes


def test_counts_are_unknown_where_nothing_tells_which_of_more_counts_they_are() -> None:
    found, notes = settings(cached="50,")

    assert found["other_columns"] == [["at", "model", "column3", "column4", "column5", "usd"]]
    assert "nothing tells where in_tokens, out_tokens stand in the rows with 6 values" in notes


def test_columns_in_another_order_are_found_by_their_values() -> None:
    before = [f"2026-05-0{1 + n}T08:11:00Z,ada,gpt-4o,{700 + n},0.00{1 + n},chat" for n in range(4)]
    after = [f"2026-05-1{n}T08:11:00Z,ada,gpt-4o,chat,{800 + n},n/a,0.00{1 + n}" for n in range(6)]
    own = [f"2026-05-2{n}T08:11:00Z,ada,own-name,chat,n/a,7{n},n/a" for n in range(2)]
    found = guess("\n".join(["at,who,model,in_tokens,usd,task", *before, *after, *own, ""]).encode(), "plain")

    assert found is not None
    assert isinstance(found.settings, dict)
    assert found.settings["other_columns"] == [["at", "who", "model", "task", "column5", "column6", "usd"]]


def test_rows_of_which_hardly_a_place_is_known_are_doubted_as_a_whole() -> None:
    lines = ["at,in_tokens,out_tokens", *(f"2026-05-0{1 + n}T08:11:00Z,{700 + n},{9 + n}" for n in range(4))]
    lines += [f"2026-05-1{n}T08:11:00Z,x,{n},{700 + n},{9 + n}" for n in range(6)]
    found = guess("\n".join([*lines, ""]).encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert "other_columns" not in found.fields.extras
    assert any("all numbers of these rows may be wrong" in it for it in found.fields.notes)
