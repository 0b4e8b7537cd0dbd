from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from leverwatch.collectors.daily.asking import LONGEST_PAUSE, Asking
from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.daily.over_http import fetched, refusal, retry_after
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.http_values import Limits
from tests.collectors.sources.models.server import Answer, Provider, provider
from tests.collectors.test_http import NoAuth

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 1.5 ", 1.5),
        ("0", 0),
        ("-5", 0),
        ("1e30", LONGEST_PAUSE),
        ("inf", LONGEST_PAUSE),
        ("nan", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        ("Saturday, 28-Nov-26 09:00:30 GMT", 30),
        ("Sat Nov 28 09:00:45 2026", 45),
        (format_datetime((NOW + timedelta(minutes=1)).astimezone(timezone(timedelta(hours=-5)))), 60),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_PAUSE),
        ("soon", None),
        ("Sat, 99 Nov 2026 09:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_a_source_says_in_seconds_or_by_a_date_how_long_it_wants_to_be_left_alone(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "header", "kind", "reason"),
    [
        (400, None, SchemaDiffers, "schema"),
        (401, None, CredentialsRefused, "credentials"),
        (402, None, PermissionRefused, "permission"),
        (403, None, PermissionRefused, "permission"),
        (404, None, SchemaDiffers, "schema"),
        (405, None, SchemaDiffers, "schema"),
        (408, None, TimedOut, "timeout"),
        (413, None, SchemaDiffers, "schema"),
        (422, None, SchemaDiffers, "schema"),
        (429, None, RateLimited, "rate_limit"),
        (429, "7", RateLimited, "rate_limit"),
        (503, "7", RateLimited, "rate_limit"),
        (503, None, SourceUnavailable, "unavailable"),
        (504, None, TimedOut, "timeout"),
        (524, None, TimedOut, "timeout"),
        (529, "7", RateLimited, "rate_limit"),
        (529, None, SourceUnavailable, "unavailable"),
        (500, "7", SourceUnavailable, "unavailable"),
        (418, None, SourceRefused, "refused"),
        (302, None, SourceRefused, "refused"),
    ],
)
def test_every_status_is_a_word_of_the_vocabulary(
    status: int, header: str | None, kind: type[CollectorError], reason: str
) -> None:
    found = refusal("source bill: https://api.example.com", status, header, NOW)

    assert type(found) is kind
    assert (found.reason, str(status) in str(found)) == (reason, True)
    assert str(found).startswith("source bill: https://api.example.com: ")
    assert getattr(found, "retry_after", None) == (7 if header and kind is RateLimited else None)


@pytest.mark.parametrize("status", [200, 204])
def test_a_success_is_no_error(status: int) -> None:
    assert refusal("source bill", status, None, NOW) is None


def fetch(url: str, seconds: float = 10) -> bytes:
    limits = Limits(wait=seconds, deadline=time.monotonic() + seconds, largest=1 << 20)
    return fetched(url, place="source bill", limits=limits, auth=NoAuth(), now=lambda: NOW)


def test_a_server_that_asks_for_a_pause_is_asked_again_after_it() -> None:
    left = [
        Answer(b"", 429, {"Retry-After": "20"}),
        Answer(b"", 503, {"Retry-After": format_datetime(NOW + timedelta(seconds=40), usegmt=True)}),
    ]
    waited = 1000.0

    def sleep(seconds: float) -> None:
        nonlocal waited
        waited += seconds

    with provider() as served:
        served.answer = lambda _: left.pop(0) if left else Answer(b"days")
        asking = Asking(60, clock=lambda: waited, sleep=sleep, chance=lambda: 0.0)

        assert asking.ask(lambda: fetch(served.url)) == b"days"

    assert waited == pytest.approx(1060)
    assert len(served.queries) == 3


def test_what_is_wrong_on_the_way_is_said_in_the_same_words() -> None:
    with provider() as served:
        nobody = Provider(served.url)
        served.answer = lambda _: Answer(b"late", delay=1)
        with pytest.raises(TimedOut, match="source bill: "):
            fetch(served.url, 0.3)
        served.answer = lambda _: Answer(b"", 401)
        with pytest.raises(CredentialsRefused, match="the key is not accepted"):
            fetch(served.url)
        served.answer = lambda _: Answer(b"x" * (2 << 20))
        with pytest.raises(SourceUnavailable, match="larger than 1 MiB") as caught:
            fetch(served.url)
    assert type(caught.value) is SourceUnavailable
    with pytest.raises(Unreachable, match="cannot be reached"):
        fetch(nobody.url)
