"""What no single value shows: double counting, repeated names, unused entries."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from leverwatch.agent.config import Loaded

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


@pytest.mark.parametrize(
    ("first", "second", "compared"),
    [
        # What is compared is said at once with what is misspelt, wherever that is.
        (", formt: 3", "", True),
        ("", ", quiet_aftr: 3s", True),
        (", interval: soon", ", parts: [1]", True),
        # A comparison that is misspelt is one.
        (", authoritativ: true", "", False),
        ("", ", authoritativee: true", False),
    ],
)
def test_a_misspelt_setting_hides_nothing_that_is_compared(
    problems: Problems, first: str, second: str, compared: bool
) -> None:
    said = problems("sources:\n" + files("a", "s", first) + files("b", "s", second))

    twice = [line for line in said if "counts the same system" in line]
    assert bool(twice) is compared
    assert len(said) > len(twice)


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


@pytest.mark.parametrize(
    ("prices", "installed", "warned"),
    [
        ("{public: true}", False, True),
        ("{public: true}", True, False),
        ("{public: false}", False, False),
        ("{file: p.yaml}", False, False),
    ],
)
def test_public_prices_that_are_asked_for_and_not_installed_warn_with_what_installs_them(
    load: Load, monkeypatch: pytest.MonkeyPatch, prices: str, installed: bool, warned: bool
) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, "genai_prices", None)
    text = "sources:\n" + files("a", "s") + f"prices: {prices}\n"

    reason = "public prices are not installed, and not used: pip install 'leverwatch[prices]'"
    assert warnings(load(text)) == ((f"3: prices.public: {reason}",) if warned else ())


def test_a_pattern_of_source_code_without_a_selector_is_a_warning_with_its_place(load: Load) -> None:
    text = (
        "systems: {s: {}}\nsources:\n"
        + files("a")
        + "  - {name: p, type: git, repo: r, systems: {s: [a.md, b.py]}}\n"
    )

    assert warnings(load(text)) == (
        (
            "4: sources[1].systems.s[1]: matches source code, of which every edit is a change of the prompt;"
            " say with `select` what the prompt is"
        ),
    )


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (
            files("a", "support-bot") + "systems: {suport-bot: {}}\n",
            (
                "3: systems.suport-bot: no source counts this system or watches its prompts;"
                ' did you mean "support-bot"?'
            ),
        ),
        (
            git("p", "support-bot") + "systems: {suport-bot: {}}\n",
            (
                "3: systems.suport-bot: no source counts this system or watches its prompts;"
                ' did you mean "support-bot"?'
            ),
        ),
        (
            files("a", "support-bot") + files("b", "{app}") + "systems: {suport-bot: {}}\n",
            (
                "4: systems.suport-bot: no source counts this system, unless records name it;"
                ' did you mean "support-bot"?'
            ),
        ),
        (
            files("a", "support-bot") + git("p", "suport-bot") + "systems: {suport-bot: {}}\n",
            '4: systems.suport-bot: no source counts this system; did you mean "support-bot"?',
        ),
        (
            files("a", "support-bot") + git("p", "suport-bot") + "systems: {support-bot: {}}\n",
            (
                "3: sources[1].systems.suport-bot: no source counts this system, and systems.suport-bot does not"
                ' declare it; did you mean "support-bot"?'
            ),
        ),
    ],
    ids=["counted", "watched", "beside a template", "watched under the wrong name", "declared"],
)
def test_a_system_with_nearly_the_name_of_another_one_warns_with_that_name(
    load: Load, text: str, warned: str
) -> None:
    assert warned in warnings(load("sources:\n" + text))


def test_systems_that_are_declared_and_fed_may_have_names_alike(load: Load) -> None:
    text = "sources:\n" + files("a", "bot-1") + files("b", "bot-2") + "systems: {bot-1: {}, bot-2: {}}\n"

    assert warnings(load(text)) == ()


RULES = "[{is: s, where: {k: [a, b]}}, {is: t, where: {k: b}}"


def ruled(more: str) -> str:
    form = "{type: csv, fields: {time: t}}"
    return f"  - {{name: a, type: files, path: a.csv, format: {form}, system: {RULES}{more}]}}\n"


def test_a_system_that_no_rule_names_is_not_fed_and_a_rule_that_never_fits_is_named(load: Load) -> None:
    text = "sources:\n" + ruled("") + "systems: {s: {}, x: {}}\n"

    assert warnings(load(text)) == (
        "2: sources[0].system: rule 2 can never fit: what it has for k is taken by rule 1",
        "3: systems.x: no source counts this system or watches its prompts",
    )


def test_where_a_rule_takes_names_from_records_any_system_may_be_fed(load: Load) -> None:
    text = "sources:\n" + ruled(", '{team}'") + "systems: {s: {}, x: {}}\n"

    assert len(warnings(load(text))) == 1


def test_rules_of_two_sources_for_one_system_count_twice(problems: Problems) -> None:
    (line,) = problems("sources:\n" + ruled("") + files("b", "t"))

    assert line.startswith("3: sources[1].system: sources[0] counts the same system")


def test_a_rule_that_is_wrong_is_said_with_its_number(problems: Problems) -> None:
    (line,) = problems("sources:\n" + ruled(", {is: x, whre: {k: c}}"))

    assert line.startswith("2: sources[0].system: rule 3: has whre; a rule has `is` and `where`")
