"""The store's URL: parsing it, resolving a relative SQLite path, and showing it without secrets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leverwatch.agent.config.problem import HIDDEN, has_credentials

_POSTGRES = {"postgres", "postgresql", "postgresql+psycopg"}
_SQLITE = {"sqlite", "sqlite+pysqlite"}
_PLAIN = re.compile(r"(sqlite|sqlite\+pysqlite):///([A-Za-z0-9_.~/ +-]+)")
"""The characters of a path that every release of SQLAlchemy reads and writes unchanged."""

if TYPE_CHECKING:
    from sqlalchemy import URL


class SqlitePath(Struct, frozen=True):
    """The URL of an SQLite file whose path needs no escaping, so that SQLAlchemy need not be imported to check
    it."""

    drivername: str
    database: str
    password: None = None

    def get_backend_name(self) -> str:
        """Return the name of the database, like the method of SQLAlchemy's URL."""
        return "sqlite"

    def full(self) -> URL:
        """Return the URL as SQLAlchemy's class."""
        from sqlalchemy import URL

        return URL.create(self.drivername, database=self.database)


StoreUrl: TypeAlias = "SqlitePath | URL"


def parse_store_url(text: str) -> StoreUrl:
    """A store URL, with the driver that leverwatch ships for PostgreSQL.

    Raises:
        ValueError: it is not the URL of a supported store. The message contains no part of the URL.
    """
    if plain := _PLAIN.fullmatch(text):
        return SqlitePath(plain[1], plain[2])
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Without a cause: the error may carry the password.
        raise ValueError(
            "must be a database URL, such as sqlite:///leverwatch.db or postgresql://user@host/database "
            "(percent-encode special characters of a password, or use password_file)"
        ) from None
    if url.drivername in _SQLITE:
        if url.host or url.username:
            raise ValueError(
                "must have three slashes before a relative SQLite path and four before an absolute one"
            )
        if not url.database or url.database == ":memory:":
            raise ValueError("must name a file: an SQLite store in memory forgets everything at the end")
        return url
    if url.drivername in _POSTGRES:
        if "@" in (url.host or ""):
            raise ValueError("must have an @ of its password written as %40, or use password_file")
        if not url.database:
            raise ValueError("must name a database, such as postgresql://user@host/database")
        return url.set(drivername="postgresql+psycopg")
    raise ValueError("must be an SQLite (sqlite:///) or PostgreSQL (postgresql://) URL")


def sqlite_file(url: StoreUrl, base_dir: Path) -> Path | None:
    """The file of an SQLite store; None for other stores and for SQLite's own `file:` notation."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return None
    return base_dir / url.database


def anchored(url: StoreUrl, base_dir: Path) -> StoreUrl:
    """Return the URL with a relative SQLite path made absolute."""
    file = sqlite_file(url, base_dir)
    if file is None:
        return url
    return replace(url, database=str(file)) if isinstance(url, SqlitePath) else url.set(database=str(file))


def show_store_url(url: StoreUrl) -> str:
    """The URL without its password and without the values of its query, any of which may be a secret."""
    if isinstance(url, SqlitePath):
        # The folder of the configuration may have brought what is to be escaped.
        shown = f"{url.drivername}:///{url.database}"
        return shown if _PLAIN.fullmatch(shown) else show_store_url(url.full())
    safe = url.set(query=dict.fromkeys(url.query, HIDDEN))
    if safe.password is not None:
        safe = safe.set(password=HIDDEN)
    return safe.render_as_string(hide_password=False).replace("%28hidden%29", HIDDEN)


def without_secrets(text: str, url: URL) -> str:
    """Return a database's error message with all occurrences of the URL's password removed."""
    values = [value for key, value in url.normalized_query.items() if has_credentials(f"{key}=")]
    for secret in sorted({str(url.password or ""), *(part for value in values for part in value)}, key=len)[::-1]:
        if secret:
            text = text.replace(secret, HIDDEN)
    return text
