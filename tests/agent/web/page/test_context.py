"""What stands context a verdict, in a line for each part."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from leverwatch.agent.framework.model import Settings
from leverwatch.agent.web.page.context import context
from tests.agent.exporter import assessed, samples

SETTINGS = Settings()


def test_each_part_that_has_something_to_say_has_a_line() -> None:
    lines = dict(context(samples.grown(), SETTINGS))

    assert list(lines) == ["Cost", "Money", "Baseline", "Newest evaluations", "Prompt", "Review"]
    assert lines["Cost"] == "fine-tuning is cheaper (probability 91%), break-even at 36.5M inferences a month"
    assert lines["Money"] == (
        "hybrid instead of prompt engineering: saves 4,250 USD a month (10% to 90%: 1,150 more to 9,300 less;"
        " probability that it saves: 78%)"
    )
    assert lines["Baseline"] == assessed.baseline().reasons[0].text
    assert lines["Review"] == assessed.review().reasons[0].text


def test_what_is_unknown_has_no_line() -> None:
    view = samples.agreeing()

    for found in (None, assessed.nothing(), assessed.little()):
        assert context(replace(view, assessment=found), SETTINGS) == ()


def test_a_break_even_that_does_not_exist_is_left_out() -> None:
    never = replace(assessed.economics(), break_even_median=None, change=None)
    view = replace(samples.grown(), assessment=replace(assessed.little(), economics=never))

    assert context(view, SETTINGS) == (("Cost", "fine-tuning is cheaper (probability 91%)"),)


def test_a_break_even_at_no_volume_at_all_means_every_volume() -> None:
    always = replace(assessed.economics(), break_even_median=0.0, change=None)
    view = replace(samples.grown(), assessment=replace(assessed.little(), economics=always))

    assert context(view, SETTINGS) == (("Cost", "fine-tuning is cheaper (probability 91%), at every volume"),)


def test_a_baseline_without_reasons_says_its_outcome() -> None:
    even = replace(assessed.baseline(), reasons=())
    view = replace(samples.grown(), assessment=replace(assessed.little(), baseline=even))

    assert context(view, SETTINGS) == (("Baseline", "worse"),)


def test_the_newest_evals_are_told_before_any_model_is_fine_tuned() -> None:
    view = replace(samples.grown(), assessment=replace(assessed.little(), evaluations=assessed.evaluations()))

    ((name, line),) = context(view, SETTINGS)

    assert name == "Newest evaluations"
    assert line.split("; ") == [
        "golden, accuracy of small-1-lora: 0.75 (200 cases, 2026-01-12)",
        "golden, tone of small-1: -0.25 (40 cases, 2025-12-20)",
    ]


def test_of_many_evals_the_newest_are_named_and_the_others_counted() -> None:
    many = tuple(assessed.result(f"model-{number}", date(2026, 2, 9 - number), 0.5) for number in range(8))
    view = replace(samples.grown(), assessment=replace(assessed.little(), evaluations=many))

    ((_, line),) = context(view, SETTINGS)

    assert [name for name in (f"model-{number}" for number in range(8)) if name in line] == [
        "model-0",
        "model-1",
        "model-2",
    ]
    assert line.endswith("; and 5 more")
