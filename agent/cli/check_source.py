"""`leverwatch check-source`: asks one source for a day, or reads a part of it, and prints what would count."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec

from leverwatch.agent.cli.collect import unattributed_json
from leverwatch.agent.cli.common import load, opened, reported
from leverwatch.agent.cli.days_told import day_lines, days_json, stored_days
from leverwatch.agent.cli.options import Exit, fail
from leverwatch.agent.cli.output import count, print_json
from leverwatch.agent.cli.told_source import (
    tokens_table,
    told_json,
    told_lines,
    unattributed_lines,
    usage_json,
    usage_table,
)
from leverwatch.agent.cli.untold_paths import nothing_usable, untold_lines, untold_paths
from leverwatch.agent.config.load import Loaded
from leverwatch.agent.errors import CommandError, StoreError
from leverwatch.agent.framework.bill import BilledDay
from leverwatch.agent.store.store import Store
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.daily.answers import DayState
from leverwatch.collectors.daily.collector import Trial, Trials
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.window import DAY
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import CollectorContext, UsageRow, utc_now
from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sampled import Sampled, Samples
from leverwatch.collectors.unattributed import heaviest_of

_NO_ROW = "there is nothing of this day that the settings leave: try another --day, and look at {look_at}"
_NOT_YET = "whether it is a true zero, the days around it tell once they are collected"
_MOST_LINES = 20
"""Of a longer question so many lines are printed: what it counts is to be seen as well."""


def check_source(name: str, config_path: Path, output: str, asked: date | None) -> None:
    """Carry out `leverwatch check-source`, whose options are in `commands`."""
    with reported():
        loaded = load(config_path)
        named = {source.name: source for source in loaded.config.sources}
        config = named.get(name)
        if config is None:
            fail(f"no source named {name}; there are: {', '.join(named)}", Exit.UNUSABLE)
        context = CollectorContext(base_dir=loaded.base_dir, cache_dir=loaded.cache_dir)
        source = source_types()[config.type].build(config, context)
        if isinstance(source, Samples):
            _sampled(config, source, output, asked)
        if not isinstance(source, Trials):
            raise CommandError(
                f"{name} is of the type {config.type}, which counts no calls; `leverwatch sniff`"
                " reads a repository, and `leverwatch collect` any source"
            )
        day = asked or utc_now().astimezone(UTC).date() - DAY
        stored, known, lines = _stored(config, loaded)
        started = time.monotonic()
        try:
            found = source.trial(day, stored)
        except CollectorError as error:
            fail(f"{error.reason}: {error}", Exit.FAILED)
        seconds = time.monotonic() - started
        bill = _bill(found, loaded)
    if output == "json":
        print_json(
            {
                **_as_json(name, found, seconds),
                **told_json(config),
                "untold": untold_paths(config, found.answer.usage),
                "bill": msgspec.to_builtins(bill),
                "known": known,
            }
        )
    else:
        unnamed = unattributed_lines(found.answer.unattributed, "call")
        note = config.bill_note()
        said = () if bill is None else ("", bill.text, *((f"  {note}",) if note else ()))
        click.echo("\n".join((_as_text(config, found, seconds), *said, *unnamed, *told_lines(config), *lines)))
    told = found.answer.usage or found.answer.uncounted
    lacking = not found.answer.uncounted and nothing_usable(config, found.answer.usage)
    sys.exit(Exit.OK if told and not found.answer.problems and not lacking else Exit.FAILED)


def _sampled(config: SourceConfig, source: Samples, output: str, asked: date | None) -> NoReturn:
    """Print what a part of the newest file would count as, and end."""
    started = time.monotonic()
    try:
        found = source.sample()
    except CollectorError as error:
        fail(f"{error.reason}: {error}", Exit.FAILED)
    seconds = time.monotonic() - started
    usage = [row for row in found.usage if asked is None or row.day == asked]
    if output == "json":
        print_json({**_sample_json(config, found, usage), "seconds": round(seconds, 3), **told_json(config)})
    else:
        click.echo("\n".join((*_sample_text(config, found, usage, seconds), *told_lines(config))))
    lacking = nothing_usable(config, usage)
    sys.exit(Exit.OK if usage and not found.problems and not lacking else Exit.FAILED)


def _sample_text(config: SourceConfig, found: Sampled, usage: list[UsageRow], seconds: float) -> Iterator[str]:
    read, of = (
        sum(found.tallies.values()),
        "" if found.files == 1 else f", the newest of {count(found.files)} files",
    )
    yield f"{config.name}: {found.part} of {found.file}{of}; {count(read)} records read in {seconds:.2f} s"
    yield ", ".join(f"{result} {count(number)}" for result, number in sorted(found.tallies.items()))
    yield ""
    yield usage_table(usage, by_day=True) if usage else "nothing would be counted"
    yield from untold_lines(untold_paths(config, usage), usage)
    yield from (f"{it.reason}: {it.place}: {it.detail}" for it in found.problems)
    yield from unattributed_lines(found.unattributed, "record")


def _sample_json(config: SourceConfig, found: Sampled, usage: list[UsageRow]) -> dict[str, Any]:
    return {
        "source": config.name,
        "file": found.file,
        "part": found.part,
        "files": found.files,
        "records": {str(result): number for result, number in sorted(found.tallies.items())},
        "usage": usage_json(usage, by_day=True),
        "untold": untold_paths(config, usage),
        **unattributed_json(heaviest_of(found.unattributed)),
        "problems": [{"place": it.place, "reason": str(it.reason), "detail": it.detail} for it in found.problems],
    }


def _stored(config: SourceConfig, loaded: Loaded) -> tuple[Mapping[str, bytes], dict[str, Any] | None, list[str]]:
    """Return what a source stores, and what that says of its days, as values of JSON and as lines; a new store is
    not made."""
    fresh = Store(loaded.store_url)
    try:
        if fresh.is_new():
            return {}, None, []
        with opened(loaded, reading=True) as store:
            lines = list(day_lines(config, loaded, store))
            found = stored_days(config, loaded, store)
            stored = store.source_state(config.name).load()
    except (StoreError, CollectorError) as error:
        return {}, None, ["", f"what is stored of its days is not known: {error}"]
    finally:
        fresh.close()
    return stored, days_json(found) if found else None, ["", "Stored:", *(f"  {line}" for line in lines)]


def _bill(found: Trial, loaded: Loaded) -> BilledDay | None:
    """Return what is billed for the day, beside what its tokens cost by the prices of the configuration."""
    if not found.answer.billed:
        return None
    from leverwatch.agent.evaluation.bills import bill_of
    from leverwatch.agent.prices.current import CurrentPrices

    prices = loaded.config.prices
    file = None if prices.file is None else loaded.base_dir / prices.file
    book = CurrentPrices(file, public=prices.public, deployments=prices.deployments).book(found.day)
    return bill_of(found.answer, found.day, book)


def _question(text: str) -> str:
    lines = text.splitlines()
    if len(lines) <= _MOST_LINES:
        return text
    more = len(lines) - _MOST_LINES
    return "\n".join((*lines[:_MOST_LINES], f"... {count(more)} more lines, which --format json has ..."))


def _as_text(config: SourceConfig, found: Trial, seconds: float) -> str:
    answer = found.answer
    moved = f"{count(answer.rows)} row{'' if answer.rows == 1 else 's'}"
    lines = [
        f"{config.name}, {found.day}: {found.state}; {moved} moved in {seconds:.2f} s",
        "",
        _question(found.question),
        "",
    ]
    if answer.usage:
        lines.append(usage_table(answer.usage))
        lines += untold_lines(untold_paths(config, answer.usage), answer.usage)
    elif not answer.uncounted:
        lines.append("nothing would be counted")
        if not answer.rows:
            lines += _without_rows(config, found)
    if answer.uncounted:
        lines.append("tokens whose calls are not told: they are compared with the bill, and count nowhere")
        lines.append(tokens_table(answer.uncounted))
    lines += [f"{reason}: {place}: {detail}" for place, reason, detail in answer.problems]
    lines += [f"doubt: {doubt}" for doubt in found.doubts]
    return "\n".join(lines)


def _without_rows(config: SourceConfig, found: Trial) -> Iterator[str]:
    if found.why:
        yield found.why
    if found.state is DayState.UNKNOWN and isinstance(config, DailyConfig):
        text = _NO_ROW.format(look_at=config.LOOK_AT)
        yield text if found.why else f"{text}; {_NOT_YET}"


def _as_json(name: str, found: Trial, seconds: float) -> dict[str, Any]:
    answer = found.answer
    return {
        "source": name,
        "day": f"{found.day}",
        "state": found.state.value,
        "why": found.why,
        "doubts": found.doubts,
        "question": found.question,
        "rows": answer.rows,
        "seconds": round(seconds, 3),
        "usage": usage_json(answer.usage),
        **unattributed_json(heaviest_of(answer.unattributed)),
        "uncounted_tokens": msgspec.to_builtins(answer.uncounted),
        "problems": [
            {"place": place, "reason": reason, "detail": detail} for place, reason, detail in answer.problems
        ],
    }
