"""The file of a store is never trusted to be the same one for ever."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from leverwatch.agent.errors import StoreConflict, StoreError
from leverwatch.agent.store import engine
from leverwatch.agent.store.schema import usage_daily
from leverwatch.agent.store.sqlite import check_damage
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow

DAY = date(2026, 3, 1)
ENDS = ("", "-wal", "-shm")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(store_file: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{store_file}")
    yield store
    store.close()


def apply(store: Store, inferences: float = 1, system: str = "bot") -> None:
    revision = store.source_state("gateway").revision
    row = UsageRow(system, "m", Operation.GENERATION, DAY, inferences)
    store.apply("gateway", revision, Batch(state={"at": str(revision).encode()}, usage=(row,)))


def total(store: Store) -> float:
    with store.reading() as connection:
        return float(connection.scalar(select(func.sum(usage_daily.c.inferences))) or 0)


def move(old: Path, new: Path) -> None:
    for end in ENDS:
        if Path(f"{old}{end}").exists():
            Path(f"{old}{end}").rename(f"{new}{end}")


def backup(path: Path, copy: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("VACUUM INTO ?", (str(copy),))
    connection.close()


def test_a_deleted_file_is_noticed_and_never_made_anew(store: Store, path: Path) -> None:
    apply(store)
    for end in ENDS:
        Path(f"{path}{end}").unlink()

    assert store.trouble() == "the file was deleted while it was open"
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(StoreError, match="deleted while it was open"):
                apply(store)
            with pytest.raises(StoreError, match="deleted while it was open"):
                total(store)
    assert [line["event"] for line in logs] == ["store_not_trusted"]
    assert not path.exists()
    assert store.trouble() is not None


def test_the_same_file_back_in_its_place_goes_on_exactly(store: Store, path: Path, tmp_path: Path) -> None:
    apply(store)
    before = store.source_state("gateway").revision
    move(path, tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="deleted while it was open"):
        apply(store)
    move(tmp_path / "elsewhere", path)

    assert store.source_state("gateway").revision == before
    apply(store, 2)
    assert (total(store), store.trouble()) == (3, None)


def test_another_sound_store_in_its_place_is_used_and_its_state_is_read_again(
    store: Store, path: Path, tmp_path: Path
) -> None:
    apply(store, 1)
    backup(path, tmp_path / "backup")
    apply(store, 10, "later")
    known = store.source_state("gateway")
    (tmp_path / "backup").replace(path)
    for end in ENDS[1:]:
        Path(f"{path}{end}").unlink()

    assert store.trouble() == "another file was put in its place while it was open"
    with pytest.raises(StoreError, match="another file"):
        store.apply("gateway", known.revision, Batch(state={}))
    found = store.source_state("gateway")
    # A collector compares revisions to know whether it remembers the state: those of two files are never equal.
    assert found.revision not in {known.revision, known.revision - 1}
    assert found.load() == {"at": b"0"}
    with pytest.raises(StoreConflict):
        store.apply("gateway", known.revision, Batch(state={}))
    apply(store, 100, "later")
    assert (total(store), store.trouble()) == (101, None)
    assert store.names() == ["bot", "later"]


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000], ids=("empty", "text"))
def test_a_file_that_is_no_store_is_not_taken_in_its_place(store: Store, path: Path, content: bytes) -> None:
    apply(store)
    for end in ENDS:
        Path(f"{path}{end}").unlink()
    path.write_bytes(content)

    for _ in range(3):
        with pytest.raises(StoreError):
            apply(store)
        assert store.trouble() is not None
    assert not path.read_bytes().startswith(b"SQLite") or not content


@pytest.mark.parametrize("end", ENDS[1:])
def test_a_deleted_write_ahead_log_is_noticed_and_costs_nothing(store: Store, path: Path, end: str) -> None:
    apply(store, 1)
    Path(f"{path}{end}").unlink()

    with pytest.raises(StoreError, match="write-ahead log was deleted"):
        apply(store, 10)
    apply(store, 100)
    assert (total(store), store.trouble()) == (101, None)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT sum(inferences) FROM usage_daily").fetchone() == (101,)


def test_transactions_that_run_end_before_the_file_is_opened_again(store: Store, path: Path) -> None:
    apply(store, 1)
    with store.reading() as connection:
        connection.execute(select(usage_daily)).all()
        Path(f"{path}-shm").unlink()
        with pytest.raises(StoreError, match="was deleted or replaced"):
            apply(store)
        with pytest.raises(StoreError, match="have not ended yet"):
            apply(store)
    apply(store, 2)
    assert (total(store), store.trouble()) == (3, None)


def test_a_truncated_file_is_noticed(store: Store, path: Path) -> None:
    for number in range(300):
        apply(store, system=f"system-{number}")
    with store.writing() as connection:
        connection.exec_driver_sql("SELECT 1")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.truncate(8192)

    for _ in range(3):
        with pytest.raises(StoreError):
            apply(store)
    assert store.trouble() is not None


def test_a_damaged_file_is_refused_at_the_start(store: Store, path: Path) -> None:
    for number in range(300):
        apply(store, system=f"system-{number}")
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(os.urandom(size // 3))
    again = Store(f"sqlite:///{path}")
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        again.verify()
    assert again.trouble() is not None
    again.close()


def test_a_check_that_takes_too_long_is_cut_short(store: Store, path: Path) -> None:
    for number in range(300):
        apply(store, system=f"system-{number}")
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        with capture_logs() as logs:
            check_damage(connection, path, 0, 10)
        assert [line["event"] for line in logs] == ["store_check_cut_short"]
        assert connection.execute("SELECT count(*) FROM usage_daily").fetchone() == (300,)


def test_a_file_made_read_only_is_noticed(open_folder: Path) -> None:
    path = open_folder / "store.db"
    # Nothing is read-only for root, so another user looks; what it needs is imported before.
    program = f"""
