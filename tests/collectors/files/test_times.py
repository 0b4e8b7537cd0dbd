from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.files.times import parse_time

MOMENT = datetime(2026, 3, 10, 8, 30, 15, tzinfo=UTC)
EPOCH = 1773131415


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-10T08:30:15Z",
        "2026-03-10 08:30:15",
        "2026-03-10T08:30:15.000000000Z",
        "2026-03-10T10:30:15+02:00",
        "2026-03-10T03:00:15-05:30",
        " 2026-03-10T08:30:15 ",
        EPOCH,
        float(EPOCH),
        EPOCH * 1000,
        EPOCH * 1_000_000,
        EPOCH * 1_000_000_000,
        str(EPOCH),
        str(EPOCH * 1000),
        f"{EPOCH}.0",
    ],
)
def test_every_spelling_of_a_moment_is_that_moment(value: object) -> None:
    assert parse_time(value, UTC) == MOMENT


@pytest.mark.parametrize("scale", [1, 1_000, 1_000_000, 1_000_000_000])
def test_the_unit_of_a_number_is_told_by_its_size_alone_from_1973_on(scale: int) -> None:
    assert parse_time(10**8 * scale, UTC) == datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)
    assert parse_time((10**11 - 1) * scale, UTC) == datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)


def test_seven_fractional_digits_are_read_to_the_microsecond() -> None:
    assert parse_time("2023-11-16 18:17:03.9799600", UTC) == datetime(2023, 11, 16, 18, 17, 3, 979960, UTC)


def test_a_time_without_a_zone_is_in_the_configured_zone() -> None:
    assert parse_time("2026-03-10 09:30:15", ZoneInfo("Europe/Vienna")) == MOMENT


def test_a_date_alone_is_its_midnight() -> None:
    assert parse_time("2026-03-10", UTC) == datetime(2026, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, 1, -1, 99_999_999, "0", "", " ", "now", "20260310", "2026-W10-2", "2026-03-10T24:30:00Z",
        "2026-02-30T00:00:00Z", "2026-03-10T08:61:00Z", 10**400, "1" * 400, "1" * 5000,
        "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00", float("nan"), float("inf"), 10**40, "nan", "1e400", [], {}, "١٢٣",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(value: object) -> None:
    assert parse_time(value, UTC) is None


SINCE_1974 = st.integers(130_000_000, 7_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(st.builds(lambda moment, micros: moment.replace(microsecond=micros), SINCE_1974, st.integers(0, 999_999)))
def test_iso_and_all_epoch_units_agree_to_the_microsecond(moment: datetime) -> None:
    micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    assert parse_time(moment.isoformat(), UTC) == moment
    assert parse_time(micros, UTC) == moment
    assert parse_time(micros * 1000, UTC) == moment


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans()))
def test_no_value_raises(value: object) -> None:
    moment = parse_time(value, UTC)

    assert moment is None or moment.tzinfo is UTC
