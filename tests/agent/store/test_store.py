from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import event, inspect, select, text

from leverwatch.agent.errors import StoreConflict, StoreError
from leverwatch.agent.store.migrate import head_revision
from leverwatch.agent.store.schema import metadata, prompt_changes, source_days, sources, usage_daily, usage_totals
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, ChangeKind, Operation, PromptChange, Result, UsageRow

DAY = date(2026, 3, 1)
ROW = UsageRow("bot", "gpt-4o", Operation.GENERATION, DAY, inferences=2, attempts=3, input_tokens=70)
CHANGE = PromptChange("bot", "c1", datetime(2026, 3, 1, 12, tzinfo=UTC), ChangeKind.MODIFIED, 1)


def inferences(store: Store) -> float:
    with store.reading() as connection:
        return float(sum(connection.execute(select(usage_daily.c.inferences)).scalars()))


def test_a_new_source_is_at_revision_zero_with_no_state(store: Store) -> None:
    state = store.source_state("gateway")

    assert state.revision == 0
    assert state.load() == {}


def test_a_batch_raises_the_revision_by_one_and_keeps_its_state(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={"file/1": b"\x00\xff", "seen/1": b"x"}))
    store.apply("gateway", 1, Batch(state={"file/1": b"new", "seen/1": None}))

    state = store.source_state("gateway")
    assert state.revision == 2
    assert state.load() == {"file/1": b"new"}


def test_state_that_somebody_else_wrote_as_text_is_an_error_that_names_its_key(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/s.db")
    store.migrate()
    store.apply("gateway", 0, Batch(state={"file/1": b"x", "seen/1": b"y"}))
    with store.writing() as connection:
        connection.execute(text("UPDATE source_state SET versioned = 'y' WHERE key = 'seen/1'"))

    with pytest.raises(StoreError, match=r"source gateway: seen/1: its value is not bytes"):
        store.source_state("gateway").load()
    store.close()


def _few_values(connection: object, *_: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)


def test_more_state_is_let_go_than_a_statement_holds_values(store: Store) -> None:
    # At most 65,535 with PostgreSQL, and with SQLite as many as it was built for: here as few as by default.
    event.listen(store._engine, "checkout", _few_values)
    names = [f"seen/{number}" for number in range(70_000)]
    store.apply("gateway", 0, Batch(state=dict.fromkeys(names[::10], b"x") | {"kept": b"y"}))
    store.apply("gateway", 1, Batch(state=dict.fromkeys(names)))

    assert store.source_state("gateway").load() == {"kept": b"y"}


def test_usage_is_added_to_the_day_and_to_the_total(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, usage=(ROW, replace(ROW, day=date(2026, 3, 2)))))
    store.apply("gateway", 1, Batch(state={}, usage=(ROW,)))

    with store.reading() as connection:
        days = connection.execute(select(usage_daily.c.day, usage_daily.c.inferences).order_by("day")).all()
        total = connection.execute(select(usage_totals)).one()
    assert [tuple(day) for day in days] == [(DAY, 4.0), (date(2026, 3, 2), 2.0)]
    assert (total.inferences, total.attempts, total.input_tokens, total.first_day) == (6.0, 9.0, 210.0, DAY)


def test_a_negative_row_takes_back_what_was_added(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, usage=(ROW,)))
    store.apply("gateway", 1, Batch(state={}, usage=(replace(ROW, inferences=-2, attempts=-3, input_tokens=-70),)))

    assert inferences(store) == 0


def test_a_batch_on_an_old_revision_writes_nothing(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, usage=(ROW,)))

    with pytest.raises(StoreConflict, match=r"gateway: expected revision 0, the store is at 1"):
        store.apply("gateway", 0, Batch(state={"k": b"v"}, usage=(ROW,), tallies={Result.COUNTED: 1}))

    assert inferences(store) == 2
    assert store.source_state("gateway").load() == {}
    assert store.tallies() == {}


def test_a_revision_the_store_never_had_is_a_conflict(store: Store) -> None:
    with pytest.raises(StoreConflict):
        store.apply("gateway", 3, Batch(state={}))


def test_of_several_agents_that_write_the_same_revision_exactly_one_succeeds(
    open_store: Callable[[], Store],
) -> None:
    agents = [open_store() for _ in range(4)]

    def attempt(agent: Store) -> bool:
        try:
            agent.apply("gateway", 0, Batch(state={}, usage=(ROW,)))
        except StoreConflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(attempt, agents))

    assert sum(won) == 1
    assert inferences(agents[0]) == 2


def test_a_batch_that_fails_half_way_leaves_nothing_behind(store: Store) -> None:
    broken = structs.replace(CHANGE, system=None)  # the database refuses it, late in the batch

    with pytest.raises(StoreError):
        store.apply("gateway", 0, Batch(state={"k": b"v"}, usage=(ROW,), prompt_changes=(broken,)))

    assert store.source_state("gateway").revision == 0
    assert inferences(store) == 0


