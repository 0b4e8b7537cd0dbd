from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.prices.file import WatchedPriceFile, read_price_file

Write = Callable[[str], Path]
GOOD = "prices:\n  - {model: gpt-4o-mini, input: 0.15, output: 0.60, cached_input: 0.075}\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    moment = [1]

    def _write(text: str) -> Path:
        path = tmp_path / "prices.yaml"
        path.write_text(text)
        moment[0] += 1
        # Two versions within one tick of the clock must differ.
        os.utime(path, ns=(moment[0], moment[0]))
        return path

    return _write


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_price_file(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.problems]


CASES = {
    "a misspelt key": (
        "prices:\n  - {model: a, input: 1,\n     ouput: 2, output: 2}",
        ['3: prices[0].ouput: unknown key; did you mean "output"?'],
    ),
    "a price that is no number": (
        'prices:\n  - model: a\n    input: "0,15"\n    output: 1',
        ['3: prices[0].input: must be a number (got "0,15")'],
    ),
    "a negative price": (
        "prices:\n  - {model: a, input: -1, output: 1}",
        ["2: prices[0].input: must be at least 0 (got -1)"],
    ),
    "a truth value": (
        "prices:\n  - {model: a, input: yes, output: 1}",
        ["2: prices[0].input: must be a number (got true)"],
    ),
    "a missing price": ("prices:\n  - {model: a, input: 1}", ["2: prices[0].output: is missing"]),
    "a day that is none": (
        "prices:\n  - {model: a, input: 1, output: 1, from: soon}",
        ['2: prices[0].from: must be a day, such as 2026-10-01 (got "soon")'],
    ),
    "the same entry twice": (
        "prices:\n  - {model: a, input: 1, output: 1}\n  - {model: a, input: 2, output: 1}",
        ['3: prices[1].model: prices[0] has the same model, provider and first day (got "a")'],
    ),
    "every problem at once": (
        "prices:\n  - {model: a, input: x, output: 1}\n  - {input: 1, output: 1}",
        ['2: prices[0].input: must be a number (got "x")', "3: prices[1].model: is missing"],
    ),
    "a list at the top": ("- {model: a}", ["1: must be a mapping with the key prices"]),
    "an empty file": ("", ["1: is empty"]),
    "a tab": ("prices:\n\t- a", ["2: a tab cannot indent or separate; use spaces"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_refused_with_line_and_reason(case: str, write: Write) -> None:
    text, expected = CASES[case]
    assert problems(write(text)) == expected


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.yaml")[0].endswith("cannot be read: No such file or directory")


def test_a_broken_character_has_a_line(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_bytes(b"prices:\n - \xff\n")
    assert problems(path) == ["2: is not UTF-8 text"]


def test_json_is_read_too(write: Write) -> None:
    path = write('{"prices": [{"model": "a", "input": 1.5, "output": 2, "from": "2026-01-01"}]}')
    assert len(read_price_file(path)) == 1


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("prices") / "prices.yaml"
    path.write_text(text, errors="surrogatepass")
    with contextlib.suppress(ConfigError):
        read_price_file(path)


class TestWatching:
    def test_a_bad_file_at_the_start_is_an_error(self, write: Write) -> None:
        with pytest.raises(ConfigError):
            WatchedPriceFile(write("prices: 7"))

    def test_new_prices_are_taken(self, write: Write) -> None:
        watched = WatchedPriceFile(write(GOOD))
        assert not watched.refresh()
        write(GOOD + "  - {model: b, input: 1, output: 1}\n")
        assert watched.refresh()
        assert len(watched.prices) == 2

    def test_a_bad_version_is_counted_once_and_the_last_good_one_stays(self, write: Write) -> None:
        watched = WatchedPriceFile(write(GOOD))
        good = watched.prices
        path = write(GOOD.replace("output", "ouput"))
        assert not watched.refresh()
        assert not watched.refresh()
        assert watched.prices is good
        assert watched.failures == 1
        assert watched.problems[0].startswith(f"{path}:2: prices[0].")

        write(GOOD + "\n")
        assert watched.refresh()
        assert (watched.problems, watched.failures) == ((), 1)

    def test_a_file_that_vanishes_changes_nothing(self, write: Write) -> None:
        path = write(GOOD)
        watched = WatchedPriceFile(path)
        path.unlink()
        assert not watched.refresh()
        assert (len(watched.prices), watched.failures) == (1, 1)
