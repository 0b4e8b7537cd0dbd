"""The packages of the image in the format of CycloneDX, from the lock it is installed from.

    python -m supply.sbom FILE

The image has a list of its own, made from what is installed in it, which knows the licences too.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def write(target: Path) -> None:
    """Write the list to `target`; the program that generates it validates it against the schema of the format."""
    target.parent.mkdir(parents=True, exist_ok=True)
    program = Path(sys.executable).with_name("cyclonedx-py")
    described = ("--pyproject", "pyproject.toml", "--mc-type", "application")
    options = (
        "--output-reproducible",
        "--validate",
        "--output-format",
        "JSON",
        "--output-file",
        target.absolute(),
    )
    subprocess.run([program, "requirements", *described, *options, ".ci/supply/image.txt"], cwd=ROOT, check=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
