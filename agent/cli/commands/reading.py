"""Commands that read sources: `collect`, `backfill`, `sniff` and `check-source`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from leverwatch.agent.cli.options import (
    EPILOG,
    Exit,
    config_option,
    day,
    fail,
    format_option,
    trust_clock_option,
)


@click.command(epilog=EPILOG)
@config_option
@format_option
@click.option("--source", "only", multiple=True, metavar="NAME", help="Only this source; may be given again.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    metavar="N",
    help="Threads that read a backlog of more than 64 MiB of JSON lines by a field map; 1 by default.",
)
@trust_clock_option
def collect(config_path: Path, output: str, only: tuple[str, ...], workers: int, *, trust_clock: bool) -> None:
    """Read what is new in every source, once.

    Prints for each source how many records were counted, what was wrong with the others, and how long it took. It
    is safe beside a running agent: both use the same positions, and nothing counts twice.

    \b
    Examples:
      leverwatch collect
      leverwatch collect --source gateway --format json
      leverwatch collect --workers 2
    """
    from leverwatch.agent.cli.collect import collect as act

    act(config_path, output, only, workers, trust_clock=trust_clock)


@click.command(epilog=EPILOG)
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@config_option
@format_option
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), callback=day, help="First UTC day to count. Default: any."
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), callback=day, help="Last UTC day to count. Default: any."
)
@click.option(
    "--path",
    "paths",
    multiple=True,
    metavar="GLOB",
    help="Also read these files, such as archives; relative to the working directory; may be given again.",
)
@click.option(
    "--refused", is_flag=True, help="Read again what was refused, also where no setting has changed since."
)
@click.option("--dry-run", is_flag=True, help="Count, and write nothing at all.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    metavar="N",
    help="As for collect; a range of days is read by one all the same.",
)
@trust_clock_option
def backfill(
    names: tuple[str, ...],
    config_path: Path,
    output: str,
    since: date | None,
    until: date | None,
    paths: tuple[str, ...],
    refused: bool,
    dry_run: bool,
    workers: int,
    *,
    trust_clock: bool,
) -> None:
    """Read history that is not counted yet, of the named sources or of all.

    Reads the source's own files and those of --path. What was counted before is recognised by its content and
    never counts again, whether by this command, by collect or by a running agent; a run that was killed goes on
    where it stood. With --since or --until, records of other days are left for a later backfill. Records that
    were refused are read again by themselves when a setting changes that decides it; --refused does it now.

    \b
    Examples:
      leverwatch backfill gateway --path '/archive/2025/*.jsonl.zst' --dry-run
      leverwatch backfill gateway --since 2026-01-01 --until 2026-03-31
      leverwatch backfill gateway --refused
    """
    from leverwatch.agent.cli.backfill import backfill as act

    act(
        names, config_path, output, since, until, paths, dry_run, workers, trust_clock=trust_clock, refused=refused
    )


@click.command(epilog=EPILOG)
@click.argument("path", metavar="FILE|REPO", type=click.Path())
@format_option
@click.option("--explain", is_flag=True, help="Also say why each field of a guessed map is what it is.")
def sniff(path: str, output: str, *, explain: bool) -> None:
    """Name the format of a usage log, count all of it, and print a source block for it; or find prompts.

    Of a git repository (its top folder, a bare one, or file://) it finds files and texts that are like prompts,
    proposes systems, patterns and selectors, and says how many landings would count with and without these.

    Lines of JSON or CSV that no known producer wrote get a field map, guessed from names and values all over the
    file. Comments say what is not sure, what else it could be, and what that would change: check them.

    Shows what it understood of the first records: times, models, ids and numbers, never a prompt or a response.
    Nothing is written. With --format json the whole file is counted as `collect` would count it.

    \b
    Examples:
      leverwatch sniff /var/log/litellm/spend.jsonl
      leverwatch sniff traces.json.zst --format json
      leverwatch sniff calls.jsonl --explain
      leverwatch sniff ~/src/assistant
    """
    folder = _repository(path)
    if folder is not None:
        from leverwatch.agent.cli.sniff_repository import sniff_repository

        sniff_repository(path, folder, output)
        return
    from leverwatch.agent.cli.sniff import sniff as act

    act(Path(path), output, explain=explain)


def _repository(address: str) -> Path | None:
    """Return the folder of a repository: of a path or a `file://` address; None for anything else."""
    if address.startswith("file://"):
        return Path(unquote(urlsplit(address).path))
    if "://" in address:
        # Without the address, which may have a token in it.
        fail("a remote repository is not looked into: clone it, and give the folder", Exit.FAILED)
    return Path(address) if Path(address).is_dir() else None


@click.command("check-source", epilog=EPILOG)
@click.argument("name", metavar="SOURCE")
@config_option
@format_option
@click.option(
    "--day",
    "asked",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=day,
    help="The UTC day. Default: yesterday; of files all days.",
)
def check_source(name: str, config_path: Path, output: str, asked: date | None) -> None:
    """Try one source, and print what it would count. Nothing is stored.

    A source that is asked for whole days is asked for one: prints the question, how many rows were moved, how long
    it took, and what became of them. Of files, a part of the newest one is read, up to 8 MiB, and counted by day.

    Then what stays unattributed, by its values, and what the source can tell with these settings, what it cannot,
    how late, and what it needs to be allowed to.

    \b
    Examples:
      leverwatch check-source gateway-db
      leverwatch check-source app-log
      leverwatch check-source gateway-db --day 2026-11-02 --format json
    """
    from leverwatch.agent.cli.check_source import check_source as act

    act(name, config_path, output, asked)
