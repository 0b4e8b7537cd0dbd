"""`leverwatch evaluate` and `leverwatch explain`: what each system should run, and why."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import Struct

from leverwatch.agent.cli.common import believed_clock, load, opened, past_day, reported, unknown_system
from leverwatch.agent.cli.options import Exit, fail
from leverwatch.agent.cli.output import print_json, spoken, terminal_width, told_table
from leverwatch.agent.config import Loaded
from leverwatch.agent.errors import CommandError
from leverwatch.agent.evaluation.decide import Decided, Plan, decide, decide_now, last_complete_day, narrowed, only
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import Settings, Verdict
from leverwatch.agent.store.priced import is_priced
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import utc_now
from leverwatch.collectors.result_files import is_refused

if TYPE_CHECKING:
    from leverwatch.agent.evaluation.assessor import Assessor
    from leverwatch.agent.framework.assessment import Assessment
    from leverwatch.collectors.config import SourceConfig


def evaluate_command(
    config_path: Path, output: str, as_of: date | None, check: bool, *, trust_clock: bool
) -> None:
    """Carry out `leverwatch evaluate`, whose options are in `commands`."""
    with reported():
        now = utc_now()
        day = past_day(as_of, now)
        loaded = load(config_path)
        plan = Plan.of(loaded.config)
        with opened(loaded, reading=day is not None) as store:
            if day is None:
                now = believed_clock(store, trusted=trust_clock).now()
                plan = narrowed(store, plan)
                verdicts = [verdict for _, verdict in decide_now(store, plan, now)]
                _price_spend(store, plan, loaded, last_complete_day(now))
            else:
                verdicts = [verdict for _, verdict in decide(store, narrowed(store, plan), day)]
    if output == "json":
        print_json([as_json(verdict) for verdict in verdicts])
    elif not verdicts:
        click.echo("no system is declared, and none was seen in a source")
    else:
        click.echo(verdict_table(verdicts, plan.settings))
    mismatched = any(verdict.mismatch and verdict.status == "decided" for verdict in verdicts)
    sys.exit(Exit.FAILED if check and mismatched else Exit.OK)


def _price_spend(store: Store, plan: Plan, loaded: Loaded, as_of: date) -> None:
    """Price what came since the last time, as a running agent does with each evaluation. Imported on demand, as
    most evaluations find nothing new."""
    with store.reading() as connection:
        if is_priced(connection, plan.scope.systems):
            return
    from leverwatch.agent.evaluation.assessor import Assessor

    Assessor.of(loaded).price_spend(store, plan.scope, as_of)


def explain(
    system: str,
    config_path: Path,
    output: str,
    as_of: date | None,
    *,
    whole: bool = False,
    suppose: Sequence[str] = (),
) -> None:
    """Carry out `leverwatch explain`, whose options are in `commands`."""
    # What stands beside a verdict is most of the framework, and `evaluate` needs none of it.
    from leverwatch.agent.cli.compared import compared
    from leverwatch.agent.cli.days_told import told_checks, told_days
    from leverwatch.agent.cli.story import story
    from leverwatch.agent.cli.summary import summary
    from leverwatch.agent.evaluation.assessor import Assessor

    supposing = _supposing(suppose)
    with reported():
        now = utc_now()
        day = past_day(as_of, now) or last_complete_day(now)
        loaded = load(config_path)
        plan = Plan.of(loaded.config)
        with opened(loaded, reading=True) as store:
            plan = only(plan, system)
            decided = decide(store, plan, day)
            if not decided:
                raise CommandError(unknown_system(store, plan, [system]))
            ((facts, verdict),) = decided
            assessor = Assessor.of(loaded)
            beside = assessor.assess(store, plan.scope, plan.costs, plan.beside, decided)[system]
            checks = store.cross_checks(day, plan.scope, plan.sources, plan.cross_checks).get(system, ())
            remarks = _remarks(store, loaded, system) if whole else []
            if whole:
                feeding = {*facts.usage.sources, *(check.source for check in checks)}
                remarks += [*told_checks(checks), *told_days(store, loaded, system, feeding)]
            after = supposing(store, assessor, plan, decided) if supposing else None
            refused = _refused(store, loaded.config.sources, system)
    if output == "json":
        real = {**as_json(verdict), "facts": msgspec.to_builtins(facts), "assessment": _beside_json(beside)}
        real["refused_results"] = refused
        real["cross_checks"] = msgspec.to_builtins(checks)
        print_json(
            real
            if after is None
            else {
                "hypothetical": after.pairs,
                "now": real,
                "supposed": {**as_json(after.verdict), "assessment": _beside_json(after.beside)},
            }
        )
    elif after is not None:
        click.echo(compared(after.pairs, (verdict, beside), (after.verdict, after.beside)))
    else:
        click.echo(
            story(facts, verdict, beside, refused)
            if whole
            else summary(verdict, beside, _troubling(refused), terminal_width(), checks)
        )
        for remark in remarks:
            click.echo(remark)


def _remarks(store: Store, loaded: Loaded, system: str) -> list[str]:
    """Return what the sources found out about their settings for a system, in lines under a heading."""
    found = [
        f"  - source {source.name}: {remark}"
        for source in loaded.config.sources
        if source.watches_prompts() and system in source.declared_systems()
        for remark in source.remarks(system, store.source_state(source.name).load())
    ]
    return ["", "Prompts:", *found] if found else []


def _refused(store: Store, sources: Iterable[SourceConfig], system: str) -> dict[str, str]:
    """Why something of a file of eval results was refused, by its path, where the file may be of a system."""
    from leverwatch.collectors.registry import refused_files

    found: dict[str, str] = {}
    for one in sources:
        if one.type == "evals" and (one.names_others() or system in one.declared_systems()):
            found.update(refused_files(one, store.source_state(one.name).load()))
    return dict(sorted(found.items()))


def _troubling(refused: Mapping[str, str]) -> int:
    """How many of them somebody has to look at: what has no results on purpose is none."""
    return sum(map(is_refused, refused.values()))


class _After(Struct, frozen=True):
    pairs: Mapping[str, str]
    verdict: Verdict
    beside: Assessment


def _supposing(suppose: Sequence[str]) -> Callable[[Store, Assessor, Plan, Decided], _After] | None:
    """The function that judges what is supposed; None when nothing is. Wrong arguments end the command."""
    if not suppose:
        return None
    from leverwatch.agent.cli.suppose import pairs_of, supposed_of
    from leverwatch.agent.framework.supposed import judged

    try:
        pairs = pairs_of(suppose)
    except CommandError as error:
        fail(str(error), Exit.UNUSABLE)

    def judge(store: Store, assessor: Assessor, plan: Plan, decided: Decided) -> _After:
        try:
            supposed = supposed_of(pairs, plan.settings)
        except CommandError as error:
            fail(str(error), Exit.UNUSABLE)
        given = assessor.given(store, plan.scope, plan.costs, plan.beside, decided)
        return _After(pairs, *judged(given, plan.beside, supposed, decided[0][1]))

    return judge


def _beside_json(beside: Assessment) -> Any:
    from leverwatch.agent.web.api import assessment_values

    return msgspec.to_builtins(assessment_values(beside))


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON values."""
    built: dict[str, Any] = msgspec.to_builtins(verdict)
    return built


def verdict_table(verdicts: list[Verdict], settings: Settings) -> str:
    """Return a table with a row for each system, and its deciding reason beside or below that."""
    rows = [
        (
            verdict.system,
            spoken(verdict.declared),
            spoken(verdict.strategy),
            verdict.status + (" (held)" if verdict.held else ""),
            "differs" if verdict.mismatch else "",
            _volume(verdict, settings),
            "?" if verdict.frequency.per_week is None else f"{verdict.frequency.per_week:.2f}",
            verdict.reasons[0].text,
        )
        for verdict in verdicts
    ]
    header = ("SYSTEM", "DECLARED", "RECOMMENDED", "STATUS", "", "A MONTH", "CHANGES/WEEK", "WHY")
    return told_table(header, rows, terminal_width())


def _volume(verdict: Verdict, settings: Settings) -> str:
    monthly = verdict.volume.monthly_inferences
    return "?" if monthly is None else humanise(monthly, (settings.hybrid_from, settings.fine_tuning_above))
