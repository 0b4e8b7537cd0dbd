"""The tables, as queries use them; migrations create them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

from leverwatch.collectors.counted_fields import COLUMNS


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC: stored without its zone, as SQLite has none, and read with it."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 the base class's signature
        """Convert to UTC without a zone."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 the base class's signature
        """Convert from UTC without a zone."""
        return None if value is None else value.replace(tzinfo=UTC)


COUNTS: tuple[str, ...] = COLUMNS
"""The counted columns of a usage row. A new one also needs a migration."""

metadata = MetaData()


def _counts() -> list[Column[Any]]:
    return [Column(name, Double, nullable=False, server_default="0") for name in COUNTS]


usage_daily = Table(
    "usage_daily",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("system", String(200), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("operation", String(20), primary_key=True),
    Column("day", Date, primary_key=True),
    *_counts(),
)
"""One row for each source, system, model, operation and UTC day."""

EMPTIED = date.max
"""The first day of totals whose days were all taken out: their source feeds the system no longer."""

usage_totals = Table(
    "usage_totals",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("system", String(200), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("operation", String(20), primary_key=True),
    Column("first_day", Date, nullable=False),  # EMPTIED: no day of it is left
    Column("first_written", UtcDateTime, nullable=False),
    *_counts(),
)
"""The sums of `usage_daily` over all days, so that counters need no scan."""
Index("usage_totals_by_system", usage_totals.c.system, usage_totals.c.model)

usage_highest = Table(
    "usage_highest",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("system", String(200), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("operation", String(20), primary_key=True),
    *_counts(),
)
"""The highest value of each sum of `usage_totals`, for rows from which something was subtracted. A counter
shows the larger of both, so that it never falls."""
Index("usage_highest_by_system", usage_highest.c.system)

USED: tuple[str, ...] = (
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "inferences", "write_1h_tokens",
)  # fmt: skip
"""What a price is for: tokens and inferences of generations whose records tell no cost."""


def _day_of_tier() -> list[Column[Any]]:
    return [
        Column("source", String(100), primary_key=True),
        Column("system", String(200), primary_key=True),
        Column("model", String(200), primary_key=True),
        Column("day", Date, primary_key=True),
        Column("tier", String(20), primary_key=True),
    ]


tier_days = Table("tier_days", metadata, *_day_of_tier(), *(Column(name, Double, nullable=False) for name in USED))
"""What of a day of `usage_daily` is of another service tier than the standard: all that is of none of them is of
that."""

priced_days = Table(
    "priced_days", metadata, *_day_of_tier(), *(Column(name, Double, nullable=False) for name in (*USED, "usd"))
)
"""For each day of `usage_daily` and each tier what is priced of it, and what that costs. What has no known price
has no row."""

billed_days = Table(
    "billed_days",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("project", String(200), primary_key=True),
    Column("item", String(200), primary_key=True),
    Column("usd", Double, nullable=False),
)
"""What a provider bills for a UTC day, as the source told it last. It is no usage."""

uncounted_days = Table(
    "uncounted_days",
    metadata,
    *_day_of_tier(),
    *(
        Column(name, Double, nullable=False)
        for name in (
            "input_tokens", "cached_input_tokens", "cache_write_tokens", "write_1h_tokens", "output_tokens",
        )
    ),
)  # fmt: skip
"""Tokens of a day that a source tells without the number of calls, which is unknown."""

priced_totals = Table(
    "priced_totals",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("system", String(200), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("usd", Double, nullable=False),
    Column("inferences", Double, nullable=False),
)
"""The highest sum of each of both over all days of `priced_days`, as counters show it."""

stored_systems = Table(
    "stored_systems",
    metadata,
    Column("system", String(200), primary_key=True),
    Column("first_written", UtcDateTime, nullable=False),
    Column("first_counted", UtcDateTime),
)
"""The systems that have a name of their own. `first_counted` is when the first usage or prompt change of one was
written; null when only results of evaluations name it."""

source_days = Table(
    "source_days",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("day", Date, primary_key=True),
)
"""The UTC days for which a source had at least one readable record."""

record_tallies = Table(
    "record_tallies",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("result", String(30), primary_key=True),
    Column("records", BigInteger, nullable=False),
)

unreadable_values = Table(
    "unreadable_values",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("field", String(30), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""Values of counted records that are unknown because they could not be read."""

sources = Table(
    "sources",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("newest_record", UtcDateTime),
    Column("last_success", UtcDateTime),
    Column("restated_inferences", Double, nullable=False, server_default="0"),
)
"""`restated_inferences` is the sum of what the source took back when it replaced whole days."""

source_state = Table(
    "source_state",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("key", String(400), primary_key=True),
    Column("versioned", LargeBinary, nullable=False),
)
"""The durable state of sources. `versioned` is a value with its version, in the format of
`leverwatch.collectors.stored_state`."""

prompt_changes = Table(
    "prompt_changes",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("system", String(200), primary_key=True),
    Column("change_id", String(200), primary_key=True),
    Column("landed_at", UtcDateTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("prompts", Integer, nullable=False),
    Column("bulk", Boolean, nullable=False),
)

prompt_changes_highest = Table(
    "prompt_changes_highest",
    metadata,
    Column("system", String(200), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""The highest number of changes of each kind that was ever exported. Late records can move a change that traffic
shows, and a repository can be written anew; a counter shows the larger one, so that it never falls."""

prompt_days = Table(
    "prompt_days",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("system", String(200), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("version", String(20), primary_key=True),
    Column("inferences", Double, nullable=False),
)
"""The inferences of each version of a system's prompt on a UTC day, by the hash of the prompt: the heaviest
versions, and the sum of the others."""

eval_results = Table(
    "eval_results",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("identity", String(32), primary_key=True),
    Column("system", String(200), nullable=False),
    Column("model", String(200), nullable=False),
    Column("prompt_version", String(200), nullable=False),
    Column("suite", String(200), nullable=False),
    Column("suite_hash", String(200), nullable=False),
    Column("metric", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("value", Double, nullable=False),
    Column("stderr", Double),
    Column("n", BigInteger, nullable=False),
    Column("passed", BigInteger),
    Column("higher_is_better", Boolean),
    Column("errored", BigInteger, nullable=False, server_default="0"),
    Column("cases", BigInteger, nullable=False, server_default="0"),
)
"""One row for each metric of one run of a suite. `identity` is a hash of the columns up to `at`: PostgreSQL
limits index entries to less than these can need together."""

model_shutdowns = Table(
    "model_shutdowns",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("shutdown", Date, nullable=False),
    Column("written", UtcDateTime, nullable=False),
)
"""The last day of a model from a provider's list, and when it was written."""

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("system", String(200), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("evaluated_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime, nullable=False),
    Column("strategy", String(30)),
    Column("status", String(20), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("facts", Text, nullable=False),
)
"""The audit trail: one row for each change of the verdict on a day; else only `confirmed_at` is updated."""

leases = Table(
    "leases",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("holder", String(40), nullable=False),
    Column("agent", String(300), nullable=False),
    Column("term", BigInteger, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("evaluated_at", UtcDateTime),
)
"""Which of several agents on one PostgreSQL evaluates, and until when, by the clock of the database. `holder` is
another one for each process, `agent` is its name for people; `term` grows whenever another process takes the
lease. `evaluated_at` is when the newest verdicts were decided, by the agent's clock. Empty with SQLite."""
