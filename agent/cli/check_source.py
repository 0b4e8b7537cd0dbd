"""`leverwatch check-source`: asks one source for one day, and prints what it would count."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, date
from pathlib import Path
from typing import Any

import click
import msgspec

from leverwatch.agent.cli.common import load, opened, reported
from leverwatch.agent.cli.days_told import day_lines, days_json, stored_days
from leverwatch.agent.cli.options import Exit, fail
from leverwatch.agent.cli.output import count, print_json, table
from leverwatch.agent.config.load import Loaded
from leverwatch.agent.errors import CommandError, StoreError
from leverwatch.agent.framework.bill import BilledDay
from leverwatch.agent.store.store import Store
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.daily.collector import Trial, Trials
from leverwatch.collectors.daily.window import DAY
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import CollectorContext, UsageRow, utc_now
from leverwatch.collectors.registry import source_types

_UNKNOWN = {"input_tokens": "unknown_input", "output_tokens": "unknown_output", "cost_usd": "unpriced"}
"""What counts the calls of which a sum knows nothing."""
_NO_ROW = (
    "there is no row of this day that the settings leave: try another --day, and look at the column of the time,"
    " `only` and `not`; whether it is a true zero, the days around it tell once they are collected"
)
_SHOWN = ("inferences", "errors", "input_tokens", "output_tokens", "cost_usd")


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
        if not isinstance(source, Trials):
            raise CommandError(
                f"{name} is of the type {config.type}, which is not asked for whole days; `leverwatch sniff`"
                " reads a log or a repository, and `leverwatch collect` any source"
            )
        day = asked or utc_now().astimezone(UTC).date() - DAY
        started = time.monotonic()
        try:
            found = source.trial(day)
        except CollectorError as error:
            fail(f"{error.reason}: {error}", Exit.FAILED)
        seconds = time.monotonic() - started
        known, lines = _stored(config, loaded)
        bill = _bill(found, loaded)
    if output == "json":
        print_json({**_as_json(name, found, seconds), "bill": msgspec.to_builtins(bill), "known": known})
    else:
        note = config.bill_note()
        said = () if bill is None else ("", bill.text, *((f"  {note}",) if note else ()))
        click.echo("\n".join((_as_text(name, found, seconds), *said, *lines)))
    told = found.answer.usage or found.answer.uncounted
    sys.exit(Exit.OK if told and not found.answer.problems else Exit.FAILED)


def _stored(config: SourceConfig, loaded: Loaded) -> tuple[dict[str, Any] | None, list[str]]:
    """Return what is stored of the days of a source, as values of JSON and as lines; a new store is not made."""
    fresh = Store(loaded.store_url)
    try:
        if fresh.is_new():
            return None, []
        with opened(loaded, reading=True) as store:
            lines = list(day_lines(config, loaded, store))
            found = stored_days(config, loaded, store)
    except (StoreError, CollectorError) as error:
        return None, ["", f"what is stored of its days is not known: {error}"]
    finally:
        fresh.close()
    return days_json(found) if found else None, ["", "Stored:", *(f"  {line}" for line in lines)]


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


def _as_text(name: str, found: Trial, seconds: float) -> str:
    answer = found.answer
    moved = f"{count(answer.rows)} row{'' if answer.rows == 1 else 's'}"
    lines = [
        f"{name}, {found.day}: {found.state}; {moved} moved in {seconds:.2f} s",
        "",
        found.question,
        "",
    ]
    if answer.usage:
        rows = [
            (it.system, it.model, it.operation.value, *map(_shown, _counts(it))) for it in _sorted(answer.usage)
        ]
        header = ("SYSTEM", "MODEL", "OPERATION", "CALLS", "ERRORS", "INPUT", "OUTPUT", "COST")
        lines.append(table(header, rows))
    elif not answer.uncounted:
        lines.append("nothing would be counted")
        if not answer.rows:
            lines.append(_NO_ROW)
    if answer.uncounted:
        lines.append("tokens whose calls are not told: they are compared with the bill, and count nowhere")
        tokens = [
            (it.system, it.model, "?", _shown(it.input_tokens), _shown(it.output_tokens))
            for it in answer.uncounted
        ]
        lines.append(table(("SYSTEM", "MODEL", "CALLS", "INPUT", "OUTPUT"), tokens))
    lines += [f"{reason}: {place}: {detail}" for place, reason, detail in answer.problems]
    return "\n".join(lines)


def _as_json(name: str, found: Trial, seconds: float) -> dict[str, Any]:
    answer = found.answer
    return {
        "source": name,
        "day": f"{found.day}",
        "state": found.state.value,
        "question": found.question,
        "rows": answer.rows,
        "seconds": round(seconds, 3),
        "usage": [
            {
                "system": it.system,
                "model": it.model,
                "operation": it.operation.value,
                **dict(zip(_SHOWN, _counts(it), strict=True)),
            }
            for it in _sorted(answer.usage)
        ],
        "uncounted_tokens": msgspec.to_builtins(answer.uncounted),
        "problems": [
            {"place": place, "reason": reason, "detail": detail} for place, reason, detail in answer.problems
        ],
    }


def _counts(row: UsageRow) -> list[float | None]:
    return [None if _is_unknown(row, name) else getattr(row, name) for name in _SHOWN]


def _shown(number: float | None) -> str:
    # The cost of a few calls is much less than a dollar, and not zero.
    return "?" if number is None else f"{number:.2g}" if 0 < number < 0.1 else count(number)


def _is_unknown(row: UsageRow, name: str) -> bool:
    """Return whether no call told what the sum is of; then it is no zero."""
    lacking = _UNKNOWN.get(name)
    return lacking is not None and not getattr(row, name) and getattr(row, lacking) >= row.inferences


def _sorted(rows: Sequence[UsageRow]) -> list[UsageRow]:
    return sorted(rows, key=lambda it: (-it.inferences, it.system, it.model, it.operation))
