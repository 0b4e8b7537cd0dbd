"""Writes what each major version of Grafana knows, or with `--check` only says which files would change.

    python -m tests.grafana.schemas [--check]

It fetches `@grafana/schema`, `@grafana/data` and TypeScript by npm into a folder of its own, which takes a minute,
and asks the compiler for the types. It is no part of CI.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.grafana.schemas import DATA, RELEASES, file

TYPESCRIPT = "typescript@5.9.3"
ENUMS = {
    "color": "FieldColorModeId",
    "matcher": "FieldMatcherID",
    "transformation": "DataTransformerID",
    "summary": "ReducerID",
}
"""The enumerations of `@grafana/data` that have the names of something."""
SCRIPT = Path(__file__).with_name("shapes.mjs")


def ids(release: str, folder: Path) -> dict[str, list[str]]:
    """Return the names that a release of `@grafana/data` looks up; none of what it depends on is needed for that.

    Raises:
        subprocess.CalledProcessError: npm could not fetch.
        LookupError: it has none of them where older ones have.
    """
    fetch = ["npm", "pack", "--silent", f"@grafana/data@{release}"]
    packed = subprocess.run(fetch, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]
    with tarfile.open(folder / packed) as archive:
        archive.extractall(folder / "data", filter="data")
    dist = folder / "data/package/dist"
    types = "\n".join(path.read_text("utf-8") for path in sorted(dist.rglob("*.d.*ts")))
    found = {}
    for kind, name in ENUMS.items():
        body = re.search(rf"enum {name} \{{(.*?)\n\}}", types, re.DOTALL)
        found[kind] = sorted({*re.findall(r'= "([^"]+)"', body[1])}) if body else []
    (units, *_) = sorted(dist.rglob("valueFormats/categories.*js"))
    found["unit"] = sorted({*re.findall(r'\bid:\s*"([^"]+)"', units.read_text("utf-8"))})
    if missing := [kind for kind, names in found.items() if not names]:
        raise LookupError(f"@grafana/data {release} has no {', '.join(missing)} where they were")
    return found


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
    read = {**json.loads(done.stdout), "ids": ids(DATA[major], folder)}
    parts = [f"{json.dumps(name)}: {json.dumps(shape)}" for name, shape in read.items()]
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
