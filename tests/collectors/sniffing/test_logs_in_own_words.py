"""Logs of questions, runs and answers in a program's own words: what counts of each, and what is no such log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.sniffing.sniff import config_of, guess, summarise
from tests.collectors.sources.files.logs import sums

NUMBER = 8
COUNT = range(NUMBER)


def at(n: int, second: int = 7) -> str:
    return f"2026-05-{3 + n // 4:02} 1{n % 4}:2{n}:{second:02}"


def taken(n: int) -> int:
    return 800 + n * 37 % 91


def given(n: int) -> int:
    return 60 + n * 29 % 41


def cost(n: int) -> float:
    return (n * 37 % 8 + 1) / 1000


IN, OUT, COST = sum(map(taken, COUNT)), sum(map(given, COUNT)), sum(map(cost, COUNT))


def lines(form: str) -> str:
    return "".join(
        form.format(
            at=at(n), later=at(n, 9), slow=at(n, 51), n=n, i=taken(n), o=given(n), usd=cost(n), cents=100 * cost(n)
        )
        + "\n"
        for n in COUNT
    )


def objects(records: Iterable[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(it)}\n" for it in records)


def called(n: int) -> dict[str, Any]:
    return {"ts": at(n), "model": "gpt-4o", "in_tokens": taken(n), "out_tokens": given(n)}


def pairs_by_id() -> Iterator[dict[str, Any]]:
    for n in COUNT:
        yield {"ts": at(n), "event": "start", "run_id": f"r{n}", "model": "gpt-4o"}
        yield {"ts": at(n, 9), "event": "error" if n == 4 else "finish", "run_id": f"r{n}", "ms": 900 + n}


def by_steps() -> Iterator[dict[str, Any]]:
    for step in ("SCORING", "COACHING"):
        for n in COUNT:
            yield {"ts": at(n), "stage": step, "call_id": f"T-{n}", "model": "gpt-4o", "prompt_hash": f"{step}{n}"}


STATEMENT = "SELECT a FROM b WHERE c = {n}"
DAYS = {
    f"2026-05-{3 + n:02}": {"calls": n + 2, "in": taken(n), "out": given(n), "usd": cost(n), "by": {
        "page": {"calls": 1, "in": 100, "out": 20},
        "mail": {"calls": n + 1, "in": taken(n) - 100, "out": given(n) - 20}}}
    for n in COUNT
}  # fmt: skip
TASKS = {
    f"2026-05-0{3 + day}": {"calls_by_model": {"flash": 4}, "tasks": [
        {"time": at(n), "model": "flash", "tokens": taken(n), "task": "look"} for n in COUNT if n // 4 == day]}
    for day in range(2)
}  # fmt: skip
Counts = tuple[int, int, int, int, float]
"""Inferences, errors, tokens and dollars; 0 where none is known."""
NONE = (0, 0, 0.0)
LOGS: dict[str, tuple[str, Counts]] = {
    "questions of persons, each on a line": (lines("{at} - user{n}: how far is {n}?"), (8, 0, *NONE)),
    "questions in a program's log, with no answer": (
        lines("{at},311 - app - INFO - User query: how far is it?\n{at},511 - app - INFO - 4 chunks for the LLM"),
        (8, 0, *NONE)),
    "one who answers at once, and always": (
        lines("[{at}] Anna: is it far {n}\n[{later}] Hector: It is about {n} kilometres from here,\nas crows fly"),
        (8, 0, *NONE)),
    "an operation and its outcome": (
        lines("[{at}] Embedding Success | Dimension=768\n[{at}] Generation Success\n```") , (16, 0, *NONE)),
    "a model that is called, and what failed": (
        lines("{at} INFO API call: gpt-4o | 1.{n}s") + lines("{at} ERROR API call failed for gemini-pro: 404"),
        (8, 8, *NONE)),
    "a question, an answer of several lines, and a line of tokens": (
        lines("[{at}] 10.0.0.{n}\nQ: how far is {n}?\nA: Quite far.\n\n" + "It is a long way, they say. " * 30
              + "\nTokens: {i} in, {o} out\nCost: ${usd:.3f}\n------"), (8, 0, IN, OUT, COST)),
    "a cost in cents": (
        lines("[{at}] gpt-4o answered, used {i} input tokens and {o} output tokens, cost {cents:.2f} cents"),
        (8, 0, IN, OUT, COST)),
    "tokens of what, in another language": (
        lines("[{at}] Traité par mistral-small : {i} jetons en entrée, {o} jetons en sortie"),
        (8, 0, IN, OUT, 0.0)),
    "the date as shells print it": (
        "".join(f"Sun May  3 10:2{n}:00 UTC 2026: model=llama3 tokens_in={taken(n)} tokens_out={given(n)}\n"
                for n in COUNT), (8, 0, IN, OUT, 0.0)),
    "a table without a header, of questions and statements": (
        lines('{at},how many are in {n},"SELECT count(*)\nFROM t WHERE a = {n}"'), (8, 0, *NONE)),
    "a question and a statement, with a flag of success": (
        "ts,ok,question,sql\n" + "".join(
            f"{at(n)},{int(n != 3)},how many in {n},{STATEMENT.format(n=n)}\n" for n in COUNT),
        (7, 1, *NONE)),
    "answers of a model, and of a table": (
        "Timestamp,Issue,Source,Response\n" + "".join(
            f"{at(n)},it squeaks at {n},{('AI', 'CSV')[n % 2]},Have the brakes looked at\n" for n in COUNT),
        (4, 0, *NONE)),
    "questions of which some reached no model": (
        objects({"ts": at(n), "question": f"how far is {n}", "generation_ms": 0 if n == 2 else 400 + n,
                 "usage": {"prompt_tokens": 90, "completion_tokens": 9} if n == 5 else None} for n in COUNT),
        (7, 0, 90, 9, 0.0)),
    "runs whose word for success is their own": (
        objects({"ts": at(n), "model": "deepseek-chat", "status": ("in_review", "failed")[n == 2]} for n in COUNT),
        (7, 1, *NONE)),
    "the error of one step, beside that of another": (
        objects({**called(n), **({"curate_error": "503 at", "in_tokens": 0, "out_tokens": 0} if n == 2 else {}),
                 "mail_error": "no such box" if n == 4 else None} for n in COUNT),
        (7, 1, IN - taken(2), OUT - given(2), 0.0)),
    "an error as an object of its class": (
        objects([*map(called, COUNT), {"ts": at(7), "model": "gpt-4o", "err": {"type": "E", "message": "429"}}]),
        (8, 1, IN, OUT, 0.0)),
    "a flag of success in a table": (
        "epoch_ms,model,prompt_tok,gen_tok,ok\n" + "".join(
            f"{1777802400000 + n * 60000},qwen2.5,{taken(n)},{given(n) * (n != 2)},{int(n != 2)}\n"
            for n in COUNT),
        (7, 1, IN - taken(2), OUT - given(2), 0.0)),
    "tokens of a message and of its answer": (
        "created_at,query,answer,message_tokens,answer_tokens\n" + "".join(
            f"{at(n)},how far is {n},it is far,{taken(n)},{given(n)}\n" for n in COUNT), (8, 0, IN, OUT, 0.0)),
    "steps with one id, each with a prompt of its own": (objects(by_steps()), (16, 0, *NONE)),
    "ends that name no model, by the id of a run": (objects(pairs_by_id()), (7, 1, *NONE)),
    "one who writes and one who judges": (
        objects({"ts": at(n), "generator": {"model": "gpt-4o-mini", "input_tokens": taken(n), "output_tokens": 60},
                 "judge": {"model": "gpt-4o", "input_tokens": taken(n) + 400, "output_tokens": 9}} for n in COUNT),
        (16, 0, 2 * IN + 3200, 552, 0.0)),
    "sums of days with a cost, and their parts without": (
        json.dumps({"days": DAYS}), (44, 0, IN, OUT, COST)),
    "numbers of calls, by a provider and a day in one name": (
        json.dumps({f"{who}_2026-05-0{3 + n}": n + 1 for who in ("openai", "ollama") for n in range(4)}),
        (20, 0, *NONE)),
    "numbers of calls by day and model, with a sum": (
        json.dumps({"days": {**{f"2026-05-0{3 + n}": {"gpt-4o": n + 1, "gpt-4o-mini": 2} for n in range(4)},
                             "total": {"gpt-4o": 10, "gpt-4o-mini": 8}}}), (18, 0, *NONE)),
    "arrows up and down": (lines("{at} [claude-sonnet-4-5] ↑{i} ↓{o} ${usd:.3f}"), (8, 0, IN, OUT, COST)),
    "lines of failures beside those of calls": (
        lines("{at} INFO gpt-4o in={i} out={o} 90{n}ms") + f"{at(7)} ERROR gpt-4o failed: rate limit reached\n"
        + f"{at(7)} WARN disk is full\n", (8, 1, IN, OUT, 0.0)),
    "a sum before the parts of it": (
        "".join(f"[{at(n)}] Model: gpt-4o | Tokens: {taken(n) + given(n)} (in {taken(n)} / out {given(n)})\n"
                for n in COUNT), (8, 0, IN, OUT, 0.0)),
    "a table whose last row is the sum": (
        "date,model,input_tokens,output_tokens\n" + "".join(
            f"{at(n)},gpt-4o,{taken(n)},{given(n)}\n" for n in COUNT) + f"TOTAL,,{IN},{OUT}\n",
        (8, 0, IN, OUT, 0.0)),
    "sections of a tool, a prompt and a result": (
        "# Log\n\n" + "".join(
            f"## {at(n)[:-3]}\n**Tool:** Claude\n**Prompt:** how far is {n}\n**Result:** far\n\n" for n in COUNT),
        (8, 0, *NONE)),
    "requests to who serves models, and how they ended": (
        lines("{at} - Request #{n} to Gemini API successful\n{at} - page {n} saved")
        + f"{at(7)} - Request #9 to Gemini API failed: 503\n", (8, 1, *NONE)),
    "a line of sums in the form of the calls": (
        lines("{at} gpt-4o: {i} input tokens, {o} output tokens")
        + f"{at(7)} Total: {IN} input tokens, {OUT} output tokens\n", (8, 0, IN, OUT, 0.0)),
    "prompts alone": (lines("[{at}] PROMPT: a boat with {n} birds on a lake"), (8, 0, *NONE)),
    "a level that tells what failed": (
        objects({"ts": at(n), "level": ("INFO", "ERROR")[n == 2], "model": "gemini-1.5-pro", "ms": 900 + n}
                for n in COUNT), (7, 1, *NONE)),
    "items that failed in calls that did not": (
        objects({**called(n), "items": 20, "done": 19, "failed": 1} for n in COUNT), (8, 0, IN, OUT, 0.0)),
    "calls with times in a list below their day": (json.dumps(TASKS), (8, 0, *NONE)),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_what_a_careful_reader_would_count_is_counted(tmp_path: Path, name: str) -> None:
    text, wanted = LOGS[name]
    path = tmp_path / "own.log"
    path.write_text(text)
    found = guess(path.read_bytes(), "plain")
    assert found is not None
    counted = sums(summarise(config_of(path, found.settings)).usage)

    fields = ("inferences", "errors", "input_tokens", "output_tokens")
    assert tuple(counted.get(it, 0) for it in fields) == wanted[:4]
    assert float(counted.get("cost_usd", 0)) == pytest.approx(wanted[4])
    assert found.fields is not None
    assert found.fields.notes


OTHERS: dict[str, str] = {
    "messages between people": lines("[{at}] Anna: see you at {n}\n[{slow}] Ben: yes, at {n}, at the usual place"),
    "queries of a database": lines("{at},311 - db - INFO - Query: SELECT a FROM b WHERE c = {n}"),
    "questions in a log without models": lines("{at},311 - poll - INFO - Question: is it {n}?"),
    "numbers of visits by day": json.dumps({"visits": {f"2026-05-0{3 + n}": n + 1 for n in range(5)}}),
    "numbers of tokens by day": json.dumps({"gpt-4o tokens": {f"2026-05-0{3 + n}": n + 900 for n in range(5)}}),
    "two forms of what may be one request": lines(
        "{at} OpenAI client: call {n} ok\n{at} answer {n}: OpenAI response parsed ok"),
    "steps of a build": lines("[{at}] Compile Success | files={n}"),
    "a table of events": lines("{at},the door of room {n} opened,the light of room {n} went on"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_what_people_and_other_programs_say_is_no_call(name: str) -> None:
    assert guess(OTHERS[name].encode(), "plain") is None


def test_records_with_items_that_went_well_or_not_may_be_several_calls_each() -> None:
    text = objects({**called(n), "items": 20 + n, "done": 19 + n, "failed": 1} for n in COUNT)
    found = guess(text.encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert "done and failed are together items, which is 188 in the sample" in " ".join(found.fields.notes)
