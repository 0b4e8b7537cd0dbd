"""Single values as a field map says they are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.records.field_specs import FieldSpec
from leverwatch.collectors.records.field_values import (
    NO_TIME,
    Mistyped,
    Words,
    Written,
    as_dollars,
    as_milliseconds,
    form_fault,
    number_reader,
    time_reader,
    word_reader,
)
from leverwatch.collectors.records.timestamps import parse_time

ROUNDED = Written(".", rounded=True)
GERMAN, SWISS, FRENCH = Written(",", "."), Written(".", "'"), Written(",", " ")


@pytest.mark.parametrize(
    ("written", "text", "number"),
    [
        (None, "7", 7), (None, " 7.5 ", 7.5), (None, 7, 7), (None, 2.5, 2.5), (None, "1e3", 1000),
        (GERMAN, "1.234.567,5", 1234567.5), (GERMAN, "1234,5", 1234.5), (GERMAN, "12", 12),
        (GERMAN, "1.234", 1234),
        (GERMAN, 1.234, 1.234), (GERMAN, "1,2E-05", 1.2e-5), (GERMAN, "-0,5", -0.5),
        (SWISS, "1'234.50", 1234.5), (FRENCH, "1 234,5", 1234.5), (FRENCH, "1\u00a0234\u202f567", 1234567),
        (Written(","), "3,25", 3.25),
        (ROUNDED, 50.7, 51), (ROUNDED, "50.2", 50), (ROUNDED, 7, 7), (Written(",", rounded=True), "50,7", 51),
    ],
)  # fmt: skip
def test_a_number_is_read_as_it_is_written(written: Written | None, text: Any, number: float) -> None:
    assert number_reader(written)(text) == number


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (None, "1,5"), (None, True), (None, "1_000"), (None, "nan"), (None, "inf"), (None, {}), (None, "9" * 500),
        (GERMAN, "1.5"), (GERMAN, "1.23.456"), (GERMAN, "12.34,5"), (GERMAN, "1,5,5"), (GERMAN, "1'234"),
        (Written(","), "1.234,5"), (SWISS, "1,234.5"), (GERMAN, "5 EUR"),
    ],
)  # fmt: skip
def test_a_number_in_other_signs_is_none_and_never_another_one(written: Written | None, text: Any) -> None:
    with pytest.raises(Mistyped):
        number_reader(written)(text)


@pytest.mark.parametrize("below", [-0.4, "-0.4", "-7"])
def test_a_number_below_zero_is_not_rounded_to_none(below: Any) -> None:
    with pytest.raises(Mistyped):
        FieldSpec(("a",), written=ROUNDED).value_reader("input_tokens")(below)


@given(st.integers(0, 10**12), st.integers(0, 999), st.sampled_from([GERMAN, SWISS, FRENCH]))
def test_every_number_is_read_back_from_its_local_text(whole: int, rest: int, written: Written) -> None:
    text = f"{whole:,}".replace(",", written.thousands) + f"{written.decimal}{rest:03}"

    assert number_reader(written)(text) == float(f"{whole}.{rest:03}")


@pytest.mark.parametrize(
    ("unit", "number", "milliseconds"), [("s", 1.5, 1500), ("ms", 3, 3), ("us", 2500, 2.5), ("ns", 10**6, 1)]
)
def test_a_duration_becomes_milliseconds(unit: str, number: float, milliseconds: float) -> None:
    assert as_milliseconds(unit)(number) == milliseconds


@pytest.mark.parametrize("number", [-1, 1e13])
def test_a_duration_beyond_its_bounds_is_none(number: float) -> None:
    with pytest.raises(Mistyped):
        as_milliseconds("s")(number)


@pytest.mark.parametrize(
    ("form", "value", "moment"),
    [
        ("%d.%m.%Y %H:%M:%S", "03.04.2026 05:06:07", datetime(2026, 4, 3, 5, 6, 7, tzinfo=UTC)),
        ("%m/%d/%y %I:%M %p", " 03/04/26 05:06 PM ", datetime(2026, 3, 4, 17, 6, tzinfo=UTC)),
        ("%d/%b/%Y:%H:%M:%S %z", "03/Apr/2026:05:06:07 +0200", datetime(2026, 4, 3, 3, 6, 7, tzinfo=UTC)),
        ("%Y%m%d", 20260403, datetime(2026, 4, 3, tzinfo=UTC)),
        ("%d.%m.%Y", "2026-04-03", None),
        ("%d.%m.%Y", "31.02.2026", None),
    ],
)
def test_a_time_is_read_by_its_format_and_by_no_other(form: str, value: Any, moment: datetime | None) -> None:
    assert parse_time(time_reader(form, None)(value), UTC) == moment


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%y%m%d", "%Y-%m-%dT%H:%M:%S.%f%z", "%d %B %Y"])
def test_a_format_that_tells_the_day_is_one(form: str) -> None:
    assert form_fault(form) is None


@pytest.mark.parametrize("form", ["%H:%M", "DD.MM.YYYY", "%Y-%m", "%Q", "%"])
def test_a_format_that_tells_no_day_is_none(form: str) -> None:
    assert form_fault(form) is not None


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("s", 1772524800), ("s", 1772524800.0), ("s", "1772524800"), ("ms", 1772524800_000),
        ("us", 1772524800_000_000), ("ns", 1772524800_000_000_000),
    ],
)  # fmt: skip
def test_a_time_is_a_number_of_its_unit(unit: str, value: Any) -> None:
    assert parse_time(time_reader(None, unit)(value), UTC) == datetime(2026, 3, 3, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("s", 1772524800_000),
        ("ms", 1772524800),
        ("us", 5),
        ("ns", 1772524800),
        ("s", "soon"),
        ("s", 1e305),
        ("ns", 10**400),
    ],
)
def test_a_time_in_another_unit_than_said_is_none(unit: str, value: Any) -> None:
    assert time_reader(None, unit)(value) == NO_TIME
    assert parse_time(NO_TIME, UTC) is None


WORDS = word_reader(
    (Words("success", frozenset({"ok", "0", "true"})), Words("error", frozenset({"ok-not"}), ("up_", "ok"), True))
)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("OK", "success"), (" ok ", "success"), (0, "success"), (0.0, "success"), (True, "success"),
        ("ok-not", "error"), ("up_stream", "error"), ("okay", "error"), ("anything", "error"), (False, "error"),
        ("", None), ("  ", None),
    ],
)  # fmt: skip
def test_a_word_has_the_meaning_that_the_map_gives_it(value: Any, meaning: str | None) -> None:
    assert WORDS(value) == meaning


def test_a_value_that_is_no_word_is_a_text_where_a_field_has_nothing_else() -> None:
    embedding = (Words("embedding", frozenset({"vec"})),)

    assert [FieldSpec(("kind",), words=embedding).value_reader("operation")(it) for it in (True, 7, "Vec")] == [
        "true", "7", "embedding",
    ]  # fmt: skip
    assert FieldSpec(("ok",), words=embedding).value_reader("status")(False) is False


def test_a_word_that_the_map_does_not_have_stays_as_it_is() -> None:
    read = word_reader((Words("error", frozenset({"refused"})),))

    assert [read(value) for value in ("Success", 503, True)] == ["Success", 503, True]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$0.75", 0.75), ("US$ 2,310.40", 2310.4), ("14 USD", 14), ("usd 3", 3), ("$.05", 0.05), ("0.5", 0.5),
        ("-$1", -1), ("US$\N{NO-BREAK SPACE}8", 8),
    ],
)  # fmt: skip
def test_a_sign_of_dollars_stands_before_or_behind_a_number(text: str, number: float) -> None:
    assert number_reader(Written(".", ",", dollars=True))(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.2k", 1200), ("0.57k", 570), ("3 K", 3000), ("2.5M", 2_500_000), ("1,940", 1940), ("-4k", -4000), (7, 7)],
)
def test_a_letter_behind_a_number_stands_for_thousands_or_millions(text: str | int, number: float) -> None:
    assert number_reader(Written(".", ",", multiples=True))(text) == number


@pytest.mark.parametrize("text", ["k", "1.2m", "1.2kB", "1k2", "1,2k", "k1"])
def test_other_letters_make_no_number(text: str) -> None:
    with pytest.raises(Mistyped):
        number_reader(Written(".", ",", multiples=True))(text)


def test_a_letter_behind_a_number_is_none_where_the_map_says_nothing() -> None:
    with pytest.raises(Mistyped):
        number_reader(Written(".", ","))("1.2k")


@pytest.mark.parametrize("text", ["0,75 €", "£2", "$", "C$ 5", "$1,23", "5 EUR"])
def test_the_sign_of_another_currency_is_no_number_of_dollars(text: str) -> None:
    with pytest.raises(Mistyped):
        number_reader(Written(".", ",", dollars=True))(text)


@pytest.mark.parametrize(("unit", "number"), [("cents", 85), ("millis", 850), ("micros", 85e4), ("nanos", 85e7)])
def test_a_cost_in_parts_of_a_dollar_is_one_in_dollars(unit: str, number: float) -> None:
    assert as_dollars(unit)(number) == 0.85
    with pytest.raises(Mistyped, match="from 0 to 1e15"):
        as_dollars(unit)(-number)
