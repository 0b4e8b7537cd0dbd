"""A database of each kind that can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url

from tests.collectors.sources.sql.tables import Database, url_of
from tests.e2e.servers import database_of, mariadb

SPARK = os.environ.get("LEVERWATCH_SPARK", "")
"""The address of a server of Spark, which `make test-slow` starts: then it alone is asked."""
ENGINES = ("spark",) if SPARK else ("sqlite", "postgresql", "duckdb", "mariadb")


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> Iterator[Database]:
    """An empty database of a server, whose sessions are in New York."""
    with database_of(postgres_url) as url:
        found = Database(url_of(url), tmp_path)
        found.run(f"ALTER DATABASE \"{url.database}\" SET timezone = 'America/New_York'")
        found.engine.dispose()
        yield found
        found.engine.dispose()


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """The URL of a MariaDB server of the tests' own."""
    with mariadb() as url:
        yield url


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind; where sessions have a zone, it is New York's."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres")
        return
    if request.param == "mariadb":
        url = request.getfixturevalue("mariadb_url")
        found = Database(url, tmp_path)
        name = f"t{uuid4().hex}"
        found.run(f"CREATE DATABASE {name}")
        yield Database(url_of(make_url(url).set(database=name)), tmp_path)
        found.run(f"DROP DATABASE {name}")
        return
    if request.param == "spark":
        found = Database(SPARK, tmp_path)
        name = f"t{uuid4().hex}"
        found.run(f"CREATE DATABASE {name}")
        yield Database(url_of(make_url(SPARK).set(database=name)), tmp_path)
        found.run(f"DROP DATABASE {name} CASCADE")
        return
    found = Database(f"{request.param}:///{tmp_path / 'usage.db'}", tmp_path)
    yield found
    found.engine.dispose()
