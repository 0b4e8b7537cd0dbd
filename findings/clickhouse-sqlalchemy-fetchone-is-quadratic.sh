#!/usr/bin/env bash
# Packages: clickhouse-sqlalchemy 0.3.2, clickhouse-driver 0.2.9, SQLAlchemy 2.0.42.
#
# Guess: to read an answer row by row, as every loop over a result of SQLAlchemy does, takes twice as long for twice as
#   many rows.
# Behaviour: `fetchone` of the cursor of clickhouse+native takes the first item out of a list, and so moves all that are
#   left: four times as long for twice as many rows, and seconds of processor time from some 100,000 rows on.
#   `fetchmany` copies all that are left each time. `fetchall`, which `all()` of SQLAlchemy calls, is not touched.
#   The class of the cursor, the dialect and SQLAlchemy are the real ones; in place of a server there is a transport
#   that has an answer of so many rows in the form of `clickhouse_driver.Client.execute`.
# Seen on 2026-11-28 with Python 3.11.7:
#   the same list, without its first item: True
#     0.88 s for 100,000 rows, 3.53 s for 200,000
#     0.06 s for 100,000 rows, 0.13 s for 200,000
#   a loop over a result: quadratic
#   all(): not quadratic
#
# Exits with 0 as long as that is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/python -m pip install --quiet clickhouse-sqlalchemy==0.3.2 clickhouse-driver==0.2.9 sqlalchemy==2.0.42
cat > reading.py <<'PYTHON'
import time

import sqlalchemy as sa
from clickhouse_sqlalchemy.drivers.native.connector import Connection


class Transport:
    """Answers as `clickhouse_driver.Client` does, `SELECT 100000` with so many rows."""

    @classmethod
    def from_url(cls, _):
        return cls()

    def execute(self, statement, with_column_types=False, **_):
        told = statement.removeprefix("SELECT ")
        if not told.isdecimal():
            return [("20.3.1",)], [("version()", "String")]
        return [(number,) for number in range(int(told))], [("number", "UInt64")]

    def disconnect(self):
        pass


class ToNobody(Connection):
    transport_cls = Transport


engine = sa.create_engine("clickhouse+native://nobody/default", creator=lambda: ToNobody("clickhouse://nobody"))


def seconds(rows, read):
    with engine.connect() as connection:
        result = connection.exec_driver_sql(f"SELECT {rows}")
        begun = time.process_time()
        assert read(result) == rows
        return time.process_time() - begun


def ratio(read):
    """How much longer it takes for twice as many rows: the best of five each."""
    once, twice = (min(seconds(rows, read) for _ in range(5)) for rows in (100_000, 200_000))
    print(f"  {once:.2f} s for 100,000 rows, {twice:.2f} s for 200,000")
    return twice / once


with engine.connect() as connection:
    taken = connection.exec_driver_sql("SELECT 3").cursor
    rows = taken._rows
    taken.fetchone()
    print("the same list, without its first item:", rows == [(1,), (2,)])
loop, whole = ratio(lambda result: sum(1 for _ in result)), ratio(lambda result: len(result.all()))
print("a loop over a result:", "quadratic" if loop > 2.8 else "not quadratic")
print("all():", "quadratic" if whole > 2.8 else "not quadratic")
PYTHON

fail() { echo "changed: $1" >&2; exit 1; }

environment/bin/python reading.py > seen.txt
cat seen.txt
grep -x 'the same list, without its first item: True' seen.txt > /dev/null || fail 'what fetchone does'
grep -x 'a loop over a result: quadratic' seen.txt > /dev/null || fail 'the time of a loop'
grep -x 'all(): not quadratic' seen.txt > /dev/null || fail 'the time of all()'
