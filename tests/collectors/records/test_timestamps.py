from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.bulk_timestamps import Stamps
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.timestamps import elapsed_ms, parse_time
from tests.collectors.sources.files.logs import NOW, ingest

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
        "2026-03-10 08:30:15 UTC",
        "2026-03-10 08:30:15.000000 UTC",
        "2026-03-10 08:30:15 +0000 UTC",
        "2026-03-10 10:30:15.000 +02:00",
        "2026-03-10 08:30:15.000000001 +0000 UTC m=+0.013287583",
        "2026-03-10 09:30:15 +0100 CET m=-1.5",
        "2026-03-10 05:30:15 -0300 -03",
        "Tue, 10 Mar 2026 08:30:15 GMT",
        "Tue, 10 Mar 2026 08:30:15 UTC",
        "Tue, 10 Mar 2026 09:30:15 +0100",
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


def test_the_fraction_of_a_time_with_a_named_zone_is_kept_to_the_microsecond() -> None:
    expected = MOMENT.replace(microsecond=123456)

    assert parse_time("2026-03-10 08:30:15.123456 UTC", ZoneInfo("Europe/Vienna")) == expected
    assert parse_time("2026-03-10 08:30:15.123456789 +0000 UTC m=+7.1", UTC) == expected


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
        "2026-03-10 08:30:15 CET", "2026-03-10 08:30:15 +0100 c", "2026-03-10 08:30:15 UTC m=", "2026-03-10 UTC",
        "Mon, 10 Mar 2026 08:30:15 GMT", "Tue, 10 Mar 2026 08:30:15 EST", "Tue, 10 Mar 26 08:30:15 GMT",
        "Tue, 10 arM 2026 08:30:15 GMT", "Tue, 31 Feb 2026 08:30:15 GMT", "Tue, 10 Mar 2026 24:00:00 GMT",
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


ODD = [
    1e308, 1e300, 1e20, 99999999999999999999.0, 1e19, 5e17, 1e8, 99_999_999.0, -1.0, float("inf"), float("nan"),
    float(EPOCH),
    10**400, 10**20, 10**19, 2**63, 2**64, EPOCH, 0, -1,
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00", "2026-03-10T08:30:15+24:00",
    "2026-03-10T08:30:15+23:59", "2026-03-10T08:30:15." + "1" * 300 + "Z", "1" * 5000, "1e308", MOMENT.isoformat(),
    "2026-03-10 08:30:15 UTC", "2026-03-10 08:30:15.5 +0000 UTC m=+0.1", "Tue, 10 Mar 2026 08:30:15 GMT",
    "2026-03-10 08:30:15 CET", "Mon, 10 Mar 2026 08:30:15 GMT",
]  # fmt: skip


def test_times_that_are_read_together_are_what_each_of_them_is_alone() -> None:
    limit = datetime(9999, 12, 31, 23, tzinfo=UTC)
    for pair in product(ODD, repeat=2):
        times = Stamps(UTC, 60).read([pair[0], pair[1], pair[0]], limit)
        for value, stamp in zip(times.values, times.stamps, strict=True):
            moment = parse_time(value, UTC)
            assert (stamp.refusal is None) == (moment is not None and moment <= limit), value
            assert moment is None or stamp.refusal is not None or stamp.day == moment.date(), value


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("good", [EPOCH, EPOCH + 0.5, MOMENT.isoformat(), "2026-03-10 08:30:15 UTC"])
def test_a_time_of_any_kind_costs_its_record_alone(good: object, compiled: bool) -> None:
    for value in ODD:
        if isinstance(value, float) and not math.isfinite(value):
            continue  # JSON has no such number
        made = ingest(compiled=compiled)
        lines = [json.dumps({"ts": time, "app": "bot"}) for time in (good, value)]
        made.add(Lines("\n".join([*lines, lines[0], ""]).encode(), "a.jsonl", 1))
        found = made.drain()

        moment = parse_time(value, UTC)
        expected = Result.BAD_TIME if moment is None else Result.FUTURE if moment > NOW else Result.COUNTED
        alone = {result: number for result, number in found.tallies.items() if result is not Result.COUNTED}
        assert alone == ({} if expected is Result.COUNTED else {expected: 1}), (value, found.tallies)
        assert found.tallies[Result.COUNTED] == 3 - len(alone), value


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (1773129600.25, 1773129601.5, 1250.0),
        (1773129600.25, 1773129600.251, 1.0),
        (1773129600.25, "2026-03-10T08:00:01.5Z", 1250.0),
        (1773129600250.0, 1773129601500.0, 1250.0),
        (1773129600.25, 1773129601500.0, 1250.0),
        (1773129601.5, 1773129600.25, None),
        (0.0, 1773129600.25, None),
        (None, 1773129600.25, None),
        (float("nan"), 1773129600.25, None),
        (1773129600.25, float("inf"), None),
    ],
)
def test_the_time_between_two_times_is_in_milliseconds(start: object, end: object, expected: float | None) -> None:
    assert elapsed_ms(start, end) == expected


TEXTS = st.builds(
    lambda second, fraction, zone: f"2026-03-10T08:00:{second}{fraction}{zone}",
    st.sampled_from(["00", "07", "59", "60", "x1"]),
    st.sampled_from(["", ".5", ".123", ".123456", ".12x", ",123", ".1234567"]),
    st.sampled_from(["", "Z", "+02:00", "z"]),
)


@given(TEXTS, TEXTS)
def test_texts_of_one_minute_are_as_far_apart_as_their_times(start: str, end: str) -> None:
    first, last = parse_time(start, UTC), parse_time(end, UTC)
    known = first is not None and last is not None and last >= first

    assert elapsed_ms(start, end) == ((last - first).total_seconds() * 1000 if known and first and last else None)
