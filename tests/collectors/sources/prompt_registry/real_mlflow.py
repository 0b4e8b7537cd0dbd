"""Moves an alias on a real server of MLflow, as its own client does, and looks whether each move is counted once.

Part of `make producers`. A folder as argument keeps what was installed there for the next time.
It needs a package registry and some minutes, and so is no part of CI.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.collectors.sources.prompt_registry.registries import MLflow
from tests.collectors.sources.prompt_registry.world import World
from tests.collectors.sources.usage_api.server import Served
from tests.e2e.servers import free_port

PACKAGE = "mlflow==3.17.2"
_STEP = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_registry_uri(sys.argv[1])
{code}
"""
_BEGIN = """
chat = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "{{question}}"}]
mlflow.genai.register_prompt(name="answer", template="Answer {{question}} kindly.")
mlflow.genai.register_prompt(name="answer", template="Answer {{question}} briefly.")
mlflow.genai.register_prompt(name="chat", template=chat)
mlflow.genai.set_prompt_alias("answer", alias="production", version=1)
mlflow.genai.set_prompt_alias("chat", alias="production", version=1)
"""
_MOVE = 'mlflow.genai.set_prompt_alias("answer", alias="production", version={})'
STEPS = (
    (_BEGIN, "first_seen"),
    (_MOVE.format(2), "modified"),
    ('mlflow.genai.register_prompt(name="answer", template="A draft.")', ""),
    (_MOVE.format(1), "reverted"),
    ('mlflow.genai.delete_prompt_alias("answer", alias="production")', "removed"),
    (_MOVE.format(1), "reverted"),
)
"""What is done, and the kind of the change that the next run counts; empty: none."""


def main() -> int:
    """Do the steps, and compare. Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="leverwatch-mlflow-") as scratch:
        home = _installed(Path(sys.argv[1] if len(sys.argv) > 1 else scratch).resolve() / "mlflow-server")
        with _server(home, Path(scratch)) as url:
            here = World("mlflow", Path(scratch), Served(url=url), MLflow())
            here.settings = {"systems": {"bot": ["*"]}}
            for code, _ in STEPS:
                subprocess.run([home / "bin/python", "-c", _STEP.format(code=code), url], check=True)
                here.run()
            found = [kind for _, _, kind, _ in here.changes()]
            here.store.close()
    wanted = [kind for _, kind in STEPS if kind]
    print(f"{PACKAGE}: {', '.join(found)}" + ("" if found == wanted else f"; wanted {', '.join(wanted)}"))
    return int(found != wanted)


def _installed(home: Path) -> Path:
    if not (home / "installed").exists():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin/python", "-m", "pip", "install", "-q", PACKAGE], check=True)
        (home / "installed").touch()
    return home


@contextmanager
def _server(home: Path, folder: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [str(home / "bin/mlflow"), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(300):
            try:
                requests.get(f"{url}/health", timeout=5).raise_for_status()
                break
            except requests.RequestException:
                if server.poll() is not None:
                    sys.exit((folder / "server.log").read_text()[-3000:])
                time.sleep(1)
        yield url
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
