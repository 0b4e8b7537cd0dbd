"""Says what is wrong with a database in the settled vocabulary, and never in the words of its driver.

A driver's text may quote a value of a row, or the address with its password.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.exc import DBAPIError

from leverwatch.collectors.errors import CollectorError, SourceUnavailable
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.interface import Engine

_NAME = r"[\w.$-]{1,100}"
_NAMES = rf"(?:{{}})(?: with name| named)?[: ]+(?!or )[\"'`]?({_NAME}(?:`\.`{_NAME})*)[\"'`]?"
_COLUMNS = re.compile(_NAMES.replace("{}", "column|parameter|(?<!table expression )identifier"), re.IGNORECASE)
_TABLES = re.compile(
    _NAMES.replace("{}", "table expression identifier|relation|table|schema|database|view"), re.IGNORECASE
)
_DRIVERS = frozenset({
    "botocore", "databricks", "google", "pyathena", "pyhive", "redshift_connector", "requests", "snowflake",
    "thrift", "thrift_sasl", "trino", "urllib3",
})  # fmt: skip
_NAMING = (said.NO_TABLE, said.NO_COLUMN, said.NO_SCHEMA, said.PERMISSION)
"""What these errors name is what the configuration names, and nothing of a row."""


def of_a_driver(error: Exception) -> bool:
    """Return whether an error is one of a driver or of what it speaks through, which SQLAlchemy does not know."""
    return isinstance(error, OSError) or type(error).__module__.split(".")[0] in _DRIVERS


def translated(place: str, engine: Engine, error: Exception, *, ended: bool = False) -> CollectorError:
    """Return what an error of a database means; its text names what to fix.

    Of a statement that was `ended` from here, a driver may say anything.
    """
    original: Any = error.orig if isinstance(error, DBAPIError) else error
    meaning = said.TOO_LONG if ended else engine.meaning(original)
    if meaning is None:
        return SourceUnavailable(f"{place}: the database failed ({type(original).__name__})")
    names = _COLUMNS if meaning is said.NO_COLUMN else _TABLES
    named = names.search(str(original)) if meaning in _NAMING else None
    # `source` is what statements call the table, and nobody configured it.
    name = named[1].replace("`", "").rstrip(".").removeprefix("source.") if named else ""
    return meaning.kind(f"{place}: {f'{name}: ' if name else ''}{meaning.said}")
