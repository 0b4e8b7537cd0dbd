from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.errors import ConfigError
from leverwatch.agent.prices.file import WatchedPriceFile, read_price_file

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
        ['3: prices[0].input: must be a number; write 0.15, with a decimal point (got "0,15")'],
    ),
    "prices with decimal commas": (
        "prices:\n  - {model: a, input: 0,15,\n     output: 0,6}",
        [
            '2: prices[0].input: must not hold a comma; write 0.15, with a decimal point (got "0,15")',
            '3: prices[0].output: must not hold a comma; write 0.6, with a decimal point (got "0,6")',
        ],
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
        ['3: prices[1].model: prices[0] has the same model, provider, first day, tier and bound (got "a")'],
    ),
    "every problem at once": (
        "prices:\n  - {model: a, input: x, output: 1}\n  - {input: 1, output: 1}",
        ['2: prices[0].input: must be a number (got "x")', "3: prices[1].model: is missing"],
    ),
    "a list at the top": ("- {model: a}", ["1: must be a mapping with the key prices"]),
    "an empty file": ("", ["1: is empty"]),
    "a price beyond any": (
        "prices:\n  - {model: a, input: 1e308, output: 1}",
        ['2: prices[0].input: must be at most 1_000_000 (got "1e308")'],
    ),
    "a price that is not finite": (
        "prices:\n  - {model: a, input: .inf, output: .nan}",
        [
            "2: prices[0].input: must be a finite number (got inf)",
            "2: prices[0].output: must be a finite number (got nan)",
        ],
    ),
    "too many entries": (
        "prices: [" + "1," * 5000 + "1]",
        ["1: prices: has more than 5_000 entries"],
    ),
    "nesting without an end": (
        "prices: " + "[" * 10_000,
        ["1: is nested more than 40 levels deep"],
    ),
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


def test_a_file_that_is_too_large_is_not_parsed(write: Write) -> None:
    path = write("# " + "x" * (513 << 10))

    with pytest.raises(ConfigError, match=r"prices\.yaml: is larger than 512 KiB, too large for a price file"):
        read_price_file(path)


def test_of_very_many_problems_the_first_ones_are_said(write: Write) -> None:
    path = write("prices:\n" + "- {model: a, input: -1, output: x}\n" * 4000)

    found = problems(path)

    assert len(found) == 100
    assert found[0] == "2: prices[0].input: must be at least 0 (got -1)"


HOSTILE = (
    "null", "true", "-1", "1e308", "-1e308", ".nan", ".inf", "1" + "0" * 400,
    "''", "' '", '"\\0"', '"\\ud800"', "[]",
    "{}", "[[]]", "9999-12-31", "0001-01-01", "9999-12-31T23:59:59-23:59", "!!binary x", "!!python/object:os.x {}",
    "&a [*a]", "<<: 1", '"' + "x" * 100_000 + '"', "0x" + "f" * 300, "190:20:30.15", "? x",
)  # fmt: skip


@pytest.mark.parametrize("key", ["model", "provider", "from", "input", "output", "cached_input", "training"])
@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_stands_in_an_entry_is_a_price_or_a_problem(write: Write, key: str, value: str) -> None:
    entry = {"model": "a", "input": "1", "output": "1"} | {key: value}
    path = write("prices:\n  - {" + ", ".join(f"{name}: {text}" for name, text in entry.items()) + "}\n")

    try:
        prices = read_price_file(path)
    except ConfigError:
        return
    price = prices.find("a", date(2026, 10, 1))
    assert price is None or all(
        part is None or 0 <= part <= 1_000_000 for part in (price.input, price.output, price.cached_input)
    )
