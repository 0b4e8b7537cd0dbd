from __future__ import annotations

import pytest

from leverwatch.collectors.sniffing.moments import Moments, moments_of
from leverwatch.collectors.sniffing.numerals import PLAIN, Numerals, number_of, numerals_of


@pytest.mark.parametrize(
    ("texts", "decimal", "thousands", "numbers"),
    [
        (["12", "1234", "0.5"], ".", "", [12, 1234, 0.5]),
        (["1.234", "987", "12.345.678"], ",", ".", [1234, 987, 12_345_678]),
        (["1.234,5", "7,25"], ",", ".", [1234.5, 7.25]),
        (["1,234.5", "7"], ".", ",", [1234.5, 7]),
        (["0,0123", "1,5"], ",", "", [0.0123, 1.5]),
        (["8\u202f954", "12"], ".", "\u202f", [8954, 12]),
        (["8'954"], ".", "'", [8954]),
        (["1.2k", "870", "3M"], ".", "", [1200, 870, 3_000_000]),
        (["one", "two"], ".", "", [None, None]),
    ],
)
def test_signs_of_numbers_are_told_by_all_of_them(
    texts: list[str], decimal: str, thousands: str, numbers: list[float | None]
) -> None:
    found = numerals_of(texts)

    assert (found.decimal, found.thousands, found.is_sure) == (decimal, thousands, True)
    assert [number_of(text, found) for text in texts] == numbers


def test_three_digits_behind_a_sign_are_thousands_of_a_count_and_may_be_either_in_an_amount() -> None:
    assert numerals_of(["1.000", "12"], whole=True) == Numerals(",", ".")
    assert numerals_of(["1,000", "12"], whole=True) == Numerals(".", ",")
    assert numerals_of(["12.0", "7.0"], whole=True) == PLAIN
    assert not numerals_of(["1.234"]).is_sure
    assert not numerals_of(["1,234"]).is_sure


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["10.03.2026 08:00:00"], "%d.%m.%Y %H:%M:%S"),
        (["10.03.26, 8:00"], "%d.%m.%y, %H:%M"),
        (["3/30/2026 8:00 PM"], "%m/%d/%Y %I:%M %p"),
        (["30/3/2026 à 20:00"], "%d/%m/%Y à %H:%M"),
        (["10/Mar/2026:08:00:00 +0000"], "%d/%b/%Y:%H:%M:%S %z"),
        (["2026/03/10 08:00:00.123"], "%Y/%m/%d %H:%M:%S.%f"),
        (["20260310T080000Z"], "%Y%m%dT%H%M%S%z"),
        (["Mar 10, 2026"], "%b %d, %Y"),
        (["Tue Mar 10 08:00:00 2026"], "%a %b %d %H:%M:%S %Y"),
    ],
)
def test_times_of_sheets_and_programs_have_a_format(texts: list[str], form: str) -> None:
    assert moments_of(texts, day_first=True) == Moments(form)


@pytest.mark.parametrize("texts", [["soon"], [7], ["10.03.2026", "later", "never"], [], ["99/99/2026"]])
def test_what_is_no_time_has_no_format(texts: list[object]) -> None:
    assert moments_of(texts, day_first=True) is None


def test_day_and_month_are_told_by_the_order_of_the_records_and_else_doubted() -> None:
    ordered = ["03/02/2026", "03/03/2026", "03/04/2026", "04/01/2026", "04/02/2026"]

    assert moments_of(ordered, day_first=True) == Moments("%m/%d/%Y")
    assert moments_of(["03/04/2026"], day_first=True) == Moments("%d/%m/%Y", "%m/%d/%Y")
    assert moments_of(["03/04/2026"], day_first=False) == Moments("%m/%d/%Y", "%d/%m/%Y")
    assert moments_of(["03/04/2026 8:00 AM"], day_first=True) == Moments("%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M %p")
