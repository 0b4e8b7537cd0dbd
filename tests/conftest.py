"""What several tests share: a store on SQLite, and the same store on a real PostgreSQL server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import make_url

from leverwatch.agent.store.store import Store
from tests.e2e.servers import postgresql

# How long an example takes says something of the machine, and nothing of the code.
settings.register_profile("leverwatch", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leverwatch")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a database server of the tests' own; it ends with the tests."""
    with postgresql() as url:
        yield url


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into, as those of the tests are not."""
    with tempfile.TemporaryDirectory(prefix="leverwatch-open-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind the store supports."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server: str = request.getfixturevalue("postgres_url")
    name = f"t{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    url = make_url(server).set(database=name, drivername="postgresql")
    return url.render_as_string(hide_password=False)


@pytest.fixture
def open_store(store_url: str) -> Iterator[Callable[[], Store]]:
    """Opens the same database again and again, as restarted or concurrent agents do."""
    opened: list[Store] = []

    def open_one() -> Store:
        store = Store(store_url)
        opened.append(store)
        store.migrate()
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    """A migrated, empty store."""
    return open_store()
