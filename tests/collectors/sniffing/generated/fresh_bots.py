"""Bots, notebooks, command lines and the exports of tools that automate without programming."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from .spreadsheets import table
from .style import Truth, iso, lines, style, truth, whole_seconds
from .traffic import Call, traffic


def _total(call: Call) -> int:
    return (call.input or 0) + (call.output or 0)


@style("notebook-list", "runs.jsonl", ms="wall", errors="ok exc", cost="est_cost")
def notebook(rng: Random, number: int) -> tuple[str, Truth]:
    """What somebody appends to a file in a notebook: short names, floats, a run and a seed."""
    calls = traffic(rng, number, models=("gpt-4.1-mini", "o4-mini"))
    records = [
        {
            "run": f"exp-{index // 40}",
            "i": index % 40,
            "seed": 1234,
            "t": call.at.timestamp(),
            "model": call.model,
            "temp": 0.7,
            "prompt_toks": call.input,
            "gen_toks": call.output,
            "est_cost": call.cost,
            "wall": (call.ms or 0) / 1000,
            "ok": call.ok,
            "exc": None if call.ok else "RateLimitError()",
        }
        for index, call in enumerate(calls)
    ]
    return lines(records, separators=(", ", ": ")), truth(calls, "input output cost ms")


@style("command-line-history", "logs.json", ms="duration_ms", time="datetime_utc", calls="id")
def command_line(rng: Random, number: int) -> tuple[str, Truth]:
    """An indented array of conversations; the time is UTC by its name alone."""
    calls = traffic(rng, number, models=("gpt-4.1", "claude-sonnet-4-5"), failing=0)
    records: list[dict[str, Any]] = [
        {
            "id": f"01k{call.id}",
            "model": call.model,
            "resolved_model": None,
            "prompt": "why",
            "system": None,
            "options_json": {},
            "response": "because",
            "response_json": {"finish_reason": "stop"},
            "conversation_id": call.session,
            "duration_ms": call.ms,
            "datetime_utc": call.at.replace(tzinfo=None).isoformat(timespec="microseconds"),
            "input_tokens": call.input,
            "output_tokens": call.output,
            "token_details": json.dumps({"completion_tokens_details": {"reasoning_tokens": call.reasoning}}),
            "conversation_name": "why",
            "conversation_model": call.model,
            "attachments": [],
        }
        for call in calls
    ]
    return json.dumps(records, indent=2), truth(calls, "input output ms")


@style("discord-commands", "commands.ndjson", calls="cmd ai", ms="replied_after", errors="ai")
def discord(rng: Random, number: int) -> tuple[str, Truth]:
    """All commands of a bot; only some ask a model. Identifiers are large numbers, times are texts of them."""
    calls = traffic(rng, number, models=("gpt-4.1-mini", "deepseek-chat"), failing=0)
    records: list[dict[str, Any]] = []
    for call in calls:
        head = {
            "at": str(int(call.at.timestamp() * 1000)),
            "guild": "1124" + str(rng.randrange(10**14)),
            "user": "7300" + str(rng.randrange(10**14)),
        }
        ai = {"model": call.model, "tokens": {"in": call.input, "out": call.output, "sum": _total(call)}}
        records.append({**head, "cmd": "/ask", "replied_after": call.ms, "ai": ai})
        if rng.random() < 0.7:
            records.append({**head, "cmd": rng.choice(("/ping", "/roll", "/help")), "replied_after": 40})
    return lines(records), truth(calls, "input output ms")


@style("slack-thread-bot", "mentions.jsonl", time="ts thread_ts", errors="posted llm", ms="took")
def slack(rng: Random, number: int) -> tuple[str, Truth]:
    """The time of a message is its identity; that of its thread may be days older."""
    calls = traffic(rng, number)
    records = []
    for call in calls:
        begun = call.at - timedelta(hours=rng.randrange(60))
        llm: dict[str, Any] = {"model": call.model, "took": (call.ms or 0) / 1000}
        if call.ok:
            llm["usage"] = {"input_tokens": call.input, "output_tokens": call.output}
        else:
            llm["error"] = {"type": "overloaded_error", "message": "Overloaded"}
        records.append(
            {
                "team": "T02ACME",
                "channel": f"C0{call.app[:4].upper()}",
                "user": "U9" + call.session.upper(),
                "ts": f"{call.at.timestamp():.6f}",
                "thread_ts": f"{begun.timestamp():.6f}",
                "llm": llm,
                "posted": call.ok,
            }
        )
    return lines(records), truth(calls, "input output ms")


@style("zap-history", "zap-history.csv", errors="Status", time="Timestamp", calls="Run ID Status")
def zapier(rng: Random, number: int) -> tuple[str, Truth]:
    """The fields of each step carry the number of the step; a filtered run asked no model."""
    header = (
        "Zap Run ID", "Timestamp", "Status", "1. Subject", "2. Model", "2. Usage Prompt Tokens",
        "2. Usage Completion Tokens", "2. Usage Total Tokens", "3. Sent Message ID",
    )  # fmt: skip
    calls = whole_seconds(traffic(rng, number))
    rows: list[tuple[Any, ...]] = []
    for c in calls:
        at = f"{c.at:%Y-%m-%d %H:%M:%S +0000}"
        if c.ok:
            rows.append((c.id, at, "success", "Invoice", c.model, c.input, c.output, _total(c), f"m-{c.id[:6]}"))
        else:
            rows.append((c.id, at, "error", "Invoice", c.model, "", "", "", ""))
        if rng.random() < 0.25:
            rows.append((c.id[::-1], at, "filtered", "Newsletter", "", "", "", "", ""))
    return table(header, rows), truth(calls, "input output")


@style("workflow-executions", "executions.json", time="startedAt stoppedAt", errors="status finished")
def workflow(rng: Random, number: int) -> tuple[str, Truth]:
    """An execution from its start to its stop, with the usage deep within the data of a node."""
    calls = traffic(rng, number, models=("gpt-4.1-mini", "claude-haiku-4-5"))
    records = []
    for index, call in enumerate(calls):
        stop = call.at + timedelta(milliseconds=call.ms or 0)
        run: dict[str, Any] = {"node": "OpenAI Chat Model", "parameters": {"model": {"value": call.model}}}
        if call.ok:
            usage = {
                "promptTokens": call.input,
                "completionTokens": call.output,
                "totalTokens": _total(call),
            }
            run["json"] = {"response": {"generations": 1}, "tokenUsage": usage}
        else:
            run["error"] = {"name": "NodeApiError", "httpCode": "429"}
        records.append(
            {
                "id": str(8000 + index),
                "finished": call.ok,
                "mode": "webhook",
                "retryOf": None,
                "status": "success" if call.ok else "error",
                "startedAt": iso(call),
                "stoppedAt": stop.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "workflowId": "kq3X",
                "data": run,
            }
        )
    return lines(records), truth(calls, "input output ms")


@style("airtable-grid", "Calls-Grid view.csv", errors="Errored", cost="Spend", time="Created")
def airtable(rng: Random, number: int) -> tuple[str, Truth]:
    """A box that is ticked is `checked`, one that is not is empty; the clock has twelve hours and no blank."""
    calls = traffic(rng, number)
    header = ("Name", "Created", "Model", "Prompt tokens", "Completion tokens", "Spend", "Errored?", "Assignee")
    rows = (
        (
            f"Call {i}",
            f"{c.at.month}/{c.at.day}/{c.at.year} {c.at.hour % 12 or 12}:{c.at:%M}{f'{c.at:%p}'.lower()}",
            c.model,
            c.input,
            c.output,
            f"${c.cost:.4f}" if c.ok else "",
            "" if c.ok else "checked",
            "Ada Lovelace",
        )
        for i, c in enumerate(calls, 1)
    )
    rounded = [replace(c, cost=float(f"{c.cost:.4f}")) if c.ok else c for c in calls]
    return "\ufeff" + table(header, rows, lineterminator="\r\n"), truth(rounded, "input output cost")


@style("notion-database", "LLM log 2f1c.csv", errors="Status", time="Date")
def notion(rng: Random, number: int) -> tuple[str, Truth]:
    """Months are words, and a page links to others by their address."""
    calls = traffic(rng, number, models=("gpt-4.1", "claude-opus-4-1"))
    header = ("Title", "Date", "Model", "Tokens (in)", "Tokens (out)", "Status", "Project")
    rows = (
        (
            f"Draft {i}",
            f"{c.at:%B} {c.at.day}, {c.at.year} {c.at.hour % 12 or 12}:{c.at:%M %p}",
            c.model,
            c.input,
            c.output,
            "Done" if c.ok else "Failed",
            "Website (https://www.notion.so/Website-0a1b2c3d)",
        )
        for i, c in enumerate(calls, 1)
    )
    return "\ufeff" + table(header, rows, quoting=csv.QUOTE_MINIMAL), truth(calls, "input output")
