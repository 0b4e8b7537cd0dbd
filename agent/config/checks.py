"""Checks across several values: names used twice, traffic counted twice, and entries without effect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from importlib.util import find_spec
from typing import Any

from leverwatch.agent.config.economics import INSTALL_PRICES
from leverwatch.agent.config.models import MOST_SOURCES, SHORTEST_INTERVAL, TOO_SHORT, Config
from leverwatch.agent.config.problem import ABSENT, Problem, show_steps
from leverwatch.collectors.config import SourceConfig

_PUBLIC_PRICES = "genai_prices"
"""The package that brings them."""
_MOST_COMPARED = 200
"""Among more names none is looked for that is nearly the same, as every command reads the configuration."""
IndexedSources = Sequence[tuple[int, SourceConfig]]
"""The valid sources, each with its index in the file."""


def too_many_sources(entries: Any) -> Iterator[Problem]:
    """Yield a problem when there are more sources than the shipped limits of memory and tasks are tested with."""
    if isinstance(entries, list) and len(entries) > MOST_SOURCES:
        yield Problem(("sources",), f"must have at most {MOST_SOURCES:_} entries")


def repeated_names(entries: Any) -> Iterator[Problem]:
    """Yield a problem for each source with the name of an earlier one, invalid sources included."""
    first: dict[str, int] = {}
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and first.setdefault(name, index) != index:
            reason = f"must be unique; sources[{first[name]}] has the same name"
            yield Problem(("sources", index, "name"), reason, name)


def two_names(entries: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each section that is given under both its name and its older name."""
    if "web" in entries and "server" in entries:
        yield Problem(("server",), "is the older name of web, and both are here; keep web")


def short_intervals(sources: IndexedSources) -> Iterator[Problem]:
    """Yield a problem for each source whose interval is so short that it would run without a pause."""
    for index, source in sources:
        if source.interval < SHORTEST_INTERVAL:
            yield Problem(("sources", index, "interval"), TOO_SHORT)


def double_counting(sources: IndexedSources) -> Iterator[Problem]:
    """Yield a problem for each constant system that several sources count, unless exactly one is authoritative."""
    counting: dict[str, list[tuple[int, SourceConfig]]] = defaultdict(list)
    for index, source in sources:
        if source.counts_usage():
            for system in sorted(source.declared_systems()):
                counting[system].append((index, source))
    for system, rivals in counting.items():
        marked = [index for index, source in rivals if source.is_authoritative()]
        if len(rivals) > 1 and not marked:
            first = rivals[0][0]
            for index, _ in rivals[1:]:
                reason = f"sources[{first}] counts the same system; mark exactly one with authoritative: true"
                yield Problem(("sources", index, "system"), reason, system)
        for index in marked[1:]:
            reason = f"only one source of a system can be authoritative; sources[{marked[0]}] is"
            yield Problem(("sources", index, "authoritative"), reason, ABSENT)


def unused(config: Config, today: date) -> Iterator[Problem]:
    """Yield a warning for each entry without effect, and for each implausible date."""
    if not config.sources:
        yield Problem((), "no sources: nothing will be counted")
    prices = config.prices
    if prices.public and "public" in prices.model_fields_set and find_spec(_PUBLIC_PRICES) is None:
        reason = f"public prices are not installed, and not used: {INSTALL_PRICES}"
        yield Problem(("prices", "public"), reason)
    for index, source in enumerate(config.sources):
        yield from (Problem(("sources", index, *steps), reason) for steps, reason in source.doubts())
    counting = [source for source in config.sources if source.counts_usage()]
    fed = {system for source in counting for system in source.declared_systems()}
    any_system = any(source.names_others() for source in counting)
    watched = {
        system for source in config.sources if source.watches_prompts() for system in source.declared_systems()
    }
    if config.sources:
        yield from _unfed(config, fed, watched, any_system=any_system)
    if not any_system and config.sources:
        yield from _prompts_without_usage(config, fed)
    for system, declared in config.systems.items():
        # A day of grace: somewhere it is already tomorrow.
        if declared.reviewed is not None and declared.reviewed > today + timedelta(days=1):
            yield Problem(("systems", system, "reviewed"), "is in the future", declared.reviewed)


def _unfed(config: Config, fed: set[str], watched: set[str], *, any_system: bool) -> Iterator[Problem]:
    """Yield a warning for each declared system that no source feeds.

    Where records name systems, or its prompts are watched, that takes a sign: a system that is fed and not
    declared, and has nearly the same name.
    """
    for system in config.systems:
        if system in fed:
            continue
        hint = _meant(system, fed - config.systems.keys())
        if not any_system and system not in watched:
            hint = hint or _meant(system, watched - config.systems.keys())
            yield Problem(("systems", system), f"no source counts this system or watches its prompts{hint}")
        elif hint:
            unless = ", unless records name it" if any_system else ""
            yield Problem(("systems", system), f"no source counts this system{unless}{hint}")


def _prompts_without_usage(config: Config, fed: set[str]) -> Iterator[Problem]:
    for index, source in enumerate(config.sources):
        for system in sorted(source.declared_systems()) if source.watches_prompts() else ():
            if system not in fed and system not in config.systems:
                steps = ("sources", index, "systems", system)
                where = show_steps(("systems", system))
                hint = _meant(system, fed | config.systems.keys())
                yield Problem(steps, f"no source counts this system, and {where} does not declare it{hint}")


def _meant(name: str, known: Collection[str]) -> str:
    """Return a hint at a system with nearly the same name; empty without one."""
    if not known or len(known) > _MOST_COMPARED:
        return ""
    from difflib import get_close_matches

    near = get_close_matches(name, sorted(known), n=1, cutoff=0.8)
    return f'; did you mean "{near[0]}"?' if near else ""


def all_problems(entries: Mapping[str, Any], sources: IndexedSources) -> Iterator[Problem]:
    """Yield all problems that concern several entries."""
    yield from two_names(entries)
    yield from too_many_sources(entries.get("sources"))
    yield from repeated_names(entries.get("sources"))
    yield from short_intervals(sources)
    yield from double_counting(sources)
