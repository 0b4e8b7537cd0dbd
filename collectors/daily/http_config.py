"""The settings that all sources share that are asked over HTTP, and what they mean for a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from leverwatch.collectors.bearer import Bearer, read_secret, read_token
from leverwatch.collectors.config import Model
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.http_values import Tls

if TYPE_CHECKING:
    from requests import PreparedRequest

    from leverwatch.collectors.http_values import Auth

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_OURS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection"})


class HttpSettings(Model):
    """Whom a source asks over HTTP, and what it shows of itself."""

    # What was given is in no message: it may have secrets.
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(
        description="Address of the server, without a user, a query, or a secret.",
        examples=["https://metrics.example.com"],
    )
    token: SecretStr | None = Field(
        default=None, description="Bearer token, best taken from the environment.", examples=["${METRICS_TOKEN}"]
    )
    token_file: Path | None = Field(
        default=None,
        description="File that holds the bearer token; it is read for every question.",
        examples=["/run/secrets/metrics-token"],
    )
    user: str | None = Field(default=None, min_length=1, description="User of basic authentication.")
    password: SecretStr | None = Field(
        default=None, description="Password of `user`, best taken from the environment."
    )
    password_file: Path | None = Field(
        default=None,
        description="File that holds the password of `user`; it is read for every question.",
        examples=["/run/secrets/metrics-password"],
    )
    headers: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="More headers of every question, such as the one that names a tenant.",
        examples=[{"X-Scope-OrgID": "team-a"}],
    )
    ca_file: Path | None = Field(
        default=None,
        description="File with the certificate of the authority that signed the one of the server (PEM).",
        examples=["/etc/ssl/private-ca.pem"],
    )
    cert_file: Path | None = Field(
        default=None, description="Client certificate that is shown to the server (PEM)."
    )
    key_file: Path | None = Field(
        default=None,
        description="Key of that certificate, if it is not in `cert_file` (PEM, not encrypted).",
    )

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
            valid = valid and (parts.port is None or parts.port > 0)
        except ValueError:
            valid = False
        if not valid or any(mark.isspace() or not mark.isprintable() for mark in value):
            raise ValueError("must be a URL that starts with http:// or https://, without a user name")
        if parts.query or parts.fragment:
            raise ValueError("must have nothing behind a ? or #: a key belongs to `token` or `headers`")
        return value

    @field_validator("headers")
    @classmethod
    def _sendable(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            text = secret.get_secret_value()
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _NOT_OURS:
                raise ValueError("has a name that no header has, or one that every request has anyway")
            if not text or not text.isascii() or not text.isprintable() or text != text.strip():
                raise ValueError(f"{name} is empty, or has characters that no header can have")
        if len({name.lower() for name in value}) < len(value):
            raise ValueError("has one header twice")
        return value

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("has one token too many: `token` and `token_file`")
        if self.password is not None and self.password_file is not None:
            raise ValueError("has one password too many: `password` and `password_file`")
        has_password = self.password is not None or self.password_file is not None
        if has_password and self.user is None:
            raise ValueError("has a password and no `user`")
        if self.user is not None and ":" in self.user:
            raise ValueError("user has a colon, which basic authentication cannot send")
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("has a `key_file` and no `cert_file`")
        ways = [
            self.token is not None or self.token_file is not None,
            self.user is not None,
            any(name.lower() == "authorization" for name in self.headers),
        ]
        if sum(ways) > 1:
            raise ValueError("authenticates in two ways: use one of a token, a user, and a header Authorization")
        return self

    def authenticates(self) -> bool:
        """Whether the settings say what to show of the source."""
        return bool(
            self.token or self.token_file or self.user or any(it.lower() == "authorization" for it in self.headers)
        )

    @property
    def shown_url(self) -> str:
        """The address for messages: scheme, host and path."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))

    @property
    def tenants(self) -> list[str]:
        """Whose data is asked for, where a server has those of several tenants; for digests alone, never shown."""
        return [it.get_secret_value() for name, it in self.headers.items() if name.lower() == "x-scope-orgid"]

    def address(self, path: str) -> str:
        """Return the address of a path on the server; the one of the settings may have a path of its own."""
        return f"{self.url.rstrip('/')}/{path.lstrip('/')}"


class HttpAuth:
    """Adds what a source shows of itself to a request. Without anything, nothing, not even what `.netrc` has."""

    def __init__(self, headers: Mapping[str, str], auth: Auth) -> None:
        self._headers, self._auth = headers, auth

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the headers to a request."""
        request.headers.update(self._headers)
        signed: PreparedRequest = self._auth(request)
        return signed


def auth_of(config: HttpSettings, place: str, base_dir: Path) -> HttpAuth:
    """Return what a source shows of itself; files are read now, as secrets are renewed.

    Args:
        config: the settings.
        place: the source, for messages, which never have a secret.
        base_dir: where relative paths start.

    Raises:
        SourceRefused: a file cannot be read or is empty, or a token has characters that no header can have.
    """
    headers = {name: secret.get_secret_value() for name, secret in config.headers.items()}
    if config.user is not None:
        password = "" if config.password is None else config.password.get_secret_value()
        if config.password_file is not None:
            password = read_secret(place, base_dir / config.password_file, "password")
        # As bytes, since the library takes texts for Latin-1.
        from leverwatch.collectors.requests_library import requests

        return HttpAuth(headers, requests.auth.HTTPBasicAuth(config.user.encode(), password.encode()))
    token = None if config.token is None else config.token.get_secret_value()
    file = None if config.token_file is None else base_dir / config.token_file
    return HttpAuth(headers, Bearer(read_token(place, token, file)))


def tls_of(config: HttpSettings, place: str, base_dir: Path) -> Tls:
    """Return whom a source trusts, and what it shows, after a look at the files.

    Raises:
        SourceRefused: one of the files cannot be read or is not PEM, the key is encrypted, or is that of another
            certificate.
    """
    ca_file, cert_file, key_file = (
        None if file is None else base_dir / file for file in (config.ca_file, config.cert_file, config.key_file)
    )
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError:  # what is wrong with its content is one as well
            raise SourceRefused(f"{place}: ca_file {ca_file} cannot be read, or has no certificate") from None
    if cert_file is not None:
        try:
            # With a password, so that an encrypted key asks nobody at a terminal.
            context.load_cert_chain(cert_file, key_file, password="")
        except (OSError, ValueError):
            raise SourceRefused(
                f"{place}: cert_file {cert_file} and its key cannot be read, do not belong together, or the key"
                " is encrypted"
            ) from None
    return Tls(ca_file, cert_file, key_file)
