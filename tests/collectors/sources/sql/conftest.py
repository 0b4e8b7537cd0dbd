"""A database of each kind that can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from packaging.version import Version
from sqlalchemy.engine import make_url

from tests.collectors.sources.sql.tables import Database, url_of
from tests.e2e.databases import clickhouse, database_of, mariadb

SPARK = os.environ.get("LEVERWATCH_SPARK", "")
"""The address of a server of Spark, which `make test-slow` starts: then it alone is asked."""
CLICKHOUSE = "clickhouse" if Version(sa.__version__) < Version("2.1") else "chdb"
"""ClickHouse and its two shards where SQLAlchemy is as old as their driver needs it, and chDB everywhere else."""
_ONLY = {"clickhouse": ["test_two_shards.py"], "chdb": ["test_chdb.py", "test_clickhouse_presets.py"]}
collect_ignore = _ONLY["clickhouse" if CLICKHOUSE == "chdb" else "chdb"]
ENGINES = ("spark",) if SPARK else ("sqlite", "postgresql", "duckdb", "mariadb", CLICKHOUSE)


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


@pytest.fixture(scope="session")
def shard_urls() -> Iterator[tuple[str, str]]:
    """The URLs of two ClickHouse servers of the tests' own."""
    with clickhouse() as urls:
        yield urls


@pytest.fixture
def shards(shard_urls: tuple[str, str], tmp_path: Path) -> Iterator[Database]:
    """An empty database of two ClickHouse servers, whose tables have rows on both."""
    servers = [Database(url, tmp_path) for url in shard_urls]
    name = f"t{uuid4().hex}"
    for server in servers:
        server.run(f"CREATE DATABASE {name}")
    first, second = (url_of(make_url(server.url).set(database=name)) for server in servers)
    yield Database(first, tmp_path, [Database(second, tmp_path)])
    for server in servers:
        server.run(f"DROP DATABASE {name}")


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
    if request.param == "clickhouse":
        yield request.getfixturevalue("shards")
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
