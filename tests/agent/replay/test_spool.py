from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from leverwatch.agent.errors import CommandError
from leverwatch.agent.exporter.families import SYSTEMS
from leverwatch.agent.exporter.render import Exposition, Format
from leverwatch.agent.replay.spool import OF_A_SYSTEM, OF_ALL, Spool, checked_labels, moments
from leverwatch.agent.snapshot import SystemsSnapshot
from tests.agent.exporter import samples

DAY = date(2026, 3, 30)
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
EVERYTHING = (samples.agreeing(), samples.conflicting(), samples.discovered(), samples.grown(), samples.unseen())


def written(folder: Path, stamps: Sequence[Sequence[int]], *days: SystemsSnapshot | None, **labels: str) -> str:
    """A replay of systems one after the other, as `leverwatch replay` does it."""
    output = io.BytesIO()
    with Spool(folder, labels) as spool:
        for index in range(max(len(day.systems) for day in days if day is not None)):
            spool.add(OF_A_SYSTEM, [None if day is None else samples.systems(day.systems[index]) for day in days])
        spool.add(OF_ALL, days)
        count = spool.write(output, stamps)
    text = output.getvalue().decode()
    assert count == sum(not line.startswith("#") for line in text.split("\n")[:-1])
    return text


def test_without_its_timestamps_a_day_is_what_a_scrape_gets(tmp_path: Path) -> None:
    snapshot = samples.systems(*EVERYTHING)
    exposition = Exposition()
    exposition.set_systems(snapshot)

    replayed = written(tmp_path, [[1_700_000_000]], snapshot)

    assert replayed.replace(" 1700000000\n", "\n") == exposition.body(Format.OPENMETRICS).plain.decode()


def test_the_output_satisfies_a_strict_parser_which_wants_series_together_and_in_order(tmp_path: Path) -> None:
    first = samples.systems(*EVERYTHING)
    second = samples.systems(*(replace(view, locked_in_behaviors=5) for view in EVERYTHING))

    text = written(tmp_path, [[100, 200], [300], [400, 500]], first, second, first, job="leverwatch")

    families = list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]  # untyped in the library
    assert {family.name for family in families} == {
        family.name.removesuffix("_total") for family in SYSTEMS if list(family.samples(first))
    }
    for family in families:
        for sample in family.samples:
            assert sample.labels["job"] == "leverwatch"


def test_a_series_has_a_sample_at_each_moment_of_the_days_on_which_it_is_known(tmp_path: Path) -> None:
    known, unknown = samples.systems(samples.grown()), samples.systems(samples.unseen())

    text = written(tmp_path, [[100, 200], [300], [400, 500]], known, unknown, known)

    lines = [line for line in text.split("\n") if line.startswith("leverwatch_month_to_date_inferences{")]
    series = 'leverwatch_month_to_date_inferences{system="checkout-helper"} 1.01e+08'
    assert lines == [f"{series} {moment}" for moment in (100, 200, 400, 500)]


def test_a_value_that_changes_and_changes_back_is_written_as_it_was_on_each_day(tmp_path: Path) -> None:
    days = [samples.systems(replace(samples.grown(), locked_in_behaviors=number)) for number in (2, 2, 0, 2)]

    text = written(tmp_path, [[100], [200], [300], [400]], *days)

    lines = [line for line in text.split("\n") if line.startswith("leverwatch_locked_in_behaviors{")]
    assert [line.split()[-2:] for line in lines] == [
        ["2.0", "100"],
        ["2.0", "200"],
        ["0.0", "300"],
        ["2.0", "400"],
    ]


def test_a_day_without_the_system_has_no_samples_of_it(tmp_path: Path) -> None:
    text = written(tmp_path, [[100], [200]], None, samples.systems(samples.grown()))

    assert 'leverwatch_system_declared{system="checkout-helper"} 1.0 200\n' in text
    assert 'system="checkout-helper"} 1.0 100' not in text


def test_a_day_without_moments_has_no_samples(tmp_path: Path) -> None:
    text = written(tmp_path, [[100], []], samples.systems(samples.grown()), samples.systems(samples.grown()))

    assert {line.rpartition(" ")[2] for line in text.split("\n")[:-1] if not line.startswith("#")} == {"100"}


def test_added_labels_are_escaped_and_stand_where_a_scrape_would_have_them(tmp_path: Path) -> None:
    text = written(tmp_path, [[100]], samples.systems(samples.grown()), job='a "job"\n')

    assert 'leverwatch_strategy_mismatch{job="a \\"job\\"\\n",system="checkout-helper"} 1.0 100\n' in text
    assert 'leverwatch_volume_leave_ratio{job="a \\"job\\"\\n"} 0.9 100\n' in text


@pytest.mark.parametrize("name", ["system", "model", "__name__", "9lives", "a-b", ""])
def test_a_label_that_cannot_be_added_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="--label"):
        checked_labels({"job": "fine", name: "x"})


def test_a_verdict_is_shown_throughout_the_day_after_the_one_it_is_about() -> None:
    shown = moments(DAY, timedelta(hours=6), NOON + timedelta(days=9))

    midnight = int(datetime(2026, 3, 31, tzinfo=UTC).timestamp())
    assert shown == [midnight, midnight + 21_600, midnight + 43_200, midnight + 64_800]


def test_nothing_is_shown_from_the_end_on() -> None:
    assert len(moments(DAY, timedelta(hours=6), NOON)) == 2
    assert moments(DAY, timedelta(hours=6), datetime(2026, 3, 31, tzinfo=UTC)) == []
