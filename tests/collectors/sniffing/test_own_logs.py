"""What is proposed for logs in the styles of those who write their own: settings, and what is doubted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose


@dataclass(frozen=True)
class Call:
    """An invented call, to be written down in one style or another."""

    n: int

    @property
    def at(self) -> datetime:
        return datetime(2026, 4, 7, 6, 0, tzinfo=UTC) + timedelta(minutes=97 * self.n)

    @property
    def ts(self) -> str:
        return self.at.isoformat()

    @property
    def taken(self) -> int:
        return 300 + (self.n * 271) % 900

    @property
    def cached(self) -> int:
        return (self.n % 3) * 90

    @property
    def given(self) -> int:
        return 20 + (self.n * 37) % 150

    @property
    def failed(self) -> bool:
        return self.n % 9 == 4

    @property
    def session(self) -> str:
        return f"s{self.n // 10}"


CALLS = [Call(n) for n in range(40)]
USED: Callable[[Call], dict[str, Any]] = lambda it: {"prompt_tokens": it.taken, "completion_tokens": it.given}  # noqa: E731


def logged(write: Callable[[Call], Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for call in CALLS:
        written = write(call)
        found += written if isinstance(written, list) else [written]
    return found


def proposed(write: Callable[[Call], Any]) -> FieldGuess:
    found = propose([leaves(record) for record in logged(write)])
    assert found is not None
    return found


def so_far(key: Callable[[Call], Any], number: Callable[[Call], int]) -> Callable[[Call], int]:
    return lambda it: sum(number(other) for other in CALLS[: it.n + 1] if key(other) == key(it))


SESSION_IN, SESSION_OUT = (
    so_far(lambda it: it.session, lambda it: it.taken),
    so_far(lambda it: it.session, lambda it: it.given),
)
FILE_OUT = so_far(lambda _: 0, lambda it: it.given)


@pytest.mark.parametrize(
    ("write", "wanted", "doubt"),
    [
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", **({"error": f"broke at {it.n}"} if it.failed else USED(it))},
            {"status": {"path": "error", "error": {"present": True}}},
            "status: 4 of 40 records have error, and are taken for failed calls",
            id="errors as texts",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "broken": 0, "is_error": it.failed, **USED(it)},
            {"status": {"path": "is_error", "success": [False], "error": [True]}},
            "status: 4 of the 4 records with is_error have output tokens all the same",
            id="errors as a flag",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "exit": 0,
                        "result": "upstream_timeout" if it.failed else "delivered",
                        **({} if it.failed else USED(it))},
            {"status": {"path": "result", "success": ["delivered"], "error": ["upstream_timeout"]}},
            None,
            id="words for outcomes",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "result": "zonk" if it.failed else "plonk",
                        **({} if it.failed else USED(it))},
            {"status": {"path": "result", "success": ["plonk"], "error": ["zonk"]}},
            "status: result has a word of no known meaning, zonk, in 4 records; taken for an error, as few of"
            " them",
            id="words that nobody knows",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "sid": it.session, "session": it.session, "model": "m",
                        "tokens_in": SESSION_IN(it), "tokens_out": SESSION_OUT(it)},
            {"input_tokens": {"path": "tokens_in", "of_session": "session"},
             "output_tokens": {"path": "tokens_out", "of_session": "session"}},
            "output_tokens: tokens_out only grows within session: taken as a sum so far",
            id="sums so far of a session",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "session": it.session, "model": "m",
                        "last": {"input_tokens": it.taken, "output_tokens": it.given},
                        "total": {"input_tokens": SESSION_IN(it), "output_tokens": SESSION_OUT(it)}},
            {"input_tokens": "last.input_tokens", "output_tokens": "last.output_tokens"},
            None,
            id="the last call beside the sum so far",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "out_tokens": FILE_OUT(it)},
            {"time": "ts", "model": "model"},
            "output_tokens: out_tokens only grows, so it is a sum so far and not of one call; no field names its",
            id="a sum so far of nobody knows what",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "chat_id": it.session, "model": "m", "input_tokens": 100 * it.n + 50,
                        "output_tokens": it.given},
            {"input_tokens": "input_tokens", "output_tokens": "output_tokens"},
            None,
            id="what a conversation has said so far is input again",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "modelId": "m", "usage": {"inputTokens": it.taken // 2, "outputTokens": 9},
                        "totalUsage": {"inputTokens": it.taken, "outputTokens": it.given}},
            {"input_tokens": "totalUsage.inputTokens", "output_tokens": "totalUsage.outputTokens"},
            "input_tokens: taken from totalUsage.inputTokens",
            id="all steps beside the last one",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", **(USED(it) if it.n < 25 else
                                                      {"input_tokens": it.taken, "output_tokens": it.given})},
            {"input_tokens": ["input_tokens", "prompt_tokens"]},
            "output_tokens: output_tokens, completion_tokens: the first that tells",
            id="fields that have another name from some line on",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "request": {"model": "asked"},
                        "response": None if it.failed else {"model": "m"},
                        **({"error_type": "Timeout"} if it.failed else USED(it))},
            {"model": ["response.model", "request.model"],
             "status": {"path": "error_type", "error": {"present": True}}},
            "model: taken from response.model; request.model names another model in 36 of 36 records",
            id="the model that was asked and the one that served",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m",
                        "tokens": {"fresh": it.taken, "cached": it.cached, "out": it.given}},
            {"cached_input_tokens": {"path": "tokens.cached", "stands": "beside"}},
            None,
            id="cached tokens beside the fresh ones",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "t": {"in": it.taken, "cached": it.cached, "out": it.given},
                        "total_tokens": it.taken + it.given + it.cached,
                        "usage": {"in": it.taken, "cached": it.cached, "out": it.given,
                                  "total": it.taken + it.given + it.cached}},
            {"cached_input_tokens": {"path": "usage.cached", "stands": "beside"}},
            None,
            id="a total that proves that cached tokens stand beside",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "by": "ab"[it.n % 2],
                        "usage": {"in": it.taken, "cached": it.cached, "out": it.given,
                                  "total": it.taken + it.given + it.cached * (it.n % 2)}},
            {"cached_input_tokens": {"path": "usage.cached", "stands": "beside", "total": "usage.total"}},
            None,
            id="a total that proves for each call whether cached tokens stand beside",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", **USED(it), "took": it.given / 40},
            {"latency": {"path": "took", "unit": "s"}},
            "latency: took is taken as s, by its size",
            id="a duration without a unit",
        ),
        pytest.param(
            lambda it: {"started": it.ts, "ended": (it.at + timedelta(milliseconds=it.given * 20)).isoformat(),
                        "model": "m", **USED(it), "elapsed": it.given * 20_000},
            {"latency": {"path": "elapsed", "unit": "us"}},
            None,
            id="a duration that start and end prove",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", **USED(it), "cost_cents": 0.2},
            {"cost_usd": {"path": "cost_cents", "unit": "cents"}},
            "cost_usd: cost_cents is taken for cents of US dollars",
            id="a cost in cents",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", **USED(it), "input_cost": 0.001, "output_cost": 0.002},
            {"cost_usd": ["input_cost", "+output_cost"]},
            "cost_usd: the sum of input and output",
            id="a cost in two parts",
        ),
        pytest.param(
            lambda it: {"day": it.ts[:10], "model": "m", "requests": 50, "failed": it.n % 3, **USED(it)},
            {"inferences": "requests", "errors": "failed"},
            "errors: failed of the calls of requests failed",
            id="sums of a day",
        ),
        pytest.param(
            lambda it: {"day": it.ts[:10], "model": "m", "success_count": 50, "error_count": it.n % 3, **USED(it)},
            {"inferences": ["success_count", "+error_count"], "errors": "error_count"},
            "inferences: every record stands for as many calls as success_count and error_count say together",
            id="sums of a day, good and bad apart",
        ),
        pytest.param(
            lambda it: {"day": it.ts[:10], "model": "m", **USED(it)},
            {"time": "day"},
            "inferences: all times are full hours or days, as of records that are sums of many calls; no field"
            " says",
            id="sums of a day of nobody knows how many calls",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "op": "embed" if it.n % 4 == 0 else "chat", **USED(it)},
            {"operation": {"path": "op", "embedding": ["embed"]}},
            "operation: 10 records whose op is embed are taken as embedding",
            id="words for operations",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "text-embedding-9" if it.n % 4 == 0 else "m", **USED(it)},
            {"model": "model"},
            "operation: 10 records of the sample name a model that is one of embedding by its name",
            id="models that generate nothing",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", **USED(it), "calls": [{"in_tokens": 5, "out_tokens": 2}] * 2},
            {"input_tokens": "prompt_tokens"},
            None,
            id="calls within a record",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "usage": f'{{"prompt_tokens": {it.taken}}}'},
            {"time": "ts", "model": "model"},
            "input_tokens and output_tokens: no field tells them, and they stay unknown; usage has them in a text",
            id="tokens inside a text",
        ),
        pytest.param(
            lambda it: {"ts": it.at.strftime("%d.%m.%Y %H:%M"), "modell": "m", "Eingabe-Token": f"{it.taken * 9:,}"
                        .replace(",", "."), "Ausgabe-Token": str(it.given), "Kosten (USD)": "0,0012"},
            {"time": {"path": "ts", "format": "%d.%m.%Y %H:%M"},
             "input_tokens": {"path": "Eingabe-Token", "decimal": ",", "thousands": "."},
             "output_tokens": {"path": "Ausgabe-Token", "decimal": ",", "thousands": "."},
             "cost_usd": {"path": "Kosten (USD)", "decimal": ","}},
            "time: has no zone",
            id="a German sheet",
        ),
        pytest.param(
            lambda it: {"Date": it.at.strftime("%d/%m/%Y"), "Heure": it.at.strftime("%H:%M:%S"), "Modèle": "m",
                        "Jetons d'entrée": f"{it.taken * 9:,}".replace(",", "\u202f"),
                        "Jetons de sortie": it.given},
            {"time": {"path": ["Date", "+Heure"], "format": "%d/%m/%Y %H:%M:%S"},
             "input_tokens": {"path": "Jetons d'entrée", "thousands": "\u202f"},
             "output_tokens": "Jetons de sortie"},
            None,
            id="a French sheet with the time of day apart",
        ),
        pytest.param(
            lambda it: {"a": it.ts, "b": "gpt-9-mini", "c": it.taken, "d": it.given, "e": it.taken + it.given},
            {"time": "a", "model": "b", "input_tokens": "c", "output_tokens": "d"},
            "input_tokens and output_tokens: c and d are chosen because e is their sum",
            id="names that say nothing",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "in": it.taken, "out": it.given},
            {"input_tokens": "in", "output_tokens": "out"},
            "input_tokens and output_tokens: in and out are taken for tokens",
            id="names that speak of no tokens",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", **USED(it), "sampled_1_in": 10},
            {"time": "ts"},
            "sample_rate: sampled_1_in may say that only some calls are logged",
            id="a sample of the calls",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "tokens_in": it.taken, "tokens_out": 5 * it.n},
            {"output_tokens": "tokens_out"},
            "output_tokens: tokens_out never falls; it is taken as of single calls, and may be a sum so far",
            id="numbers that never fall by equal steps",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "usage": {
                "prompt_tokens": it.taken, "prompt_tokens_details": {"cached_tokens": it.cached}
                } if it.n % 2 else {
                "input_tokens": it.taken, "cache_read_input_tokens": it.cached + 800, "output_tokens": it.given}},
            {"cached_input_tokens": ["usage.prompt_tokens_details.cached_tokens",
                                     "usage.cache_read_input_tokens"]},
            "cached_input_tokens: cached tokens are taken as inside usage.input_tokens, though it seems that"
            " usage.",
            id="two producers that place cached tokens differently",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", **USED(it),
                        "served_from": "cache" if it.failed else "provider"},
            {"cache_hit": {"path": "served_from", "hit": ["cache"], "miss": ["provider"]}},
            "cache_hit: 4 records whose served_from is cache are answers from a cache, and no inferences",
            id="answers of a cache by a word",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", **USED(it), "lane": "retry" if it.failed else "main"},
            {"input_tokens": "prompt_tokens"},
            "inferences: 4 records whose lane is retry count as calls that succeeded; if the word means a",
            id="words of a field that is not mapped",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "tokens_in": 0 if it.failed else it.taken,
                        "tokens_out": 0 if it.failed else it.given},
            {"input_tokens": "tokens_in"},
            "inferences: 4 records have 0 input and 0 output tokens, and count as calls that succeeded",
            id="calls that took nothing",
        ),
        pytest.param(
            lambda it: {"ts": it.ts, "model": "m", "in_tok": "None" if it.failed else str(it.taken),
                        "out_tok": "nan" if it.failed else f"{it.given}.0",
                        "error": "it broke" if it.failed else "None"},
            {"input_tokens": "in_tok", "output_tokens": "out_tok",
             "status": {"path": "error", "success": ["None"], "error": {"present": True}}},
            "status: 4 of 40 records have error",
            id="words for nothing in a table",
        ),
        pytest.param(
            lambda it: {"დრო": it.ts, "მოდელი": "gpt-9", "შემავალი": it.taken, "გამავალი": it.given},
            {"time": "დრო", "model": "მოდელი", "input_tokens": "შემავალი", "output_tokens": "გამავალი"},
            "input_tokens and output_tokens: შემავალი and გამავალი are chosen as the only counts",
            id="names in a language that nobody here reads",
        ),
        pytest.param(
            lambda it: {"t": int(it.at.timestamp() * 1e9), "model": "m", **USED(it)},
            {"time": "t"},
            None,
            id="times in nanoseconds",
        ),
    ],
)  # fmt: skip
def test_a_style_is_read_for_what_it_means_and_what_is_not_sure_is_said(
    write: Callable[[Call], Any], wanted: dict[str, Any], doubt: str | None
) -> None:
    found = proposed(write)

    assert {name: found.fields.get(name) for name in wanted} == wanted
    if doubt is not None:
        assert any(note.startswith(doubt) for note in found.notes), found.notes
    not_told = {"latency", "cost_usd", "status"} - set(wanted)
    assert not not_told & set(found.fields), found.fields


@pytest.mark.parametrize(
    ("write", "filters", "kept", "status"),
    [
        (lambda it: [{"ts": it.ts, "event": "on_start", "run": it.n, "model": "m"},
                     {"ts": it.ts, "event": "on_end", "run": it.n, "model": "m", **USED(it)}],
         {"only": {"event": "on_end"}}, 40, None),
        (lambda it: [{"ts": it.ts, "evt": "llm_request", "corr": f"c{it.n}", "model": "m"},
                     {"ts": it.ts, "evt": "llm_response", "corr": f"c{it.n}", "model": "m", **USED(it)}],
         {"only": {"evt": "llm_response"}}, 40, None),
        (lambda it: [{"ts": it.ts, "type": "ask", "model": "m"},
                     {"ts": it.ts, "type": "answer", "model": "m", **USED(it)},
                     {"ts": it.ts, "type": "note", "text": "x"}],
         {"only": {"type": "answer"}}, 40, None),
        (lambda it: [{"ts": it.ts, "type": "request", "id": it.n, "model": "m"},
                     {"ts": it.ts, "type": "error", "id": it.n, "model": "m"} if it.failed else
                     {"ts": it.ts, "type": "response", "id": it.n, "model": "m", **USED(it)}],
         {"only": {"type": ["response", "error"]}}, 40,
         {"path": "type", "success": ["response"], "error": ["error"]}),
        (lambda it: [{"ts": it.ts, "kind": "turn", "model": "m", **USED(it)},
                     *([{"ts": it.ts, "kind": "session_total", "model": "m", "prompt_tokens": 9999,
                         "completion_tokens": 999}] if it.n % 10 == 9 else [])],
         {"only": {"kind": "turn"}}, 40, None),
        (lambda it: [{"ts": it.ts, "line": "served a page"}, {"ts": it.ts, "model": "m", **USED(it)}],
         {"only": {"model": {"present": True}}}, 40, None),
        (lambda it: [{"ts": it.ts, "line": f"beat {it.n}"}, {"ts": it.ts, "model": "m", **USED(it)},
                     *([{"ts": it.ts, "line": "x", "error": "no disk"}] if it.failed else [])],
         {"only": {"model": {"present": True}}}, 40, None),
        (lambda it: [{"ts": it.ts, "event": "llm.done", "request_id": f"r{it.n}", "model": "m", "u": USED(it)},
                     {"ts": it.ts, "event": "usage.kept", "request_id": f"r{it.n}", "model": "m", **USED(it)}],
         {"only": {"event": "llm.done"}}, 40, None),
        (lambda it: [*({"ts": it.ts, "id": f"r{it.n}", "model": "m", "delta": n} for n in range(3)),
                     {"ts": it.ts, "id": f"r{it.n}", "model": "m", "usage": USED(it)}],
         {"only": {"usage.completion_tokens": {"present": True}}}, 40, None),
        (lambda it: {"ts": it.ts, "event": "llm_failed" if it.failed else "llm_done", "model": "m",
                     **({} if it.failed else USED(it))},
         {}, 40, {"path": "event", "success": ["llm_done"], "error": ["llm_failed"]}),
        (lambda it: {"ts": it.ts, "model": "m", "state": "skipped"} if it.failed else
         {"ts": it.ts, "model": "m", "state": "done", **USED(it)}, {"not": {"state": ["skipped"]}}, 36, None),
        (lambda it: {"ts": it.ts, "model": "m", "kind": "chat" if it.n % 2 else "completion", **USED(it)}, {}, 40,
         None),
    ],
    ids=["start and end", "by a name of its own", "kinds", "how it ended", "sums among calls", "other lines",
         "other errors", "twice", "pieces", "failed", "skipped", "one"],
)  # fmt: skip
def test_records_that_are_no_calls_are_left_out_and_said(
    write: Callable[[Call], Any], filters: dict[str, Any], kept: int, status: Any
) -> None:
    found = proposed(write)
    settings = {name: found.settings[name] for name in ("only", "not") if name in found.settings}

    assert settings == filters
    assert f"{kept} of them calls" in found.evidence[0] or "skipped" in str(filters)
    left_out = [note for note in found.notes if note.startswith(("only:", "not:"))]
    assert bool(left_out) is bool(filters)
    assert all("were they calls, there would be" in note for note in left_out)
    if status is not None:
        assert found.fields["status"] == status


def test_records_that_are_left_out_raise_no_doubt_about_the_calls() -> None:
    found = proposed(
        lambda it: (
            {"ts": it.ts, "state": "skipped", "model": None, "prompt_tokens": 0, "completion_tokens": 0}
            if it.failed
            else {"ts": it.ts, "state": "done", "model": "m", **USED(it)}
        )
    )

    assert found.settings["not"] == {"state": ["skipped"]}
    assert [note.partition(":")[0] for note in found.notes] == ["not"]


def test_numbers_that_are_not_mapped_are_listed_with_their_range() -> None:
    found = proposed(lambda it: {"ts": it.ts, "model": "m", **USED(it), "temperature": 0.5, "retries": it.n % 3})

    assert found.unmapped == ("temperature (0.5)", "retries (0 to 2)")


def test_a_mapping_that_few_records_have_gives_way_to_one_that_most_have() -> None:
    found = proposed(
        lambda it: {"ts": it.ts, "llm_name": "m", **USED(it), **({"model": "other"} if it.n in (3, 9) else {})}
    )

    assert found.fields["model"] == "llm_name"
    assert found.notes == ("model: taken from llm_name; model names another model in 2 of 2 records",)


def test_a_column_that_is_missing_from_some_record_on_is_said() -> None:
    found = proposed(lambda it: {"ts": it.ts, "model": "m", **(USED(it) if it.n < 30 else {})})

    assert (
        "input_tokens: 10 of 40 calls of the sample have none, and theirs stay unknown; none has from record"
        " 31 of the"
        " sample on" in found.notes
    )


@pytest.mark.parametrize(
    "words", ["tell me of the canary", "canary\n", "canary " * 9], ids=["a sentence", "a line", "long"]
)
def test_texts_of_calls_are_in_no_setting_and_no_note(words: str) -> None:
    found = proposed(
        lambda it: {
            "ts": it.ts, "model": "m", **USED(it), "type": f"{words}{it.n}", "message": words, "status": words,
            "error": words if it.failed else None, "event": words if it.n % 2 else "done",
        }
    )  # fmt: skip

    assert "canary" not in repr(found)
