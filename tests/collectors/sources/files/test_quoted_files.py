"""Tables with line breaks in their values, followed by the collector: each row counts once, wherever it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench, append, compress
from tests.examples import examples

FIELDS = {"time": "ts", "input_tokens": "in"}
ROW = "2026-03-10T08:00:00Z,"
CSV = {"type": "csv", "fields": FIELDS}
SETTINGS = config(path="*.log*", format=CSV, system="{app}")
LINES = (
    "# written by hand\n"
    "ts,app,in,said\n"
    '2026-03-10T08:00:00Z,a,1,"one\n\n""two"",\r\nthree"\n'
    "2026-03-10T08:00:01Z,b,2,plain\n"
    '2026-03-10T08:00:02Z,c,3,"2026-03-10T08:00:02Z,x,3\n"\n'
    "in,said,app,ts,cost\n"
    '4,"four\nlines",d,2026-03-10T08:00:03Z,"1\n"\n'
    '5,"",e,2026-03-10T08:00:04Z,\n'
    '6,"never closed,f,2026-03-10T08:00:05Z,\n'
    "7,,g,2026-03-10T08:00:06Z,\n"
    '8,"last\n",h,2026-03-10T08:00:07Z,\n'
)
DATA = LINES.encode()
EXPECTED = dict.fromkeys("abcdegh", 1)
TALLIES = {Result.COUNTED: 7, Result.IGNORED: 3, Result.INVALID_LINE: 1}


@given(places=st.lists(st.integers(0, len(DATA)), max_size=6), crash=st.booleans(), committed=st.booleans())
@hypothesis_settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_that_grows_in_any_pieces_counts_every_row_once(
    tmp_path_factory: pytest.TempPathFactory, places: list[int], crash: bool, committed: bool
) -> None:
    folder = tmp_path_factory.mktemp("grows")
    bench = Bench(folder, SETTINGS)
    ends = sorted({*places, len(DATA)})
    for start, end in zip([0, *ends], ends, strict=False):
        append(folder / "app.log", DATA[start:end])
        if crash:
            bench.crash(1, committed)
        bench.collect()
        bench.restart()

    assert bench.settle() == EXPECTED
    assert bench.store.tallies == TALLIES
    assert bench.store.input_tokens == 30
    assert {problem.place for problem in bench.store.problems} == {f"{folder}/app.log:15"}


@given(place=st.integers(0, len(DATA)))
@example(place=LINES.index(",cost\n") + 5)
@hypothesis_settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_that_was_quiet_in_the_middle_of_a_row_goes_on_with_it(
    tmp_path_factory: pytest.TempPathFactory, place: int
) -> None:
    folder = tmp_path_factory.mktemp("quiet")
    bench = Bench(folder, SETTINGS)
    append(folder / "app.log", DATA[:place])
    bench.collect()
    bench.settle()
    bench.restart()
    append(folder / "app.log", DATA[place:])

    assert bench.settle() == EXPECTED
    assert bench.store.input_tokens == 30


@pytest.mark.parametrize("place", [60, 150, 260, len(DATA) - 20])
def test_a_table_that_is_compressed_half_read_goes_on_where_it_stood(tmp_path: Path, place: int) -> None:
    bench = Bench(tmp_path, SETTINGS)
    append(tmp_path / "app.log", DATA[:place])
    bench.collect()
    append(tmp_path / "app.log", DATA[place:])
    compress(tmp_path / "app.log")
    bench.restart()

    assert bench.settle() == EXPECTED


def test_rows_of_several_lines_that_were_refused_are_read_again_where_they_are(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(path="*.log", format={"type": "csv", "fields": FIELDS}, system="{said}-{app}"))
    append(tmp_path / "app.log", DATA)
    bench.collect()
    bench.settle()
    assert bench.store.tallies[Result.UNATTRIBUTED] > 2
    before = sum(bench.store.counted().values())
    bench.settings = SETTINGS.model_copy(update={"path": "*.log"})
    bench.restart()
    bench.settle()

    assert sum(bench.store.counted().values()) == 7
    assert before < 7
    assert bench.store.input_tokens == 30


@pytest.mark.parametrize("said", ["plain", '"in ""quotes"""', '"stray" quote'])
@pytest.mark.parametrize("quote", ['"', ""], ids=["quotes", "no quotes"])
def test_the_newline_behind_a_quiet_last_row_adds_nothing(tmp_path: Path, quote: str, said: str) -> None:
    bench, log = Bench(tmp_path, config(path="*.log", format={**CSV, "quote": quote}, system="{app}")), "app.log"
    append(tmp_path / log, f"ts,app,in,said\n{ROW}a,1,x\n{ROW}b,1,{said}".encode())
    bench.settle()
    before = dict(bench.store.tallies)
    append(tmp_path / log, b"\n")
    bench.settle()

    assert bench.store.tallies == before
    assert sum(before.values()) == 3


def test_a_quiet_last_row_of_several_lines_counts_once_whatever_ends_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(path="*.log", format=CSV, system="{app}"))
    append(tmp_path / "app.log", b'ts,app,in,said\n2026-03-10T08:00:00Z,a,1,"one\ntwo"')
    bench.settle()
    append(tmp_path / "app.log", b"\n2026-03-10T08:00:01Z,b,1,x\n")

    assert bench.settle() == {"a": 1, "b": 1}
    assert bench.store.tallies[Result.COUNTED] == 2
