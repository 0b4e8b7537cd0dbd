"""The dashboard of the agents themselves: whether they run, read and decide, and their alerts."""

from __future__ import annotations

from grafana.agent_process import AGENTS_ROW, ALERTS_ROW
from grafana.asked_days import ASKED_DAYS_ROW
from grafana.model import Column, Dashboard, Kind, Panel, Query, Row, Unit
from grafana.queries import hourly, of_agent, rate
from grafana.shared import DOCS, RUNBOOKS, RUNBOOKS_AT, YES_IS_GOOD, agents
from leverwatch.collectors.interface import MALFORMED

_WHO = "{{job}} {{instance}}"
_SOURCE = "{{source}} ({{instance}})"
_PER_SOURCE = ("job", "instance", "source")
_PER_AGENT = ("job", "instance")
_NEVER_RAN = "No source has run yet"
_NEVER_EVALUATED = "No evaluation has finished yet"
_MALFORMED = "|".join(sorted(MALFORMED))
_GOOD = f'result!~"{_MALFORMED}"'
_ASSESSMENT = 'event="assessment_failed"'
_UNATTRIBUTED = 'result="unattributed"'
_BAD = f'result=~"{_MALFORMED}"'


def _age(metric: str) -> str:
    return f"time() - {of_agent(metric)}"


EVALUATION_ROW = Row(
    "Evaluation",
    (
        Panel(
            "Age of the latest evaluation",
            Kind.GRAPH,
            Unit.SECONDS,
            (
                Query(_age("leverwatch_evaluation_last_success_timestamp_seconds"), _WHO),
                Query(
                    f"2 * {of_agent('leverwatch_evaluation_interval_seconds')} + 300",
                    "late: " + _WHO,
                    dashed=True,
                    color="text",
                ),
            ),
            "All figures of systems are as of the latest evaluation. Above the dashed line it is late.",
            width=8,
            height=8,
            empty=_NEVER_EVALUATED,
            runbook="LeverwatchEvaluationStale",
        ),
        Panel(
            "Duration of an evaluation",
            Kind.GRAPH,
            Unit.SECONDS,
            (Query(of_agent("leverwatch_evaluation_duration_seconds"), _WHO),),
            "How long the latest evaluation took.",
            width=8,
            height=8,
            empty=_NEVER_EVALUATED,
        ),
        Panel(
            "Evaluations an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (
                Query(hourly("leverwatch_evaluation_runs_total", *_PER_AGENT), "run: " + _WHO),
                Query(hourly("leverwatch_evaluation_failures_total", *_PER_AGENT), "failed: " + _WHO),
                Query(hourly("leverwatch_evaluation_missed_runs_total", *_PER_AGENT), "missed: " + _WHO),
            ),
            "Evaluations that ran, that failed, and that were due and did not start.",
            width=8,
            height=8,
            runbook="LeverwatchEvaluationStale",
        ),
    ),
)

BESIDE_ROW = Row(
    "Beside the verdicts",
    (
        Panel(
            "Problems of the price file",
            Kind.GRAPH,
            Unit.COUNT,
            (Query(of_agent("leverwatch_price_file_problems"), _WHO),),
            "Of its present version. Above zero an older version, or none, is in use; the log names the problems.",
            width=8,
            height=7,
            empty="No price file is configured",
            whole=True,
        ),
        Panel(
            "Unusable price files an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (Query(hourly("leverwatch_price_file_failures_total", *_PER_AGENT), _WHO),),
            "Versions of the price file that were refused.",
            width=8,
            height=7,
            empty="No price file is configured",
        ),
        Panel(
            "Failed assessments an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (Query(hourly("leverwatch_log_warnings_total", *_PER_AGENT, where=_ASSESSMENT), _WHO),),
            "Parts beside a verdict (economics, outlook, baseline, prompt, review) that could not be worked out"
            " for a system; no verdict is lost by it. The log names part, system and reason.",
            width=8,
            height=7,
            empty="No assessment has failed",
        ),
    ),
)

