"""Google's and Microsoft's services, each by its own protocol; profiles, files and variables with credentials."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.daily.errors import CredentialsRefused
from leverwatch.collectors.errors import SourceRefused
from tests.collectors.sources.bucket.bench import NOW, Bench, record
from tests.collectors.sources.bucket.others import ACCOUNT, ACCOUNT_KEY, Azure, Google
from tests.collectors.sources.bucket.s3 import BUCKET, KEY_ID, S3, SECRET, s3

PREFIX = "app/2026/03/10/"
_NOT_S3: dict[str, Any] = {"region": None, "key_id": None, "secret": None}
SERVICES: list[tuple[type[S3], dict[str, Any]]] = [
    (Google, {**_NOT_S3, "url": f"gs://{BUCKET}", "anonymous": True}),
    (Azure, {**_NOT_S3, "url": f"az://{BUCKET}", "account": ACCOUNT, "secret": ACCOUNT_KEY}),
]


@pytest.mark.parametrize(("service", "settings"), SERVICES, ids=["gs", "az"])
@pytest.mark.usefixtures("small_pages")
def test_another_service_is_listed_read_and_followed_as_s3_is(
    service: type[S3], settings: dict[str, Any], tmp_path: Path
) -> None:
    with s3(service) as server:
        for number in range(11):
            server.put(f"{PREFIX}{number:04} ü.json", record(number), NOW)
        bench = Bench(server, tmp_path, history="1d", late="1d", **settings)
        bench.seconds_an_object = 0.001
        bench.run()
        assert bench.counted() == {"bot": 11}
        assert len(server.listings) == 3

        server.put(f"{PREFIX}1001", record(11), NOW)
        bench.restart()
        bench.run()
        assert bench.counted() == {"bot": 12}
        assert len(server.listings) == 2, "from behind the last key"

        server.put(f"{PREFIX}0000 ü.json", record(0) + record(12), NOW + timedelta(hours=1))
        bench.now += timedelta(hours=1)
        bench.run()
        assert bench.counted() == {"bot": 13}


def test_what_google_would_unpack_on_the_way_is_asked_for_as_it_is_stored(tmp_path: Path) -> None:
    with s3(Google) as server:
        server.unpacks = lambda headers: headers.get("accept-encoding") != "gzip"
        server.put(f"{PREFIX}a", gzip.compress(record(1)), NOW)
        bench = Bench(server, tmp_path, **SERVICES[0][1])

        bench.run()

        assert bench.counted() == {"bot": 1}


def test_an_object_that_is_sent_without_its_length_is_named_and_stops_no_other(
    bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        bucket.put(f"{PREFIX}{name}", gzip.compress(record(ord(name))), NOW)
    monkeypatch.setattr(bucket, "unpacks", lambda _: bucket.reads[-1].endswith("/a"))
    bench = Bench(bucket, tmp_path)

    error = bench.failing()

    assert f"s3://logs/{PREFIX}a: is sent without its length" in str(error)
    assert bench.counted() == {"bot": 1}


def test_a_wrong_key_of_an_account_is_refused(tmp_path: Path) -> None:
    with s3(Azure) as server:
        error = Bench(
            server, tmp_path, **{**SERVICES[1][1], "secret": ACCOUNT_KEY[::-1].replace("=", "A")}
        ).failing()

    assert isinstance(error, CredentialsRefused)
    assert "the credentials are not accepted (403 AuthenticationFailed)" in str(error)


def test_a_secret_in_a_file_is_read_in_every_run(bucket: S3, tmp_path: Path) -> None:
    bucket.put(f"{PREFIX}a", record(1))
    secret = tmp_path / "secret"
    secret.write_text("old\n")
    bench = Bench(bucket, tmp_path, secret=None, secret_file=str(secret))
    assert isinstance(bench.failing(), CredentialsRefused)

    secret.write_text(f"{SECRET}\n")
    bench.run()

    assert bench.counted() == {"bot": 1}


def test_credentials_of_the_environment_and_of_a_profile_are_used(
    bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(f"{PREFIX}a", record(1))
    nothing: dict[str, Any] = {"key_id": None, "secret": None}
    files = {"AWS_SHARED_CREDENTIALS_FILE": tmp_path / "keys", "AWS_CONFIG_FILE": tmp_path / "none"}
    (tmp_path / "keys").write_text(f"[archive]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET}\n")
    for name, value in files.items():
        monkeypatch.setenv(name, str(value))
    by_profile = Bench(bucket, tmp_path, **nothing, profile="archive")
    by_profile.run()
    assert by_profile.counted() == {"bot": 1}
    with pytest.raises(SourceRefused, match="the profile other is not there"):
        raise Bench(bucket, tmp_path, **nothing, profile="other").failing()

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    by_environment = Bench(bucket, tmp_path, **nothing)
    by_environment.run()
    assert by_environment.counted() == {"bot": 1}


def test_a_token_of_the_environment_is_not_sent_with_a_configured_key(
    bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(f"{PREFIX}a", record(1))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of another account")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of another account")
    bench = Bench(bucket, tmp_path)

    bench.run()

    assert bench.counted() == {"bot": 1}


def test_a_part_of_the_newest_object_is_shown_without_counting_it(bucket: S3, tmp_path: Path) -> None:
    bucket.put("app/2026/03/09/a", record(1, app="old"), NOW - timedelta(days=1))
    bucket.put(f"{PREFIX}a", record(1) + record(2)[:-1], NOW)
    bench = Bench(bucket, tmp_path)

    found = bench.collector.sample()

    assert (found.file, found.part, found.files) == (f"s3://logs/{PREFIX}a", "all of it", 1)
    assert sum(row.inferences for row in found.usage) == 2
