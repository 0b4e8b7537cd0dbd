"""Times and bounds that the documentation promises are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leverwatch.agent import app, clock
from leverwatch.agent.cli import signals
from leverwatch.agent.scheduling.scheduler import THREADS, Pool
from leverwatch.agent.store import engine, migrate, postgres, sqlite
from leverwatch.collectors import listing, unpacking, unpacking_time
from leverwatch.collectors.aggregation.headers import MAX_HEADER
from leverwatch.collectors.records import names
from leverwatch.collectors.records.formats.interface import MAX_RECORD
from leverwatch.collectors.sources.files import collector as files
from leverwatch.collectors.sources.git import log as git_log
from leverwatch.collectors.sources.git import repository
from leverwatch.collectors.sources.models import collector as models
from leverwatch.collectors.sources.models import pages

DOCS = Path(__file__).parents[1] / "docs"


def minutes(seconds: float) -> str:
    return f"{seconds / 60:g} minutes"


KEEPALIVES = "({keepalives_idle} s, then {keepalives_count} times {keepalives_interval} s)"

PROMISES = {
    "cli.md": (
        f"within **{app.STOP_SECONDS:g} s, whatever it waits for**",
        f"What still runs after {app._FINISH_SECONDS:g} s is logged as `stop_delayed`",
        f"still runs after {app._FINISH_SECONDS + app._INTERRUPTED_SECONDS:g} s is given up (`stop_unfinished`",
        f"after {signals._COMMAND_SECONDS:g} s it ends in any case",
        f"local files and repositories share {THREADS[Pool.LOCAL]} threads",
        f"another machine share {THREADS[Pool.REMOTE]}",
        f"before the year {clock.EARLIEST.year}",
        f"a step of more than {minutes(clock.TOLERANCE)}",
        f"it is more than {minutes(clock.TOLERANCE)} behind the newest moment",
        f"gone on from there for {minutes(clock.SETTLING)}",
    ),
    "backup-and-upgrade.md": (
        f"| connecting | | {postgres.CONNECT_SECONDS} s |",
        f"holds | {engine._BUSY_SECONDS:g} s | {postgres.LOCK_SECONDS} s (`lock_timeout`) |",
        f"| no limit | {postgres.STATEMENT_SECONDS} s (`statement_timeout`) |",
        f"| an answer to anything | | {postgres.ANSWER_SECONDS:g} s,",
        f"| a connection of its own process | {engine._POOL_SECONDS:g} s | {engine._POOL_SECONDS:g} s |",
        KEEPALIVES.format(**postgres.CONNECTING),
        f"`tcp_user_timeout` ({postgres.CONNECTING['tcp_user_timeout'] / 1000:g} s)",
        {3600: "Migrations may take an hour"}[int(migrate._LONGEST_SECONDS)],
        f"`quick_check`, for at most {sqlite._CHECK_SECONDS:g} seconds",
    ),
    "sources/files.md": (
        f"A record of more than {MAX_RECORD >> 20} MiB is one `invalid_line`",
        f"| a model | {names.MAX_NAME_LENGTH} characters",
        f"| a record | {MAX_RECORD >> 20} MiB |",
        f"| the header of a CSV file | {MAX_HEADER >> 10} KiB |",
        f"| `**` | folders at most {listing.MOST_LEVELS} below",
        f"| {unpacking_time.CPU_SECONDS:g} s of CPU, and {unpacking_time.CPU_SECONDS_PER_MIB:g} s for each MiB",
        f"| a window of {unpacking.MOST_WINDOW >> 20} MiB,",
        f"| {unpacking.FREE_FRAME >> 10} KiB and {unpacking.MOST_RATIO:,} bytes for each byte stored |",
        f"content is forgotten {files._FORGET / 86400:g} days after it was last seen",
    ),
    "sources/git.md": (
        f"files above {repository.LARGEST_PROMPT >> 20} MiB are no prompts",
        f"more than {git_log.MOST_EDITS:,} matching files",
    ),
    "sources/models.md": (
        f"At most {pages.MOST_MODELS:,} models of a list are read",
        f"above {models._LARGEST >> 20} MiB a page or {models._MOST_PAGES} pages",
        (
            f"not 1 to {names.MAX_NAME_LENGTH} printable characters, "
            f"not from {pages._FIRST.year} to {pages._LAST.year}"
        ),
        f"an entry above {pages._LARGEST_ENTRY >> 10} KiB",
    ),
}


@pytest.mark.parametrize("page", PROMISES)
def test_a_page_says_the_numbers_that_there_are(page: str) -> None:
    text = re.sub(r"\s+", " ", (DOCS / page).read_text())

    assert [promise for promise in PROMISES[page] if promise not in text] == []
