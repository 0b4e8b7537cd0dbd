"""`leverwatch check-config` and `config-schema`: the configuration file, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leverwatch.agent.cli.options import Exit
from leverwatch.agent.cli.output import print_json
from leverwatch.agent.config.load import Loaded, load_config
from leverwatch.agent.config.schema import json_schema
from leverwatch.agent.errors import ConfigError


def check_config(path: Path | None, config_path: Path, output: str) -> None:
    """Carry out `leverwatch check-config`, whose options are in `commands`."""
    file = path or config_path
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    summary = ""
    try:
        loaded = load_config(file, on_disk=True)
    except ConfigError as error:
        problems = error.problems
    else:
        warnings, problems = loaded.warnings, _price_problems(loaded)
        config = loaded.config
        counts = f"{_number(len(config.sources), 'source')}, {_number(len(config.systems), 'system')}"
        summary = f"{counts}, store {loaded.shown_store_url}"
    if output == "json":
        print_json({"file": str(file), "valid": not problems, "problems": problems, "warnings": warnings})
    else:
        for problem in problems:
            click.echo(problem)
        for warning in warnings:
            click.echo(f"warning: {warning}")
        click.echo(f"{file}: {_number(len(problems), 'problem') if problems else f'ok ({summary})'}")
    sys.exit(Exit.FAILED if problems else Exit.OK)


def config_schema() -> None:
    """Carry out `leverwatch config-schema`, whose options are in `commands`."""
    print_json(json_schema())


def _price_problems(loaded: Loaded) -> tuple[str, ...]:
    """Return what is wrong with the price file. A running agent goes on without it; this command reports it."""
    file = loaded.config.prices.file
    try:
        if file is not None:
            from leverwatch.agent.prices.file import read_price_file

            read_price_file(loaded.base_dir / file)
    except ConfigError as error:
        return error.problems
    return ()


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
