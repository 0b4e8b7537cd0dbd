"""How commands show that a source gave whole days again."""

from __future__ import annotations

from typing import Any

from leverwatch.agent.cli.output import count
from leverwatch.agent.scheduling.runner import RunReport


def replaced_json(report: RunReport) -> dict[str, Any]:
    """What a run changed on the days that it replaced, in inferences; nothing for a run that replaced none."""
    if not report.replaced_days:
        return {}
    return {
        "replaced_days": report.replaced_days,
        "added_inferences": report.replaced.added,
        "taken_back_inferences": report.replaced.taken_back,
    }


def replaced_text(report: RunReport, verb: str = "replaced") -> str:
    """The same in words."""
    days = f"{report.replaced_days} day{'s' if report.replaced_days > 1 else ''}"
    added, taken_back = count(report.replaced.added), count(report.replaced.taken_back)
    return f"{verb} {days}: {added} inferences added, {taken_back} taken back"
