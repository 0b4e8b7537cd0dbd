"""The panels about the three mistakes and locked-in evidence: baselines, prompts and reviews."""

from __future__ import annotations

from grafana.model import Column, Kind, Panel, Query, Row, Unit
from grafana.queries import coded, each, in_days, setting
from grafana.shared import ACTIVE, BASELINE, TO_DO, YES_IS_BAD, states, threshold

_NOT_TUNED = "No fine-tuned model is in use"
_NOT_CHECKED = "No output was checked"
_NOT_JUDGED = "Too few signs can be evaluated"
_UNDECLARED = "Nothing is declared"

_INVALID = each("leverwatch_output_invalid_ratio")
_MEASURED = each("leverwatch_baseline_measured_timestamp_seconds")
_AGREEING = f"sum by (job, system) ({each('leverwatch_over_engineering_sign', 'sign')})"


def _input(title: str, name: str, unit: Unit, text: str, empty: str, *, below_zero: bool = False) -> Panel:
    """Return a panel with a measured value of a sign of over-engineering, and its threshold."""
    measured = each(f"leverwatch_{name}_ratio")
    return Panel(
        title,
        Kind.GRAPH,
        unit,
        (
            Query(measured),
            threshold(setting(f"leverwatch_{name}_threshold_ratio"), measured, "threshold"),
        ),
        text,
        width=8,
        height=7,
        empty=empty,
        below_zero=below_zero,
    )


def _of_result(part: str) -> str:
    """Return a query for a part of the newest eval results."""
    return each(f"leverwatch_eval_result_{part}", "model", "suite", "metric")


LOCKED_IN_ROW = Row(
    "Locked-in evidence",
    (
        Panel(
            "Outputs that fail validation",
            Kind.GRAPH,
            Unit.SHARE,
            (
                Query(_INVALID),
                threshold(setting("leverwatch_output_invalid_threshold_ratio"), _INVALID, "high"),
            ),
            "Share of the checked outputs of the latest days. Above the dashed line failures are high.",
            width=8,
            height=7,
            empty=_NOT_CHECKED,
        ),
        Panel(
            "Evidence for locked-in behaviour",
            Kind.STATES,
            Unit.NUMBER,
            (Query(each("leverwatch_locked_in_support", "evidence"), "{{system}}: {{evidence}}"),),
            "What was measured in support of the declared reasons. Evidence that could not be evaluated has no"
            " line.",
            width=8,
            height=7,
            empty="No evidence can be evaluated",
            states=ACTIVE,
        ),
        Panel(
            "Turn on structured output first",
            Kind.STATES,
            Unit.NUMBER,
            (Query(each("leverwatch_structured_output_first")),),
            "Validation failures are high and no schema mode is in use: turn one on before tuning.",
            width=8,
            height=7,
            empty=_NOT_CHECKED,
            states=TO_DO,
        ),
    ),
)

BASELINE_ROW = Row(
    "Baseline of the fine-tuned model",
    (
        Panel(
            "What the baseline shows",
            Kind.STATES,
            Unit.NUMBER,
            (Query(coded("leverwatch_baseline_outcome", "outcome", *BASELINE)),),
            "The evals of the fine-tuned model against those of what it replaced. Missing: there is none before,"
            " or none after.",
            width=12,
            height=7,
            empty=_NOT_TUNED,
            states=states(BASELINE),
            runbook="LeverwatchBaselineWorse",
        ),
        Panel(
            "Baseline is stale",
            Kind.STATES,
            Unit.NUMBER,
            (Query(each("leverwatch_baseline_stale")),),
            "The newest result of the fine-tuned model is too old, or belongs to an earlier one.",
            width=12,
            height=7,
            empty=_NOT_TUNED,
            states=TO_DO,
        ),
        Panel(
            "Fine-tuned models in use",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(f"1000 * {each('leverwatch_tuned_model_adopted_timestamp_seconds')}", fills="adopted"),
                Query(f"1000 * {each('leverwatch_baseline_measured_timestamp_seconds')}", fills="newest_result"),
                Query(coded("leverwatch_baseline_outcome", "outcome", *BASELINE), fills="baseline"),
            ),
            "Since when a fine-tuned model serves each system, and the day of its newest result. Empty: no system"
            " has one.",
            width=12,
            height=7,
            empty=_NOT_TUNED,
            columns=(
                Column("system", "System"),
                Column("adopted", "Adopted", Unit.DAY),
                Column("newest_result", "Newest result", Unit.DAY),
                Column("baseline", "Baseline", states=states(BASELINE)),
            ),
            runbook="LeverwatchBaselineMissing",
        ),
        Panel(
            "Age of the newest result",
            Kind.GRAPH,
            Unit.DAYS,
            (
                Query(in_days(f"time() - {_MEASURED}")),
                threshold(in_days(setting("leverwatch_baseline_stale_after_seconds")), _MEASURED, "stale"),
            ),
            "Above the dashed line the baseline is stale.",
            width=12,
            height=7,
            empty="No fine-tuned model was measured",
        ),
    ),
)

