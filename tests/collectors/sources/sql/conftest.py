"""A database of each kind that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collectors.sources.sql.tables import Database, url_of
from tests.e2e.servers import database_of


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> Iterator[Database]:
    """An empty database of a server, whose sessions are in New York."""
    with database_of(postgres_url) as url:
        found = Database(url_of(url), tmp_path)
        found.run(f"ALTER DATABASE \"{url.database}\" SET timezone = 'America/New_York'")
        found.engine.dispose()
        yield found
        found.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres")
        return
    found = Database(f"sqlite:///{tmp_path / 'usage.db'}", tmp_path)
    yield found
    found.engine.dispose()
