from __future__ import annotations

from collections.abc import Callable
from datetime import date

from alembic import command
from sqlalchemy import select, text

from agent.store.engine import open_engine
from agent.store.migrate import _config
from agent.store.schema import usage_daily, usage_totals
from agent.store.store import Store
from collectors.interface import Batch, Operation, UsageRow

OLD_ROW = (
    "INSERT INTO usage_daily (source, system, model, operation, day, inferences)"
    " VALUES ('gateway', 'bot', 'gpt-4o', 'generation', '2026-03-01', 5)"
)


def test_a_store_of_the_first_version_keeps_its_counts_and_gains_the_new_ones(
    store_url: str, open_store: Callable[[], Store]
) -> None:
    engine = open_engine(store_url)
    config = _config()
    with engine.connect().execution_options(leverwatch_writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text(OLD_ROW))
    engine.dispose()
    store = open_store()
    row = UsageRow("bot", "gpt-4o", Operation.GENERATION, date(2026, 3, 1), inferences=2, traces=1, truncated=2)
    store.apply("gateway", 0, Batch(state={}, usage=(row,)))

    with store.reading() as connection:
        day = connection.execute(select(usage_daily)).one()
        total = connection.execute(select(usage_totals)).one()
    assert (day.inferences, day.traces, day.truncated, day.checked) == (7, 1, 2, 0)
    assert (total.inferences, total.traces, total.truncated) == (2, 1, 2)
