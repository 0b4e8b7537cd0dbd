"""What no single value shows: double counting, repeated names, unused entries."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leverwatch.agent.config import Loaded, checks

Load = Callable[..., Loaded]
Problems = Callable[..., tuple[str, ...]]


def files(name: str, system: str = "s", extra: str = "") -> str:
    path = f"{name}.csv"
    form = "{type: csv, fields: {time: t}}"
    return f'  - {{name: {name}, type: files, path: {path}, system: "{system}", format: {form}{extra}}}\n'


def git(name: str, *systems: str) -> str:
    patterns = ", ".join(f"{system}: [p]" for system in systems)
    return f"  - {{name: {name}, type: git, repo: r, systems: {{{patterns}}}}}\n"


MARK = ", authoritative: true"


@pytest.mark.parametrize(
    "sources",
    [
        files("a", "s") + files("b", "t"),
        files("a", "s", MARK) + files("b", "s"),
        files("a", "s") + files("b", "s") + files("c", "s", MARK),
        files("a", "{app}") + files("b", "{app}"),
        files("a", "s") + files("b", "{app}"),
        files("a", "s") + git("p", "s"),
        git("p", "s") + git("q", "s"),
    ],
    ids=[
        "different systems",
        "one of two is authoritative",
        "one of three is authoritative",
        "templates cannot be compared",
        "a constant and a template",
        "usage and prompts of one system",
        "prompts in two repositories",
    ],
)
def test_sources_that_do_not_count_twice_are_accepted(load: Load, sources: str) -> None:
    assert load("sources:\n" + sources).config.sources


def test_two_sources_of_one_system_are_refused(problems: Problems) -> None:
    assert problems("sources:\n" + files("a") + files("b")) == (
        (
            "3: sources[1].system: sources[0] counts the same system; mark exactly one with authoritative: true "
            '(got "s")'
        ),
    )


def test_every_further_source_of_one_system_is_named(problems: Problems) -> None:
    reported = problems("sources:\n" + files("a") + files("b") + files("c"))

    assert [line.split(": ")[1] for line in reported] == ["sources[1].system", "sources[2].system"]


def test_two_authoritative_sources_of_one_system_are_refused(problems: Problems) -> None:
    assert problems("sources:\n" + files("a", "s", MARK) + files("b", "s", MARK)) == (
        "3: sources[1].authoritative: only one source of a system can be authoritative; sources[0] is",
    )


def test_a_name_can_be_used_once(problems: Problems) -> None:
    assert problems("sources:\n" + files("a", "s") + git("a", "t")) == (
        '3: sources[1].name: must be unique; sources[0] has the same name (got "a")',
    )


def test_a_name_is_compared_even_when_its_source_is_not_valid(problems: Problems) -> None:
    reported = problems("sources:\n  - {name: a, type: git}\n" + git("a", "t"))

    assert '3: sources[1].name: must be unique; sources[0] has the same name (got "a")' in reported


def warnings(loaded: Loaded) -> tuple[str, ...]:
    return tuple(line.partition("leverwatch.yaml:")[2] for line in loaded.warnings)


def test_a_configuration_without_sources_warns(load: Load) -> None:
    assert warnings(load("{}")) == ("1: no sources: nothing will be counted",)


def test_a_declared_system_that_nothing_feeds_or_watches_warns(load: Load) -> None:
    text = "sources:\n" + files("a", "s") + git("p", "w") + "systems:\n  s: {}\n  w: {}\n  x: {}\n"

    assert warnings(load(text)) == ("7: systems.x: no source counts this system or watches its prompts",)


def test_prompts_of_a_system_that_nobody_declares_or_counts_warn(load: Load) -> None:
    text = "sources:\n" + files("a", "s") + git("p", "s", "d", "x") + "systems: {d: {}}\n"

    assert warnings(load(text)) == (
        "3: sources[1].systems.x: no source counts this system, and systems.x does not declare it",
    )


def test_nothing_is_called_unused_when_records_name_the_systems(load: Load) -> None:
    text = "sources:\n" + files("a", "{app}") + git("p", "y") + "systems: {x: {}}\n"

    assert warnings(load(text)) == ()


@pytest.mark.parametrize(("day", "warned"), [("2026-11-02", False), ("2026-11-03", True)])
def test_a_review_in_the_future_warns_with_a_day_of_grace_for_time_zones(
    load: Load, day: str, warned: bool
) -> None:
    text = "sources:\n" + files("a", "s") + f"systems:\n  s:\n    reviewed: {day}\n"

    expected = (f"5: systems.s.reviewed: is in the future (got {day})",) if warned else ()
    assert warnings(load(text)) == expected


def test_public_prices_that_are_asked_for_without_their_package_warn(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = "sources:\n" + files("a")
    monkeypatch.setattr(checks, "find_spec", lambda _: None)

    (warning,) = load("prices: {public: true}\n" + sources).warnings
    assert warning.endswith("1: prices.public: needs the package genai-prices: pip install 'leverwatch[prices]'")
    assert load(sources).warnings == ()
    assert load("prices: {public: false}\n" + sources).warnings == ()
    monkeypatch.undo()
    assert load("prices: {public: true}\n" + sources).warnings == ()
