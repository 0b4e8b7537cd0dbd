"""`leverwatch collect`: reads every source once, and prints what was read."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from leverwatch.agent.cli.common import believed_clock, load, opened, reported
from leverwatch.agent.cli.options import Exit, fail
from leverwatch.agent.cli.output import count, print_json, table
from leverwatch.agent.cli.progress import ProgressBar
from leverwatch.agent.cli.replaced_days import replaced_json, replaced_text
from leverwatch.agent.scheduling.nothing_counted import Concern
from leverwatch.agent.scheduling.runner import RunReport
from leverwatch.agent.scheduling.source_runner import source_runner
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import MALFORMED, Problem, Result
from leverwatch.collectors.records.systems import SystemRules
from leverwatch.collectors.unattributed import Unattributed, lines_of

_FEW = 5
"""Values of which a summary tells."""
_LACK = "they lack what `system: {template}` names"
_FIT = "no rule of `system` fits them"


def collect(config_path: Path, output: str, only: tuple[str, ...], workers: int, *, trust_clock: bool) -> None:
    """Carry out `leverwatch collect`, whose options are in `commands`."""
    with reported():
        loaded = load(config_path)
        names = [source.name for source in loaded.config.sources]
        unknown = sorted(set(only) - set(names))
        if unknown:
            fail(f"no source named {', '.join(unknown)}; there are: {', '.join(names)}", Exit.UNUSABLE)
        with opened(loaded) as store:
            clock = believed_clock(store, trusted=trust_clock)
            reports = []
            for source in loaded.config.sources:
                if not only or source.name in only:
                    with ProgressBar(source.name) as progress:
                        runner = source_runner(
                            source, loaded, store, on_batch=progress, workers=workers, clock=clock.now
                        )
                        reports.append(runner.run())
            idle = _idle(loaded.config.sources, reports, store)
    if output == "json":
        print_json([_as_json(report, idle.get(report.source, {})) for report in reports])
    else:
        click.echo(_as_table(reports))
        for report in reports:
            if report.error is not None:
                click.echo(f"{report.source}: failed ({report.reason}): {report.error}", err=True)
            if report.waits is not None:
                click.echo(f"{report.source}: waits: {report.waits}", err=True)
        for report in reports:
            for line in idle.get(report.source, {}).values():
                click.echo(f"{report.source}: {line}", err=True)
            if report.source in idle:
                for line in _samples(report):
                    click.echo(f"{report.source}: {line}", err=True)
    sys.exit(Exit.OK if not idle and all(report.success for report in reports) else Exit.FAILED)


def _idle(
    sources: Iterable[SourceConfig], reports: Sequence[RunReport], store: Store
) -> dict[str, dict[str, str]]:
    """Return what is wrong with sources that did not fail, by name and by what it is."""
    why = {report.source: {str(concern): text for concern, text in report.concerns.items()} for report in reports}
    named = {source.name: source for source in sources}
    for report in reports:
        source, known = named[report.source], why[report.source]
        template = getattr(source, "system", None)
        for concern in {Concern.NOTHING_COUNTED, Concern.MOST_REFUSED} & known.keys():
            if report.tallies.get(Result.UNATTRIBUTED, 0):
                known[concern] += (
                    f" (unattributed: {_LACK.format(template=template) if _is_text(template) else _FIT})"
                )
        if report.success and Concern.NOTHING_COUNTED not in known and source.watches_prompts():
            systems = source.declared_systems()
            labelled = systems if source.watches_labels() else frozenset[str]()
            totals = store.prompt_totals(Scope(watched=systems, labelled=labelled, systems=systems))
            missing = sorted(systems - {name for name, of in totals.items() if of.by_kind})
            if missing:
                touched = "the label is on no prompt" if source.watches_labels() else "no landing touched a prompt"
                known[Concern.NOTHING_COUNTED] = f"{touched} of {', '.join(missing)}: do its patterns match?"
    return {name: known for name, known in why.items() if known}


def _samples(report: RunReport) -> list[str]:
    """Return a line for each kind of bad input of a run, with one of its places."""
    first = {str(problem.reason): problem for problem in reversed(report.samples)}
    return [
        f"such as {problem.place}: {reason}: {problem.detail}"
        for reason, problem in sorted(first.items())
        if reason in report.tallies
    ]


def malformed(report: RunReport) -> dict[str, int]:
    """Return the bad input of a run: the number of records by result."""
    return {str(result): number for result, number in sorted(report.tallies.items()) if result in MALFORMED}


def _is_text(system: object) -> bool:
    return isinstance(system, str) and not isinstance(system, SystemRules)


def _unattributed(report: RunReport) -> list[str]:
    """Return a line about the calls of a run that name no system, with what they have where it would be."""
    shown = lines_of(report.unattributed, "call" if report.replaced_days else "record")
    if not shown:
        return []
    more = f"; and {len(shown) - _FEW} more: `leverwatch check-source` lists them" if len(shown) > _FEW else ""
    return [f"{report.source}: unattributed: {'; '.join(shown[:_FEW])}{more}"]


def unreadable_text(values: Mapping[str, int]) -> str:
    """Return a sentence about the values that could not be read, by field."""
    fields = ", ".join(f"{count(number)} of {name}" for name, number in sorted(values.items()))
    return f"values that cannot be read and are unknown: {fields}"


def _as_json(report: RunReport, idle: Mapping[str, str]) -> dict[str, Any]:
    tallies = Counter(report.tallies)
    return {
        "source": report.source,
        "success": report.success,
        "error": report.error,
        **({"waits": report.waits} if report.waits else {}),
        "records": tallies[Result.COUNTED],
        "malformed": malformed(report),
        "duplicates": tallies[Result.DUPLICATE],
        "unattributed": tallies[Result.UNATTRIBUTED],
        "ignored": tallies[Result.IGNORED],
        "not_calls": tallies[Result.NOT_A_CALL],
        "filtered": tallies[Result.FILTERED],
        "parts": tallies[Result.PART],
        **idle,
        **({"samples": [_sample(problem) for problem in report.samples]} if report.samples else {}),
        **unattributed_json(report.unattributed),
        **({"unreadable_values": report.unreadable} if report.unreadable else {}),
        **replaced_json(report),
        "seconds": round(report.seconds, 3),
    }


def unattributed_json(found: Unattributed) -> dict[str, Any]:
    """Return what calls have that name no system, as values of JSON; nothing where all name one."""
    if not found.heaviest and not found.rest:
        return {}
    rows = [{"values": values, "calls": number} for values, number in found.heaviest]
    return {"unattributed_values": rows, "unattributed_rest": found.rest}


def _sample(problem: Problem) -> dict[str, str]:
    return {"place": problem.place, "reason": str(problem.reason), "detail": problem.detail}


def _as_table(reports: list[RunReport]) -> str:
    rows = []
    for report in reports:
        tallies = Counter(report.tallies)
        bad = ", ".join(f"{number} {reason}" for reason, number in malformed(report).items())
        rows.append(
            (
                report.source,
                count(tallies[Result.COUNTED]),
                count(tallies[Result.DUPLICATE]),
                count(tallies[Result.UNATTRIBUTED]),
                f"{report.seconds:.2f}",
                bad or "-",
            )
        )
    lines = [table(("SOURCE", "RECORDS", "DUPLICATES", "UNATTRIBUTED", "SECONDS", "MALFORMED"), rows)]
    lines += [f"{report.source}: {unreadable_text(report.unreadable)}" for report in reports if report.unreadable]
    lines += [line for report in reports for line in _unattributed(report)]
    lines += [f"{report.source}: {replaced_text(report)}" for report in reports if report.replaced_days]
    return "\n".join(lines)
