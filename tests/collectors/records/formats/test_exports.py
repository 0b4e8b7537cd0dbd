"""Exports of providers' pages, with their own columns and invented values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result, UsageRow
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sources.files.logs import config, sums
from tests.collectors.sources.files.tailing import Bench

OPENAI = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,"
    "service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens\n"
    "1773100800,1773187200,2026-03-10T00:00:00+00:00,2026-03-11T00:00:00+00:00,proj_a,10.0,u,key_1,gpt-4o,FALSE,"
    "default,5200.0,900.0,200.0,5000.0\n"
    "1773100800,1773187200,2026-03-10T00:00:00+00:00,2026-03-11T00:00:00+00:00,proj_b,4,u,key_2,gpt-4o,TRUE,"
    "default,800,100,0,800\n"
    "1773187200,1773273600,2026-03-11T00:00:00+00:00,2026-03-12T00:00:00+00:00,,,,,,,,,,,\n"
)
CURSOR = (
    'Date,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,"Input (w/ Cache Write)","Input (w/o Cache Write)",'
    "Cache Read,Output Tokens,Total Tokens,Cost\n"
    '"2026-03-10T08:00:00.000Z",,,"Included","m-1","No","700","50","3000","40","3790","Included"\n'
    '"2026-03-10T08:01:00.000Z",,,"On-Demand","m-1","No","700","500","3000","40","3740","$0.02"\n'
    '"2026-03-10T08:02:00.000Z",,,"Errored, No Charge","m-1","No","0","0","0","0","0","-"\n'
)
OPENROUTER = (
    "generation_id,created_at,cost_total,cost_cache,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,"
    "model_permaslug,provider_name,cancelled,finish_reason_normalized,generation_time_ms,api_key_name,app_name\n"
    "gen-1,2026-03-10 08:00:00.040,0.002,0,100,30,10,64,maker/m-1,Maker,false,stop,900,team,chat\n"
    "gen-2,2026-03-10 08:00:01.000,0.004,0,200,50,,,maker/m-1,Maker,false,length,1100,team,chat\n"
)


def counted(tmp_path: Any, name: str, text: str, system: str) -> Bench:
    (tmp_path / "a.csv").write_text(text)
    bench = Bench(tmp_path, config(path="*.csv", format=name, system=system))
    bench.collect()
    return bench


def rows(bench: Bench) -> list[UsageRow]:
    return [row for batch in bench.store.batches for row in batch.usage]


@pytest.mark.parametrize(
    ("text", "name"), [(OPENAI, "openai-usage"), (CURSOR, "cursor-usage"), (OPENROUTER, "openrouter-activity")]
)
def test_an_export_is_recognised_by_its_columns(text: str, name: str) -> None:
    for data in (text.encode(), b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()):
        found = guess(data, "plain")
        assert found is not None
        assert found.settings == name


def test_a_row_of_openais_usage_is_as_many_calls_as_it_says_and_an_empty_one_is_none(tmp_path: Any) -> None:
    bench = counted(tmp_path, "openai-usage", OPENAI, "{project_id}")

    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 2, Result.NOT_A_CALL: 1}
    assert bench.store.counted() == {"proj_a": 10, "proj_b": 4}
    told = sums(rows(bench))
    assert (told["input_tokens"], told["cached_input_tokens"], told["output_tokens"]) == (6000, 200, 1000)
    assert {tier.tier for batch in bench.store.batches for tier in batch.tier_counts} == {"batch"}


def test_the_total_of_cursor_tells_the_input_and_whether_the_written_part_stands_apart(tmp_path: Any) -> None:
    bench = counted(tmp_path, "cursor-usage", CURSOR, "ide")
    told = sums(rows(bench))

    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 3}
    assert (told["inferences"], told["errors"]) == (2, 1)
    assert (told["input_tokens"], told["output_tokens"], told["cached_input_tokens"]) == (3750 + 3700, 80, 6000)
    assert (told["cache_write_tokens"], told["cost_usd"], told["unpriced"]) == (700 + 200, 0.02, 1)
    assert not any(batch.unreadable for batch in bench.store.batches)


def test_a_row_of_openrouters_activity_is_a_call(tmp_path: Any) -> None:
    bench = counted(tmp_path, "openrouter-activity", OPENROUTER + OPENROUTER.splitlines()[1] + "\n", "{app_name}")
    told = sums(rows(bench))

    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 2, Result.DUPLICATE: 1}
    assert (told["input_tokens"], told["output_tokens"], told["reasoning_tokens"]) == (300, 80, 10)
    assert (round(told["cost_usd"], 9), told["latency_ms"], told["truncated"]) == (0.006, 2000, 1)


def test_the_table_of_litellms_spend_logs_counts_as_its_rows_do(tmp_path: Any) -> None:
    metadata = json.dumps({"user_api_key_team_alias": "search", "note": 'two\nlines, "quoted"'}).replace('"', '""')
    text = (
        "request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,"
        "cache_hit,metadata,team_id,status\n"
        "r1,acompletion,k,0.25,15,10,5,2026-03-10 08:00:00.1,2026-03-10 08:00:02.1,gpt-4o,False,"
        f'"{metadata}",t1,success\n'
        'r2,acompletion,k,0,0,0,0,2026-03-10 08:00:03,2026-03-10 08:00:04,gpt-4o,\\N,"{}",t1,failure\n'
    )
    found = guess(text.encode(), "plain")
    assert found is not None
    assert found.settings == "litellm-spend"
    bench = counted(tmp_path, "litellm-spend", text, "{team_id}")
    told = sums(rows(bench))

    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 2}
    assert (told["inferences"], told["errors"], told["input_tokens"], told["cost_usd"]) == (1, 1, 10, 0.25)


def test_sums_of_an_unknown_number_of_calls_are_not_proposed_as_calls() -> None:
    console = (
        "usage_date_utc,model_version,api_key,workspace,usage_type,usage_input_tokens_no_cache,"
        "usage_input_tokens_cache_read,usage_output_tokens\n2026-03-10,m-1,key,Default,standard,4000,100,70\n"
    )

    assert guess(console.encode(), "plain") is None


def test_a_table_that_is_no_such_export_ends_the_run_and_says_what_it_lacks(tmp_path: Any) -> None:
    with pytest.raises(Exception, match="no column num_model_requests"):
        counted(tmp_path, "openai-usage", OPENAI.replace("num_model_requests", "requests"), "bot")
