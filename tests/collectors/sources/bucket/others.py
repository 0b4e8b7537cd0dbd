"""What of the protocols of Google and Microsoft listing and reading needs, served as the bucket of S3 is."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from email.utils import format_datetime
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from tests.collectors.sources.bucket.s3 import S3, Fault

ACCOUNT = "company"
ACCOUNT_KEY = b64encode(b"canary-key-of-the-storage-account").decode()


class Google(S3):
    """A public bucket: its protocol for listing is that of S3."""

    def refusal(self, path: str, query: str, headers: dict[str, str]) -> Fault | None:  # noqa: ARG002 - all may read
        return Fault(401, "AuthenticationRequired") if "authorization" in headers else None


class Azure(S3):
    """A container, whose requests are signed with the key of the account."""

    def refusal(self, path: str, query: str, headers: dict[str, str]) -> Fault | None:
        empty = ("content-encoding", "content-language", "content-md5", "content-type")
        length = headers.get("content-length", "")
        fields = [
            "GET", *("" for _ in empty[:2]), "" if length == "0" else length, *("" for _ in empty[2:]),
            headers.get("date", ""),
            *(headers.get(name, "") for name in ("if-modified-since", "if-match", "if-none-match")),
            headers.get("if-unmodified-since", ""), headers.get("range", ""),
        ]  # fmt: skip
        own = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()) if name.startswith("x-ms-"))
        asked = "".join(f"\n{name.lower()}:{value}" for name, value in sorted(parse_qsl(query)))
        text = "\n".join(fields) + f"\n{own}/{ACCOUNT}{path}{asked}"
        right = b64encode(hmac.digest(b64decode(ACCOUNT_KEY), text.encode(), "sha256")).decode()
        if headers.get("authorization") == f"SharedKey {ACCOUNT}:{right}":
            return None
        return Fault(403, "AuthenticationFailed")

    def listed(self, query: dict[str, str]) -> bytes:
        """A page; as with Microsoft, tags are listed without the quotes that requests need."""
        start = query.get("startFrom", "")
        keys, more = self.page(query.get("prefix", ""), query.get("marker") or start)
        found = "".join(
            f"<Blob><Name>{escape(key)}</Name><Properties>"
            f"<Last-Modified>{format_datetime(one.modified, usegmt=True)}</Last-Modified>"
            f"<Etag>{one.digest}</Etag><Content-Length>{len(one.body)}</Content-Length>"
            "<Content-Type>text/plain</Content-Type></Properties></Blob>"
            for key in keys
            for one in [self.objects[key]]
        )
        marker = escape(keys[-1]) if more else ""
        return (
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>{found}</Blobs>'
            f"<NextMarker>{marker}</NextMarker></EnumerationResults>"
        ).encode()
