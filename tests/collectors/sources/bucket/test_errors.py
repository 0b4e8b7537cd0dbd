"""What the service refuses and what breaks on the way: by its class, with bucket and key, and made up for."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceIncomplete, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import BackfillRequest, Result
from leverwatch.collectors.sources.bucket import api, reading
from leverwatch.collectors.sources.bucket.errors import meaning
from tests.collectors.sources.bucket.bench import Bench, config, record, records
from tests.collectors.sources.bucket.s3 import S3, SECRET, Fault

PREFIX = "app/2026/03/10/"


def of(key: str, fault: Fault) -> Callable[[str], Fault | None]:
    """A fault of one object; of every listing for an empty key."""
    return lambda asked: fault if asked == key else None


LISTINGS: list[tuple[Fault, type[CollectorError], str]] = [
    (Fault(403, "AccessDenied"), PermissionRefused, r"may not list it \(403 AccessDenied\)"),
    (Fault(400, "AuthorizationHeaderMalformed"), CredentialsRefused, "look at the key"),
    (Fault(400, "InvalidRequest"), SourceRefused, r"refuses the request \(400 InvalidRequest\)"),
    (Fault(503, "SlowDown"), RateLimited, r"asks for fewer requests \(503 SlowDown\)"),
    (Fault(429, "TooManyRequests"), RateLimited, r"asks for fewer requests \(429 TooManyRequests\)"),
    (Fault(500, "InternalError"), SourceUnavailable, r"the service fails \(500 InternalError\)"),
    (Fault(200, cut=100), SourceUnavailable, "the answer was cut off"),
]


@pytest.mark.parametrize(
    ("fault", "kind", "words"), LISTINGS, ids=[f"{it[0].status}-{it[0].code}" for it in LISTINGS]
)
def test_a_listing_that_fails_says_why_and_what_came_before_counts(
    bucket: S3, tmp_path: Path, fault: Fault, kind: type[CollectorError], words: str
) -> None:
    bucket.put("app/2026/03/09/a", record(1))
    bucket.put(f"{PREFIX}b", record(2))
    bench = Bench(bucket, tmp_path)
    bucket.fault = lambda key: fault if not key and bucket.listings[-1]["prefix"] == PREFIX else None

    error = bench.failing()

    assert type(error) is kind
    assert str(error).startswith(f"source archive: s3://logs/{PREFIX}: ")
    assert re.search(words, str(error))
    assert SECRET not in str(error)
    assert bench.counted() == {"bot": 1}
    bucket.fault = lambda _: None
    bench.run()
    assert bench.counted() == {"bot": 2}


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"key_id": "AKIDOTHER"}, "InvalidAccessKeyId"), ({"secret": "wrong"}, "SignatureDoesNotMatch")],
)
def test_wrong_keys_are_refused(bucket: S3, tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    bucket.put(f"{PREFIX}a", record(1))

    error = Bench(bucket, tmp_path, **changes).failing()

    assert isinstance(error, CredentialsRefused)
    assert f"the credentials are not accepted (403 {code})" in str(error)


def test_another_bucket_and_a_server_that_is_not_there_are_told_apart(bucket: S3, tmp_path: Path) -> None:
    nobody = Bench(bucket, tmp_path, endpoint="http://127.0.0.1:1").failing()
    other = Bench(bucket, tmp_path, url="s3://others").failing()

    assert isinstance(nobody, Unreachable)
    assert isinstance(other, SchemaDiffers)
    assert "there is no such bucket (404 NoSuchBucket)" in str(other)


def test_credentials_that_may_list_nothing_are_named_once_by_the_class_of_the_refusal(
    bucket: S3, tmp_path: Path
) -> None:
    bucket.fault = lambda _: Fault(403, "AccessDenied")

    error = Bench(bucket, tmp_path).failing()

    assert type(error) is PermissionRefused
    assert str(error).count("the credentials may not list it") == 1


def test_a_prefix_that_may_not_be_listed_is_named_and_the_others_count(bucket: S3, tmp_path: Path) -> None:
    bucket.put(f"{PREFIX}a", record(1))
    old = ("app/2026/03/05/", "app/2026/03/06/")
    bucket.fault = lambda key: Fault(403) if not key and bucket.listings[-1]["prefix"] in old else None
    bench = Bench(bucket, tmp_path)

    error = bench.failing()

    assert isinstance(error, SourceIncomplete)
    assert str(error).startswith(
        "source archive: s3://logs/app/2026/03/05/: the credentials may not list it (403); s3"
    )
    assert bench.counted() == {"bot": 1}


ASKED = "Error performing PUT http://169.254.169.254/latest/api/token in 1ms"
IDENTITY = [
    f"{ASKED} - Server returned non-2xx status code: 403 Forbidden: denied",
    f"{ASKED} - HTTP error: error sending request kind: Connect",
    "Error performing GET http://metadata.google.internal/computeMetadata/v1 in 1ms, operation timed out",
    "Error performing POST https://sts.eu-west-1.amazonaws.com/ in 1ms - status code: 403 Forbidden",
]


@pytest.mark.parametrize("text", IDENTITY)
def test_a_machine_that_gives_no_credentials_is_no_bucket_that_cannot_be_reached(text: str) -> None:
    error = meaning("source a: s3://b/c/", Exception(text), listing=True)

    assert isinstance(error, CredentialsRefused)
    assert "no credentials are in the settings or the environment" in str(error)


def test_a_disk_that_is_full_is_no_fault_of_the_service(
    bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(_: api.Fetched, __: bytes) -> None:
        raise OSError(28, "No space left on device")

    bucket.put(f"{PREFIX}a", record(1))
    monkeypatch.setattr(api.Fetched, "take", take)

    error = Bench(bucket, tmp_path).failing()

    assert f"s3://logs/{PREFIX}a: cannot be kept in `cache_dir`: No space left on device" in str(error)


def test_an_object_with_a_weak_tag_is_asked_for_without_it(bucket: S3, tmp_path: Path) -> None:
    bucket.put(f"{PREFIX}a", record(1))
    bucket.objects[f"{PREFIX}a"] = bucket.objects[f"{PREFIX}a"]._replace(tag='W/"a"')
    bucket.unpacks = lambda headers: "if-match" in headers  # which would break it
    bench = Bench(bucket, tmp_path)

    bench.run()

    assert bench.counted() == {"bot": 1}


OBJECTS = [
    (Fault(403, "AccessDenied"), r"the credentials may not read it (403 AccessDenied)"),
    (Fault(404, "NoSuchKey"), "is gone, although it was listed a moment ago"),
    (Fault(412, "PreconditionFailed"), "was written anew while it was read"),
]


@pytest.mark.parametrize(("fault", "words"), OBJECTS, ids=[it[0].code for it in OBJECTS])
def test_an_object_that_fails_is_named_stops_no_other_and_is_read_when_it_can_be(
    bucket: S3, tmp_path: Path, fault: Fault, words: str
) -> None:
    for number, name in enumerate("abc"):
        bucket.put(PREFIX + name, record(number))
    bucket.fault = of(f"{PREFIX}b", fault)
    bench = Bench(bucket, tmp_path)

    error = bench.failing()

    assert isinstance(error, SourceIncomplete)
    assert f"s3://logs/{PREFIX}b: {words}" in str(error)
    assert bench.counted() == {"bot": 2}
    bucket.fault = lambda _: None
    bench.restart()
    bench.run()
    assert bench.counted() == {"bot": 3}
    assert bucket.reads == [f"{PREFIX}b"]


def test_an_object_that_is_archived_is_named_not_asked_for_again_and_keeps_no_day_open(
    bucket: S3, tmp_path: Path
) -> None:
    bucket.put("app/2026/03/06/a", record(1))
    for name in "bc":
        bucket.put(PREFIX + name, record(2))
    bucket.fault = lambda key: Fault(403, "InvalidObjectState") if key.endswith(("/a", "/b")) else None
    bench = Bench(bucket, tmp_path)

    first = str(bench.failing())
    second = str(bench.failing())

    assert "s3://logs/app/2026/03/06/a: is archived, and is not counted" in first
    assert "2026/03/06" not in second
    assert f"s3://logs/{PREFIX}b: is archived" in second
    assert bucket.reads == []
    assert bench.counted() == {"bot": 1}


def test_when_no_object_may_be_read_not_all_of_them_are_tried(bucket: S3, tmp_path: Path) -> None:
    for number in range(150):
        bucket.put(f"{PREFIX}{number:03}", record(number))
    bucket.fault = lambda key: Fault(403, "AccessDenied") if key else None
    bench = Bench(bucket, tmp_path)

    error = bench.failing()

    assert isinstance(error, PermissionRefused)
    assert "the credentials may not read it (403 AccessDenied), nor any other" in str(error)
    assert len(bucket.reads) < 120
    bucket.fault = lambda _: None
    bench.run()
    assert bench.counted() == {"bot": 150}


@pytest.mark.parametrize("fault", [Fault(503, "SlowDown"), Fault(500, "InternalError")])
def test_a_service_that_asks_for_fewer_requests_ends_the_run_and_loses_nothing(
    bucket: S3, tmp_path: Path, fault: Fault
) -> None:
    for number in range(30):
        bucket.put(f"{PREFIX}{number:02}", record(number))
    bucket.fault = of(f"{PREFIX}10", fault)
    bench = Bench(bucket, tmp_path)

    error = bench.failing()

    assert isinstance(error, SourceUnavailable)
    assert f"s3://logs/{PREFIX}10: " in str(error)
    assert bench.counted() == {"bot": 10}
    assert bucket.reads.count(f"{PREFIX}10") == 4, "three retries"
    bucket.fault = lambda _: None
    bench.run()
    assert bench.counted() == {"bot": 30}


def test_a_body_that_is_cut_off_goes_on_where_it_was_cut(bucket: S3, tmp_path: Path) -> None:
    bucket.put(f"{PREFIX}a", records(0, 50))
    bucket.fault = lambda key: Fault(200, cut=1000) if key and bucket.reads.count(key) == 1 else None
    bench = Bench(bucket, tmp_path)

    bench.run()

    assert bench.counted() == {"bot": 50}
    assert bench.store.tallies == {Result.COUNTED: 50}


def test_a_body_that_is_always_cut_off_counts_nothing(bucket: S3, tmp_path: Path) -> None:
    bucket.put(f"{PREFIX}a", records(0, 50))
    bucket.fault = of(f"{PREFIX}a", Fault(200, cut=10))
    bench = Bench(bucket, tmp_path)

    assert "the answer was cut off" in str(bench.failing())
    assert bench.counted() == {}


def test_half_an_object_is_torn_and_its_whole_lines_count(bucket: S3, tmp_path: Path) -> None:
    bucket.put(f"{PREFIX}a", records(0, 3)[:-20])
    bucket.put(f"{PREFIX}b", gzip.compress(records(3, 6))[:-9])
    bench = Bench(bucket, tmp_path)

    bench.run()

    assert bench.store.tallies[Result.TORN_LINE] == 2
    assert [(it.place, it.detail) for it in bench.store.problems] == [
        (f"s3://logs/{PREFIX}a:3", "the object ends within a record"),
        (f"s3://logs/{PREFIX}b:4", "the gzip data ends in the middle"),
    ]
    assert bench.counted() == {"bot": 5}


def test_a_table_without_a_column_is_refused_and_the_others_count(bucket: S3, tmp_path: Path) -> None:
    bucket.put(f"{PREFIX}a", b"ts,id\n2026-03-10T08:00:00Z,a\n")
    bucket.put(f"{PREFIX}b", b"ts,app,id\n2026-03-10T08:00:00Z,bot,a\n")
    table = {"type": "csv", "fields": {"time": "ts", "request_id": "id"}}
    bench = Bench(bucket, tmp_path, format=table)

    error = bench.failing()

    assert f"s3://logs/{PREFIX}a" in str(error)
    assert bench.counted() == {"bot": 1}


def test_a_table_that_loses_a_column_on_its_way_counts_what_is_before_that_once(
    bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 64)
    rows = b"".join(b"2026-03-10T08:00:00Z,bot,%d\n" % number for number in range(20))
    bucket.put(f"{PREFIX}a", b"ts,app,id\n" + rows + b"ts,id\n2026-03-10T08:00:00Z,20\n")
    table = {"type": "csv", "fields": {"time": "ts", "request_id": "id"}}
    bench = Bench(bucket, tmp_path, format=table)

    for _ in range(3):
        assert f"s3://logs/{PREFIX}a" in str(bench.failing())
        bench.restart()

    assert 0 < bench.counted()["bot"] <= 20
    bucket.put(f"{PREFIX}a", b"ts,app,id\n" + rows + b"2026-03-10T08:00:00Z,bot,20\n")
    bench.run()
    assert bench.counted() == {"bot": 21}


@pytest.mark.parametrize("name", ["/a", "../a", "a\tb"])
def test_a_key_that_the_library_cannot_ask_for_stops_its_day_alone(bucket: S3, tmp_path: Path, name: str) -> None:
    bucket.put(f"app/2026/03/09/{name}", record(1))
    bucket.put(f"{PREFIX}a", record(2))
    bench = Bench(bucket, tmp_path)

    error = bench.failing()

    assert "s3://logs/app/2026/03/09/: a key in it has an empty part (//)" in str(error)
    assert bench.counted() == {"bot": 1}


def test_without_the_library_the_extra_is_named(
    bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)

    error = Bench(bucket, tmp_path).failing()

    assert isinstance(error, SourceRefused)
    assert "install leverwatch[bucket]" in str(error)


def test_what_a_bucket_does_not_have_is_refused_by_a_backfill(bucket: S3, tmp_path: Path) -> None:
    bench = Bench(bucket, tmp_path)
    for request in (BackfillRequest(paths=("/x",)), BackfillRequest(refused=True)):
        with pytest.raises(SourceRefused, match="is read by the days of its prefixes"):
            list(bench.collector.backfill(bench.store.source_state(), request))


WRONG = [
    ({"url": "https://logs"}, "must be s3://NAME"),
    ({"url": "s3://logs/below"}, "belongs to `path`"),
    ({"path": "logs/*/{date:%Y/%m/%d}/"}, "has a wildcard before its date"),
    ({"path": "logs/{date:%Y/%m}/"}, "do not tell the day"),
    ({"path": "logs/{date:%Y/%m/%d}/{app}/"}, "braces that are no date"),
    ({"path": "/logs/*"}, "without a slash at its start"),
    ({"path": "logs/[a"}, 'a "\\[" without'),
    ({"path": ("logs/*", "logs/a/*")}, "begin with logs/a/ are also below logs/"),
    ({"path": ("logs/{date:%Y/%m/%d}/*", "logs/2026/02/*")}, "logs/%Y/%m/%d/ are also below logs/2026/02/"),
    ({"path": ("{date:%Y/%m/%d}/*", "2025/02/03/a/*")}, "2025/02/03/a/ are also below %Y/%m/%d/"),
    ({"key_id": None}, "an access key is `key_id` with"),
    ({"profile": "x"}, "authenticates in two ways"),
    ({"anonymous": True}, "authenticates in two ways"),
    ({"account": "x12"}, "account is for az://"),
    ({"url": "gs://logs", "secret": None}, "is for s3:// buckets"),
    ({"late": "90m"}, "must be whole days"),
    ({"endpoint": "http://user@host"}, "without a user name"),
    ({"timeout": "0s"}, "more than 0s"),
]


@pytest.mark.parametrize(("changes", "words"), WRONG, ids=[it[1] for it in WRONG])
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        config("http://127.0.0.1:1", **changes)

    assert SECRET not in str(caught.value)


def test_a_path_whose_listing_costs_more_every_day_is_doubted() -> None:
    doubts = list(config("http://127.0.0.1:1", path="in/*").doubts())

    assert [where for where, _ in doubts] == [("path",)]
    assert "every run lists all of in/" in doubts[0][1]
    assert list(config("http://127.0.0.1:1", path="in/*", names_sort_by_time=True).doubts()) == []


def test_what_a_version_is_depends_on_tag_and_size_alone() -> None:
    one = api.Listed("a", 1, 1, '"x"')

    assert one.version == api.Listed("b", 1, 2, '"x"').version
    assert one.version != api.Listed("a", 2, 1, '"x"').version
    assert api.Listed("a", 1, 1, "").version != api.Listed("a", 1, 2, "").version


NAMES = (
    "a b", "a+b", "a%20b", "a%b", "ü", "日本", "a#b", "a?b", "a&b=c", "a~b", "a\\b", "a*b", "a[b]", "a'b", 'a"b',
    "a<b>", "a|b", "a;b", "a:b", "a@b", "a,b", "a{b}", "a^b", "😀", "a..b",
)  # fmt: skip


def test_names_with_marks_of_addresses_and_of_other_languages_are_read_and_followed(
    bucket: S3, tmp_path: Path
) -> None:
    for number, name in enumerate(NAMES):
        bucket.put(PREFIX + name, record(number))
    bench = Bench(bucket, tmp_path)

    bench.run()
    assert bench.run() == []

    assert bench.counted() == {"bot": len(NAMES)}


CANARY = "canary-text-of-a-prompt"


def test_no_text_of_a_record_and_no_secret_is_kept_or_said(bucket: S3, tmp_path: Path) -> None:
    lines = [
        record(1, prompt=CANARY),
        CANARY.encode() + b"\n",
        record(2, at=CANARY),
        record(3, **{"in": CANARY}),
        record(4, prompt=CANARY)[:-9],
    ]
    bucket.put(f"{PREFIX}a", b"".join(lines))
    bench = Bench(bucket, tmp_path)
    bench.run()
    bucket.put(f"{PREFIX}a", record(5, prompt=CANARY) + b"".join(lines))
    bench.run()
    bucket.fault = of("", Fault(403, "AccessDenied"))

    told = repr((bench.store.state, bench.store.batches, bench.failing(), bench.collector.__dict__))

    assert len(bench.store.problems) >= 4
    assert CANARY not in told
    assert SECRET not in told
    assert list((tmp_path / "cache").iterdir()) == [], "nothing is left of an object"
