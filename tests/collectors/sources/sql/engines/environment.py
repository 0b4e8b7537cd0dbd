"""Runs modules in the environment that has the drivers of the engines that cannot run here."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[5]
_PYTHON = ROOT / ".venv-warehouses" / "bin" / "python"
_FOLDER = "tests.collectors.sources.sql.engines"
_MODULES = ("compiled", "refused", "preset_statements")
_PROGRAM = f"""
import contextlib, io, json, runpy
told = {{}}
for name in {_MODULES!r}:
    with contextlib.redirect_stdout(io.StringIO()) as text:
        runpy.run_module("{_FOLDER}." + name, run_name="__main__")
    told[name] = text.getvalue()
print(json.dumps(told))
"""


def output_of(module: str) -> str:
    """Return what a module of this folder prints there."""
    return _outputs()[module]


@cache
def _outputs() -> dict[str, str]:
    """Return what each of the modules prints. In one process, as to import the drivers takes the most."""
    assert _PYTHON.exists(), "`make servers` installs the drivers"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = [str(_PYTHON), "-c", _PROGRAM]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found
