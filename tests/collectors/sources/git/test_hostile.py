"""Repositories that somebody made to do harm: one bad landing costs itself, and the store takes what is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Result
from leverwatch.collectors.sources.git.log import MOST_EDITS
from tests.collectors.sources.git.repo import START, Repo, Watch, git, watch

NAMES = (
    b'"bad\\377name.md"',
    b'"cut\\360\\237.md"',
    b'"new\\nline.md"',
    b'"tab\\t.md"',
    b'"escape\\033[31m.md"',
    b'"quo\\"te.md"',
    b'"' + b"d/" * 1_500 + b'x.md"',
    b'"' + b"n" * 4_000 + b'.md"',
)
DATES = (
    b"0",
    b"1",
    b"253402300799",  # the last second of the year 9999
    b"253402300800",
    b"99999999999999",
    b"9223372036854775807",
    b"18446744073709551614",
)


def land(repo: Repo, path: bytes, stamp: bytes, content: bytes = b"x") -> None:
    """One more landing, as only a program writes it."""
    stream = (
        b"commit refs/heads/main\ncommitter c <c@example.com> %s +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
        b"M 100644 inline %s\ndata %d\n%s\n" % (stamp, path, len(content), content)
    )
    git(repo.path, "fast-import", "--quiet", "--force", "--date-format=raw-permissive", data=stream)


def stamp(number: int) -> bytes:
    return b"%d" % int((START + timedelta(days=1 + number)).timestamp())


def commit(store: Store, source: Watch) -> list[Batch]:
    """One run of the source, written to a store."""
    batches = source.collect()
    for batch in batches:
        store.apply("prompts", store.source_state("prompts").revision, batch)
    return batches


def test_no_name_and_no_date_of_a_landing_stops_a_source_a_store_or_an_evaluation(
    repo: Repo, tmp_path: Path, store: Store
) -> None:
    repo.commit({"a.md": "1"})
    for number, name in enumerate(NAMES):
        land(repo, name, stamp(number))
    for number, date in enumerate(DATES):
        land(repo, b"dated-%d.md" % number, date)
    land(repo, b"a.md", stamp(20), b"2")
    source = watch(repo.path, tmp_path)

    (batch,) = commit(store, source)

    assert batch.tallies == {Result.COUNTED: 2 + len(NAMES) + len(DATES), Result.BAD_TIME: 6, Result.FUTURE: 1}
    assert source.events()[-1][1:] == ("modified", 1), "no wrong date comes after it"
    plan = Plan(scope=Scope(watched=frozenset({"bot"})))
    shown = evaluate(store, plan, datetime(2026, 3, 1, 12, tzinfo=UTC), Assessor())
    assert shown.systems[0].verdict.changes_per_week is not None

    land(repo, b"later.md", stamp(21))
    commit(store, source)
    assert source.tallies[Result.COUNTED] == 3 + len(NAMES) + len(DATES)
    assert source.tallies[Result.BAD_TIME] == 6


def test_a_landing_of_the_year_9999_is_not_the_newest_record_of_its_source(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    land(repo, b"b.md", b"253402300799")

    (batch,) = watch(repo.path, tmp_path).collect()

    assert batch.newest_record == START
    assert len(batch.prompt_changes) == 2


@pytest.mark.parametrize("followed", [False, True])
def test_a_landing_of_very_many_files_costs_itself_alone(repo: Repo, tmp_path: Path, followed: bool) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    if followed:
        source.collect()
    flood = b"".join(b"M 100644 :1 p/%d.md\n" % number for number in range(MOST_EDITS + 1))
    head = b"commit refs/heads/main\ncommitter c <c@example.com> %s +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
    git(repo.path, "fast-import", "--quiet", data=b"blob\nmark :1\ndata 1\nx\n" + head % stamp(0) + flood)
    flooded = repo.head()
    land(repo, b"a.md", stamp(1), b"2")
    land(repo, b"p/7.md", stamp(2), b"y")

    (batch,) = source.collect()

    assert [(problem.place, problem.reason) for problem in batch.problems] == [(flooded, Result.INVALID_LINE)]
    assert f"{MOST_EDITS + 1} matching files" in batch.problems[0].detail
    assert source.tallies == {Result.COUNTED: 3, Result.INVALID_LINE: 1}
    assert source.events() == [(0, "added", 1), (2, "modified", 1), (3, "added", 1)]
    assert sum(map(len, source.stored.values())) < 2_000

    source.restart(bulk_above=7)
    source.collect()
    assert source.tallies == {Result.COUNTED: 3, Result.INVALID_LINE: 1}, "reading again counts nothing twice"


def test_content_that_is_no_text_or_is_huge_costs_itself_alone(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": b"\xff\xfe\x00\x00", "b.md": b"x" * (6 * 1024 * 1024), "c.md": "1"})
    repo.commit({"a.md": b"\x00" * 100, "c.md": "2"})
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 2), (1, "modified", 2)]
