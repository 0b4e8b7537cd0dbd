"""`make soak`: the agent is killed at random moments, hundreds of times, and every count has to be exact.

python -m tests.e2e.soak --rounds 500 --minutes 40 --seed 1
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from tests.e2e.forked import Forked
from tests.e2e.killing import SHAPES, Ordeal

_BURST = 120
_BACKLOG = 8_000


def main() -> None:
    """Run until the rounds, or the minutes, are over; an assertion ends it earlier."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--every", type=int, default=25, help="rounds between two comparisons")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="leverwatch-soak-") as folder:
        print(f"seed {options.seed}, shapes {', '.join(SHAPES)}", flush=True)
        ordeal = Ordeal(Path(folder), f"sqlite:///{folder}/store.db", options.seed, tuple(SHAPES), Forked)
        done, longest, shares = 0, 1.5, []
        while done < options.rounds and time.monotonic() - started < options.minutes * 60:
            for _ in range(min(options.every, options.rounds - done)):
                ordeal.kill(ordeal.life(0.1, longest), _BACKLOG if done % 10 == 5 else 0, _BURST)
                done += 1
            records, share = ordeal.check()
            ordeal.sweep()
            shares.append(share)
            # On a busy machine most agents would die before they have read anything, on an idle one too few.
            longest = (
                min(6.0, longest * 1.5) if share < 0.3 else max(0.5, longest / 1.2) if share > 0.7 else longest
            )
            minutes = (time.monotonic() - started) / 60
            by = f"{share:.0%} of the new ones counted by agents that were killed"
            print(f"{done} kills, {records:,} records, {by}: exact, {minutes:.1f} min", flush=True)
    assert any(shares), "the agent was always killed before it counted anything"
    print(f"exact after {done} kills in {(time.monotonic() - started) / 60:.1f} min, seed {options.seed}")


if __name__ == "__main__":
    main()
