"""Whether what is here can be released: the package, the chart and the changelog name the same version.

    PYTHONPATH=.ci python -m supply.release

Prints what is in the way, and ends with 1 when anything is.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml
from packaging.version import InvalidVersion, Version

from leverwatch import __version__

ROOT = Path(__file__).parents[2]
_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<day>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


def problems(version: str, chart: str, changelog: str) -> list[str]:
    """What is in the way of a release of the package's version, from the texts of Chart.yaml and CHANGELOG.md."""
    its = yaml.safe_load(chart)
    found = [
        f"Chart.yaml: {key} is {its[key]!r}, not {version!r}: `make chart` writes it"
        for key in ("version", "appVersion")
        if its[key] != version
    ]
    try:
        if str(Version(version)) != version:
            found.append(f"leverwatch.__version__: {version!r} is written {Version(version)} elsewhere")
    except InvalidVersion:
        found.append(f"leverwatch.__version__: {version!r} is no version")
    newest = _HEADING.search(changelog)
    if newest is None or newest["version"] != version:
        name = newest["version"] if newest else "none"
        found.append(f"CHANGELOG.md: the newest heading is {name!r}, not {version!r}")
    elif newest["day"] is None:
        found.append(f"CHANGELOG.md: the heading of {version} has no day")
    return found


def main() -> int:
    """Check the files of this repository."""
    files = ("helm/leverwatch/Chart.yaml", "CHANGELOG.md")
    found = problems(__version__, *((ROOT / file).read_text("utf-8") for file in files))
    sys.stdout.writelines(f"{problem}\n" for problem in found or ["ready"])
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
