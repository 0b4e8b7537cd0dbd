"""Every type of source at once, all of them changing, and what is expected of a store that reads them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from tests.collectors.sources.models.server import Provider, provider
from tests.e2e.kills import ledger
from tests.e2e.kills.archives import Archives
from tests.e2e.kills.dialects import DIALECTS
from tests.e2e.kills.evaluations import Evaluations
from tests.e2e.kills.landings import Landings
from tests.e2e.kills.logs import GLOBS, Counts, StreamWriter, Writer
from tests.e2e.kills.shutdowns import Shutdowns

USAGE = frozenset(DIALECTS)
_INTERVALS = {"files": "150ms", "git": "500ms", "evals": "300ms", "models": "400ms"}


class World:
    """Sources of every type in one folder."""

    def __init__(self, folder: Path, seed: int, served: Provider) -> None:
        self.folder = folder
        self.random = random.Random(f"{seed} world")
        self.writers = {name: self._writer(name, seed) for name in DIALECTS}
        self.archives = Archives(folder / "archives", self.writers["history"])
        self.archives.step(200)
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=120)
        self.repositories = [
            Landings(name, folder / name, random.Random(f"{seed} {name}"), start, ballast)
            for name, ballast in (("local", 0), ("remote", 1 << 20))
        ]
        self.evaluations = Evaluations(folder / "evals", random.Random(f"{seed} evals"))
        self.shutdowns = Shutdowns(random.Random(f"{seed} shutdowns"))
        served.answer = self.shutdowns.answer
        self._provider = served.url

    def _writer(self, name: str, seed: int) -> Writer:
        folder = self.folder / "logs" / name
        folder.mkdir(parents=True)
        made = StreamWriter if name == "openai" else Writer
        writer = made(folder, random.Random(f"{seed} {name}"), name)
        # Files outside the glob are only read as parts of a live log that was seen once.
        writer.write(writer.live, 10)
        return writer

    def sources(self, quiet: str) -> list[dict[str, Any]]:
        """For the configuration of an agent."""
        files = [
            {
                "name": name,
                "type": "files",
                "path": [str(self.writers[name].folder / glob) for glob in GLOBS],
                **dialect.settings,
                "quiet_after": quiet,
                # Long enough for what the writers repeat, and no growing part of the time that a short life has.
                "dedupe_window": "2m",
            }
            for name, dialect in DIALECTS.items()
        ]
        local, remote = self.repositories
        git = [
            {"name": each.source, "type": "git", "repo": repo, "branch": "main", "systems": each.patterns()}
            for each, repo in ((local, str(local.folder)), (remote, remote.folder.as_uri()))
        ]
        lists = [{"name": "provider", "type": "models", "url": self._provider, "timeout": "5s"}]
        sources = [*files, *git, *self.evaluations.sources(), *lists]
        return [{**source, "interval": _INTERVALS[str(source["type"])]} for source in sources]

    def step(self, burst: int) -> None:
        """Something happens somewhere."""
        chance = self.random.random()
        if chance < 0.03:
            self.random.choice(self.repositories).step()
        elif chance < 0.1:
            self.evaluations.step()
        elif chance < 0.14:
            self.shutdowns.step()
        elif chance < 0.15:
            self.archives.step(self.random.randrange(50, 2000))
        else:
            self.random.choice([*self.writers.values()]).step(burst)

    def backlog(self, records: int) -> None:
        """Enough to read that an agent dies in the middle of it."""
        writer = self.random.choice([*self.writers.values()])
        writer.new_file(f"backlog-{writer.number}.log", records)

    def finish(self) -> None:
        """Complete everything that was begun."""
        for writer in self.writers.values():
            writer.finish_line()
        self.evaluations.finish()

    def sweep(self) -> None:
        """Delete what rotated away, and most archives."""
        for writer in self.writers.values():
            writer.sweep()
        self.archives.sweep()

    @property
    def records(self) -> int:
        """How many records of usage there are."""
        return sum(writer.number for writer in self.writers.values())

    def expected(self) -> Counts:
        """All that was logged whole."""
        total: Counts = Counter()
        for writer in self.writers.values():
            total.update(writer.expected)
        return +total

    def assert_exact(self, connection: Connection) -> None:
        """A store that has read everything holds it, nothing more and nothing twice."""
        differing(ledger.counts(connection), self.expected(), "usage")
        found = ledger.tallies(connection)
        for name, writer in self.writers.items():
            # What a range left out depends on when its backfill was killed.
            kept = Counter({result: number for result, number in found[name].items() if result != "out_of_range"})
            again = kept["invalid_line"] - writer.results["invalid_line"]
            assert 0 <= again <= writer.torn, (name, again, writer.torn)
            differing(kept, writer.results + Counter(invalid_line=again), f"results of {name}")
        landed = [change for each in self.repositories for change in each.expected]
        differing(ledger.changes(connection), Counter(landed), "prompt changes")
        for each in self.repositories:
            assert found[each.source] == {"counted": len(each.expected)}, each.source
        results = ledger.evaluations(connection)
        assert len(results) == len(dict(results))
        differing(dict(results), self.evaluations.expected, "results of evaluations")
        assert found.get("eval-lines", {}) == dict(+self.evaluations.results)
        differing(ledger.shutdowns(connection), self.shutdowns.expected, "last days of models")

    def assert_possible(self, connection: Connection) -> None:
        """A store that has read some of it holds whole transactions and nothing that never was."""
        ledger.assert_whole(connection, USAGE)
        written = self.expected()
        tokens = {"unknown_input", "unknown_output"}
        beyond = {
            key: (number, written[key])
            for key, number in ledger.counts(connection).items()
            if key[2] not in tokens and number > written[key]
        }
        assert not beyond
        landed = Counter(change for each in self.repositories for change in each.expected)
        assert not ledger.changes(connection) - landed
        for key, value in ledger.evaluations(connection):
            assert value in self.evaluations.written[key], key
        for model, day in ledger.shutdowns(connection).items():
            assert day in self.shutdowns.written[model], model


def differing(found: Any, expected: Any, what: str) -> None:
    """Assert that both are equal, and name only what is not."""
    apart = {
        key: (found.get(key), expected.get(key))
        for key in found.keys() | expected.keys()
        if found.get(key) != expected.get(key)
    }
    assert not apart, f"{what}, found and expected: {dict(sorted(apart.items())[:20])}"


@contextmanager
def world(folder: Path, seed: int) -> Iterator[World]:
    """Sources of every type, one of them served, for the length of a block."""
    with provider() as served:
        yield World(folder, seed, served)
