"""Empty databases of both kinds, as many as are asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy.engine import make_url

Databases = Callable[[], str]
"""Makes a database; its URL."""


def sqlite_in(folder: Path) -> Databases:
    """Files in a folder."""
    folder.mkdir(parents=True)
    return lambda: f"sqlite:///{folder / uuid4().hex}.db"


def postgresql_on(server: str) -> Databases:
    """Databases of a running server."""

    def create() -> str:
        name = f"t{uuid4().hex}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        url = make_url(server).set(database=name, drivername="postgresql")
        return url.render_as_string(hide_password=False)

    return create
