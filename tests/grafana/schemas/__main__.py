"""Writes what each major version of Grafana knows, or with `--check` only says which files would change.

    python -m tests.grafana.schemas [--check]

It fetches `@grafana/schema` and TypeScript by npm into a folder of its own, which takes half a minute, and asks
the compiler for the types. It is no part of CI.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.grafana.schemas import RELEASES, file

TYPESCRIPT = "typescript@5.9.3"
SCRIPT = Path(__file__).with_name("shapes.mjs")


def known(major: int, release: str, folder: Path) -> str:
    """Return the text of the file of a major version.

    Raises:
        subprocess.CalledProcessError: npm could not fetch, or the types are not as the script expects them.
    """
    wanted = [TYPESCRIPT, f"@grafana/schema@{release}"]
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *wanted],
        cwd=folder,
        check=True,
    )
    done = subprocess.run(
        ["node", str(SCRIPT), str(folder), str(major)], stdout=subprocess.PIPE, text=True, check=True
    )
    parts = [f"{json.dumps(name)}: {json.dumps(shape)}" for name, shape in json.loads(done.stdout).items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(arguments: list[str]) -> int:
    """Write or check every file; return the exit code, 1 when a check finds a difference."""
    different = 0
    for major, release in RELEASES.items():
        with TemporaryDirectory() as folder:
            (Path(folder) / "package.json").write_text('{"private": true}')
            text = known(major, release, Path(folder))
        path = file(major)
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        different += 1
        sys.stdout.write(f"{'differs' if arguments == ['--check'] else 'written'}: {path.name}\n")
        if arguments != ["--check"]:
            path.write_text(text, "utf-8")
    return int(arguments == ["--check"] and different > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