def test_tallies_add_up_across_batches(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, tallies={Result.COUNTED: 5, Result.INVALID_LINE: 1}))
    store.apply("gateway", 1, Batch(state={}, tallies={Result.COUNTED: 2}))

    assert store.tallies() == {"gateway": {Result.COUNTED: 7, Result.INVALID_LINE: 1}}


def test_days_seen_are_a_set(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, days_seen=frozenset({DAY})))
    store.apply("gateway", 1, Batch(state={}, days_seen=frozenset({DAY, date(2026, 3, 2)})))

    with store.reading() as connection:
        assert len(connection.execute(select(source_days)).all()) == 2


def test_the_newest_record_never_goes_back(store: Store) -> None:
    newer, older = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    store.apply("gateway", 0, Batch(state={}, newest_record=newer))
    store.apply("gateway", 1, Batch(state={}, newest_record=older))
    store.apply("gateway", 2, Batch(state={}))

    with store.reading() as connection:
        assert connection.scalar(select(sources.c.newest_record)) == newer


def test_replacing_prompt_changes_drops_the_gone_and_keeps_the_earliest_landing(store: Store) -> None:
    rebased = structs.replace(CHANGE, landed_at=datetime(2026, 3, 9, tzinfo=UTC))
    store.apply("prompts", 0, Batch(state={}, prompt_changes=(CHANGE, structs.replace(CHANGE, change_id="c2"))))
    store.apply("prompts", 1, Batch(state={}, prompt_changes=(rebased,), replace_prompt_changes=True))

    with store.reading() as connection:
        rows = connection.execute(select(prompt_changes)).all()
    assert [(row.change_id, row.landed_at) for row in rows] == [("c1", CHANGE.landed_at)]


def test_a_stored_landing_of_before_git_gets_its_sound_date_when_all_is_read_again(store: Store) -> None:
    wrong = structs.replace(CHANGE, landed_at=datetime(1970, 1, 2, tzinfo=UTC))
    store.apply("prompts", 0, Batch(state={}, prompt_changes=(wrong,)))
    store.apply("prompts", 1, Batch(state={}, prompt_changes=(CHANGE,), replace_prompt_changes=True))

    with store.reading() as connection:
        assert connection.scalar(select(prompt_changes.c.landed_at)) == CHANGE.landed_at


def test_sources_do_not_touch_each_other(store: Store) -> None:
    store.apply("a", 0, Batch(state={"k": b"a"}, prompt_changes=(CHANGE,)))
    store.apply("b", 0, Batch(state={"k": b"b"}, prompt_changes=(), replace_prompt_changes=True))

    assert store.source_state("a").load() == {"k": b"a"}
    with store.reading() as connection:
        assert len(connection.execute(select(prompt_changes)).all()) == 1


def test_migrating_again_changes_nothing_and_the_schema_is_the_one_queries_expect(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, usage=(ROW,)))
    store.migrate()

    assert inferences(store) == 2
    with store.reading() as connection:
        seen = inspect(connection)
        for table in metadata.sorted_tables:
            expected = {column.name for column in table.columns}
            assert {column["name"] for column in seen.get_columns(table.name)} == expected
            key = seen.get_pk_constraint(table.name)["constrained_columns"]
            assert set(key) == {column.name for column in table.primary_key.columns}
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    assert version == head_revision()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("not a url", "not a database URL"),
        ("mysql://db/leverwatch", "mysql is not supported"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_words(url: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        Store(url)


def test_an_unreachable_database_is_named_without_its_password() -> None:
    store = Store("postgresql://user:hunter2@127.0.0.1:1/none")

    with pytest.raises(StoreError) as caught:
        store.migrate()

    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_folder_that_does_not_exist_is_a_store_error() -> None:
    with pytest.raises(StoreError, match="unable to open database file"):
        Store("sqlite:////nonexistent/folder/store.db").migrate()


def test_no_message_of_an_unreachable_database_holds_a_secret_of_its_url() -> None:
    # Both ways to write the password; the misspelt option makes the driver repeat what it was given.
    url = "postgresql://watch:HUNTER2@127.0.0.1:1/db?sslpassword=SWORDFISH"
    for address in (url, f"{url}&connect_timeout=HUNTER2", f"{url}&password=HUNTER2"):
        store = Store(address)

        with pytest.raises(StoreError) as raised:
            store.migrate()

        assert "HUNTER2" not in str(raised.value)
        assert "SWORDFISH" not in str(raised.value)
        assert "watch:(hidden)@127.0.0.1:1/db" in str(raised.value)


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(open_store: Callable[[], Store]) -> None:
    store = open_store()
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(
        StoreError, match=r"newer version of leverwatch: .*; run that version, or restore the backup"
    ):
        store.migrate()

    with store.reading() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_values_that_cannot_be_read_add_up_by_source_and_field(store: Store) -> None:
    store.apply("gateway", 0, Batch({}, unreadable={"cost_usd": 2, "model": 1}))
    store.apply("gateway", 1, Batch({}, unreadable={"cost_usd": 3}))
    store.apply("other", 0, Batch({}))

    assert store.unreadable() == {"gateway": {"cost_usd": 5, "model": 1}}
