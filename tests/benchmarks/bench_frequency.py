"""How calm and how quick the frequency rule is, beside others.

Run as `python -m tests.benchmarks.bench_frequency [GIT REPOSITORY OR BUNDLE OF PROMPTS]`. Prints, for each rule,
changes of what is settled a system and year where the true rate is constant (by kind of history, the mean of nine
rates from 0.3 to 2 days a week, and the worst single rate of evenly spread changes), and days until a real change
of rate is noticed (median). With a repository, also the changes a system and year when each of its folders with
prompts, each family of folders with the same first word, and all of it are taken for a system.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from statistics import fmean, median

from tests.benchmarks.frequency_rules import RULES, Rule
from tests.benchmarks.prompt_histories import KINDS, RATES, YEAR, History, constant, ramps, seasons, stepped

NEVER = 10_000
EVENLY = ("even", "workdays", "weekly")


def changes_a_year(rule: Rule, histories: Iterable[History]) -> float:
    """Changes of what is settled, a system and year."""
    known = [(len(rule(one.days)[1]), len(one.days)) for one in histories]
    return YEAR * sum(changes for changes, _ in known) / sum(days for _, days in known)


def days_to_notice(rule: Rule, history: History) -> int | None:
    """Days until the state fits the new rate; None when it did so before the rate changed."""
    assert history.change is not None
    first, changes = rule(history.days)
    before = sum(day < history.change for day in changes)
    state = bool(first) is (before % 2 == 0)
    if state is (history.rate >= 1):
        return None
    return next((day - history.change + 1 for day in changes if day >= history.change), NEVER)


def noticed(rule: Rule, histories: Iterable[History]) -> float:
    """The median of days until a change of rate is noticed."""
    return median(days for days in (days_to_notice(rule, one) for one in histories) if days is not None)


def by_kind(histories: Sequence[History]) -> dict[str, list[History]]:
    """The histories of each kind."""
    found = defaultdict(list)
    for history in histories:
        found[history.kind].append(history)
    return found


def recorded(place: Path) -> dict[str, list[tuple[bool, ...]]]:
    """The histories of a repository of prompts, by what is taken for a system."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "-q", "--bare", str(place), folder], check=True)
        refs = subprocess.run(
            ["git", "-C", folder, "for-each-ref", "--format=%(refname)", "refs/heads"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        log = subprocess.run(
            ["git", "-C", folder, "log", "--first-parent", "-M", "--name-status", "--format=@%cs", refs[0]],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    active: dict[str, dict[str, set[date]]] = {name: defaultdict(set) for name in ("all", "families", "folders")}
    day = date.min
    for line in log.splitlines():
        if line.startswith("@"):
            day = date.fromisoformat(line[1:])
        elif line and line[0] in "AMR" and not line.startswith("R100"):
            place_of = PurePosixPath(line.split("\t")[-1]).parent
            active["all"]["all"].add(day)
            active["families"][place_of.name.split("_")[0]].add(day)
            active["folders"][str(place_of)].add(day)
    end = max(active["all"]["all"]).toordinal()
    return {
        name: [
            tuple(date.fromordinal(one) in days for one in range(min(days).toordinal(), end + 1))
            for days in systems.values()
            if end - min(days).toordinal() >= 90
        ]
        for name, systems in active.items()
    }


def row(name: str, figures: Iterable[float]) -> str:
    """A line of a table."""
    return f"  {name:<30}" + "".join(
        f"{figure:>10.2f}" if figure < NEVER else f"{'never':>10}" for figure in figures
    )


def header(name: str, columns: Iterable[str]) -> str:
    """The first line of a table."""
    return f"  {name:<30}" + "".join(
        f"{column.replace('sprints of', 'sprint').replace('bursts of', 'burst')[:9]:>10}" for column in columns
    )


def tables(still: Sequence[History], steps: Sequence[History], rules: Mapping[str, Rule]) -> None:
    """Print the tables of generated histories."""
    kinds, moved = by_kind(still), by_kind(steps)
    print(f"changes a system and year at a constant rate ({len(still)} histories)")
    print(header("", (*kinds, "mean", "worst")))
    for name, rule in rules.items():
        found = [changes_a_year(rule, some) for some in kinds.values()]
        worst = max(
            changes_a_year(rule, [one for one in kinds[kind] if one.rate == rate])
            for kind in EVENLY
            for rate in RATES
        )
        print(row(name, (*found, fmean(found), worst)))
    print(f"days until a real change of rate is noticed, median ({len(steps)} histories)")
    more, slow = ramps(30), seasons(30)
    print(header("", (*KINDS, "median", "up", "down", "growing", "leaving", "seasonal*")))
    for name, rule in rules.items():
        found = [noticed(rule, some) for some in moved.values()]
        ways = [noticed(rule, [one for one in steps if (one.rate >= 1) is up]) for up in (True, False)]
        gradual = [noticed(rule, some) for some in by_kind(more).values()]
        print(row(name, (*found, noticed(rule, steps), *ways, *gradual, changes_a_year(rule, slow))))
    print("  growing and leaving: from the day that the true rate passes 1; * changes a year, of which 2 are true")


def main(arguments: Sequence[str]) -> None:
    """Print all tables."""
    tables(constant(6, 3), stepped(4), RULES)
    if not arguments:
        return
    systems = recorded(Path(arguments[0]))
    print("changes a system and year in a repository")
    print(header("", [f"{name} {len(found)}" for name, found in systems.items()]))
    for name, rule in RULES.items():
        figures = [changes_a_year(rule, [History("", 0, days) for days in found]) for found in systems.values()]
        print(row(name, figures))


if __name__ == "__main__":
    main(sys.argv[1:])
