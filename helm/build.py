"""Writes the generated files of the chart, or with --check prints which of them are out of date.

- values.schema.json and the table in README.md, from values.yaml and the agent's configuration;
- the versions in Chart.yaml, from pyproject.toml;
- dashboards/*.json, those of grafana/dashboards without the spaces, as what a cluster takes is limited.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from helm.values_file import parse_values
from helm.values_schema import values_schema
from helm.values_table import with_values
from leverwatch import __version__
from leverwatch.agent.config.schema import json_schema

ROOT = Path(__file__).parents[1]
CHART = ROOT / "helm/leverwatch"


def generated(root: Path = ROOT) -> dict[str, bytes | None]:
    """Return the content of each generated file by its path in the chart; None: the file should not exist."""
    chart = root / "helm/leverwatch"
    values = parse_values((chart / "values.yaml").read_text())
    schema = json.dumps(values_schema(values, json_schema()), indent=2, ensure_ascii=False) + "\n"
    wanted: dict[str, bytes | None] = {
        "Chart.yaml": with_version((chart / "Chart.yaml").read_text(), __version__).encode(),
        "README.md": with_values((chart / "README.md").read_text(), values).encode(),
        "values.schema.json": schema.encode(),
    }
    wanted |= {f"dashboards/{path.name}": None for path in (chart / "dashboards").glob("*.json")}
    sources = (root / "grafana/dashboards").glob("*.json")
    return wanted | {f"dashboards/{path.name}": compact(path.read_text("utf-8")).encode() for path in sources}


def compact(document: str) -> str:
    """Return the text of a JSON document without the spaces between its values.

    Half of a dashboard are spaces. `kubectl apply`, which tools of deployment call, takes no object above 256 KiB,
    and Kubernetes none above 1 MiB.
    """
    return json.dumps(json.loads(document), ensure_ascii=False, separators=(",", ":")) + "\n"


def with_version(chart: str, version: str) -> str:
    """Return the text of Chart.yaml with both of its versions set."""
    chart = re.sub(r"^version: .*$", f"version: {version}", chart, flags=re.MULTILINE)
    return re.sub(r"^appVersion: .*$", f'appVersion: "{version}"', chart, flags=re.MULTILINE)


def outdated(root: Path = ROOT) -> dict[str, bytes | None]:
    """Return the content of each generated file that is out of date, by its path; None: it should not exist."""
    chart = root / "helm/leverwatch"
    return {name: content for name, content in generated(root).items() if _read(chart / name) != content}


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def write(root: Path = ROOT) -> list[str]:
    """Write every generated file that is out of date, and return their paths."""
    changed = outdated(root)
    for name, content in changed.items():
        path = root / "helm/leverwatch" / name
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return sorted(changed)


def main(arguments: Sequence[str]) -> int:
    """Write or check the files; return the exit code, 1 when a check finds a difference."""
    if arguments == ["--check"]:
        names = sorted(outdated())
        for name in names:
            sys.stderr.write(f"helm/leverwatch/{name} is out of date; `make chart` writes it\n")
        return 1 if names else 0
    if arguments:
        sys.stderr.write("usage: python -m helm.build [--check]\n")
        return 2
    for name in write():
        sys.stdout.write(f"wrote helm/leverwatch/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
