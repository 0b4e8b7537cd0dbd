"""The store's URL: parsing it, resolving a relative SQLite path, and showing it without secrets."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from leverwatch.agent.config.problem import HIDDEN, has_credentials

_POSTGRES = {"postgres", "postgresql", "postgresql+psycopg"}
_SQLITE = {"sqlite", "sqlite+pysqlite"}


def parse_store_url(text: str) -> URL:
    """Return a store URL as SQLAlchemy's `URL`, for PostgreSQL with the driver that leverwatch installs.

    Raises:
        ValueError: it is not the URL of a supported store. The message contains no part of the URL.
    """
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


def sqlite_file(url: URL, base_dir: Path) -> Path | None:
    """Return the file of an SQLite store; None for other stores and for SQLite's `file:` URIs."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return None
    return base_dir / url.database


def anchored(url: URL, base_dir: Path) -> URL:
    """Return the URL with a relative SQLite path made absolute."""
    file = sqlite_file(url, base_dir)
    return url if file is None else url.set(database=str(file))


def show_store_url(url: URL) -> str:
    """Return the URL without password and without query values, any of which may be a secret."""
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
