from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.app import Agent
from leverwatch.agent.clock import EARLIEST, SETTLING, TOLERANCE, Clock, Trust, judge
from leverwatch.agent.config import load_config
from leverwatch.agent.scheduling.source_runner import source_runner
from leverwatch.agent.store.schema import verdicts
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Result
from tests.e2e.servers import wait_until

FIELDS = {"type": "jsonl", "fields": {"time": "ts", "request_id": "id"}}
TODAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOW = TODAY.timestamp()
HOUR, DAY, YEAR = 3600.0, 86400.0, 365 * 86400.0


def after(*looks: tuple[float, float], remembered: float | None = None) -> Trust:
    """What is thought after looks at (wall, steady), in seconds after `TODAY` and after the start."""
    trust = None
    for wall, steady in looks:
        trust = judge(trust, NOW + wall, steady, None if remembered is None else NOW + remembered)
    assert trust is not None
    return trust


def test_a_clock_that_goes_on_is_believed() -> None:
    assert after((0, 0), (60, 60), (3 * DAY, 3 * DAY + 60)).doubt is None


@pytest.mark.parametrize(
    ("step", "doubt"),
    [
        (3 * HOUR, "the clock was set ahead by 3 hours"),
        (10 * YEAR, "the clock was set ahead by 3650 days"),
        (-1 * HOUR, "the clock was set back by 1 hour"),
        (-2 * YEAR, "the clock was set back by 730 days"),
        (-56 * YEAR, "the clock shows the year 1970"),
        (-1e12, "the clock shows the year 0"),
    ],
)
def test_a_step_is_doubted_and_a_way_back_is_believed_at_once(step: float, doubt: str) -> None:
    assert after((0, 0), (60 + step, 60)).doubt == doubt
    assert after((0, 0), (60 + step, 60), (120 + step, 120)).doubt == doubt
    assert after((0, 0), (60 + step, 60), (120, 120)).doubt is None


def test_a_step_is_believed_when_the_clock_has_gone_on_from_there_for_a_while() -> None:
    steps = [(0.0, 0.0), (5 * HOUR, 1.0), (5 * HOUR + SETTLING - 1, SETTLING)]

    assert after(*steps).doubt is not None
    assert after(*steps, (5 * HOUR + SETTLING, SETTLING + 1)).doubt is None


def test_a_clock_that_jumps_again_and_again_is_never_believed() -> None:
    jumps = [(number * HOUR * (-1) ** number, number * SETTLING / 2) for number in range(1, 40)]

    assert after((0, 0), *jumps).doubt is not None


def test_a_clock_that_was_never_set_is_not_believed_however_long_it_goes_on() -> None:
    behind = (EARLIEST - TODAY).total_seconds() - DAY

    assert after((behind, 0), (behind + 10 * SETTLING, 10 * SETTLING)).doubt == "the clock shows the year 2019"
    assert after((behind, 0), (10, 10)).doubt is None, "it was set"


def test_a_start_before_what_the_store_remembers_is_doubted_until_it_has_settled() -> None:
    assert after((0, 0), remembered=TOLERANCE).doubt is None
    assert after((0, 0), remembered=2 * DAY).doubt == "the clock is 2 days behind what the store remembers"
    assert after((0, 0), (2 * DAY + 1, 1), remembered=2 * DAY).doubt is None, "it was set"
    assert after((0, 0), (SETTLING, SETTLING), remembered=2 * DAY).doubt is None


@given(st.lists(st.floats(-60 * YEAR, 60 * YEAR), max_size=20), st.floats(0, 1e9))
def test_whatever_a_clock_did_the_right_time_is_believed_when_it_lasts(jumps: list[float], start: float) -> None:
    looks = [(jump, start + number) for number, jump in enumerate(jumps, 1)]
    right = [(start + 100 + step, start + 100 + step) for step in (0, SETTLING)]

    assert after((start, start), *looks, *right).doubt is None


class World:
    """Two clocks that the test sets."""

    def __init__(self) -> None:
        self.wall, self.steady = TODAY, 0.0

    def step(self, span: timedelta, pass_by: bool = False) -> None:
        """Set the wall clock by so much; with `pass_by`, so much time goes by."""
        self.wall += span
        if pass_by:
            self.steady += span.total_seconds()

    def now(self) -> datetime:
        return self.wall


