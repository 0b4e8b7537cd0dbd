"""A batch and the position that makes it done are one transaction, whatever interrupts it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event, func, select

from leverwatch.agent.store.schema import metadata
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, ChangeKind, Operation, PromptChange, Result, UsageRow

DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = Batch(
    state={"file/1": b"1", "seen/1": b"x"},
    usage=(UsageRow("bot", "m", Operation.GENERATION, DAY, inferences=1),),
    tallies={Result.COUNTED: 1},
    prompt_changes=(PromptChange("bot", "c1", NOON, ChangeKind.ADDED, 1),),
    days_seen=frozenset({DAY}),
)
SECOND = Batch(
    state={"file/1": b"2", "seen/1": None, "seen/2": b"y"},
    usage=(UsageRow("bot", "m", Operation.GENERATION, DAY, inferences=5),),
    tallies={Result.COUNTED: 5},
    prompt_changes=(PromptChange("bot", "c2", NOON, ChangeKind.MODIFIED, 1),),
    replace_prompt_changes=True,
    days_seen=frozenset({date(2026, 3, 2)}),
    newest_record=NOON,
)
REPLACING = Batch(
    state={"file/1": b"2"},
    usage=(UsageRow("bot", "n", Operation.GENERATION, DAY, inferences=5),),
    tallies={Result.COUNTED: 5},
    replaces=frozenset({DAY, date(2026, 3, 2)}),
)


class PowerCut(BaseException):
    """What no code expects."""


def content(store: Store) -> dict[str, list[Any]]:
    with store.reading() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
        }


@pytest.mark.parametrize("batch", [SECOND, REPLACING])
def test_a_batch_that_is_cut_off_at_any_statement_leaves_nothing_behind(
    open_store: Callable[[], Store], batch: Batch
) -> None:
    store = open_store()
    store.apply("gateway", 0, FIRST)
    before = content(store)
    left = [0]

    def cut(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    statements = 0
    event.listen(store._engine, "before_cursor_execute", cut)
    while True:
        left[0] = statements
        try:
            store.apply("gateway", 1, batch)
        except PowerCut:
            left[0] = 1000
            assert content(store) == before, f"cut off at statement {statements}"
            statements += 1
        else:
            break
    event.remove(store._engine, "before_cursor_execute", cut)

    assert statements >= 9
    assert content(store) != before


def test_a_batch_is_committed_once(open_store: Callable[[], Store]) -> None:
    store, commits = open_store(), list[int]()

    def note(_: object) -> None:
        commits.append(1)

    event.listen(store._engine, "commit", note)
    store.apply("gateway", 0, FIRST)

    assert commits == [1]
    with store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(metadata.tables["source_state"])) == 2
