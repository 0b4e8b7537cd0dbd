"""The story of a verdict, for what is known and for what is not."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from leverwatch.agent.cli.story import story
from leverwatch.agent.cli.summary import summary
from leverwatch.agent.framework.assessment import Assessment
from leverwatch.agent.framework.economics.model import BreakEven
from leverwatch.agent.framework.model import Facts, UsageFacts
from leverwatch.agent.framework.review import Review
from tests.agent.exporter import assessed, samples
from tests.agent.exporter.golden import assert_golden


def told(beside: Assessment, refused: dict[str, str] | None = None) -> str:
    view = samples.grown()
    facts = Facts(view.system, view.verdict.as_of, UsageFacts({}, ("gateway",)))
    return story(facts, view.verdict, beside, refused or {})


def section(beside: Assessment, title: str) -> list[str]:
    _, found, rest = told(beside).partition(f"\n{title}:\n")
    assert found, title
    return rest.partition("\n\n")[0].splitlines()


def test_the_story_of_a_system_of_which_everything_is_known_is_the_golden_one() -> None:
    assert_golden("explain.txt", told(assessed.everything()).encode() + b"\n")


def test_a_declaration_that_changed_has_its_day_in_the_story_and_in_the_summary() -> None:
    verdict = replace(samples.grown().verdict, declared_on=date(2026, 2, 3))
    beside = assessed.everything()
    assert isinstance(beside.review, Review)
    today = replace(beside, review=replace(beside.review, differing_since=date(2026, 4, 1), differing_days=0))

    text = story(Facts(verdict.system, verdict.as_of, UsageFacts({}, ("gateway",))), verdict, today, {})

    assert "; declared: prompt engineering since 2026-02-03\n" in text
    assert "the recommendation has differed since 2026-04-01\n" in text
    assert "; declared: prompt engineering since 2026-02-03; recommended since" in " ".join(
        summary(verdict, beside).split()
    )
    without = " ".join(summary(replace(verdict, declared=None), beside).split())
    assert "; declared: -; recommended since" in without


def test_what_could_not_be_worked_out_says_why_in_every_section() -> None:
    for title in (
        "What would change it",
        "Economics",
        "Outlook",
        "Baseline of the fine-tuned model",
        "Prompt",
        "Review",
        "Models that end",
        "Evidence of locked-in behaviour",
    ):
        assert section(assessed.nothing(), title) == ["  unknown: not worked out"], title


def test_what_is_unknown_is_said_to_be_unknown() -> None:
    little = assessed.little()

    assert section(little, "Economics") == ["  unknown: the price of m is unknown"]
    assert section(little, "Outlook")[0].startswith("  unknown: 3 complete weeks")
    assert section(little, "Prompt")[0] == "  unknown: 0 of 0 known signs, and 3 must agree"
    assert section(little, "Review") == ["  no strategy is declared, so there is nothing to review"]
    assert section(little, "Evidence of locked-in behaviour")[0] == "  not declared; nothing was measured"


def test_a_system_without_a_tuned_model_and_without_an_end_has_no_such_sections() -> None:
    text = told(assessed.little())

    assert "Baseline" not in text
    assert "Models that end" not in text


def test_a_break_even_that_does_not_exist_is_never() -> None:
    never = BreakEven(None, None, None)
    economics = replace(
        assessed.economics(), break_even=never, break_even_range=(None, None), break_even_median=None
    )
    lines = section(replace(assessed.everything(), economics=economics), "Economics")

    assert "  break-even: never (10% to 90%: never to never)" in lines


def test_a_break_even_at_the_likely_values_that_its_interval_misses_is_said_with_the_reason() -> None:
    economics = replace(
        assessed.economics(),
        break_even=BreakEven(7.9e6, 7.9e6, None),
        break_even_range=(8.8e6, 18.9e6),
        break_even_median=12.1e6,
    )
    lines = section(replace(assessed.everything(), economics=economics), "Economics")

    assert (
        "  break-even: 12.1M inferences a month (10% to 90%: 8.8M to 18.9M); 7.9M with every input at its likely"
        " value, as inputs reach farther to one side"
    ) in lines


def test_without_past_forecasts_the_probability_is_withheld() -> None:
    outlook = assessed.outlook()
    silent = replace(
        outlook,
        coverage=None,
        outlooks=tuple(replace(one, earliest=None, latest=None, probability=None) for one in outlook.outlooks),
    )
    lines = section(replace(assessed.everything(), outlook=silent), "Outlook")

    assert "  hybrid boundary (down to 90M): not within the horizon, probability withheld" in lines
    assert any("expected 2026-05-11 (earliest unknown, latest unknown)" in line for line in lines)


def test_files_of_results_that_were_refused_are_named_with_their_reasons_up_to_a_number() -> None:
    refused = {f"/evals/{n:02}.json": "invalid_line: is not JSON" for n in range(22)} | {"/evals/0\n.json": "x: y"}
    _, _, rest = told(assessed.little(), refused).partition("\nResult files that were refused:\n")

    lines = rest.splitlines()
    assert lines[1] == "  /evals/00.json: invalid_line: is not JSON"
    assert lines[0] == "  '/evals/0\\n.json': x: y"
    assert (len(lines), lines[-1]) == (21, "  and 3 more")
    assert "refused" not in told(assessed.little())
