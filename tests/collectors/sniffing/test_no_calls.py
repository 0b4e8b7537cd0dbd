"""What is doubted or left out as it may be no call of its own, or more than one, or a sum so far."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.sniffing.proposed import said

from .test_own_logs import SESSION_IN, SESSION_OUT, USED, Call, proposed


def base(it: Call) -> dict[str, Any]:
    return {"ts": it.ts, "model": "gpt-9", **USED(it)}


@pytest.mark.parametrize("name", ["dry_run", "isMock", "blocked", "replayed", "is_duplicate", "skipped"])
@pytest.mark.parametrize("flag", [(True, False), (1, 0), ("yes", "no")])
def test_a_flag_that_may_mean_that_there_was_no_call_is_doubted(name: str, flag: tuple[Any, Any]) -> None:
    found = proposed(lambda it: {**base(it), name: flag[0] if it.n % 5 == 2 else flag[1]})

    assert f"8 records with {name} count as calls that succeeded" in said(found, "inferences")


@pytest.mark.parametrize("name", ["stream", "is_admin", "tools_used"])
def test_other_flags_are_not_doubted(name: str) -> None:
    found = proposed(lambda it: {**base(it), name: it.n % 5 == 2})

    assert name not in said(found, "inferences")


def test_a_weight_may_say_that_not_all_calls_are_logged() -> None:
    assert "weight may say that only some calls are logged" in said(
        proposed(lambda it: {**base(it), "weight": 25}), "sample_rate"
    )


def test_0_and_1_for_a_cache_are_whether_it_answered_and_no_tokens() -> None:
    found = proposed(lambda it: {**base(it), "cached": int(it.n % 8 == 5)})

    assert found.fields["cache_hit"] == "cached"
    assert "cached_input_tokens" not in found.fields


def test_a_word_for_where_answers_come_from_may_say_that_a_call_failed() -> None:
    found = proposed(
        lambda it: {
            "ts": it.ts,
            "model": "gpt-9",
            "source": "error" if it.failed else "cache" if it.n % 8 == 5 else "live",
            **({"detail": f"it said {it.n}"} if it.failed or it.n % 8 == 5 else {}),
            **({} if it.failed else USED(it) if it.n % 8 != 5 else dict.fromkeys(USED(it), 0)),
        }
    )

    assert set(found.fields["status"].pop("success")) == {"live", "cache"}
    assert found.fields["status"] == {"path": "source", "error": ["error"]}
    assert found.fields["cache_hit"] == {"path": "source", "hit": ["cache"], "miss": ["live", "error"]}


def test_that_a_cache_was_off_says_nothing_of_whether_a_model_was_called() -> None:
    found = proposed(
        lambda it: {
            "ts": it.ts,
            "model": "gpt-9",
            "ok": not it.failed,
            "cache_status": "DISABLED" if it.failed else "HIT" if it.n % 8 == 5 else "MISS",
            **({} if it.failed or it.n % 8 == 5 else USED(it)),
        }
    )

    assert not found.excluded
    assert found.fields["status"] == "ok"


def test_a_model_that_never_answers_while_others_do_is_doubted_as_something_else() -> None:
    found = proposed(
        lambda it: {**base(it), **({"model": "house-vec", "completion_tokens": 0} if it.n % 4 else {})}
    )

    assert "30 records of house-vec have input and never output" in said(found, "operation")


def test_a_text_of_just_those_records_that_lack_tokens_is_that_of_an_error_with_a_doubt() -> None:
    found = proposed(
        lambda it: {
            "ts": it.ts,
            "model": "gpt-9",
            **({"note": f"gave up after {it.n}"} if it.failed else USED(it)),
        }
    )

    assert found.fields["status"] == {"path": "note", "error": {"present": True}}
    assert "only the 4 records without tokens or cost have note" in said(found, "status")


def test_sums_so_far_are_known_under_names_that_do_not_speak_of_tokens() -> None:
    found = proposed(lambda it: {"ts": it.ts, "session": it.session, "model": "gpt-9", "tin": SESSION_IN(it),
                                 "tout": SESSION_OUT(it)})  # fmt: skip

    assert found.fields["input_tokens"] == {"path": "tin", "of_session": "session"}
    assert found.fields["output_tokens"] == {"path": "tout", "of_session": "session"}