def test_an_earlier_time_that_is_believed_says_that_the_store_is_ahead() -> None:
    world = World()
    clock = Clock(world.now, TODAY + timedelta(days=400), lambda: world.steady)
    assert clock.doubt() is not None
    assert not clock.was_set_back
    world.step(timedelta(seconds=SETTLING), pass_by=True)
    assert clock.doubt() is None
    assert clock.was_set_back
    clock.mended()
    assert not clock.was_set_back


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def agent(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    monkeypatch.setattr("leverwatch.agent.app._CLOCK_INTERVAL", timedelta(milliseconds=100))
    config = {
        "store": {"url": f"sqlite:///{tmp_path / 'store.db'}"},
        "web": {"listen": "127.0.0.1:0"},
        "evaluation": {"interval": "100ms"},
        "sources": [
            {
                "name": "clock",
                "type": "files",
                "path": "*.jsonl",
                "format": {"type": "jsonl", "fields": {"time": "ts", "request_id": "id"}},
                "system": "{app}",
                "interval": "100ms",
            },
        ],
    }
    (tmp_path / "leverwatch.yaml").write_text(yaml.safe_dump(config))
    loaded = load_config(tmp_path / "leverwatch.yaml")
    made = Agent(loaded, lambda: loaded, world.now, lambda: world.steady)
    yield made
    made.stop()


def write(folder: Path, moment: datetime, number: int, name: str = "a") -> None:
    """So many calls of one moment."""
    with (folder / f"{name}.jsonl").open("a") as file:
        for index in range(number):
            file.write(json.dumps({"ts": moment.isoformat(), "app": "bot", "id": f"{name}{index}"}) + "\n")


def counted(store: Store) -> Counter[str]:
    return Counter({str(result): number for result, number in store.tallies().get("clock", {}).items()})


def evaluations(agent: Agent) -> int:
    shown = agent.exposition.snapshots.agent
    assert shown is not None
    return shown.evaluation_runs


def runs(agent: Agent) -> int:
    shown = agent.exposition.snapshots.agent
    assert shown is not None
    return shown.sources[0].runs


def days_of_verdicts(store: Store) -> set[str]:
    with store.reading() as connection:
        return {str(row.as_of) for row in connection.execute(verdicts.select())}


@pytest.mark.parametrize(
    "step",
    [timedelta(days=-90), timedelta(hours=-5), timedelta(hours=7), timedelta(days=800), timedelta(days=-9999)],
)
def test_while_the_clock_is_wrong_nothing_is_read_or_decided_and_afterwards_everything_is_exact(
    tmp_path: Path, agent: Agent, world: World, step: timedelta
) -> None:
    yesterday = {str((TODAY - timedelta(days=1)).date())}
    write(tmp_path, TODAY, 5)
    agent.start()
    wait_until(lambda: agent.ready()[0] and counted(agent.store)["counted"] == 5, 20, "the first records")
    wait_until(lambda: days_of_verdicts(agent.store) == yesterday, 20, "the first verdict")

    world.step(step)
    assert not agent.ready()[0]
    assert "clock" in agent.ready()[1]
    wait_until(lambda: agent.exposition.snapshots.agent.clock_believed is False, 30, "the metric says so")  # type: ignore[union-attr]
    write(tmp_path, TODAY, 7, "b")
    time.sleep(1)  # ten intervals in which nothing may happen
    assert counted(agent.store) == {"counted": 5}
    assert days_of_verdicts(agent.store) == yesterday

    decided = evaluations(agent)
    world.step(-step)
    assert agent.ready() == (True, "")
    wait_until(lambda: counted(agent.store) == {"counted": 12}, 20, "what was written meanwhile")
    wait_until(lambda: evaluations(agent) > decided, 20, "the next evaluation")
    assert days_of_verdicts(agent.store) == yesterday


def test_what_a_clock_that_was_ahead_decided_is_taken_out_when_the_right_time_has_settled(
    tmp_path: Path, agent: Agent, world: World
) -> None:
    write(tmp_path, TODAY, 5)
    world.step(timedelta(days=300))
    agent.start()
    wait_until(lambda: bool(days_of_verdicts(agent.store)), 20, "a verdict of a day that has not come yet")

    world.step(timedelta(days=-300))
    assert not agent.ready()[0]
    world.step(timedelta(seconds=1), pass_by=True)
    assert not agent.ready()[0]
    for _ in range(20):  # in pieces: the agent may look between the two clocks, and must see no step there
        world.step(timedelta(seconds=SETTLING / 20), pass_by=True)
    wait_until(lambda: agent.ready()[0], 20, "the right time is believed")

    yesterday = str((TODAY - timedelta(days=1)).date())
    wait_until(lambda: days_of_verdicts(agent.store) == {yesterday}, 20, "the verdicts of the right day alone")
    moment = agent.store.newest_moment()
    assert moment is not None
    assert moment <= world.wall


def test_a_source_with_the_name_of_a_job_of_the_agent_replaces_none(agent: Agent) -> None:
    agent.start()  # its source is called `clock`

    wait_until(lambda: agent.ready()[0] and runs(agent) > 0, 20, "an evaluation and a run")
    assert {job.id for job in agent._scheduler._scheduler.get_jobs()} == {"clock", "(clock)", "(evaluation)"}


def test_a_clock_that_steps_within_a_run_ends_it_and_every_record_counts_once_it_is_right(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leverwatch.collectors.sources.files.collector._BATCH_BYTES", 1)
    monkeypatch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", 4096)
    records = 500
    lines = [json.dumps({"ts": "2026-03-09T10:00:00Z", "id": number}) for number in range(records)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n")
    file = tmp_path / "leverwatch.yaml"
    source = {"name": "log", "type": "files", "path": "a.jsonl", "system": "bot", "format": FIELDS}
    file.write_text(yaml.safe_dump({"store": {"url": store_url}, "sources": [source]}))
    loaded = load_config(file)
    store = Store(loaded.store_url)
    store.migrate()
    step = [timedelta()]
    clock = Clock(lambda: TODAY + step[0], store.newest_moment(), lambda: 0.0)

    def back(_name: str, _batch: Batch) -> None:
        step[0] = timedelta(days=-10)

    first = source_runner(
        loaded.config.sources[0], loaded, store, lambda: TODAY, on_batch=back, clock=clock.now
    ).run()
    step[0] = timedelta()
    second = source_runner(loaded.config.sources[0], loaded, store, lambda: TODAY, clock=clock.now).run()
    store.close()

    assert (first.success, first.error) == (False, "the clock was set back by 10 days")
    assert 0 < first.tallies[Result.COUNTED] < records
    assert second.success
    assert first.tallies[Result.COUNTED] + second.tallies[Result.COUNTED] == records
    assert set(first.tallies) | set(second.tallies) == {Result.COUNTED}
