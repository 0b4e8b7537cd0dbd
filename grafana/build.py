"""Writes the dashboards, and the rules for Mimir and for Grafana itself: `python -m grafana.build`.

With `--check` it only says which files would change.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TextIO

from grafana.agent import AGENT_DASHBOARD
from grafana.alerts import rule_files
from grafana.fleet import FLEET
from grafana.model import Dashboard
from grafana.render import render
from grafana.system import SYSTEM_DASHBOARD
from grafana.texts import page

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT / "grafana/dashboards",)
"""The folders to write to. `helm.build` copies the dashboards into the chart, which can only have its own
files."""

DASHBOARDS: tuple[Dashboard, ...] = (FLEET, SYSTEM_DASHBOARD, AGENT_DASHBOARD)
RULES_BELOW = (ROOT / "grafana",)
"""The folders below which the rules are written, and the dashboards of Grafana 9."""


def for_grafana_9(dashboard: str) -> str:
    """The JSON of a dashboard with a palette in place of shades of one colour, which Grafana 9 does not have."""
    return dashboard.replace('"mode": "shades"', '"mode": "palette-classic"')


def files(folders: tuple[Path, ...] = FOLDERS, rules_below: tuple[Path, ...] = RULES_BELOW) -> dict[Path, str]:
    """Return the path and content of every file that must exist."""
    made = {
        folder / f"{dashboard.uid.rpartition('-')[2]}.json": json.dumps(render(dashboard), indent=2) + "\n"
        for folder in folders
        for dashboard in DASHBOARDS
    }
    # Not in a folder of `folders`: Grafana would provision both of a name.
    of_9 = {f"grafana-9/{path.name}": for_grafana_9(text) for path, text in made.items()}
    made |= {below / name: text for below in rules_below for name, text in (rule_files(DASHBOARDS) | of_9).items()}
    return made | {folder / "texts.md": page(DASHBOARDS) for folder in folders}


def main(
    arguments: list[str],
    output: TextIO = sys.stdout,
    folders: tuple[Path, ...] = FOLDERS,
    rules_below: tuple[Path, ...] = RULES_BELOW,
) -> int:
    """Write the files that differ, or with `--check` print their names.

    Returns the exit code: 1 when a check finds a difference, 2 for unknown arguments, else 0.
    """
    if arguments not in ([], ["--check"]):
        output.write("usage: python -m grafana.build [--check]\n")
        return 2
    wanted = files(folders, rules_below)
    stale = [path for folder in folders for path in folder.glob("*.json") if path not in wanted]
    different = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    verb = "differs" if arguments else "written"
    output.writelines(f"{verb}: {path}\n" for path in sorted((*stale, *different)))
    if arguments:
        return int(bool(stale or different))
    for path in stale:
        path.unlink()
    for path in different:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
