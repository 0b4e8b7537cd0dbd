"""Tables in which a header with other columns is written anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverwatch.collectors.sniffing.counting import summarise
from leverwatch.collectors.sniffing.loading import config_of
from leverwatch.collectors.sniffing.sniff import Guess, guess
from tests.collectors.sources.files.logs import sums

OLD, NEW = "when,model,tokens_in,tokens_out", "when,model,task,tokens_in,tokens_out,usd"


def rows(day: int, number: int, *, task: str = "", usd: str = "", sign: str = ",") -> list[str]:
    made = (
        f"2026-05-{day:02}T10:0{n}:00Z,m-{n % 2},{task}{500 + n * 37 % 61},{40 + n * 17 % 23}{usd}"
        for n in range(number)
    )
    return [it.replace(",", sign) for it in made]


def read(lines: list[str]) -> Guess:
    found = guess("\n".join([*lines, ""]).encode(), "plain")
    assert found is not None
    assert found.fields is not None
    return found


@pytest.mark.parametrize("sign", [",", ";"])
def test_each_part_is_read_by_its_own_header(tmp_path: Path, sign: str) -> None:
    old, new = OLD.replace(",", sign), NEW.replace(",", sign)
    lines = [old, *rows(4, 5, sign=sign), new, *rows(5, 8, task="chat,", usd=",0.002", sign=sign)]
    found = read(lines)
    path = tmp_path / "a.csv"
    path.write_text("\n".join([*lines, ""]))
    counted = sums(summarise(config_of(path, found.settings)).usage)

    assert counted["inferences"] == 13
    assert counted["input_tokens"] == sum(500 + n * 37 % 61 for part in (5, 8) for n in range(part))
    assert counted["cost_usd"] == pytest.approx(0.016)
    assert counted["unpriced"] == 5


def test_a_column_that_one_header_lacks_is_said_and_unknown() -> None:
    found = read([OLD, *rows(4, 5), NEW, *rows(5, 8, task="chat,", usd=",0.002")]).fields

    assert found is not None
    assert found.extras == {"missing_columns": "unknown"}
    assert any("usd are not in all headers" in it for it in found.notes)


def test_the_same_header_again_and_no_other_changes_nothing() -> None:
    found = read([OLD, *rows(4, 5), OLD, *rows(5, 8)]).fields

    assert found is not None
    assert not found.extras
    assert not any("headers" in it for it in found.notes)
