"""The line that `docs/architecture.md` follows, taken through the program one step at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import yaml

from leverwatch.agent.config.models import SystemConfig
from leverwatch.agent.evaluation.decide import Plan, last_complete_day
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.exporter.render import Exposition, Format
from leverwatch.agent.framework.model import Declaration, Facts, Verdict
from leverwatch.agent.scheduling.runner import SourceRunner
from leverwatch.agent.snapshot import SystemsSnapshot
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, CollectorContext, UsageRow
from leverwatch.collectors.paths import Found, discover
from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.fields import FIELD_INDEX, parse_template, template_slice
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint, decode_all
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig

PAGE = Path(__file__).parents[1] / "docs/architecture.md"
SYSTEM, SOURCE = "helpdesk", "gateway"
NOW = datetime(2026, 3, 11, 6, tzinfo=UTC)
ALERT_LABELS = {"system": SYSTEM, "recommended": "prompt_engineering", "declared": "fine_tuning"}
_LOG = "gateway.jsonl"
_DAYS, _A_DAY = 40, 20
"""Days of the log, and lines of each; the line that is followed is the last one."""
_SCRAPES = 30
"""Minutes of scrapes that Prometheus has seen when the rules are asked."""


@dataclass(frozen=True)
class Walk:
    """What each step gave."""

    found: Found
    row: tuple[Any, ...]
    names: tuple[object, ...]
    batches: list[Batch]
    checkpoint: FileCheckpoint
    revision: int
    facts: Facts
    verdict: Verdict
    snapshot: SystemsSnapshot
    metrics: str

    @property
    def cell(self) -> UsageRow:
        """The additions to the cell of the line."""
        return next(row for batch in self.batches for row in batch.usage if row.day == date(2026, 3, 10))


def configuration() -> str:
    """The text of the configuration that the page shows."""
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(text)


def configured() -> dict[str, Any]:
    """The same, parsed."""
    return cast("dict[str, Any]", yaml.safe_load(configuration()))


def config() -> FilesConfig:
    """The source of the page."""
    (source,) = configured()["sources"]
    return FilesConfig.model_validate(source)


def declarations() -> dict[str, Declaration]:
    """What the page declares of systems."""
    systems = configured()["systems"]
    return {name: SystemConfig.model_validate(system).to_declaration() for name, system in systems.items()}


def write_log(folder: Path, line: bytes) -> None:
    """Write the line at the end of a log, behind lines like it of the same day and of the days before."""
    record = json.loads(line)
    last = datetime.fromisoformat(record["startTime"])
    lines = []
    for number in range(_DAYS * _A_DAY - 1, 0, -1):
        moment = last - timedelta(days=number // _A_DAY, seconds=number % _A_DAY)
        times = {"startTime": moment.isoformat(), "endTime": (moment + timedelta(seconds=1.25)).isoformat()}
        lines.append(json.dumps({**record, **times, "request_id": f"call-{number}"}).encode())
    (folder / _LOG).write_bytes(b"\n".join([*lines, line]) + b"\n")


def walk(folder: Path, line: bytes) -> Walk:
    """Take the line through every step."""
    write_log(folder, line)
    source = config()
    (found,) = discover([_LOG], folder).files
    template = parse_template(source.system)
    decoder = build_format(source.format, template.paths)
    (row,) = decoder.parse(line, None).rows
    batches: list[Batch] = []
    store = Store(f"sqlite:///{folder / 'store.db'}")
    store.migrate()
    # On a clock that stands still, as a slow machine would commit the log in two parts.
    collector = FilesCollector(source, CollectorContext(folder, folder, now=lambda: NOW), monotonic=lambda: 0.0)
    runner = SourceRunner(
        source, collector, store, now=lambda: NOW, on_batch=lambda _, batch: batches.append(batch)
    )
    report = runner.run()
    assert report.success, report.error
    state = store.source_state(SOURCE)
    (checkpoint,) = decode_all(SOURCE, state.load()).values()
    plan = Plan(scope=Scope(declarations=declarations()))
    facts = store.facts(last_complete_day(NOW), plan.scope)[SYSTEM]
    snapshot = evaluate(store, plan, NOW)
    exposition = Exposition()
    exposition.set_systems(snapshot)
    (view,) = snapshot.systems
    walked = Walk(
        found, row, row[template_slice(has_extended=decoder.has_extended)], batches, checkpoint, len(batches),
        facts, view.verdict, snapshot, exposition.body(Format.TEXT).plain.decode(),
    )  # fmt: skip
    store.close()
    return walked


def series(walked: Walk) -> list[str]:
    """The series of the system, as they are scraped, in the order of the exposition."""
    lines = walked.metrics.splitlines()
    return [line for line in lines if not line.startswith("#") and f'system="{SYSTEM}"' in line]


def rule_test(walked: Walk, rules: Path) -> dict[str, Any]:
    """A unit test of promtool that scrapes these series for half an hour and expects the alert of the page."""
    scraped = []
    for line in series(walked):
        name, _, value = line.rpartition(" ")
        job = name.removesuffix("}") + ',job="leverwatch"}'
        scraped.append({"series": job, "values": f"{float(value):g}x{_SCRAPES}"})
    alert = {"exp_labels": {**ALERT_LABELS, "job": "leverwatch", "severity": "warning"}}
    return {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": scraped,
                "alert_rule_test": [
                    {"eval_time": "14m", "alertname": "LeverwatchStrategyMismatch", "exp_alerts": []},
                    {"eval_time": "15m", "alertname": "LeverwatchStrategyMismatch", "exp_alerts": [alert]},
                ],
            }
        ],
    }


def _known(values: Mapping[str, object]) -> str:
    width = max(map(len, values))
    return "".join(f"{name:<{width}}  {_plain(value)}\n" for name, value in values.items())


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def shown(walked: Walk) -> dict[str, str]:
    """The blocks of the page, by name."""
    row, cell, checkpoint, verdict = walked.row, walked.cell, walked.checkpoint, walked.verdict
    known = {name: row[at] for name, at in FIELD_INDEX.items() if row[at] is not None}
    sums = {field.name: getattr(cell, field.name) for field in fields(cell) if getattr(cell, field.name)}
    (batch,) = walked.batches
    return {
        "row": _known({**known, "(names)": walked.names}),
        "cell": _known(sums),
        "batch": _known(
            {
                "read": batch.read,
                "tallies": {str(result): number for result, number in batch.tallies.items()},
                "days_seen": f"{len(batch.days_seen)} days, {min(batch.days_seen)} to {max(batch.days_seen)}",
                "newest_record": batch.newest_record,
                "usage": f"{len(batch.usage)} rows",
                "file/...": f"{checkpoint.lines} lines, {checkpoint.records} of them records",
                "revision": f"0 -> {walked.revision}",
            }
        ),
        "facts": _known(
            {
                "as_of": walked.facts.as_of,
                "daily[2026-03-10]": walked.facts.usage.daily[date(2026, 3, 10)],
                "sources": walked.facts.usage.sources,
            }
        ),
        "verdict": _known(
            {
                "strategy": verdict.strategy,
                "status": verdict.status,
                "rule": verdict.rule,
                "volume.monthly_inferences": verdict.volume.monthly_inferences,
                "declared": verdict.declared,
                "mismatch": verdict.mismatch,
                "reasons[0]": verdict.reasons[0].text,
            }
        ),
        "metrics": "".join(f"{line}\n" for line in series(walked) if re.match(_SHOWN, line)),
    }


_SHOWN = (
    r"leverwatch_(strategy_mismatch\{|(recommended|declared)_strategy\{.*\} 1|verdict_status\{.*\} 1"
    r"|monthly_inferences|inferences_total)"
)
