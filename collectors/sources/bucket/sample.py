"""Reads a part of the newest object of a bucket, without counting it."""

from __future__ import annotations

from collections.abc import Sequence

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.content.feed import RecordFeed
from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.content.noted_headers import NotedHeaders
from leverwatch.collectors.content.reader import FileReader
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sampled import Sampled
from leverwatch.collectors.sources.bucket.api import Bucket, Fetched, Listed
from leverwatch.collectors.sources.bucket.config import BucketConfig
from leverwatch.collectors.sources.bucket.errors import ObjectFails
from leverwatch.collectors.sources.bucket.following import Followed

MOST_BYTES = 8 << 20
"""Bytes of text that are read."""
_MOST_DAYS = 14
"""Prefixes that are listed until one has an object."""
_MOST_PAGES = 10


def sample_of(
    config: BucketConfig, context: CollectorContext, bucket: Bucket, followed: Sequence[Followed]
) -> Sampled:
    """Return what the beginning of the newest object would count as, of the first thousands of its prefix.

    Raises:
        SourceUnavailable: there is no object, or it cannot be read.
        CollectorError: as for `meaning`.
    """
    found = _newest(bucket, followed[::-1][:_MOST_DAYS])
    if not found:
        raise SourceUnavailable(f"source {config.name}: nothing matches its path in the last days")
    newest = max(found, key=lambda it: (it.modified, it.key))
    place = f"{config.url.rstrip('/')}/{newest.key}"
    context.cache_dir.mkdir(parents=True, exist_ok=True)
    try:
        fetched = bucket.fetch(newest, context.cache_dir)
    except ObjectFails as error:
        raise SourceUnavailable(f"source {config.name}: {place}: {error}") from error
    try:
        return _read(config, context, fetched, place, len(found))
    finally:
        fetched.close()


def _newest(bucket: Bucket, followed: Sequence[Followed]) -> list[Listed]:
    for one in followed:
        found: list[Listed] = []
        for number, page in enumerate(bucket.pages(one.at.prefix)):
            found += [it for it in page if it.size and one.matches.fullmatch(it.key)]
            if number + 1 >= _MOST_PAGES:
                break
        if found:
            return found
    return []


def _read(config: BucketConfig, context: CollectorContext, fetched: Fetched, place: str, number: int) -> Sampled:
    ingest = Ingest(config, context.now)
    ingest.load({})
    try:
        with FileReader(fetched.found) as content:
            data = content.read_exactly(MOST_BYTES)
            is_whole = len(data) < MOST_BYTES or not content.read(1)
    except OSError as error:
        raise SourceUnavailable(f"source {config.name}: {place}: {error.strerror}") from error
    feed = RecordFeed(ingest, place, NotedHeaders(ingest, place), Fingerprint(), origin=place)
    feed.take(data)
    if is_whole and feed.pending and ingest.framing.by_newline and feed.beyond is None:
        feed.take(b"\n")
    feed.end(final=is_whole)
    found = ingest.drain()
    part = "all of it" if is_whole else f"the first {MOST_BYTES >> 20} MiB"
    return Sampled(place, part, number, found.usage, found.tallies, found.unattributed, found.problems)
