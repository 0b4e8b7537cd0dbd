"""The filter of system calls and `MemoryDenyWriteExecute` of the unit fit everything that the agent uses."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zstandard

from tests.collectors.sources.evals import samples
from tests.collectors.sources.git.repo import Repo
from tests.collectors.sources.models.server import models, provider
from tests.deploy import confine
from tests.e2e.agents import COMMAND, Agent
from tests.e2e.servers import free_port, wait_until
from tests.e2e.test_signals import configure, files, lines

pytestmark = pytest.mark.e2e

UNIT = Path(__file__).parents[2] / "docs/deploy/systemd/leverwatch.service"
CONFINED = (sys.executable, confine.__file__, str(UNIT))
REFUSED = {
    "a priority": "import os; os.nice(1)",
    "another owner": "import os, tempfile; os.chown(tempfile.mkdtemp(), os.getuid(), -1)",
    "code that is written": "import mmap as m; m.mmap(-1, 4096, prot=m.PROT_READ | m.PROT_WRITE | m.PROT_EXEC)",
}


@pytest.mark.parametrize("program", REFUSED.values(), ids=REFUSED)
def test_what_the_unit_does_not_allow_is_refused_here(program: str) -> None:
    """What the test below relies on."""
    python = (sys.executable, "-c", program)

    assert subprocess.run(python, capture_output=True, check=False).returncode == 0
    assert subprocess.run([*CONFINED, *python], capture_output=True, check=False).returncode == 1


def test_every_type_of_source_is_read_within_what_the_unit_allows(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "a.jsonl").write_bytes(lines(10))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines(10, first=10)))
    (tmp_path / "c.jsonl.zst").write_bytes(zstandard.compress(lines(10, first=20)))
    (tmp_path / "evals.ndjson").write_text(json.dumps(samples.own()) + "\n")
    repo = Repo(tmp_path / "repo")
    repo.commit({"system.md": "Be brief."})
    git = {"type": "git", "systems": {"bot": ["*.md"]}, "interval": "500ms"}
    with provider() as served:
        served.answer = lambda _: models({"id": "m", "shutdown_date": "2027-01-14"})
        config = configure(
            tmp_path,
            port,
            files(path="*.jsonl*"),
            {"name": "local", "repo": "repo", **git},
            {"name": "remote", "repo": repo.path.as_uri(), **git},
            {"name": "evals", "type": "evals", "path": "*.ndjson", "system": "bot"},
            {"name": "models", "type": "models", "url": served.url},
            cache_dir="cache",
        )
        log = tmp_path / "agent.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*CONFINED, *COMMAND, "run", "--config", str(config)], stdout=output, stderr=output
            )
        agent = Agent(process, f"http://127.0.0.1:{port}", log)
        try:
            wait_until(lambda: agent.is_ready() or not agent.is_alive(), 60, "the agent is ready")
            assert agent.is_alive(), log.read_text()
            counted = {"gateway": 30, "local": 1, "remote": 1, "evals": 1, "models": 1}
            series = 'leverwatch_records_total{{result="counted",source="{}"}}'
            wait_until(
                lambda: {name: agent.value(series.format(name)) for name in counted} == counted,
                60,
                log.read_text(),
            )
            repo.commit({"system.md": "Be very brief."})
            wait_until(lambda: agent.value(series.format("remote")) == 2, 60, "a second fetch")
            agent.reload()
            wait_until(lambda: "event=config_reloaded" in log.read_text(), 20, "a reload")
            time.sleep(0.5)
            assert agent.terminate() == 0
        finally:
            if agent.is_alive():
                agent.kill()

    said = log.read_text()
    assert "level=error" not in said
    # A busy machine makes a run late, which the unit has no part in.
    late = ("event=collector_run_missed", "event=evaluation_missed", "maximum number of running instances")
    warnings = [line for line in said.splitlines() if "level=warning" in line]
    assert [line for line in warnings if not any(each in line for each in late)] == []
