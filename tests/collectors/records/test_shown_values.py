from __future__ import annotations

import pytest

from leverwatch.collectors.records.shown_values import shown_value


@pytest.mark.parametrize(
    "value",
    [
        "search",
        "support-bot/v2",
        "Büro_München",
        "ann@example.com",
        "proj_9aZ2kQ81mPxY44bC",
        "apikey_01Ab2Cd3Ef4Gh5Jk6Mn7Pq8Rs",
        "key_7",
        "org_x9Y8z7W6v5U4t3S2r1Q0p9",
        "6f1c2a9e-3b4d-4c5e-8f70-91a2b3c4d5e6",
        "gpt-4o-mini-2024-07-18",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "customer_support_bot_v2_production",
        "CustomerSupportAssistantEuProd",
        "https://api.example.com/v1",
        "arn:aws:bedrock:eu-west-1:123456789012:application",
        7,
        True,
    ],
)
def test_a_name_or_an_id_is_shown_as_it_is(value: object) -> None:
    assert shown_value(value) == (str(value).lower() if value is True else str(value))


@pytest.mark.parametrize(
    "value",
    [
        "sk-proj-abcdefgh",
        "sk-ant-api03-abc",
        "sk_live_abc",
        "pk-lf-1",
        "ghp_abc",
        "xoxb-1-a",
        "AKIAABCD",
        "AIzaSy",
        "eyJhbGciOi",
        "hf_abcdef",
        "gsk_abcdef",
        "0123456789abcdef0123456789abcdef",
        "Qm7xT2rLp9sVw4yZb6nKd8",
        "a1b2c3d4",
        "https://bob:hunter2@db.internal/x",
        "bob:hunter2@db",
        "AbCdEfGhIjKlMnOpQr",
        "two words",
        "Please answer: who",
        "x" * 65,
        "line\nbreak",
        {"a": 1},
    ],
)
def test_what_may_be_a_secret_or_a_text_is_shown_by_its_hash_alone(value: object) -> None:
    shown = shown_value(value)

    assert shown.startswith("(hash ")
    assert len(shown) == len("(hash 01234567)")
    assert shown == shown_value(value)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_no_value_is_said(value: object) -> None:
    assert shown_value(value) == "(none)"
