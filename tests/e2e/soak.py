"""`make soak`: agents on both stores are killed at random moments, a thousand times; every count has to be exact.

python -m tests.e2e.soak --kills 1000 --minutes 40 --seed 1
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.e2e.databases import postgresql
from tests.e2e.killing import Ordeal
from tests.e2e.kills.databases import postgresql_on, sqlite_in
from tests.e2e.kills.world import world

_BURST = 60
_BACKLOG = 8_000


def main() -> None:
    """Run until the kills, or the minutes, are over; an assertion ends it earlier."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--every", type=int, default=50, help="kills between two comparisons")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    started = time.monotonic()
    # It is deleted at the end: what a failed run leaves is needed to find out why.
    folder = Path(tempfile.mkdtemp(prefix="leverwatch-soak-"))
    print(f"seed {options.seed}, in {folder}", flush=True)
    with postgresql() as server, world(folder, options.seed) as sources:
        stores = {"sqlite": sqlite_in(folder / "databases"), "postgresql": postgresql_on(server)}
        ordeal = Ordeal(folder, sources, stores, options.seed)
        while ordeal.kills < options.kills and time.monotonic() - started < options.minutes * 60:
            target = min(options.kills, ordeal.kills + options.every)
            while ordeal.kills < target:
                ordeal.round(_BURST, _BACKLOG)
            shares = ", ".join(f"{share:.0%}" for share in ordeal.check())
            minutes = (time.monotonic() - started) / 60
            by = f"{shares} of the new ones counted by agents that were killed"
            print(f"{ordeal.kills} kills, {sources.records:,} records, {by}: exact, {minutes:.1f} min", flush=True)
        for victim in ordeal.victims:
            killed, wrote, done = (_listed(found) for found in (victim.kills, victim.at_work, victim.in_time))
            print(f"{victim.name}: killed {killed}; of them after they wrote: {wrote}; done before that: {done}")
        changes = sum(len(each.expected) for each in sources.repositories)
        others = f"{changes:,} prompt changes, {len(sources.evaluations.expected):,} results of evaluations"
        minutes = (time.monotonic() - started) / 60
        print(
            f"exact after {ordeal.kills} kills, {sources.records:,} records, {others}, {minutes:.1f} min,"
            f" seed {options.seed}"
        )
    shutil.rmtree(folder)


def _listed(found: Counter[str]) -> str:
    return ", ".join(f"{number} {command}" for command, number in found.most_common())


if __name__ == "__main__":
    main()
