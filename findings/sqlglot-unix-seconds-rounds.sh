#!/usr/bin/env bash
# Packages: sqlglot 30.30.0, duckdb 2.0.1.
#
# Guess: a statement of Spark or BigQuery that is translated to DuckDB by sqlglot gives the same whole seconds.
# Behaviour: `unix_seconds(t)` becomes CAST(EPOCH(t) AS BIGINT). DuckDB's EPOCH has the fraction, and its cast rounds,
#   while Spark and BigQuery document that they cut the fraction off. Of every second the later half becomes the next
#   one: a row half a second before midnight moves to the next day where days are made of these seconds.
# Seen on 2026-11-28 with Python 3.11.7, for 00:00:01.750 and 23:59:59.600 of 1970-01-01:
#   spark 2 86400
#   bigquery 2 86400
#
# Exits with 0 as long as that is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/python -m pip install --quiet sqlglot==30.30.0 duckdb==2.0.1
cat > seconds.py <<'PYTHON'
import duckdb
import sqlglot

duckdb.sql("SET TimeZone = 'UTC'")
WRITTEN = {
    "spark": "SELECT unix_seconds(TIMESTAMP '1970-01-01 {}')",
    "bigquery": "SELECT UNIX_SECONDS(TIMESTAMP '1970-01-01 {} UTC')",
}
for dialect, statement in WRITTEN.items():
    found = []
    for clock in ("00:00:01.750", "23:59:59.600"):
        (translated,) = sqlglot.transpile(statement.format(clock), read=dialect, write="duckdb")
        ((seconds,),) = duckdb.sql(translated).fetchall()
        found.append(str(seconds))
    print(dialect, *found)
PYTHON

fail() { echo "changed: $1" >&2; exit 1; }

environment/bin/python seconds.py > seen.txt
cat seen.txt
grep -x 'spark 2 86400' seen.txt > /dev/null || fail 'the seconds of Spark'
grep -x 'bigquery 2 86400' seen.txt > /dev/null || fail 'the seconds of BigQuery'
