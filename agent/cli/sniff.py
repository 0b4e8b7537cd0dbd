"""`leverwatch sniff`: prints the format of a usage log, and a summary of its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from leverwatch.agent.cli.options import Exit, fail
from leverwatch.agent.cli.output import count, print_json, table
from leverwatch.agent.cli.source_block import source_block
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import Operation, Result
from leverwatch.collectors.sniffing.instrumentations import only_others
from leverwatch.collectors.sniffing.sniff import (
    Guess,
    Sample,
    Summary,
    config_of,
    doubts,
    guess,
    read_sample,
    recorded_by,
    refusal,
    samples,
    summarise,
    tried,
    unread,
)
from leverwatch.collectors.sniffing.whole import DayCount, by_day, doubts_of_whole, shortened


def sniff(path: Path, output: str, *, explain: bool = False) -> None:
    """Carry out `leverwatch sniff`, whose options are in `commands`."""
    try:
        data, compression = read_sample(path)
        found = guess(data, compression, path.name)
        if found is None:
            fail(f"{path}: no known format; tried {tried()}\n{path}: {refusal(data)}", Exit.FAILED)
        config = config_of(path, found.settings)
        summary = summarise(config)
    except CollectorError as error:
        # The source has a name only because each has one, and the path says which file it is.
        fail(str(error).replace("source sniff: ", ""), Exit.FAILED)
    recorders = recorded_by(config.format, data) if found.format == "otlp" else {}
    doubted = (*doubts(config.format, data), *_doubts_of_map(found, summary))
    left = unread(found, data)
    if output == "json":
        print_json(
            as_json(found, summary)
            | ({"instrumentations": recorders} if recorders else {})
            | _told_of_map(found, summary, doubted, explain=explain)
            | ({"unmapped": list(left)} if left else {})
        )
    else:
        shown = list(samples(config.format, data))
        text = _as_text(path, found, summary, shown, recorders, (*doubted, *_unread(left)))
        click.echo("\n".join([text, *(_explained(found) if explain else [])]))


def _unread(numbers: tuple[str, ...]) -> list[str]:
    return [f"numbers that are not mapped: {', '.join(numbers)}"] if numbers else []


def _doubts_of_map(found: Guess, summary: Summary) -> tuple[str, ...]:
    if found.fields is None:
        return ()
    return doubts_of_whole(summary.tallies, summary.usage, summary.unreadable)


def _told_of_map(found: Guess, summary: Summary, doubted: tuple[str, ...], *, explain: bool) -> dict[str, Any]:
    """Return what is said of a guessed field map: the source, its doubts, and what it would count by day."""
    if found.fields is None:
        return {}
    return {
        "source_format": found.settings,
        "doubts": [*found.fields.notes, *doubted],
        "unmapped": list(found.fields.unmapped),
        **({"unmapped_words": list(found.fields.words)} if found.fields.words else {}),
        "by_day": [asdict(row) for row in by_day(summary.usage)],
        **({"evidence": list(found.fields.evidence)} if explain else {}),
    }


def _explained(found: Guess) -> list[str]:
    evidence = [] if found.fields is None else found.fields.evidence
    return ["", "Evidence:", *(f"  {line}" for line in evidence or ("the format is recognised by its records",))]


def as_json(found: Guess, summary: Summary) -> dict[str, Any]:
    """Return the summary of a whole file as JSON values; tokens that the file does not have are null."""
    generation = Operation.GENERATION.__eq__
    inferences = summary.add("inferences", generation)
    return {
        "format": found.format,
        "records": summary.tallies.total(),
        "inferences": _number(inferences),
        "errors": _number(summary.add("errors", generation)),
        "other_operations": _number(summary.add("inferences", Operation.GENERATION.__ne__)),
        "skipped": {
            str(result): number
            for result, number in sorted(summary.tallies.items())
            if number and result is not Result.COUNTED
        },
        "input_tokens": _known(summary, "input_tokens", "unknown_input", inferences),
        "output_tokens": _known(summary, "output_tokens", "unknown_output", inferences),
        **({"unreadable_values": dict(summary.unreadable)} if summary.unreadable else {}),
        **_observers(summary),
    }


def _observers(summary: Summary) -> dict[str, Any]:
    if not (summary.instrumentations or summary.joined):
        return {}
    joined = [{"instrumentations": list(names), "calls": calls} for names, calls in summary.joined.items()]
    return {"seen_by": summary.instrumentations, "seen_by_several": joined}


def _observed(summary: Summary) -> list[str]:
    lines = [f"  {name} saw {_calls(number)}" for name, number in summary.instrumentations.items()]
    for names, number in summary.joined.items():
        were, count_once = ("was", "counts once") if number == 1 else ("were", "count once")
        lines.append(f"  {_calls(number)} {were} seen by {' and '.join(names)}, and {count_once}")
    return ["", "Calls by who saw them:", *lines] if lines else []


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{count(number)} calls"


def _known(summary: Summary, column: str, unknown: str, inferences: float) -> int | float | None:
    generation = Operation.GENERATION.__eq__
    total, missing = summary.add(column, generation), summary.add(unknown, generation)
    return None if total == 0 and missing >= inferences else _number(total)


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _as_text(
    path: Path,
    found: Guess,
    summary: Summary,
    shown: list[Sample],
    recorders: Mapping[str, int],
    doubted: tuple[str, ...] = (),
) -> str:
    facts = as_json(found, summary)
    map_ = ["by a guessed field map"] if found.fields is not None else []
    about = [
        found.format,
        *map_,
        *(f"in {name}" for name in found.wrap),
        *([found.framing] if found.framing else []),
    ]
    about += [] if found.compression == "plain" else [found.compression]
    lines = [f"{path}: {', '.join(about)}", "", *_numbers(facts), *_observed(summary)]
    if shown:
        names = list(dict.fromkeys(name for sample in shown for name in sample.values))
        rows = [[sample.place, *(str(sample.values.get(name, "-")) for name in names)] for sample in shown]
        lines += ["", table(["LINE", *(name.upper() for name in names)], rows)]
    if recorders:
        spans = ", ".join(f"{count(number)} of {name}" for name, number in recorders.items())
        nothing = only_others(recorders, summary.tallies[Result.COUNTED] + summary.tallies[Result.DUPLICATE])
        lines += ["", f"Spans in the first records: {spans}", *([nothing] if nothing else [])]
    if found.fields is not None:
        lines += ["", *_days(by_day(summary.usage))]
    if summary.problems:
        lines += ["", "Problems:", *(f"  {problem}" for problem in summary.problems[:10])]
    lines += ["", "Source:", *source_block(path, found, doubted)]
    return "\n".join(lines)


def _days(counts: list[DayCount]) -> list[str]:
    first, last, between = shortened(counts)
    several = len({row.operation for row in counts}) > 1
    heads = ["DAY", "MODEL", *(["OPERATION"] if several else []), "INFERENCES", "ERRORS", "INPUT", "OUTPUT", "USD"]
    rows = [_cells(row, several=several) for row in (*first, *last)]
    lines = table(heads, rows).splitlines()
    if between:
        lines.insert(len(first) + 1, f"... {between} more ...")
    return lines


def _cells(row: DayCount, *, several: bool) -> list[str]:
    tokens = ["unknown" if value is None else count(value) for value in (row.input_tokens, row.output_tokens)]
    cost = "unknown" if row.cost_usd is None else f"{row.cost_usd:.6g}"
    operation = [row.operation] if several else []
    return [row.day, row.model, *operation, count(row.inferences), count(row.errors), *tokens, cost]


def _numbers(facts: dict[str, Any]) -> list[str]:
    rows = []
    for name, value in facts.items():
        if name == "skipped":
            rows += [(f"skipped, {reason}", count(number)) for reason, number in value.items()]
        elif name == "unreadable_values":
            rows += [(f"unreadable {field}", count(number)) for field, number in value.items()]
        elif name not in {"format", "seen_by", "seen_by_several"}:
            rows.append((name.replace("_", " "), "unknown" if value is None else count(value)))
    return table(("COUNT", "NUMBER"), rows).splitlines()
