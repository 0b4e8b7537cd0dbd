"""A new counted field, in a copy of the tree: one line in the table, and one in each place that uses it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from leverwatch.agent.store.migrate import head_revision

ROOT = Path(__file__).parents[2]
TABLE = """
    audio_tokens: float = counted(
        "Audio tokens of inferences for which they are known.", Adds.AMOUNT, "audio_tokens", Unit.TOKENS,
        unknown="unknown_audio", told_with="usage", on_failure=True,
    )
    unknown_audio: float = counted("Inferences whose audio tokens are unknown.", Adds.UNKNOWN, "audio_tokens")


COUNTED: tuple"""
SETTING = """
    audio_tokens: str | None = Field(default=None, min_length=1, description="Audio tokens.")


class PathMap"""
FAMILIES = """
    total_of("audio_tokens"),
    total_of("unknown_audio", "leverwatch_inferences_unknown_audio_tokens_total"),
    Family("""
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None

def upgrade():
    for table in ("usage_daily", "usage_totals", "usage_highest"):
        for name in ("audio_tokens", "unknown_audio"):
            op.add_column(table, sa.Column(name, sa.Double, nullable=False, server_default="0"))
"""
RECORDS = (
    {"ts": "2026-03-10T08:00:00Z", "audio": 7, "rate": 0.5},
    {"ts": "2026-03-10T08:00:01Z", "audio": 1},
    {"ts": "2026-03-10T08:00:02Z"},
    {"ts": "2026-03-10T08:00:03Z", "audio": 100, "ok": False},
    {"ts": "2026-03-10T08:00:04Z", "audio": 1000, "hit": True},
)
RUN = """
import json, sys
from msgspec.structs import replace
from datetime import UTC, datetime
from pathlib import Path
from leverwatch.agent.exporter.families import SYSTEMS
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.aggregation.compiled import IS_COMPILED
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.agent.exporter import samples
from tests.agent.exporter.test_docs import _table

folder = Path(sys.argv[1])
fields = {"time": "ts", "audio_tokens": "audio", "sample_rate": "rate", "status": "ok", "cache_hit": "hit"}
config = FilesConfig.model_validate({
    "name": "gateway", "path": str(folder / "app.jsonl"), "system": "bot",
    "format": {"type": "jsonl", "fields": fields},
})
now = datetime(2026, 3, 10, 12, tzinfo=UTC)
collector = FilesCollector(config, CollectorContext(folder, folder / "cache", now=lambda: now))
store = Store(f"sqlite:///{folder}/store.db")
store.migrate()
rows = []
for batch in collector.collect(store.source_state("gateway")):
    rows += batch.usage
    store.apply("gateway", store.source_state("gateway").revision, batch)
models = store.totals(Scope(), 10)["bot"].models
snapshot = samples.systems(replace(samples.unseen(), system="bot", models=models))
series = {
    family.name: [value for _, value in family.samples(snapshot)] for family in SYSTEMS if "audio" in family.name
}
print(json.dumps({
    "compiled": IS_COMPILED, "rows": [[row.inferences, row.audio_tokens, row.unknown_audio] for row in rows],
    "totals": [[model.inferences, model.audio_tokens, model.unknown_audio] for model in models], "series": series,
    "page": [line for line in _table("usage").splitlines() if "audio" in line],
}))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("agent", "collectors", "leverwatch"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / folder, tree / folder, symlinks=True, ignore=ignored)
    (tree / "tests").symlink_to(ROOT / "tests")
    for path, before, after in (
        ("collectors/counted_fields.py", "\n\nCOUNTED: tuple", TABLE),
        ("collectors/records/format_config.py", "\n\nclass PathMap", SETTING),
        ("agent/exporter/usage_families.py", "\n    Family(", FAMILIES),
    ):
        text = (tree / path).read_text(encoding="utf-8")
        assert before in text
        (tree / path).write_text(text.replace(before, after, 1), encoding="utf-8")
    migration = tree / "agent/store/migrations/versions/9999_audio.py"
    migration.write_text(MIGRATION.format(head=head_revision()), encoding="utf-8")
    return tree


def run(tree: Path, *arguments: str) -> str:
    command = [sys.executable, "-B", *arguments]
    return subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True, timeout=120).stdout


def flow(tree: Path, folder: Path) -> Any:
    """What becomes of the records, from the log to the reference page."""
    (folder / "app.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS), encoding="utf-8")
    return json.loads(run(tree, "-c", RUN, str(folder)))


EXPECTED = {
    "rows": [[4.0, 115.0, 1.0]],
    "totals": [[4.0, 115.0, 1.0]],
    "series": {
        "leverwatch_audio_tokens_total": [115.0],
        "leverwatch_inferences_unknown_audio_tokens_total": [1.0],
    },
    "page": [
        (
            "| `leverwatch_audio_tokens_total` | counter | `system`, `model`"
            " | unless it is unknown for every inference of the system and model"
            " | Audio tokens of inferences for which they are known. |"
        ),
        (
            "| `leverwatch_inferences_unknown_audio_tokens_total` | counter | `system`, `model`"
            " | for every system and model with usage | Inferences whose audio tokens are unknown. |"
        ),
    ],
}


def test_a_new_counted_field_flows_from_the_log_to_the_reference_page(tree: Path, tmp_path: Path) -> None:
    assert flow(tree, tmp_path) == {"compiled": False, **EXPECTED}


def test_the_compiled_helper_counts_a_new_field_once_it_is_built_anew(tree: Path, tmp_path: Path) -> None:
    native = tree / "collectors/aggregation/native"
    run(tree, "-m", "leverwatch.collectors.aggregation.native_columns")
    assert re.search(r"X\(audio_tokens\)", (native / "columns.h").read_text(encoding="utf-8"))
    library = native.parent / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}"
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    flags = ["-shared", "-fPIC", "-O1", f"-I{sysconfig.get_paths()['include']}"]
    sources = sorted(map(str, native.glob("*.c")))
    subprocess.run([*compiler, *flags, *sources, "-o", str(library), "-lm"], check=True, timeout=120)
    try:
        assert flow(tree, tmp_path) == {"compiled": True, **EXPECTED}
    finally:
        library.unlink()
