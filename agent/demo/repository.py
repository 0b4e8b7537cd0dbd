"""Writes a planned prompt history into a real bare git repository, in one pass of `git fast-import`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from leverwatch.agent.demo.prompts import Commit, Landing
from leverwatch.agent.errors import CommandError

_AUTHOR = "Demo Author <author@demo.invalid>"


def _commit(commit: Commit, mark: int, branch: str, parents: tuple[int, ...]) -> Iterator[str]:
    title = commit.title.encode()
    yield f"commit refs/heads/{branch}\nmark :{mark}\ncommitter {_AUTHOR} {int(commit.at.timestamp())} +0000\n"
    yield f"data {len(title)}\n{commit.title}\n"
    for verb, parent in zip(("from", "merge"), parents, strict=False):
        yield f"{verb} :{parent}\n"
    for path, text in commit.files.items():
        if text is None:
            yield f"D {path}\n"
        else:
            yield f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"
    yield "\n"


def fast_import_stream(landings: Iterable[Landing]) -> bytes:
    """Return the input of `git fast-import` for landings on `main`. Merged branches have no ref of their own."""
    parts: list[str] = []
    mark, topic, merged = 0, "topic", False
    tip: tuple[int, ...] = ()
    for landing in landings:
        side = tip
        for commit in landing.branch:
            mark += 1
            parts += _commit(commit, mark, topic, side)
            side, merged = (mark,), True
        mark += 1
        parts += _commit(landing.commit, mark, "main", (*tip, *side) if landing.branch else tip)
        tip = (mark,)
    if merged:
        parts.append(f"reset refs/heads/{topic}\nfrom {'0' * 40}\n\n")
    return "".join([*parts, "done\n"]).encode()


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    # A user's own settings (hooks, signing, templates, an enclosing repository) have no say in the demo.
    clean = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    return clean | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def write_repository(folder: Path, landings: Iterable[Landing], environ: Mapping[str, str] = os.environ) -> None:
    """Create a bare repository in `folder` with the landings on its branch `main`.

    Raises:
        CommandError: git is not installed, or it failed.
    """
    environment = _environment(environ)
    for arguments, data in (
        (["init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(folder)], b""),
        (
            ["-C", str(folder), "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--done"],
            fast_import_stream(landings),
        ),
    ):
        try:
            subprocess.run(["git", *arguments], input=data, env=environment, capture_output=True, check=True)
        except FileNotFoundError as error:
            raise CommandError("the demo needs git, and git is not on PATH") from error
        except subprocess.CalledProcessError as error:
            detail = error.stderr.decode(errors="replace").strip()
            raise CommandError(f"git {arguments[0]} failed while building the demo: {detail}") from error