import os
from pathlib import Path
from leverwatch.agent.errors import StoreError
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch
store = Store("sqlite:///{path}")
store.migrate()
store.apply("gateway", 0, Batch(state={{}}))
store.apply("gateway", store.source_state("gateway").revision, Batch(state={{}}))
if os.getuid() == 0:
    for file in Path("{path.parent}").iterdir():
        os.chown(file, 65534, 65534)
    os.setuid(65534)
os.chmod("{path}", 0o444)
print(store.trouble())
try:
    store.apply("gateway", 2, Batch(state={{}}))
except StoreError as error:
    print(error)
os.chmod("{path}", 0o644)
store.apply("gateway", 2, Batch(state={{}}))
print(store.trouble())
"""
    open_folder.chmod(0o777)
    top = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=top)
    said = ["it is read-only", f"sqlite:///{path}: it is read-only", "None"]
    # The log is there, too.
    assert [line for line in done.stdout.splitlines() if "store_" not in line] == said, done.stderr


def test_a_lock_of_another_process_is_waited_for(store: Store, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(2.5, lambda: other.execute("COMMIT")).start()
    apply(store)
    assert (total(store), store.trouble()) == (1, None)
    other.close()


def test_a_lock_that_is_held_for_too_long_fails_the_batch_and_nothing_of_it_is_stored(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 1.5)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        apply(store)
    assert store.trouble() is None
    other.execute("ROLLBACK")
    other.close()

    assert (total(store), store.source_state("gateway").revision) == (0, 0)
    apply(store)
    assert total(store) == 1


def test_a_thread_that_gets_no_connection_is_not_held_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_POOL_SECONDS", 0.5)
    few = Store(store._url)

    def take(left: int) -> None:
        with few.reading():
            if left:
                take(left - 1)

    with pytest.raises(StoreError, match="QueuePool limit"):
        take(100)
    take(3)
    few.close()


def test_an_interrupt_ends_the_wait_for_a_lock_and_what_runs(
    store: Store, path: Path, open_many: Callable[[Store, Callable[[], object]], StoreError | None]
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = open_many(store, lambda: apply(store))
    assert waiting is not None
    other.close()
    with pytest.raises(StoreError, match="the agent stops"):
        apply(store)
    again = Store(f"sqlite:///{path}")
    assert total(again) == 0
    again.close()


def test_an_interrupt_ends_a_statement(
    store: Store, open_many: Callable[[Store, Callable[[], object]], StoreError | None]
) -> None:
    def endless() -> None:
        with store.reading() as connection:
            connection.exec_driver_sql(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
            )

    error = open_many(store, endless)
    assert "interrupted" in str(error)
    assert store.trouble() is None


@pytest.fixture
def open_many() -> Callable[[Store, Callable[[], object]], StoreError | None]:
    """Runs something in a thread, interrupts the store, and gives the error that ended it."""

    def run(store: Store, work: Callable[[], object]) -> StoreError | None:
        found: list[StoreError] = []
        started = threading.Event()

        def target() -> None:
            started.set()
            try:
                work()
            except StoreError as error:
                found.append(error)

        thread = threading.Thread(target=target)
        thread.start()
        started.wait(10)
        thread.join(0.5)
        assert thread.is_alive()
        store.interrupt()
        thread.join(8)
        assert not thread.is_alive()
        return found[0] if found else None

    return run


def test_a_store_that_may_only_be_read_is_read(store: Store, path: Path, tmp_path: Path) -> None:
    apply(store, 7)
    store.close()
    shutil.copy(path, tmp_path / "copy.db")
    reader = Store(f"sqlite:///{tmp_path / 'copy.db'}", read_only=True)
    reader.verify()
    assert total(reader) == 7
    with pytest.raises(StoreError, match="readonly"):
        apply(reader)
    reader.close()


def test_a_store_of_another_version_that_may_only_be_read_is_refused(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "old.db").execute("CREATE TABLE sources (source TEXT)").connection.close()
    reader = Store(f"sqlite:///{tmp_path / 'old.db'}", read_only=True)
    with pytest.raises(StoreError, match="its schema is of another version of leverwatch"):
        reader.verify()
    reader.close()