EVALS_ROW = Row(
    "Eval results",
    (
        Panel(
            "Newest eval results",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(_of_result("score"), fills="score"),
                Query(_of_result("cases"), fills="cases"),
                Query(f"1000 * {_of_result('timestamp_seconds')}", fills="measured"),
            ),
            "The newest result of each model, suite and metric, as it was read. Empty: no source of evals is"
            " configured, or its files name other systems.",
            width=24,
            height=7,
            empty="No eval result was read",
            columns=(
                Column("system", "System"),
                Column("suite", "Suite"),
                Column("metric", "Metric"),
                Column("model", "Model"),
                Column("score", "Score"),
                Column("cases", "Cases", Unit.COUNT),
                Column("measured", "Measured", Unit.DAY),
            ),
            sort="Measured",
        ),
    ),
)

OVER_ENGINEERING_ROW = Row(
    "Over-engineering",
    (
        Panel(
            "Prompt is over-engineered",
            Kind.STATES,
            Unit.NUMBER,
            (Query(each("leverwatch_prompt_over_engineered")),),
            "Enough signs agree. A system is not here while signs that are unknown could still decide it.",
            width=8,
            height=8,
            empty=_NOT_JUDGED,
            states=YES_IS_BAD,
            runbook="LeverwatchPromptOverEngineered",
        ),
        Panel(
            "Signs",
            Kind.STATES,
            Unit.NUMBER,
            (Query(each("leverwatch_over_engineering_sign", "sign"), "{{system}}: {{sign}}"),),
            "A sign that could not be evaluated has no line.",
            width=8,
            height=8,
            empty="No sign can be evaluated",
            states=ACTIVE,
            runbook="LeverwatchPromptOverEngineered",
        ),
        Panel(
            "Signs that agree",
            Kind.GRAPH,
            Unit.COUNT,
            (
                Query(_AGREEING),
                threshold(setting("leverwatch_over_engineering_signs_needed"), _AGREEING, "flagged"),
            ),
            "From the dashed line on the prompt is flagged. Signs that are unknown are not among them.",
            width=8,
            height=8,
            empty="No sign can be evaluated",
            whole=True,
        ),
        _input(
            "Static share of the input",
            "static_input",
            Unit.SHARE,
            "Share of the input tokens that is the same in every call. A sign above its threshold, when the input"
            " is large for the output too.",
            "The static tokens are not known",
        ),
        _input(
            "Input tokens for each output token",
            "input_per_output_token",
            Unit.NUMBER,
            "No sign by itself: above its threshold a large static share counts.",
            "The tokens are not known",
        ),
        _input(
            "Static input read from the cache",
            "static_cached",
            Unit.SHARE,
            "Share of the static input tokens that the provider's cache served. A sign below its threshold.",
            "The cached or static tokens are not known",
        ),
        _input(
            "Growth of the prompt",
            "prompt_growth",
            Unit.SHARE,
            "Growth over 13 weeks, negative when it shrank. A sign above its threshold, unless evals gained.",
            "The size of the prompt is not known",
            below_zero=True,
        ),
        _input(
            "Inferences for each trace",
            "calls_per_trace",
            Unit.NUMBER,
            "Of those that name their trace. A sign from its threshold on, when outputs are small.",
            "No inference names its trace",
        ),
        _input(
            "Attempts for each inference",
            "attempts_per_inference",
            Unit.NUMBER,
            "Calls to a model server in 28 days, errors and retries included. A sign above its threshold.",
            "The attempts are not known",
        ),
    ),
)

REVIEW_ROW = Row(
    "Review",
    (
        Panel(
            "Review is due",
            Kind.STATES,
            Unit.NUMBER,
            (Query(each("leverwatch_review_due")),),
            "The declaration was never reviewed or is old, a rule changed since, or a model in use ends.",
            width=8,
            height=7,
            empty=_UNDECLARED,
            states=TO_DO,
            runbook="LeverwatchReviewDue",
        ),
        Panel(
            "Dates of the review",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(each("leverwatch_review_due"), fills="due"),
                Query(f"1000 * {each('leverwatch_review_due_timestamp_seconds')}", fills="due_by_age"),
                Query(
                    f"1000 * {each('leverwatch_strategy_mismatch_since_timestamp_seconds')}", fills="differs_since"
                ),
                Query(
                    f"1000 * {each('leverwatch_declaration_changed_timestamp_seconds')}", fills="declared_since"
                ),
            ),
            "When age alone makes the review due, since when the recommendation has differed, and when the agent"
            " first read the present declaration after another one. A cell is empty without a review date, while"
            " they agree, or where no other declaration is known.",
            width=8,
            height=7,
            empty=_UNDECLARED,
            columns=(
                Column("system", "System"),
                Column("due", "Due", states=TO_DO),
                Column("due_by_age", "Due by age", Unit.DAY),
                Column("differs_since", "Differs since", Unit.DAY),
                Column("declared_since", "Declared since", Unit.DAY),
            ),
            sort="Due",
            runbook="LeverwatchReviewDue",
        ),
        Panel(
            "Shutdown of models in use",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(f"1000 * {each('leverwatch_model_shutdown_timestamp_seconds', 'model')}", fills="last_day"),
                Query(
                    in_days(f"{each('leverwatch_model_shutdown_timestamp_seconds', 'model')} - time()"),
                    fills="left",
                ),
            ),
            "The last day of every model that the system used in the trailing 28 days, where one is known. Empty:"
            " none is.",
            width=8,
            height=7,
            empty="No model in use has a last day",
            columns=(
                Column("system", "System"),
                Column("model", "Model"),
                Column("last_day", "Last day", Unit.DAY),
                Column("left", "Left", Unit.DAYS),
            ),
            runbook="LeverwatchModelShutdownAhead",
        ),
    ),
)
