"""The demo folder: what is in it, what is promised about it, and what it refuses."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml

from leverwatch.agent.demo.build import MARKER, Demo, build, live
from leverwatch.agent.demo.company import SYSTEMS
from leverwatch.agent.errors import CommandError
from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import Band, Declaration, Facts, PromptFacts, Strategy, UsageFacts
from leverwatch.agent.prices.file import read_price_file
from tests.agent.demo.conftest import NOW
from tests.agent.demo.reread import Reread, first_parent_steps, git, month_equivalent, reread

CLOCKS_AND_SEEDS = [
    (datetime(2032, 1, 1, 0, 5, tzinfo=UTC), 7),
    (datetime(2032, 2, 29, 12, tzinfo=UTC), 0),
    (datetime(2032, 3, 1, 0, 0, tzinfo=UTC), 1),
    (datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC), 2),
    (datetime(2031, 6, 15, 1, 30, tzinfo=timezone(timedelta(hours=9))), 3),
]
"""Each clock with a seed of its own, as a demo takes seconds to build: the checks are the same for both."""


@pytest.fixture(scope="module")
def reading(demo: Demo) -> Reread:
    return reread(demo.folder / "logs")


def _contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "prompts.git" not in path.parts
    }


def _check_totals(demo: Demo, reading: Reread) -> None:
    for name, system in demo.expected.systems.items():
        assert dict(reading.sums[name]) | {"unpriced": reading.sums[name]["unpriced"]} == dataclasses.asdict(
            system.totals
        ), name
    assert reading.counted == demo.expected.counted
    assert reading.duplicates == demo.expected.duplicates == 5
    assert reading.malformed == {reason.value: count for reason, count in demo.expected.malformed.items()}
    assert sum(reading.malformed.values()) == 3
    assert reading.lines == reading.counted + 5 + 3


def _check_crossing(demo: Demo, reading: Reread) -> None:
    last = demo.expected.last_day
    monthly = [month_equivalent(reading.daily["support-bot"], last - timedelta(days=back)) for back in range(92)]
    above = [value >= 100_000_000 for value in monthly]
    crossed = above.index(False)
    assert 28 <= crossed <= 35, "days since the first one at or above the threshold, four to five weeks"
    assert all(above[:crossed])
    assert not any(above[crossed:])


def _verdicts_hold(demo: Demo, reading: Reread) -> None:
    expected = demo.expected
    steps = first_parent_steps(demo.folder / "prompts.git")
    systems = yaml.safe_load(demo.config.read_text())["systems"]
    for name, system in expected.systems.items():
        declared = systems[name]
        moved = {"fax-intake.md", "faq.md", "answers.md"}
        touched = [
            (step.at.date(), path, blobs)
            for step in steps
            for path, blobs in step.files.items()
            if path.startswith(f"prompts/{name}/")
        ]
        active = frozenset(day for day, path, (_, after) in touched if after and Path(path).name not in moved)
        facts = Facts(
            system=name,
            as_of=expected.last_day,
            usage=UsageFacts({day: float(reading.daily[name][day]) for day in reading.days}, ("gateway",)),
            prompts=PromptFacts(True, min(day for day, _, _ in touched), active),
            declaration=Declaration(
                Strategy(declared["declared_strategy"]),
                declared["reviewed"],
                tuple(declared.get("locked_in_behavior", ())),
            ),
        )
        verdict = assess(facts)
        assert verdict.strategy is system.recommended, name
        assert verdict.status is system.status, name
        assert verdict.mismatch is system.mismatch, name
        assert verdict.conflict is system.conflict, name


def test_the_totals_are_those_of_the_files(demo: Demo, reading: Reread) -> None:
    _check_totals(demo, reading)


def test_every_duplicate_comes_within_the_hour_of_its_original(reading: Reread) -> None:
    assert all(gap < timedelta(hours=1) for gap in reading.repeat_gaps)


def test_the_log_covers_120_days_that_end_yesterday(demo: Demo, reading: Reread) -> None:
    first, last = min(reading.days), max(reading.days)
    assert last == date(2031, 5, 13) == demo.expected.last_day
    assert first == last - timedelta(days=119) == demo.expected.first_day
    assert len(reading.days) == 120


def test_support_bot_crosses_the_threshold_once_and_settles(demo: Demo, reading: Reread) -> None:
    _check_crossing(demo, reading)


def test_support_bot_settled_in_the_middle_band_about_three_weeks_ago(demo: Demo, reading: Reread) -> None:
    usage = UsageFacts({day: float(reading.daily["support-bot"][day]) for day in reading.days})
    volume = assess(Facts("support-bot", demo.expected.last_day, usage)).volume
    assert [crossing.band for crossing in volume.crossings] == [Band.MID]
    assert 18 <= (demo.expected.last_day - volume.crossings[0].day).days <= 28


@pytest.mark.parametrize(
    ("system", "low", "high"),
    [
        ("support-bot", 125e6, 145e6),
        ("search-summaries", 140e6, 160e6),
        ("contract-extraction", 7.5e6, 8.5e6),
        ("claims-triage", 20e6, 24e6),
        ("hr-faq", 37e3, 43e3),
    ],
)
def test_each_system_has_its_volume(demo: Demo, reading: Reread, system: str, low: float, high: float) -> None:
    assert low < month_equivalent(reading.daily[system], demo.expected.last_day) < high


def test_weekends_are_quieter_and_hr_faq_has_none(reading: Reread) -> None:
    weekend = {day for day in reading.days if day.weekday() >= 5}
    assert not [day for day in weekend if reading.daily["hr-faq"][day]]
    assert all(reading.daily["hr-faq"][day] for day in reading.days - weekend)
    daily = reading.daily["search-summaries"]
    mean = sum(daily.values()) / 120
    on, off = (sum(daily[day] for day in days) / len(days) / mean for days in (reading.days - weekend, weekend))
    assert 1.13 < on < 1.23
    assert 0.5 < off < 0.6


def test_about_seven_calls_in_a_thousand_fail(reading: Reread) -> None:
    for name, sums in reading.sums.items():
        assert 0.0055 < sums["errors"] / sums["inferences"] < 0.0085, name


def test_exactly_one_model_has_no_price(reading: Reread) -> None:
    assert all(len(known) == 1 for known in reading.priced.values())
    assert [model for model, known in reading.priced.items() if known == {False}] == ["harbor-8b"]


def test_old_logs_are_compressed_and_the_folder_is_small(demo: Demo) -> None:
    kinds = Counter(path.suffix for path in (demo.folder / "logs").iterdir())
    assert kinds == {".gz": 112, ".zst": 1, ".jsonl": 7}
    assert sum(path.stat().st_size for path in demo.folder.rglob("*") if path.is_file()) < 5_000_000


def test_the_framework_says_of_the_files_what_the_demo_promises(demo: Demo, reading: Reread) -> None:
    _verdicts_hold(demo, reading)


def test_the_demo_shows_two_mismatches_and_one_conflict(demo: Demo) -> None:
    systems = demo.expected.systems
    assert [name for name, system in systems.items() if system.mismatch] == ["support-bot", "claims-triage"]
    assert [name for name, system in systems.items() if system.conflict] == ["claims-triage"]


@pytest.mark.parametrize(("now", "seed"), CLOCKS_AND_SEEDS, ids=str)
def test_any_clock_and_any_seed_will_do(tmp_path: Path, now: datetime, seed: int) -> None:
    demo = build(tmp_path / "demo", now, seed)
    reading = reread(demo.folder / "logs")
    assert demo.expected.last_day == now.astimezone(UTC).date() - timedelta(days=1) == max(reading.days)
    _check_totals(demo, reading)
    _check_crossing(demo, reading)
    _verdicts_hold(demo, reading)
    newest = datetime.fromtimestamp(int(git(demo.folder / "prompts.git", "log", "-1", "--format=%ct")), UTC)
    assert newest.date() <= demo.expected.last_day


def test_the_same_clock_and_seed_build_the_same_demo(demo: Demo, tmp_path: Path) -> None:
    again = build(tmp_path, NOW)
    assert again.expected == demo.expected
    assert _contents(again.folder) == _contents(demo.folder)
    heads = {git(each.folder / "prompts.git", "rev-parse", "main") for each in (demo, again)}
    assert len(heads) == 1


def test_another_seed_builds_another_demo(demo: Demo, tmp_path: Path) -> None:
    other = build(tmp_path, NOW, seed=8)
    assert other.expected.systems["hr-faq"].totals != demo.expected.systems["hr-faq"].totals
    assert git(other.folder / "prompts.git", "rev-parse", "main") != git(
        demo.folder / "prompts.git", "rev-parse", "main"
    )


def test_the_configuration_names_everything(tmp_path: Path) -> None:
    demo = build(tmp_path, NOW, listen="[::1]:1234")
    config = yaml.safe_load(demo.config.read_text())
    assert config["web"] == {"listen": "[::1]:1234"}
    names = [system.name for system in SYSTEMS]
    files, evals, prompts = config["sources"]
    assert (files["type"], evals["type"], prompts["type"]) == ("files", "evals", "git")
    assert list(config["systems"]) == list(prompts["systems"]) == names
    assert len(list(tmp_path.glob(files["path"]))) == 120
    assert len(list(tmp_path.glob(evals["path"]))) == 1
    assert (tmp_path / prompts["repo"]).is_dir()
    assert len(read_price_file(tmp_path / config["prices"]["file"])) == 4
    assert [name for name in names if config["systems"][name].get("locked_in_behavior")] == [
        "contract-extraction",
        "claims-triage",
    ]
    assert all(each["reviewed"] < demo.expected.last_day for each in config["systems"].values())


def test_a_folder_with_something_else_in_it_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CommandError, match="not empty and no demo folder"):
        build(tmp_path, NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    place.write_text("mine")
    with pytest.raises(CommandError, match="is not a folder"):
        build(place, NOW)
    with pytest.raises(CommandError, match="cannot write the demo"):
        build(place / "below", NOW)
    assert place.read_text() == "mine"


def test_a_demo_folder_is_rebuilt_with_its_store_and_keeps_what_is_not_the_demos(tmp_path: Path) -> None:
    build(tmp_path, NOW - timedelta(days=3))
    for name in ("leverwatch.db", "leverwatch.db-wal", "notes.txt"):
        (tmp_path / name).write_text("old")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "thing").write_text("old")
    demo = build(tmp_path, NOW)
    assert {path.name for path in tmp_path.iterdir()} == {
        "logs", "evals", "prompts.git", "prices.yaml", "leverwatch.yaml", "notes.txt", MARKER,
    }  # fmt: skip
    _check_totals(demo, reread(tmp_path / "logs"))


def test_a_link_in_a_demo_folder_is_removed_and_not_followed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "demo", tmp_path / "elsewhere"
    build(folder, NOW)
    elsewhere.mkdir()
    (elsewhere / "log.jsonl").write_text("mine")
    shutil.rmtree(folder / "logs")
    (folder / "logs").symlink_to(elsewhere)
    build(folder, NOW)
    assert [path.name for path in elsewhere.iterdir()] == ["log.jsonl"]


def test_an_interrupted_build_leaves_a_folder_that_can_be_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing, folder = tmp_path / "nothing", tmp_path / "demo"
    nothing.mkdir()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(nothing))
        with pytest.raises(CommandError, match="needs git"):
            build(folder, NOW)
    assert build(folder, NOW).config.is_file()


def test_a_clock_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zone"):
        build(tmp_path, datetime(2031, 1, 1))  # noqa: DTZ001 - the refusal is the point


def test_a_served_demo_moves(tmp_path: Path) -> None:
    demo = build(tmp_path, NOW)
    added = [live(tmp_path, NOW + timedelta(seconds=10 * step)) for step in range(3)]
    assert all(added)
    reading = reread(tmp_path / "logs")
    assert max(reading.days) == NOW.date()
    before = sum(system.totals.inferences for system in demo.expected.systems.values())
    assert sum(sums["inferences"] for sums in reading.sums.values()) == before + sum(added)
    assert reading.duplicates == 5


def test_an_hour_of_live_traffic_is_worth_an_hour_of_the_log(tmp_path: Path) -> None:
    build(tmp_path, NOW)
    hour = [
        json.loads(line)
        for path in (tmp_path / "logs").glob("*.jsonl")
        for line in path.read_text().splitlines()
        if f"{NOW:%Y}" in line
        and "T10:00" in line
        and '"success"' in line
        and '"support-bot"' in line
        and "many" not in line
    ]
    days = {record["ts"] for record in hour if datetime.fromisoformat(record["ts"]).weekday() < 5}
    ids = {record["request_id"]: record["inferences"] for record in hour if record["ts"] in days}
    logged = sum(ids.values()) / len(days)
    for step in range(60):
        live(tmp_path, datetime(2031, 5, 14, 10, 0, 59, tzinfo=UTC) + timedelta(minutes=step), seconds=60)
    served = reread(tmp_path / "logs").daily["support-bot"][NOW.date()]
    assert served == pytest.approx(logged, rel=0.15)


def test_live_traffic_starts_a_new_file_at_midnight_utc(tmp_path: Path) -> None:
    build(tmp_path, NOW)
    live(tmp_path, datetime(2031, 5, 15, 0, 0, 0, tzinfo=UTC))
    assert (tmp_path / "logs" / "gateway-2031-05-15.jsonl").stat().st_size > 0


def test_live_traffic_needs_a_demo_folder(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot continue the demo"):
        live(tmp_path, NOW)
    assert not list(tmp_path.iterdir())
    (tmp_path / MARKER).write_text("{}")
    with pytest.raises(CommandError, match="damaged"):
        live(tmp_path, NOW)
