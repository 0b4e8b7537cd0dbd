"""What several tests share: a store on SQLite, and the same store on a real PostgreSQL server."""

from __future__ import annotations

import inspect
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import sleep

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

from leverwatch.agent.store.store import Store
from tests.days import midnight
from tests.e2e.databases import database_of, postgresql
from tests.examples import examples

# jsonschema would compile 38 grammars of names that no schema here asks for: three seconds in every worker.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # how an import is told that there is no such module

# How long an example takes says something of the machine, and nothing of the code.
settings.register_profile(
    "leverwatch", max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("leverwatch")


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # likewise
    """Gives each test to a worker that is free; those that share a fixture of their file go to one, so that
    what is made for them is made once. (`--dist loadgroup` is without effect with pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0]
        return path if _shares(path) else nodeid

    def mark_test_complete(self, node: object, item_index: int, duration: float = 0) -> None:
        """Forgets what is done: the base class counts through all of it after each of thousands of tests."""
        super().mark_test_complete(node, item_index, duration)
        scope = self._split_scope(self.registered_collections[node][item_index])
        if all(self.assigned_work[node][scope].values()):
            del self.assigned_work[node][scope]


@cache
def _shares(path: str) -> bool:
    return 'scope="module"' in (Path(__file__).parents[1] / path).read_text()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Sharing:
    return Sharing(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Waits for the next day where a test might begin before its first moment, in UTC, and end after it: what was
    written today would be of yesterday, and an agent that is right would tell something else than is expected."""
    left = (midnight(-1) - datetime.now(UTC)).total_seconds()
    if left < (150 if item.get_closest_marker("e2e") else 15):
        sleep(left + 1)


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


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty store on SQLite, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def store_file(migrated_file: Path, tmp_path: Path) -> Path:
    """A migrated, empty store of a test's own on SQLite, `store.db`."""
    return Path(shutil.copyfile(migrated_file, tmp_path / "store.db"))


@pytest.fixture(scope="session")
def migrated_database(postgres_url: str) -> Iterator[str]:
    """The name of a database with a migrated, empty store on PostgreSQL, to be copied."""
    with database_of(postgres_url) as url:
        _migrate(url.render_as_string(hide_password=False))
        yield str(url.database)


def _migrate(url: str) -> None:
    store = Store(url)
    store.migrate()
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind the store supports: an empty one for tests that name this fixture. For those that
    only open a store, one in which all migrations are done, as these take longer than most tests."""
    empty = "store_url" in inspect.signature(request.function).parameters
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db' if empty else request.getfixturevalue('store_file')}"
        return
    template = "template1" if empty else request.getfixturevalue("migrated_database")
    with database_of(request.getfixturevalue("postgres_url"), template) as url:
        yield url.render_as_string(hide_password=False)


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
