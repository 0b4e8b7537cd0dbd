"""`leverwatch sniff` of a git repository: prints systems, patterns and selectors with what speaks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import yaml

from leverwatch.agent.cli.options import Exit, fail
from leverwatch.agent.cli.output import count, print_json, table
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.selection.languages import INSTALL
from leverwatch.collectors.sniffing.repository import WEEKS, Evidence, Proposal, propose


def sniff_repository(address: str, folder: Path, output: str) -> None:
    """Print what a source for a repository may look like."""
    try:
        found = propose(address, folder)
    except CollectorError as error:
        fail(str(error), Exit.FAILED)
    if output == "json":
        print_json(as_json(found))
    else:
        click.echo(_as_text(found))
    if not found.systems:
        fail(f"{address}: no prompt was recognised", Exit.FAILED)


def as_json(found: Proposal) -> dict[str, Any]:
    """Return a proposal as JSON values: names, paths and counts, and no text of a prompt."""
    return {
        "repo": found.repo,
        "commit": found.commit,
        "files": found.files,
        "looked_into": found.read,
        "systems": {
            name: {
                "files": [path for entry in one.entries for path in entry.found],
                "landings": one.landings,
                "landings_without_selectors": one.without,
                "newest_change": one.newest.isoformat() if one.newest else None,
                "entries": [entry.as_setting() for entry in one.entries],
            }
            for name, one in found.systems.items()
        },
        "left_out": found.left_out,
        "source": _source(found) if found.systems else None,
    }


def _source(found: Proposal) -> dict[str, Any]:
    return {
        "name": "prompts",
        "type": "git",
        "repo": found.repo if "://" in found.repo else str(Path(found.repo).resolve()),
        "systems": {name: [entry.as_setting() for entry in one.entries] for name, one in found.systems.items()},
    }


def _as_text(found: Proposal) -> str:
    lines = [f"{found.repo}: git, {count(found.files)} files, {count(found.read)} looked into", ""]
    if found.systems:
        head = ("SYSTEM", "FILES", f"LANDINGS IN {WEEKS} WEEKS", "WITHOUT SELECTORS", "NEWEST CHANGE")
        lines += [table(head, [_row(name, one) for name, one in found.systems.items()]), ""]
    if found.left_out:
        rows = [(reason, count(number)) for reason, number in found.left_out.items()]
        lines += [table(("LEFT OUT", "FILES"), rows), ""]
    if any("parsers are missing" in reason for reason in found.left_out):
        lines += [f"To look into code: {INSTALL}", ""]
    if found.systems:
        block = yaml.safe_dump([_source(found)], sort_keys=False, allow_unicode=True, width=1000)
        lines += ["Source, for `sources`; check the names of the systems:"]
        lines += [f"  {line}" for line in block.rstrip("\n").split("\n")]
    return "\n".join(lines)


def _row(name: str, one: Evidence) -> tuple[str, ...]:
    newest = f"{one.newest:%Y-%m-%d}" if one.newest else "-"
    return name, count(one.files), count(one.landings), count(one.without), newest
