"""An S3 server on a real socket: pages of keys, bytes, tags, signatures that it checks, and faults on request."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.collectors.sources.listening import listening

KEY_ID, SECRET, BUCKET = "AKIDEXAMPLE", "canary-secret-of-the-bucket", "logs"
PAGE = 1000


class Stored(NamedTuple):
    """An object."""

    body: bytes
    tag: str
    modified: datetime

    @property
    def digest(self) -> str:
        """The tag without its quotes."""
        return self.tag.strip('"')


class Fault(NamedTuple):
    """What is answered instead."""

    status: int
    code: str = ""
    cut: int | None = None
    """How many bytes of the body are sent before the connection is closed."""


class S3:
    """The objects of one bucket. `fault` is asked of every request by its path, `""` for a listing."""

    def __init__(self) -> None:
        self.url = ""
        self.objects: dict[str, Stored] = {}
        self._keys: list[str] = []
        self.listings: list[dict[str, str]] = []
        self.reads: list[str] = []
        self.sent = 0
        """Bytes of answers."""
        self.unpacks: Callable[[Mapping[str, str]], bool] = lambda _: False
        """Whether an object is unpacked on the way, and sent without its length, by the headers of its request."""
        self.fault: Callable[[str], Fault | None] = lambda _: None
        self.lock = threading.Lock()

    def put(self, key: str, body: bytes, modified: datetime | None = None, tag: str | None = None) -> None:
        if key not in self.objects:
            insort(self._keys, key)
        self.objects[key] = self.made(body, modified or datetime.now(UTC), tag)

    @staticmethod
    def made(body: bytes, modified: datetime, tag: str | None = None) -> Stored:
        digest = tag or hashlib.md5(body, usedforsecurity=False).hexdigest()
        return Stored(body, f'"{digest}"', modified)

    def sort(self) -> None:
        """Take up what was put into `objects` at once."""
        self._keys = sorted(self.objects)

    def remove(self, key: str) -> None:
        del self.objects[key]
        self._keys.remove(key)

    def forget(self) -> None:
        """Forget which requests came."""
        self.listings.clear()
        self.reads.clear()
        self.sent = 0

    def page(self, prefix: str, after: str) -> tuple[list[str], bool]:
        """The next keys behind one, and whether there are more."""
        first = max(bisect_left(self._keys, prefix), bisect_right(self._keys, after))
        keys = [it for it in self._keys[first : first + PAGE + 1] if it.startswith(prefix)]
        return keys[:PAGE], len(keys) > PAGE

    def refusal(self, path: str, query: str, headers: dict[str, str]) -> Fault | None:
        """Why a request is not served; None when its signature is right."""
        authorization = headers.get("authorization", "")
        if not authorization.startswith("AWS4-HMAC-SHA256 "):
            return Fault(403, "AccessDenied")
        if f"Credential={KEY_ID}/" not in authorization:
            return Fault(403, "InvalidAccessKeyId")
        if not authorization.endswith(f"Signature={signature(path, query, headers, authorization)}"):
            return Fault(403, "SignatureDoesNotMatch")
        return None

    def listed(self, query: dict[str, str]) -> bytes:
        prefix = query.get("prefix", "")
        keys, more = self.page(prefix, query.get("continuation-token") or query.get("start-after", ""))
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{one.modified:%Y-%m-%dT%H:%M:%S}.000Z</LastModified>"
            f"<ETag>{escape(one.tag)}</ETag><Size>{len(one.body)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key in keys
            for one in [self.objects[key]]
        )
        token = f"<NextContinuationToken>{escape(keys[-1])}</NextContinuationToken>" if more else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>{BUCKET}</Name>'
            f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{len(keys)}</KeyCount><MaxKeys>{PAGE}</MaxKeys>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{found}</ListBucketResult>"
        ).encode()


def signature(path: str, query: str, headers: dict[str, str], authorization: str) -> str:
    """What the signature of a request has to be (AWS Signature Version 4)."""
    fields = dict(it.strip().split("=", 1) for it in authorization.partition(" ")[2].split(","))
    day, region, service, _ = fields["Credential"].split("/")[1:]
    names = fields["SignedHeaders"].split(";")
    pairs = sorted((quote(k, "-_.~"), quote(v, "-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join(
        (
            "GET", path, "&".join(f"{k}={v}" for k, v in pairs),
            *(f"{name}:{headers[name].strip()}" for name in names), "", ";".join(names),
            headers["x-amz-content-sha256"],
        )
    )  # fmt: skip
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{digest}"
    return hmac.digest(key, text.encode(), "sha256").hex()


@contextmanager
def s3(service: type[S3] = S3) -> Iterator[S3]:
    """Serve a bucket on a free port."""
    server = service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: with two, the other side waits for 40 ms

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            bucket, _, key = unquote(urlsplit(path).path).lstrip("/").partition("/")
            with server.lock:
                if key:
                    server.reads.append(key)
                else:
                    server.listings.append(dict(parse_qsl(query)))
            fault = server.refusal(path, query, headers) or server.fault(key)
            if bucket != BUCKET:
                fault = Fault(404, "NoSuchBucket")
            if fault is not None and fault.cut is None:
                text = f"<Error><Code>{fault.code}</Code><Message>{SECRET}</Message></Error>".encode()
                self._answer(fault.status, text, {"Retry-After": "1"} if fault.status in (429, 503) else {})
            elif not key:
                self._answer(200, server.listed(dict(parse_qsl(query))), {}, fault)
            elif (one := server.objects.get(key)) is None:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>", {})
            elif headers.get("if-match", one.tag) != one.tag:
                self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>", {})
            elif server.unpacks(headers):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(gzip.decompress(one.body))
                self.close_connection = True
            else:
                self._object(one, headers.get("range"), fault)

        def _object(self, one: Stored, asked: str | None, fault: Fault | None) -> None:
            told = {"ETag": one.tag, "Last-Modified": format_datetime(one.modified, usegmt=True)}
            if asked is None:
                self._answer(200, one.body, told, fault)
                return
            first, _, last = asked.removeprefix("bytes=").partition("-")
            end = min(int(last) + 1, len(one.body)) if last else len(one.body)
            told["Content-Range"] = f"bytes {first}-{end - 1}/{len(one.body)}"
            self._answer(206, one.body[int(first) : end], told, fault)

        def _answer(self, status: int, body: bytes, more: dict[str, str], fault: Fault | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            body = body if fault is None else body[: fault.cut]
            server.sent += len(body)
            self.wfile.write(body)
            self.close_connection = fault is not None

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with listening(Handler) as url:
        server.url = url
        yield server
