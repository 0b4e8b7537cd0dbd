"""`make soak-agents`: two agents on one PostgreSQL are killed and revived in turn, a thousand times.

python -m tests.e2e.soak_agents --rounds 1000 --minutes 60 --seed 1
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path

from tests.e2e.databases import postgresql
from tests.e2e.kills.databases import postgresql_on
from tests.e2e.turns import turns


def main() -> None:
    """Run until the rounds, or the minutes, are over; an assertion ends it earlier."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=int, default=50, help="rounds between two comparisons")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    started = time.monotonic()
    # It is deleted at the end: what a failed run leaves is needed to find out why.
    folder = Path(tempfile.mkdtemp(prefix="leverwatch-soak-"))
    print(f"seed {options.seed}, in {folder}", flush=True)
    with postgresql() as server, turns(folder, postgresql_on(server)(), options.seed) as both:
        number = 0
        while number < options.rounds and time.monotonic() - started < options.minutes * 60:
            for _ in range(min(options.every, options.rounds - number)):
                number += 1
                both.round(number)
            both.check()
            waited = sorted(both.waited)
            print(
                f"{number} rounds, {both.expected.total():,} inferences: exact, one alert; {both.deciders()} lives"
                f" decided; replaced after {waited[len(waited) // 2]:.2f} s, at most {waited[-1]:.2f} s;"
                f" {(time.monotonic() - started) / 60:.1f} min",
                flush=True,
            )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
