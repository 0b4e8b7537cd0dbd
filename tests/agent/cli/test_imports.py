"""What each command may import: a package that is not named here makes every run of the command slower."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.deploy.test_minimal import CONFIG, RECORD

ROOT = Path(__file__).parents[3]
PROGRAM = """
import atexit, json, sys
sys.argv[0] = 'leverwatch'
def tell():
    names = {name.split(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
    rooms = {".".join(name.split(".")[:3]) for name in sys.modules if name.startswith("leverwatch.")}
    print(json.dumps([sorted(names), sorted(rooms)]), file=sys.stderr)
atexit.register(tell)
from leverwatch.agent.cli.main import main
main()
"""
START = {"click"}
PYDANTIC = {"annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"}
CHECK = START | PYDANTIC | {"msgspec", "yaml"}
READ = {"isal", "xxhash", "zstandard"}
STORE = CHECK | {"sqlalchemy", "zstandard"}
COMPLETE = {"_LEVERWATCH_COMPLETE": "bash_complete", "COMP_CWORD": "2"}

CLI = "leverwatch.agent.cli"
NATIVE = {"leverwatch.collectors", "leverwatch.collectors.aggregation"}
COUNTING = {
    f"leverwatch.collectors.{name}" for name in ("billed", "counted_fields", "errors", "interface", "records")
}
"""The table of counted fields, and what it is made of."""
BORNE = {"cython_runtime", "greenlet", "httpx2", "distutils"}
"""What packages that are named bring with them where it is installed."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "leverwatch.yaml").write_text(CONFIG)
    (tmp_path / "app.jsonl").write_text(RECORD)
    for command in ("collect", "evaluate"):
        # What is tested is a start with the newest schema and with nothing new.
        imported(tmp_path, command)
    return tmp_path


def imported(folder: Path, *arguments: str, program: str = PROGRAM, **environ: str) -> tuple[set[str], set[str]]:
    """The packages that are not Python's own, and the rooms of leverwatch, that a command imports."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LEVERWATCH_LOG": "", **environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names, rooms = json.loads(done.stderr.splitlines()[-1])
    # Extension modules and the finders of the environment have names of their own.
    known = {name for name in names if not name.startswith("_") and "__mypyc" not in name and name != "leverwatch"}
    return known, set(rooms)


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (["--help"], {}),
        (["collect", "--help"], {}),
        ([], {**COMPLETE, "COMP_WORDS": "leverwatch ", "COMP_CWORD": "1"}),
        ([], {**COMPLETE, "COMP_WORDS": "leverwatch replay --"}),
    ],
    ids=["help", "help of a command", "completed command", "completed option"],
)
def test_help_and_completion_need_click_alone(
    arguments: list[str], environ: dict[str, str], tmp_path: Path
) -> None:
    packages, rooms = imported(tmp_path, *arguments, **environ)

    assert packages == START
    assert rooms <= {"leverwatch.agent", CLI, "leverwatch.agent.memory", *NATIVE}


def test_the_version_needs_what_tells_whether_the_helper_fits(tmp_path: Path) -> None:
    packages, rooms = imported(tmp_path, "--version")

    assert packages <= START | {"msgspec", "typing_extensions", "xxhash"}
    assert rooms <= {"leverwatch.agent", CLI, "leverwatch.agent.memory", *NATIVE, *COUNTING}


@pytest.mark.parametrize(
    ("arguments", "packages"),
    [
        (["sniff", "app.jsonl"], CHECK | READ),
        (["check-config"], CHECK | {"zstandard"}),
        (["collect"], STORE | READ),
        (["evaluate"], STORE),
        (["explain", "bot"], STORE | {"genai_prices"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_imports_no_more_than_it_may(arguments: list[str], packages: set[str], folder: Path) -> None:
    found, _ = imported(folder, *arguments)

    assert found - packages - BORNE == set()


@pytest.mark.parametrize("arguments", [["check-config"], ["sniff", "app.jsonl"]], ids=lambda value: value[0])
def test_what_reads_no_store_imports_neither_the_store_nor_the_agent(arguments: list[str], folder: Path) -> None:
    _, rooms = imported(folder, *arguments)

    assert not rooms & {
        f"leverwatch.agent.{room}" for room in ("app", "store", "web", "exporter", "scheduling", "log")
    }


def test_only_an_older_schema_needs_alembic(folder: Path) -> None:
    store = folder / "store.db"
    store.unlink()
    assert "alembic" not in imported(folder, "collect")[0], "a first start makes the newest schema at once"

    with closing(sqlite3.connect(store)) as database, database:
        database.executescript(
            "DROP TABLE leases; DROP TABLE billed_days; DROP TABLE uncounted_days;"
            "UPDATE alembic_version SET version_num = '0014'"
        )
    assert "alembic" in imported(folder, "collect")[0]
    assert "alembic" not in imported(folder, "collect")[0]


def test_a_configuration_imports_what_it_names(folder: Path) -> None:
    program = PROGRAM.replace('".".join(name.split(".")[:3])', "name")
    modules = imported(folder, "evaluate", program=program)[1]
    formats = {name.rpartition(".")[2] for name in modules if "records.formats." in name}

    assert not any(name.startswith("leverwatch.collectors.sources.evals") for name in modules)
    assert not any(name.startswith("leverwatch.collectors.sources.models") for name in modules)
    assert not formats & {
        "anthropic",
        "azure",
        "bedrock",
        "kong",
        "langfuse",
        "litellm",
        "mlflow",
        "otlp",
        "vertex",
    }


def test_prices_need_nothing_of_what_could_fetch_them(folder: Path) -> None:
    program = PROGRAM.replace('name.split(".")[0] for name', "name for name")
    packages, _ = imported(folder, "explain", "bot", program=program)

    assert "genai_prices.data" in packages
    assert not any(name.startswith(("httpx2.", "httpcore", "h11", "idna")) for name in packages)


def test_a_verdict_needs_nothing_of_what_is_shown_beside_it(folder: Path) -> None:
    program = PROGRAM.replace('".".join(name.split(".")[:3])', "name")
    _, modules = imported(folder, "evaluate", program=program)

    assert not modules & {
        "leverwatch.agent.framework.assessment",
        "leverwatch.agent.framework.economics.assess",
        "leverwatch.agent.framework.forecast.forecast",
        "leverwatch.agent.framework.locked_in",
        "leverwatch.agent.framework.overengineering",
        "leverwatch.agent.framework.review",
        "leverwatch.agent.prices.book",
        "leverwatch.agent.snapshot",
        "leverwatch.agent.store.history_reader",
        "leverwatch.agent.store.views",
    }


def test_an_agent_needs_nothing_of_what_nobody_asks_of_it(folder: Path) -> None:
    # What it holds from its start it holds as long as it runs: these are 20 MB.
    program = PROGRAM.replace('name.split(".")[0] for name', "name for name").replace(
        "from leverwatch.agent.cli.main import main\nmain()",
        "from pathlib import Path\n"
        "from leverwatch.agent.app import Agent\n"
        "from leverwatch.agent.config import load_config\n"
        "from leverwatch.agent.scheduling.source_runner import source_runner\n"
        "loaded = load_config(Path('leverwatch.yaml'))\n"
        "agent = Agent(loaded, lambda: loaded)\n"
        "agent.store.migrate()\n"
        "assert all(source_runner(it, loaded, agent.store).run().success for it in loaded.config.sources)\n",
    )
    modules, _ = imported(folder, program=program)

    assert "sqlalchemy.sql" in modules
    assert not modules & {
        "alembic",
        "bcrypt",
        "chardet",
        "charset_normalizer",
        "cryptography",
        "duckdb",
        "jinja2",
        "markdown_it",
        "psycopg",
        "requests",
        "sqlalchemy.orm",
        "sqlglot",
        "tqdm",
        "urllib3",
    }


def test_few_value_classes_are_made_by_running_code(folder: Path) -> None:
    # `dataclass` compiles the methods of a class at each start, in up to 2 ms; a struct of msgspec needs none.
    program = PROGRAM.replace('".".join(name.split(".")[:3])', "name").replace(
        "    print(",
        "    rooms = [f'{room}.{kind.__name__}' for room in rooms for kind in vars(sys.modules[room]).values()\n"
        "        if '__dataclass_fields__' in getattr(kind, '__dict__', ()) and kind.__module__ == room]\n"
        "    print(",
    )
    _, made = imported(folder, "collect", program=program)

    assert {name.removeprefix("leverwatch.") for name in made} <= {
        "agent.config.load.Loaded",
        "collectors.aggregation.ledger.Known",
        "collectors.counted_fields.Counts",
        "collectors.interface.UsageRow",
        "collectors.interface._Cell",
        "collectors.records.formats.declared.Declaration",
        "collectors.records.formats.openai._Declaration",
        "collectors.records.observation.Fit",
        "collectors.sources.git.credentials.Remote",
    }
    assert "leverwatch.collectors.interface.UsageRow" in made
