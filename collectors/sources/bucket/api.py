"""Asks the object storage: pages of keys, and the bytes of one object in a file without a name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct
from xxhash import xxh3_64_intdigest

from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.paths import Found, found_at
from leverwatch.collectors.sources.bucket.config import BucketConfig
from leverwatch.collectors.sources.bucket.errors import ObjectFails, meaning

PAGE = 1000
"""Keys of one answer, at most: the services give no more."""
_RETRIES = 3
_FIRST_WAIT = timedelta(milliseconds=500)
_PIECE = 1 << 20


class Listed(Struct, frozen=True):
    """An object as a listing has it."""

    key: str
    size: int
    modified: int
    """In seconds since the epoch, by the clock of the service."""
    tag: str

    @property
    def version(self) -> int:
        """A digest of what changes when the object is written anew."""
        # Without a tag the time of the last change has to do.
        return xxh3_64_intdigest(f"{self.tag or self.modified}\0{self.size}".encode())


class Fetched:
    """The bytes of an object in a file that has no name, so that nothing is left of it whatever happens."""

    def __init__(self, listed: Listed, folder: Path) -> None:
        self.listed = listed
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it is closed by `close`

    def take(self, piece: bytes) -> None:
        """Add bytes at the end."""
        self._file.write(piece)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._file.tell()

    @property
    def found(self) -> Found:
        """The file, as what reads files knows it."""
        self._file.flush()
        number = self._file.fileno()
        return found_at(f"/proc/self/fd/{number}", os.fstat(number))

    def close(self) -> None:
        """Free the space."""
        self._file.close()


class Bucket:
    """One bucket. `first_wait` is how long to wait before the first retry of a request; then twice as long."""

    def __init__(
        self, config: BucketConfig, context: CollectorContext, first_wait: timedelta | None = None
    ) -> None:
        self._config, self._context = config, context
        self._wait = _FIRST_WAIT if first_wait is None else first_wait
        self._place = f"source {config.name}: {config.url.rstrip('/')}"
        self._store: Any = None
        self._objects: Any = None
        """The store by which objects are read."""

    def open(self) -> None:
        """Look for the library and the credentials, at the start of a run; a file with a secret is read each time.

        Raises:
            SourceRefused: the library is not installed, or what is configured cannot be used.
        """
        if self._store is not None and self._config.secret_file is None:
            return  # it renews what expires, and keeps its connections
        try:
            from obstore import store
            from obstore.exceptions import BaseError
        except ModuleNotFoundError as error:
            raise SourceRefused(
                f"source {self._config.name}: the library for buckets is missing; install leverwatch[bucket]"
            ) from error
        from leverwatch.collectors.sources.bucket.credentials import made

        try:
            options = self._options()
            self._store = self._objects = made(store, self._config, self._context, options, self._place)
            if self._config.scheme == "gs":
                # Else Google unpacks what was stored with `Content-Encoding: gzip`, and tells no length.
                packed = {**options["client_options"], "default_headers": {"accept-encoding": "gzip"}}
                options["client_options"] = packed
                self._objects = made(store, self._config, self._context, options, self._place)
        except (BaseError, ValueError, OSError) as error:
            raise self._raised(meaning(self._place, error, listing=True)) from None

    def close(self) -> None:
        """Forget the credentials: the next run looks for them anew."""
        self._store = self._objects = None

    def _options(self) -> dict[str, Any]:
        plain = (self._config.endpoint or "").startswith("http://")
        return {
            "client_options": {"timeout": self._config.timeout, "allow_http": plain},
            "retry_config": {
                "max_retries": _RETRIES,
                "retry_timeout": timedelta(minutes=2),
                "backoff": {"init_backoff": self._wait, "max_backoff": 20 * self._wait, "base": 2},
            },
        }

    def pages(self, prefix: str, after: str = "") -> Iterator[Sequence[Listed]]:
        """Yield the objects whose keys begin with a prefix, in the order of the keys, from behind one.

        Raises:
            CollectorError: as for `meaning`.
        """
        import obstore
        from obstore.exceptions import BaseError

        folder, _, half = prefix.rpartition("/")
        # The library lists folders: what is behind the last slash is where it begins, and where it ends here.
        offset = max(after, prefix if half else "") or None
        if half and not after:
            offset = prefix[:-1]
        place = f"{self._place}/{prefix}"
        try:
            chunks = obstore.list(self._store, folder or None, offset=offset, chunk_size=PAGE)
            for chunk in chunks:
                yield [it for it in map(_listed, chunk) if it.key.startswith(prefix)]
                if half and chunk and chunk[-1]["path"] > prefix and not chunk[-1]["path"].startswith(prefix):
                    return
        except (BaseError, ValueError, OSError) as error:
            raise self._raised(meaning(place, error, listing=True)) from None

    def fetch(self, listed: Listed, folder: Path) -> Fetched:
        """Return the bytes of an object, all of them.

        Raises:
            ObjectFails: it cannot be read.
            CollectorError: nothing can.
        """
        import obstore
        from obstore.exceptions import BaseError

        place = f"{self._place}/{listed.key}"
        fetched = Fetched(listed, folder)
        try:
            # As it is listed, so that it is never another version; some services list tags without their quotes.
            tag = listed.tag if listed.tag.endswith('"') else f'"{listed.tag}"'
            # A weak tag never matches. Another version that is read is known when it is listed.
            options: Any = {"if_match": tag} if listed.tag and not listed.tag.startswith("W/") else {}
            answer = obstore.get(self._objects, listed.key, options=options)
            for piece in answer.stream(min_chunk_size=_PIECE):
                fetched.take(bytes(piece))
            whole = fetched.size == answer.meta["size"]
        except (BaseError, ValueError, OSError) as error:
            fetched.close()
            if isinstance(error, OSError) and error.errno is not None:
                raise SourceUnavailable(f"{place}: cannot be kept in `cache_dir`: {error.strerror}") from error
            raise meaning(place, error, listing=False) from None
        if not whole:
            fetched.close()
            raise ObjectFails("was cut off while it was read; the next run reads it again")
        return fetched

    @staticmethod
    def _raised(error: CollectorError | ObjectFails) -> CollectorError:
        return error if isinstance(error, CollectorError) else SourceRefused(str(error))


def _listed(meta: Any) -> Listed:
    return Listed(meta["path"], meta["size"], int(meta["last_modified"].timestamp()), meta["e_tag"] or "")
