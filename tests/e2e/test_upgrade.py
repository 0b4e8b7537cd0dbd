"""A store that an older version left in the middle of everything goes on without losing or doubling a record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.sources.models.server import Answer, Provider, provider
from tests.e2e.agents import leverwatch, leverwatch_json
from tests.fixtures.upgrade import world
from tests.fixtures.upgrade.known import CALLS, CHANGES, sums
from tests.fixtures.upgrade.observed import Observed
from tests.fixtures.upgrade.restored import Identify, other_machine, restore, same_machine
from tests.fixtures.upgrade.running import FEBRUARY, FOLDER, Program, resume, snapshot_of
from tests.fixtures.upgrade.world.evals import MODELS_AFTER, MODELS_BEFORE
from tests.fixtures.upgrade.world.files import call, grow

pytestmark = pytest.mark.e2e

EXPECTED: dict[str, Observed] = json.loads((FOLDER / "expected.json").read_text())

UNFINISHED = frozenset({"slow", "archived"})
"""Sources that have something to read as they are in the snapshot."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of the world, as it was when the snapshot was taken."""
    folder = (tmp_path / "world").resolve()
    world.begin(folder)
    world.turn(folder)
    return folder


@pytest.fixture
def served() -> Iterator[Provider]:
    with provider() as found:
        serve(found, MODELS_BEFORE)
        yield found


def serve(served: Provider, models: dict[str, Any]) -> None:
    served.answer = lambda _: Answer(json.dumps(models).encode())


def moved_on(program: Program, served: Provider) -> None:
    """What is still to come has come."""
    world.go_on(program.root)
    serve(served, MODELS_AFTER)
    program.now = world.AFTER


def assert_holds(program: Program, stage: str, but_for: str = "") -> None:
    """Every table has what is expected of every source, or of all but one."""
    found = snapshot_of(program)
    for table, expected in EXPECTED[stage].items():
        assert of(found[table], but_for, wanted=False) == of(expected, but_for, wanted=False), table


def of(table: Any, source: str, *, wanted: bool = True) -> Any:
    """The entries of a source, or of all others."""
    if isinstance(table, dict):
        return {key: value for key, value in table.items() if (key.split()[0] == source) is wanted}
    return [row for row in table if (row[0] == source) is wanted]


@pytest.mark.parametrize("machine", ["same", "other"])
def test_an_older_store_goes_on_without_a_lost_or_doubled_record(
    store_url: str, root: Path, served: Provider, machine: str
) -> None:
    identify: Identify = same_machine(root) if machine == "same" else other_machine()
    restore(store_url, root, identify)
    program = Program(root, store_url, served.url, world.TURN + timedelta(seconds=20))
    assert_holds(program, "snapshot")

    # Nothing is new yet, but for what was not read to its end.
    assert list(program.collect(but_for=UNFINISHED)) == ["dense"]
    assert_holds(program, "snapshot")

    moved_on(program, served)
    resume(program)
    assert_holds(program, "after")
    resume(program)
    assert_holds(program, "after")
    # Whatever is forgotten by then was not needed.
    program.now += timedelta(days=100)
    resume(program)
    resume(program)
    assert_holds(program, "after")
    program.close()


def test_what_is_expected_is_what_can_be_counted_by_hand() -> None:
    after = EXPECTED["after"]

    assert {name: sums(after, name) for name in CALLS} == dict(CALLS)
    assert {name: sum(row[0] == name for row in after["changes"]) for name in CHANGES} == CHANGES


def test_the_commands_go_on_with_an_older_store(store_url: str, root: Path, served: Provider) -> None:
    restore(store_url, root, same_machine(root))
    # The configuration is written here; what opens the store, and migrates it, are the commands.
    config = Program.configuration(root, store_url, served.url)
    world.go_on(root)
    serve(served, MODELS_AFTER)
    first, last = map(str, FEBRUARY)
    archives = ("--path", str(root / "archive" / "*"))
    leverwatch("collect", config=config)
    leverwatch_json("backfill", "archived", "--since", first, "--until", last, *archives, config=config)
    leverwatch_json("backfill", "archived", *archives, config=config)
    done = leverwatch("collect", "--format", "json", config=config)
    again = json.loads(done.stdout)

    assert not any(source["records"] for source in again)
    assert all(source["success"] for source in again), done.stderr
    empty = {source["source"]: source["matches_nothing"] for source in again if "matches_nothing" in source}
    assert (done.returncode, empty) == (1, {"moved": "nothing matches logs/moved/*.log"}), done.stderr
    program = Program(root, store_url, served.url, world.AFTER)
    # By the clock of a command it is too late to look where a file went that was on its way in the snapshot.
    assert_holds(program, "after", but_for="moved")
    program.close()


