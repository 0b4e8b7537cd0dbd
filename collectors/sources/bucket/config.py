"""The configuration of a `bucket` source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator
from xxhash import xxh3_64_hexdigest

from leverwatch.collectors.aggregation.config import (
    DEDUPE_WINDOW,
    FUTURE_TOLERANCE,
    Authoritative,
    DedupeWindow,
    FutureTolerance,
    ModelOperations,
    PathPattern,
    PromptTemplate,
    RecordFormat,
    SystemTemplate,
    ZoneName,
)
from leverwatch.collectors.aggregation.source_config import LogConfig
from leverwatch.collectors.config import Duration, show_duration
from leverwatch.collectors.sources.bucket.keys import KeyPattern, overlap, parse_pattern
from leverwatch.collectors.tells import Tells

_DAY = timedelta(days=1)
_URL = re.compile(r"(s3|gs|az)://([A-Za-z0-9][A-Za-z0-9._-]{1,62})/?")
_PERMISSIONS = {
    "s3": "s3:ListBucket and s3:GetObject",
    "gs": "storage.objects.list and storage.objects.get",
    "az": "Storage Blob Data Reader",
}


class BucketConfig(LogConfig):
    """Usage logs in object storage: Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure Blob
    Storage."""

    # What was given is in no message: it may have secrets.
    model_config = ConfigDict(hide_input_in_errors=True)

    type: Literal["bucket"] = "bucket"
    url: str = Field(
        description="The bucket, or the container: `s3://NAME`, `gs://NAME` or `az://NAME`.",
        examples=["s3://company-llm-logs"],
    )
    path: str | tuple[str, ...] = Field(
        description="Glob for keys, or several; `{date:%Y/%m/%d}` in it is the day, `%H` the hour. `**` matches"
        " any depth. With a date, only the prefixes of days that can still get objects are listed.",
        examples=["logs/{date:%Y/%m/%d}/*.jsonl.gz"],
    )
    format: RecordFormat
    system: SystemTemplate
    path_pattern: PathPattern = None
    prompt: PromptTemplate = None
    operations: ModelOperations = Field(default_factory=dict)
    authoritative: Authoritative = False
    dedupe_window: DedupeWindow = DEDUPE_WINDOW
    future_tolerance: FutureTolerance = FUTURE_TOLERANCE
    timezone: ZoneName = "UTC"
    history: Duration = Field(
        default=timedelta(days=90),
        description="How far back the first run reads; whole days. A backfill reads further.",
        examples=["400d"],
    )
    late: Duration = Field(
        default=timedelta(days=2),
        description="How long after the end of its day an object may come or be written anew. Then the day is"
        " closed: it is not listed any more, and what comes to it later is not counted.",
        examples=["7d"],
    )
    relist: Duration = Field(
        default=timedelta(hours=1),
        description="How often the open prefixes are listed from their start, for late names and rewritten"
        " objects; between, and while a prefix has more than a thousand objects, only behind the last name.",
        examples=["10m"],
    )
    names_sort_by_time: bool = Field(
        default=False,
        description="Without a date in `path`: newer objects have later names, so that a run lists only behind the"
        " last one.",
    )
    endpoint: str | None = Field(
        default=None,
        description="Address of the service when it is not the public one: MinIO, R2, a server of your own.",
        examples=["https://minio.internal:9000"],
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="Region of an `s3://` bucket.",
        examples=["eu-west-1"],
    )
    account: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]{3,64}$", description="Storage account of an `az://` container."
    )
    profile: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Profile of the AWS configuration files whose credentials are used, instead of those of the"
        " environment or the machine; needs `leverwatch[cloudwatch]` too, which has Amazon's library.",
        examples=["monitoring"],
    )
    key_id: str | None = Field(
        default=None, min_length=1, max_length=200, description="Id of the access key, of `s3://`."
    )
    secret: SecretStr | None = Field(
        default=None,
        description="Secret of the access key (`s3://`), or key of the account (`az://`), best taken from the"
        " environment.",
        examples=["${BUCKET_SECRET}"],
    )
    secret_file: Path | None = Field(
        default=None,
        description="File that holds that secret, or for `gs://` the key of a service account (JSON); it is read"
        " in every run.",
        examples=["/run/secrets/bucket"],
    )
    anonymous: bool = Field(default=False, description="Sign no request, as for a public bucket.")
    timeout: Duration = Field(
        default=timedelta(seconds=60), description="The longest that one request may take.", examples=["2m"]
    )

    @property
    def scheme(self) -> str:
        """`s3`, `gs` or `az`."""
        return self.url.partition("://")[0]

    @property
    def bucket(self) -> str:
        """The name of the bucket or the container."""
        return self.url.partition("://")[2].rstrip("/")

    @property
    def patterns(self) -> tuple[KeyPattern, ...]:
        """What `path` says."""
        return tuple(map(parse_pattern, (self.path,) if isinstance(self.path, str) else self.path))

    @field_validator("url")
    @classmethod
    def _names_a_bucket(cls, value: str) -> str:
        if not _URL.fullmatch(value):
            raise ValueError(
                "must be s3://NAME, gs://NAME or az://NAME; what is below the bucket belongs to `path`"
            )
        return value

    @field_validator("path")
    @classmethod
    def _path_is_sound(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        patterns = [parse_pattern(it) for it in ((value,) if isinstance(value, str) else value)]
        if not patterns:
            raise ValueError("needs a path")
        templates = sorted({it.template for it in patterns}, key=len)
        for one, other in combinations(templates, 2):
            if overlap(one, other):
                raise ValueError(f"lists keys twice: those that begin with {other} are also below {one}")
        return value

    @field_validator("endpoint")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        try:
            parts = urlsplit(value or "https://none")
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        except ValueError:
            valid = False
        if not valid or parts.query or parts.fragment or any(mark.isspace() for mark in value or ""):
            raise ValueError("must be a URL that starts with http:// or https://, without a user name")
        return value

    @field_validator("history", "late")
    @classmethod
    def _whole_days(cls, value: timedelta) -> timedelta:
        if value < _DAY or value % _DAY:
            raise ValueError("must be whole days, one or more")
        return value

    @field_validator("timeout")
    @classmethod
    def _time_to_answer(cls, value: timedelta) -> timedelta:
        if not timedelta() < value <= _DAY:
            raise ValueError("must be more than 0s and at most a day")
        return value

    @model_validator(mode="after")
    def _credentials_are_one(self) -> Self:
        if self.secret is not None and self.secret_file is not None:
            raise ValueError("has one secret too many: `secret` and `secret_file`")
        has_secret = self.secret is not None or self.secret_file is not None
        if self.scheme == "s3" and has_secret != (self.key_id is not None):
            raise ValueError("an access key is `key_id` with `secret` or `secret_file`")
        if self.scheme != "s3":
            for name in ("key_id", "profile", "region"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} is for s3:// buckets")
        if self.scheme == "gs" and self.secret is not None:
            raise ValueError("the key of a service account is a file: `secret_file`")
        if self.scheme != "az" and self.account is not None:
            raise ValueError("account is for az:// containers")
        if sum((has_secret, self.profile is not None, self.anonymous)) > 1:
            raise ValueError("authenticates in two ways: use one of a secret, `profile` and `anonymous`")
        return self

    def digest(self) -> str:
        """Return a digest of everything that decides whether a record can be read."""
        deciding = {"format", "system", "timezone", "future_tolerance", "path_pattern", "operations"}
        return xxh3_64_hexdigest(self.model_dump_json(include=deciding).encode())

    def needs(self) -> tuple[str, str] | None:
        """The library that speaks with all three, and what brings it."""
        return "obstore", "bucket"

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each rule for the system that never fits, and each path whose listing costs more every day."""
        yield from super().doubts()
        for number, pattern in enumerate(self.patterns):
            if not pattern.dated and not self.names_sort_by_time:
                where: tuple[str | int, ...] = ("path",) if isinstance(self.path, str) else ("path", number)
                below = pattern.prefix(date(2026, 1, 1)) or "the whole bucket"
                yield (
                    where,
                    (
                        f"has no {{date:...}}: every run lists all of {below}, a request for each 1,000 objects;"
                        " if newer objects have later names, say so with names_sort_by_time"
                    ),
                )

    def tells(self) -> Tells:
        """What records of this format tell."""
        late = f", late names {show_duration(self.relist)} more" if self.relist else ""
        return self._told(
            delay=f"as long as objects take to be written{late}", permission=_PERMISSIONS[self.scheme]
        )

    def waits_for_others(self) -> bool:
        """Whether a run may wait for another machine: always."""
        return True