SOURCES_ROW = Row(
    "Sources",
    (
        Panel(
            "Latest run succeeded",
            Kind.STATES,
            Unit.NUMBER,
            (Query(of_agent("leverwatch_collector_success"), _SOURCE),),
            "Whether the latest run of each source succeeded.",
            width=12,
            height=7,
            empty=_NEVER_RAN,
            states=YES_IS_GOOD,
            runbook="LeverwatchCollectorFailing",
        ),
        Panel(
            "Age of the latest success, in intervals",
            Kind.GRAPH,
            Unit.NUMBER,
            (
                Query(
                    f"({_age('leverwatch_collector_last_success_timestamp_seconds')})"
                    f" / {of_agent('leverwatch_collector_interval_seconds')}",
                    _SOURCE,
                ),
            ),
            "How many of its intervals ago each source was last read. Above 2 it is late.",
            width=12,
            height=7,
            empty="No source has succeeded yet",
            runbook="LeverwatchCollectorFailing",
        ),
        Panel(
            "Age of the newest record",
            Kind.GRAPH,
            Unit.SECONDS,
            (Query(_age("leverwatch_collector_newest_record_timestamp_seconds"), _SOURCE),),
            "How old the newest counted record of each source is. Quiet sources grow old without a fault.",
            width=8,
            height=8,
            empty="No record was counted yet",
            runbook="LeverwatchUsageStale",
        ),
        Panel(
            "Duration of a run",
            Kind.GRAPH,
            Unit.SECONDS,
            (Query(of_agent("leverwatch_collector_duration_seconds"), _SOURCE),),
            "How long the latest run of each source took.",
            width=8,
            height=8,
            empty=_NEVER_RAN,
        ),
        Panel(
            "Runs an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (Query(hourly("leverwatch_collector_runs_total", *_PER_SOURCE), _SOURCE),),
            "Runs of each source, whether or not they succeeded.",
            width=8,
            height=8,
        ),
        Panel(
            "Failed and missed runs an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (
                Query(
                    hourly("leverwatch_collector_failures_total", *_PER_SOURCE, "reason"), "{{reason}}: " + _SOURCE
                ),
                Query(hourly("leverwatch_collector_missed_runs_total", *_PER_SOURCE), "missed: " + _SOURCE),
            ),
            "Failed runs of each source by reason, and those that were due and did not start. All zero while all"
            " is well.",
            width=24,
            height=8,
            many=True,
            runbook="LeverwatchCollectorFailing",
        ),
        Panel(
            "Warnings an hour, by event",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (
                Query(hourly("leverwatch_log_warnings_total", *_PER_AGENT, "event"), "{{event}}: {{instance}}"),
                Query(
                    hourly("leverwatch_log_lines_left_out_total", *_PER_AGENT, "event"),
                    "left out, {{event}}: {{instance}}",
                ),
            ),
            "Warnings and errors in the log of each agent, and lines of any level that were left out because too"
            " many of their event came at once.",
            width=12,
            height=8,
            empty="No warning was logged",
        ),
        Panel(
            "Refused requests an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (Query(hourly("leverwatch_http_auth_failures_total", *_PER_AGENT), "{{instance}}"),),
            "Requests without a valid user name and password.",
            width=12,
            height=8,
            empty="No request was refused",
        ),
        Panel(
            "Connections ended by the agent an hour, by reason",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (
                Query(
                    hourly("leverwatch_http_connections_dropped_total", *_PER_AGENT, "reason"),
                    "{{reason}}: {{instance}}",
                ),
            ),
            "Clients that took too long, sent what is no request, or had to make room for others.",
            width=24,
            height=8,
            many=True,
        ),
        Panel(
            "Store trusted",
            Kind.STATES,
            Unit.NUMBER,
            (Query(of_agent("leverwatch_store_trusted"), _WHO),),
            "Whether what is written to the store is kept. It is not when its file was deleted, replaced, damaged"
            " or made read-only.",
            width=8,
            height=8,
            states=YES_IS_GOOD,
        ),
        Panel(
            "Rows refused by the store an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (Query(hourly("leverwatch_store_rows_refused_total", *_PER_SOURCE), _SOURCE),),
            "Rows that the store could not hold, alone or for want of room for their names.",
            width=8,
            height=8,
            empty="No row was refused",
        ),
        Panel(
            "Inferences without a name an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (Query(hourly("leverwatch_overflow_inferences_total", *_PER_AGENT), "{{instance}}"),),
            "Inferences of systems beyond `limits.stored_systems`, which are counted as one.",
            width=8,
            height=8,
            empty="Every system has its name",
        ),
    ),
)