@pytest.mark.parametrize("source", ["gateway", "python"])
def test_what_was_counted_before_the_upgrade_is_a_duplicate_after_it(
    store_url: str, root: Path, served: Provider, source: str
) -> None:
    restore(store_url, root, same_machine(root))
    program = Program(root, store_url, served.url, world.TURN + timedelta(seconds=20))
    folder = root / "logs" / source
    counted_before = (folder / "app.jsonl").read_bytes()
    before = of(snapshot_of(program)["usage"], source)

    def delivered(name: str, fresh: bytes) -> float:
        """How many inferences more there are once all of it has come again, after a record of its own."""
        grow(folder / name, fresh + counted_before, "turn")
        report = program.run(source)
        assert report.success, report.error
        found = of(snapshot_of(program)["usage"], source)
        return float(
            sum(cell["inferences"] - before.get(key, {}).get("inferences", 0) for key, cell in found.items())
        )

    # Ids are used again: what says something else at another time is another call also after an upgrade. And a bad
    # number of tokens, for which the older version refused its record, costs that number now.
    assert delivered("again.jsonl", call("g1", "2026-03-12T09:31:00Z")) == 2
    assert delivered("once-more.jsonl", call("g2", "2026-03-12T09:32:00Z")) == 3
    # What the older version knew is given up once it is older than the window; what came again is known by itself.
    program.now += timedelta(hours=9)
    assert delivered("later.jsonl", call("later", "2026-03-12T18:30:00Z")) == 4
    assert delivered("last.jsonl", call("last", "2026-03-12T18:31:00Z")) == 5
    program.close()


def test_older_verdicts_are_read(store_url: str, root: Path, served: Provider) -> None:
    restore(store_url, root, same_machine(root))
    program = Program(root, store_url, served.url, world.TURN)
    found = program.store.verdicts(date(2026, 3, 11))
    past = {}
    for name in found:
        with program.store.history(name, date(2026, 3, 11)) as days:
            past[name] = [(day.as_of, day.strategy) for day in days]
    program.close()

    assert {name: (verdict.strategy, verdict.status) for name, verdict in found.items()} == VERDICTS
    assert past == {name: [(date(2026, 3, 11), strategy)] for name, (strategy, _) in VERDICTS.items()}


VERDICTS: dict[str, tuple[str | None, str]] = {
    "archived": ("prompt_engineering", "provisional"),
    "bot": ("prompt_engineering", "decided"),
    "t-a": (None, "undecided"),
}
"""On 2026-03-11."""

STATE = {
    "positions of files": ("gateway", "file/%"),
    "positions of files counted without the helper": ("python", "file/%"),
    "positions of rotated files": ("rotated", "file/%"),
    "positions of archives": ("archived", "file/%"),
    "positions of result files": ("evals", "file/%"),
    "request ids": ("gateway", "seen/%"),
    "request ids counted without the helper": ("python", "seen/%"),
    "traces": ("gateway", "calls/%"),
    "streamed calls": ("openai-stream", "calls/%"),
    "lines without an end": ("gateway", "partial/%"),
    "history of prompts": ("prompts", "history"),
    "list of models": ("models", "list"),
}
"""Sources and patterns of keys."""


@pytest.mark.parametrize("kind", STATE)
def test_every_kind_of_stored_state_is_needed(tmp_path: Path, root: Path, served: Provider, kind: str) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    restore(url, root, same_machine(root))
    source, keys = STATE[kind]
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection, connection:
        query = "DELETE FROM source_state WHERE source = ? AND key LIKE ?"
        assert connection.execute(query, (source, keys)).rowcount > 0
    program = Program(root, url, served.url, world.TURN + timedelta(seconds=20))
    elsewhere = {*program.sources} - {source}
    assert program.collect(but_for=elsewhere | UNFINISHED) == {}
    moved_on(program, served)
    resume(program, but_for=elsewhere)
    found = snapshot_of(program)
    program.close()

    differing = {
        table for table in EXPECTED["after"] if of(found[table], source) != of(EXPECTED["after"][table], source)
    }
    assert differing & {"usage", "tallies"}
