"""Runs a module in the environment that has the drivers of the engines that cannot run here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[5]
_PYTHON = ROOT / ".venv-warehouses" / "bin" / "python"


def output_of(module: str) -> str:
    """Return what a module of this folder prints there."""
    assert _PYTHON.exists(), "`make servers` installs the drivers"
    program = [str(_PYTHON), "-m", f"tests.collectors.sources.sql.engines.{module}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
