"""The producers' own packages, pinned, and how each of them makes its tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Producer:
    """A program that writes tables."""

    name: str
    title: str
    installs: tuple[tuple[str, ...], ...]
    """What `pip install` is told, each time."""
    migrate: str
    """Python that makes its tables in the database whose URL is its argument, in a folder of its own."""
    tables: tuple[str, ...]
    times: tuple[str, ...]
    """The columns of times by whose indexes rows are found."""
    engines: tuple[str, ...]
    driver: str = "postgresql"
    """What its URL of PostgreSQL begins with."""


_LITELLM = """
import pathlib, sys
import litellm_proxy_extras, psycopg

folder = pathlib.Path(litellm_proxy_extras.__file__).parent / "migrations"
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    # What `prisma migrate deploy` does with them, whose engine is in no package.
    for file in sorted(folder.glob("*/migration.sql")):
        connection.execute(file.read_text())
"""
_PHOENIX = """
import asyncio, os, sys
os.environ["PHOENIX_WORKING_DIR"] = os.getcwd()
from phoenix.db.engines import create_engine

async def main():
    await create_engine(sys.argv[1], migrate=True).dispose()

asyncio.run(main())
"""
_MLFLOW = """
import sys
from mlflow.store.db.utils import _initialize_tables
import sqlalchemy

_initialize_tables(sqlalchemy.create_engine(sys.argv[1]))
"""
_OPEN_WEBUI = """
import os, pathlib, sys
os.environ.update(DATA_DIR=os.getcwd(), DATABASE_URL=sys.argv[1], WEBUI_SECRET_KEY="x", OFFLINE_MODE="true")
import open_webui
from alembic import command
from alembic.config import Config

folder = pathlib.Path(open_webui.__file__).parent
config = Config(str(folder / "alembic.ini"))
config.set_main_option("script_location", str(folder / "migrations"))
command.upgrade(config, "head")
"""

PRODUCERS = (
    Producer(
        "litellm",
        "litellm-proxy-extras 0.4.110 (LiteLLM 1.110)",
        (("--no-deps", "litellm-proxy-extras==0.4.110"), ("psycopg[binary]",)),
        _LITELLM,
        ("LiteLLM_SpendLogs", "LiteLLM_DailyUserSpend", "LiteLLM_VerificationToken", "LiteLLM_TeamTable"),
        ("startTime", "date"),
        ("postgresql",),
    ),
    Producer(
        "phoenix",
        "arize-phoenix 20.26.1",
        (("arize-phoenix==20.26.1", "asyncpg", "psycopg[binary]"),),
        _PHOENIX,
        ("spans", "traces", "projects", "span_costs"),
        ("start_time",),
        ("postgresql", "sqlite"),
    ),
    Producer(
        "mlflow",
        "mlflow 3.18.0",
        # The parts that it pins are not always there on the day of a release.
        (("mlflow==3.17.2", "psycopg2-binary", "pymysql"), ("--no-deps", "mlflow==3.18.0")),
        _MLFLOW,
        ("spans", "experiments", "trace_info", "trace_tags", "trace_request_metadata"),
        ("experiment_id",),
        ("postgresql", "sqlite", "mariadb"),
        "postgresql+psycopg2",
    ),
    Producer(
        "open-webui",
        "open-webui 0.12.4",
        # Its migrations need little of what it needs to run.
        (
            ("--no-deps", "open-webui==0.12.4"),
            (
                "sqlalchemy[asyncio]<2.1", "alembic", "pydantic", "python-dotenv", "aiosqlite", "psycopg[binary]",
                "psycopg2-binary", "asyncpg", "fastapi", "markdown", "beautifulsoup4", "cryptography", "loguru",
                "aiohttp", "requests", "typer", "pyjwt", "bcrypt", "argon2-cffi", "redis", "itsdangerous",
                "starsessions", "authlib", "httpx", "pytz", "python-engineio", "orjson", "mimeparse", "pillow",
                "uvicorn", "peewee", "peewee-migrate",
            ),
        ),
        _OPEN_WEBUI,
        ("chat_message", "chat", "model", "folder"),
        ("created_at",),
        ("postgresql", "sqlite"),
    ),
)  # fmt: skip