RECORDS_ROW = Row(
    "Records",
    (
        Panel(
            "Well-formed records a second",
            Kind.GRAPH,
            Unit.RECORDS,
            (
                Query(
                    rate("leverwatch_records_total", *_PER_SOURCE, "result", where=_GOOD), "{{result}}: " + _SOURCE
                ),
            ),
            "What became of readable records: counted, a duplicate, without a known system, or not of interest.",
            width=24,
            height=7,
            many=True,
        ),
        Panel(
            "Malformed records a second, by reason",
            Kind.GRAPH,
            Unit.RECORDS,
            (
                Query(
                    rate("leverwatch_records_total", *_PER_SOURCE, "result", where=_BAD), "{{result}}: " + _SOURCE
                ),
            ),
            "Records that could not be read. The log of the agent names file and line. All zero is healthy.",
            width=24,
            height=7,
            many=True,
        ),
        Panel(
            "Malformed and unattributed records ever",
            Kind.TABLE,
            Unit.COUNT,
            (
                Query(
                    f"sum by (job, instance, source) ({of_agent('leverwatch_records_total', _BAD)})",
                    fills="malformed",
                ),
                Query(
                    f"sum by (job, instance, source) ({of_agent('leverwatch_records_total', _UNATTRIBUTED)})",
                    fills="unattributed",
                ),
                Query(f"sum by (job, instance, source) ({of_agent('leverwatch_records_total')})", fills="all"),
            ),
            "Since the store exists.",
            width=24,
            height=6,
            columns=(
                Column("source", "Source"),
                Column("instance", "Agent"),
                Column("malformed", "Malformed", Unit.COUNT),
                Column("unattributed", "Unattributed", Unit.COUNT),
                Column("all", "All", Unit.COUNT),
            ),
            sort="Malformed",
        ),
        Panel(
            "Files that each source matches",
            Kind.GRAPH,
            Unit.COUNT,
            (Query(of_agent("leverwatch_source_matches"), _SOURCE),),
            "Files that the globs of each source match, or that have a prompt at the tip of its branch. At zero"
            " nothing can be counted.",
            width=12,
            height=8,
            empty=_NEVER_RAN,
            whole=True,
            runbook="LeverwatchSourceMatchesNothing",
        ),
        Panel(
            "Share that is unreadable or names no system",
            Kind.GRAPH,
            Unit.SHARE,
            (
                Query(of_agent("leverwatch_source_unreadable_ratio"), _SOURCE),
                Query(of_agent("leverwatch_source_unattributed_ratio"), _SOURCE + ", no system alone"),
            ),
            "Of what each source read within a day. Above a half most of its calls are missing. The status page"
            " lists what calls have that name no system.",
            width=12,
            height=8,
            empty="Nothing was read within a day",
            runbook="LeverwatchSourceMostlyUnreadable",
        ),
        Panel(
            "Unreadable values an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (Query(hourly("leverwatch_unreadable_values_total", *_PER_SOURCE, "field"), "{{field}}: " + _SOURCE),),
            "Numbers and texts that no record should have, such as a negative number of tokens: the calls count,"
            " and these values of them are unknown.",
            width=24,
            height=7,
            many=True,
        ),
        Panel(
            "Inferences taken back an hour",
            Kind.GRAPH,
            Unit.PER_HOUR,
            (Query(hourly("leverwatch_restated_inferences_total", *_PER_SOURCE), _SOURCE),),
            "What each source took back when it gave whole days again, such as a restated bill. The volume follows"
            " at the next evaluation; counters of inferences hold what they were until they are overtaken.",
            width=24,
            height=7,
            many=True,
        ),
    ),
)

AGENT_DASHBOARD = Dashboard(
    "leverwatch-agent",
    "leverwatch / Agent",
    "The agents themselves: reachable, reading, deciding.",
    "now-6h",
    (*agents("leverwatch_build_info"), RUNBOOKS),
    (AGENTS_ROW, ALERTS_ROW, EVALUATION_ROW, SOURCES_ROW, RECORDS_ROW, ASKED_DAYS_ROW, BESIDE_ROW),
    (),
    (("Runbooks", RUNBOOKS_AT), ("Sources", f"{DOCS}/sources/files.md")),
)
