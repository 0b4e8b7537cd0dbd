#!/usr/bin/env bash
# Packages: PyHive 0.7.0 (with thrift 0.25.0), SQLAlchemy 2.1.9.
#
# Guess: an expression that is given to SQLAlchemy as `literal_column`, which is for text that goes into a statement as
#   it is, stands as it is in the statement for Hive and Spark too.
# Behaviour: PyHive's dialect compiles it as the name of a column, and takes a text with two dots for
#   schema.table.column: what is before the first dot is dropped, without an error. Of `cost * 1.5 + 2.5` there is left
#   a sound expression of another value; of a path into JSON a statement that cannot be parsed. One dot is left alone,
#   and three or more end in an AssertionError. `sqlalchemy.text` is not touched.
# Seen on 2026-11-28 with Python 3.11.7:
#   literal_column: SELECT 5 + 2.5 AS `x`
#   literal_column: SELECT a.b') AS `x`
#   literal_column: SELECT cost * 1.5 AS `x`
#   literal_column: AssertionError
#   text: SELECT cost * 1.5 + 2.5
#
# Exits with 0 as long as that is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/python -m pip install --quiet pyhive==0.7.0 thrift==0.25.0 sqlalchemy==2.1.9
cat > compiled.py <<'PYTHON'
import sqlalchemy as sa
from pyhive.sqlalchemy_hive import HiveDialect

for written in ("cost * 1.5 + 2.5", "get_json_object(doc, '$.a.b')", "cost * 1.5", "cost * 1.5 + 2.5 + 3.5"):
    statement = sa.select(sa.literal_column(written).label("x"))
    try:
        print("literal_column:", statement.compile(dialect=HiveDialect()))
    except AssertionError as error:
        print("literal_column:", type(error).__name__)
print("text:", sa.select(sa.text("cost * 1.5 + 2.5")).compile(dialect=HiveDialect()))
PYTHON

environment/bin/python compiled.py > seen.txt
cat seen.txt
diff seen.txt - <<'SEEN' || { echo 'changed' >&2; exit 1; }
literal_column: SELECT 5 + 2.5 AS `x`
literal_column: SELECT a.b') AS `x`
literal_column: SELECT cost * 1.5 AS `x`
literal_column: AssertionError
text: SELECT cost * 1.5 + 2.5
SEEN
