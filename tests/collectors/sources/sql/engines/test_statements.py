from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import duckdb
import pytest
import sqlglot.expressions as exp
from sqlalchemy.engine import make_url

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.sql.collector import answer_of
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines.registry import engine_of
from leverwatch.collectors.sources.sql.statement import plan_of, statement_of
from tests.collectors.sources.sql.engines.cases import ADDRESSES, DAYS, FEATURES, NAMES, ODD, config
from tests.collectors.sources.sql.engines.duck import READS, filled, parsed, run, translated
from tests.collectors.sources.sql.engines.environment import ROOT, output_of

GOLDEN = ROOT / "tests" / "golden" / "sql"
EVERY_DIALECT = pytest.mark.parametrize("dialect", ADDRESSES)
SHOWN = [f"{feature} {kind}" for feature, kind in zip(FEATURES, TimeIs, strict=False)]
"""Each feature and each time kind once."""
Statements = Mapping[str, Mapping[str, str | None]]


@pytest.fixture(scope="module")
def statements() -> Statements:
    """The statements of every case, compiled by the packages of the engines."""
    return json.loads(output_of("compiled"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def rows() -> duckdb.DuckDBPyConnection:
    return filled(ODD)


@pytest.fixture(scope="module")
def expected(rows: duckdb.DuckDBPyConnection) -> Mapping[str, Answer]:
    """What DuckDB's own engine answers to every case."""
    dialect = make_url("duckdb://").get_dialect()()
    found = {}
    for name in NAMES:
        source = config("duckdb://", name)
        statement = statement_of(source, engine_of("duckdb"), DAYS)
        text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        found[name] = answer(source, run(rows, text))
    return found


def answer(source: Any, found: Any) -> Answer:
    return answer_of(found, plan_of(source), source, system_lookup(parse_template(source.system)))


def comparable(it: Answer) -> Any:
    usage = sorted(it.usage, key=lambda row: (row.day, row.system, row.model, str(row.operation)))
    return (usage, it.filled, it.tallies, sorted(it.problems), sorted(it.tiers, key=repr))


@EVERY_DIALECT
def test_a_statement_is_one_that_only_reads_and_says_what_the_answer_needs(
    statements: Statements, dialect: str
) -> None:
    for name, text in ((name, statements[dialect][name]) for name in SHOWN):
        if text is None:
            assert (dialect, name.split()[0]) in (("bigquery", "odd"), ("spark", "odd"))
            continue
        found = parsed(text, dialect)
        plan = plan_of(config(ADDRESSES[dialect], name))

        assert isinstance(found, exp.Select)
        assert not list(found.find_all(exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Drop, exp.Command))
        calls = ["inferences"] if plan.has_calls else []
        assert {it.alias_or_name for it in found.selects} - {"code"} == {
            "day", "rows", *calls, *plan.names, *plan.template, *plan.told,
        }  # fmt: skip
        # What it is read as is what it says, and nothing is lost on the way.
        written = found.sql(READS[dialect])
        assert parsed(written, dialect).sql(READS[dialect]) == written


@EVERY_DIALECT
def test_every_engine_finds_the_days_and_sums_that_duckdb_finds_in_the_same_rows(
    statements: Statements, rows: duckdb.DuckDBPyConnection, expected: Mapping[str, Answer], dialect: str
) -> None:
    for name, text in statements[dialect].items():
        if text is None:
            continue
        source = config(ADDRESSES[dialect], name)
        found = answer(source, run(rows, translated(text, dialect)))

        assert len(found.filled) >= 7, name
        assert comparable(found) == comparable(expected[name]), name


@EVERY_DIALECT
def test_the_statements_are_those_that_were_looked_at(statements: Statements, dialect: str) -> None:
    lines = [f"-- {name}\n{statements[dialect][name] or '-- refused'};\n" for name in SHOWN]
    wanted, path = "\n".join(lines), GOLDEN / f"{dialect}.sql"
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN"):
        path.write_text(wanted)

    assert path.read_text() == wanted, "LEVERWATCH_UPDATE_GOLDEN=1 rewrites it"
