"""Says what is wrong with a database in the settled vocabulary, and never in the words of its driver.

A driver's text may quote a value of a row, or the address with its password.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable

_STATES: tuple[tuple[str, type[CollectorError], str], ...] = (
    ("28", CredentialsRefused, "the user or the password is not accepted; check `url` and `password_file`"),
    ("42501", PermissionRefused, "the user may not read it; grant SELECT on it to this user"),
    ("42P01", SchemaDiffers, "there is no such table; check `table`, and its schema"),
    ("3F000", SchemaDiffers, "there is no such schema; check `table`"),
    ("3D000", SchemaDiffers, "there is no such database; check `url`"),
    ("42703", SchemaDiffers, "there is no such column; check `fields` and `system`"),
    ("42883", SchemaDiffers, "a column is of another type than its field needs; check `fields` and `time_is`"),
    ("42846", SchemaDiffers, "a column is of another type than its field needs; check `fields` and `time_is`"),
    ("42804", SchemaDiffers, "a column is of another type than its field needs; check `fields` and `time_is`"),
    ("42", SchemaDiffers, "the statement is not understood there; check `statement`, `fields` and `system`"),
    ("22", SchemaDiffers, "a value is of another type than its field needs; check `time_is` and `fields`"),
    ("57014", TimedOut, "the answer takes longer than `timeout`; an index on the column of the time helps"),
    ("55P03", TimedOut, "the table is locked by somebody else"),
    ("53300", SourceUnavailable, "the server has no free connection"),
    ("57P", Unreachable, "the server is stopping or starting"),
    ("08", Unreachable, "the connection was lost"),
)
"""By the beginning of an SQLSTATE, the longest first within a class: PostgreSQL's documentation, appendix A."""
_WORDS: tuple[tuple[str, type[CollectorError], str], ...] = (
    (r"password|authentication|pg_hba|role .* does not exist", *_STATES[0][1:]),
    (r"database .* does not exist", *_STATES[4][1:]),
    (r"no such table", *_STATES[2][1:]),
    (r"no such column", *_STATES[5][1:]),
    (r"malformed JSON", SchemaDiffers, "a column that should have JSON has something else; check `fields`"),
    (r"interrupted", *_STATES[11][1:]),
    (r"unable to open database file", Unreachable, "there is no such file, or it cannot be opened"),
    (r"file is not a database", SourceRefused, "the file is no SQLite database"),
    (r"database is locked", TimedOut, "the file is locked by somebody else"),
    (r"syntax error", *_STATES[9][1:]),
    (r"given up", TimedOut, "there was no answer within `timeout`"),
    (r"could not|failed|refused|timeout|timed out|closed", Unreachable, "nobody answers at this address"),
)
"""By words of messages, where there is no SQLSTATE: SQLite has none, and nor has a connection that was refused."""
_NAMES = re.compile(r'(?:column|relation|table|schema|database)[: ]+"?([\w.$-]{1,100})"?', re.IGNORECASE)
_NAMING = (SchemaDiffers, PermissionRefused)


def translated(place: str, error: SQLAlchemyError) -> CollectorError:
    """Return what an error of a database means; its text names what to fix."""
    original: Any = error.orig if isinstance(error, DBAPIError) else error
    state, text = getattr(original, "sqlstate", None) or "", str(original)
    kind, said = _meaning(state, text)
    # These name only what the configuration names, and not what is in a row.
    named = (
        _NAMES.search(text.splitlines()[0]) if text and issubclass(kind, _NAMING) and state[:2] != "22" else None
    )
    return kind(f"{place}: {f'{named[1]}: ' if named else ''}{said}")


def _meaning(state: str, text: str) -> tuple[type[CollectorError], str]:
    if state:
        for start, kind, said in _STATES:
            if state.startswith(start):
                return kind, said
    for words, kind, said in _WORDS:
        if re.search(words, text, re.IGNORECASE):
            return kind, said
    return SourceUnavailable, f"the database failed{f' (SQLSTATE {state})' if state else ''}"
