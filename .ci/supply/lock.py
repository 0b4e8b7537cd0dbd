"""Writes the locks: every dependency with its version and the hashes of its files.

    PYTHONPATH=.ci python -m supply.lock

`newest.txt` is what the tests run on; `image.txt` and `bench.txt` are parts of it. `oldest.txt` has the lowest
release that pyproject.toml allows of everything it names, and `clickhouse.txt` what is beside it to read
ClickHouse servers. `build.txt` is what builds the image.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
_TESTED = (
    "--extra",
    "postgres",
    "--extra",
    "mariadb",
    "--extra",
    "duckdb",
    "--extra",
    "prices",
    "--extra",
    "prompts",
    "--extra",
    "dev",
)
_OLDEST = ("--resolution", "lowest-direct", "--python-platform", "linux")
_WAREHOUSES = tuple(
    part
    for extra in ("trino", "athena", "bigquery", "snowflake", "databricks", "mssql", "redshift", "spark")
    for part in ("--extra", extra)
)
_WITHIN = ("--constraint", ".ci/supply/newest.txt")

# In this order, because the later ones keep to the first.
LOCKS: dict[str, tuple[str, ...]] = {
    "newest": ("pyproject.toml", *_TESTED, "--extra", "chdb", "--universal"),
    # For the oldest Python alone: newer ones cannot have the lowest release of everything.
    "oldest": ("pyproject.toml", *_TESTED, *_OLDEST),
    # Beside the oldest, whose SQLAlchemy is as old as the driver needs it; apart, as it is built from its source.
    "clickhouse": ("pyproject.toml", "--extra", "clickhouse", *_OLDEST, "--constraint", ".ci/supply/oldest.txt"),
    "image": (
        "pyproject.toml",
        "--extra",
        "postgres",
        "--extra",
        "mariadb",
        "--extra",
        "prompts",
        "--universal",
        *_WITHIN,
    ),
    # In an environment of its own: one of their clients needs an older release of what the tests have.
    "warehouses": ("pyproject.toml", *_WAREHOUSES, "--universal"),
    "spark": ("--group", "pyproject.toml:slow", "--universal"),
    "bench": ("pyproject.toml", "--extra", "bench", "--universal", *_WITHIN),
    "build": ("--group", "pyproject.toml:image", "--universal", *_WITHIN),
}


def main() -> None:
    """Resolve the newest releases of today, and write all locks."""
    for name, arguments in LOCKS.items():
        options = ["--upgrade", "--generate-hashes", "--python-version", "3.11"]
        written = ["--custom-compile-command", "make lock", "--output-file", f".ci/supply/{name}.txt"]
        program = str(Path(sys.executable).with_name("uv"))
        command = [program, "pip", "compile", "--quiet", "--no-config", *options, *written, *arguments]
        subprocess.run(command, cwd=FOLDER.parents[1], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
