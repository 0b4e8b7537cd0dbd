"""Installs the producers' own packages, makes their databases with their own migrations, and compares the tables
that presets read with the files here: `make producers`. Names of producers choose some of them; `--write` writes
the files; `--into=FOLDER` keeps what was installed there for the next time.

It needs a package registry and some minutes, and so is no part of CI.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from tests.collectors.sources.sql.producers.packages import PRODUCERS, Producer
from tests.collectors.sources.sql.producers.schemas import columns, differences, file_of, make_tables, written
from tests.e2e.databases import database_of, mariadb, postgresql


def main() -> int:
    """Compare or write the files of all producers, or of those that are named. Returns the exit code."""
    kept = next((it.removeprefix("--into=") for it in sys.argv if it.startswith("--into=")), None)
    named = [it for it in sys.argv[1:] if not it.startswith("-")]
    wanted = [it for it in PRODUCERS if not named or it.name in named]
    wrong = 0
    with (
        tempfile.TemporaryDirectory(prefix="leverwatch-producers-") as scratch,
        postgresql() as server,
        mariadb() as other,
    ):
        for producer in wanted:
            home = _installed(Path(kept or scratch).resolve() / producer.name, producer)
            for engine in producer.engines:
                of = (engine, server, other, Path(scratch))
                with _database(*of) as theirs, _database(*of) as ours:
                    _migrate(home, producer, theirs)
                    wrong += _report(producer, theirs, ours, write="--write" in sys.argv)
    return 1 if wrong else 0


def _installed(home: Path, producer: Producer) -> Path:
    if (home / "installed").exists():
        return home
    venv.create(home, with_pip=True)
    for options in producer.installs:
        subprocess.run([home / "bin/python", "-m", "pip", "install", "-q", *options], check=True)
    (home / "installed").touch()
    return home


def _migrate(home: Path, producer: Producer, engine: Engine) -> None:
    names = {"postgresql": producer.driver, "mariadb": "mysql+pymysql", "sqlite": "sqlite"}
    url = engine.url.set(drivername=names[engine.dialect.name]).render_as_string(hide_password=False)
    code = [str(home / "bin/python"), "-c", producer.migrate, url]
    done = subprocess.run(code, cwd=home, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{producer.name}: its migrations failed:\n{done.stderr[-3000:]}")


def _report(producer: Producer, theirs: Engine, ours: Engine, *, write: bool) -> int:
    file = file_of(producer.name, theirs.dialect.name)
    if write:
        made = "\n".join(written(theirs, producer.tables, producer.times))
        file.write_text(f"-- {producer.title}, {theirs.dialect.name}: the tables that presets read\n\n{made}")
    make_tables(ours, producer.name)
    found = list(differences(columns(theirs, producer.tables), columns(ours, producer.tables)))
    number = sum(map(len, columns(theirs, producer.tables).values()))
    print(f"{producer.title} on {theirs.dialect.name}: {number} columns, {len(found)} differ")
    for line in found:
        print(f"  {line}")
    return len(found)


@contextmanager
def _database(engine: str, server: str, other: str, folder: Path) -> Iterator[Engine]:
    """An empty database of a kind."""
    name = f"t{uuid4().hex}"
    if engine == "sqlite":
        yield sa.create_engine(f"sqlite:///{folder / name}.db", poolclass=NullPool)
    elif engine == "postgresql":
        with database_of(server) as url:
            yield sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool)
    else:
        url = make_url(other).set(drivername="mariadb+pymysql")
        with sa.create_engine(url, poolclass=NullPool).begin() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        yield sa.create_engine(url.set(database=name), poolclass=NullPool)


if __name__ == "__main__":
    sys.exit(main())
