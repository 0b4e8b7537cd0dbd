"""Stores that are killed while they are made, or brought to the present schema, until their agent gets through."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import yaml
from alembic import command
from sqlalchemy import text

from leverwatch.agent.store.engine import open_engine
from leverwatch.agent.store.migrate import alembic_config
from tests.e2e.kills import ledger
from tests.e2e.kills.databases import Databases
from tests.e2e.kills.ledger import Ledger
from tests.e2e.kills.logs import Counts
from tests.e2e.kills.world import differing

_RECORDS = 400
_OLD = 5
_VERSIONS = (None, "0001", "0002")


class Beginnings:
    """One young store after the other, in a folder of their own.

    `finish` runs a command to its end; `grown` is a store that was made without being killed.
    """

    def __init__(
        self, folder: Path, databases: Databases, finish: Callable[[Path, list[str]], None], grown: Ledger
    ) -> None:
        folder.mkdir(parents=True)
        self._grown = grown
        self.config = folder / "leverwatch.yaml"
        self._folder, self._databases, self._finish = folder, databases, finish
        self._number = 0
        self._write_log()
        self._begin()

    def _write_log(self) -> None:
        lines = [
            json.dumps(
                {"ts": f"2026-03-{number % 3 + 8:02}T08:00:00Z", "id": f"r{number}", "usage": {"in": number}}
            )
            for number in range(_RECORDS)
        ]
        (self._folder / "app.log").write_text("".join(f"{line}\n" for line in lines))

    def _begin(self) -> None:
        """A database that is empty, or of an earlier version with counts in it."""
        self._url, self._version = self._databases(), _VERSIONS[self._number % len(_VERSIONS)]
        self._number += 1
        if self._version is not None:
            engine, config = open_engine(self._url), alembic_config()
            with engine.connect().execution_options(leverwatch_writes=True) as connection, connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, self._version)
                for table, more, values in (
                    ("usage_daily", "day", "'2026-02-01'"),
                    ("usage_totals", "first_day, first_written", "'2026-02-01', '2026-02-02 00:00:00'"),
                ):
                    columns = f"source, system, model, operation, inferences, {more}"
                    row = f"'old', 'old', 'm', 'generation', {_OLD}, {values}"
                    connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({row})"))  # noqa: S608 - constants
            engine.dispose()
        self._before = Ledger(self._url).tables()
        fields = {"time": "ts", "request_id": "id", "input_tokens": "usage.in"}
        source = {"name": "app", "type": "files", "path": "app.log", "system": "bot"}
        document = {
            "store": {"url": self._url},
            "sources": [{**source, "format": {"type": "jsonl", "fields": fields}}],
        }
        self.config.write_text(yaml.safe_dump(document))

    def assert_possible(self) -> None:
        """The schema is the one before, or the present one; a count is whole."""
        store = Ledger(self._url)
        tables = store.tables()
        assert tables in (self._before, self._grown.tables()), self._version
        if not tables:
            return
        with store.reading() as connection:
            found = ledger.counts(connection)
        assert found["bot", "2026-03-08", "inferences"] in {0, self._expected()["bot", "2026-03-08", "inferences"]}

    def complete(self) -> None:
        """Let the agent get through, compare, and begin with another store."""
        self._finish(self.config, ["collect"])
        store = Ledger(self._url)
        assert store.tables() == self._grown.tables()
        with store.reading() as connection:
            ledger.assert_whole(connection, frozenset({"app"}))
            differing(ledger.counts(connection), self._expected(), f"a store from {self._version}")
        self._begin()

    def _expected(self) -> Counts:
        expected: Counts = Counter()
        for number in range(_RECORDS):
            day = f"2026-03-{number % 3 + 8:02}"
            expected.update(
                {
                    ("bot", day, "inferences"): 1,
                    ("bot", day, "input_tokens"): number,
                    ("bot", day, "unknown_output"): 1,
                }
            )
        if self._version is not None:
            expected["old", "2026-02-01", "inferences"] = _OLD
        return +expected
