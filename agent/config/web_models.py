"""The web configuration file of the Prometheus ecosystem, as far as the agent's server goes.

The format is documented by the exporter toolkit of Prometheus (`docs/web-configuration.md` there). A key that the
agent cannot honour is refused, because a file that asks for protection must not be half applied.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from leverwatch.collectors.config import Model

_BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
"""The headers that may be set, each with its allowed values; an empty tuple allows any value."""


class ClientAuth(StrEnum):
    """What is asked of a client in the handshake."""

    NONE = "NoClientCert"
    REQUEST = "RequestClientCert"
    VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRE_AND_VERIFY = "RequireAndVerifyClientCert"

    @property
    def verifies(self) -> bool:
        """Whether client certificates are verified against `client_ca_file`."""
        return self in {ClientAuth.VERIFY_IF_GIVEN, ClientAuth.REQUIRE_AND_VERIFY}


class TlsVersion(StrEnum):
    """Versions of TLS that are still safe."""

    TLS12 = "TLS12"
    TLS13 = "TLS13"


def _provable(value: Any) -> Any:
    if value == "RequireAnyClientCert":
        raise ValueError(
            "is not available, as a certificate that nobody verifies proves nothing; "
            "use RequireAndVerifyClientCert"
        )
    return value


def _header(name: str) -> str:
    if name not in _HEADERS:
        raise ValueError(f"cannot be set; headers that can: {', '.join(_HEADERS)}")
    return name


def _hash(value: SecretStr) -> SecretStr:
    if not _BCRYPT.fullmatch(value.get_secret_value()):
        raise ValueError("must be a bcrypt hash, as `htpasswd -nBC 10 NAME` prints it after the colon")
    return value


class TlsServerConfig(Model):
    """Certificate and versions of the listener. Relative paths start at the folder of the file."""

    cert_file: Path = Field(description="PEM file of the certificate, followed by its intermediate ones.")
    key_file: Path = Field(description="PEM file of the private key, not encrypted.")
    client_auth_type: Annotated[ClientAuth, BeforeValidator(_provable)] = Field(
        default=ClientAuth.NONE, description="What is asked of a client."
    )
    client_ca_file: Path | None = Field(
        default=None, validate_default=True, description="PEM file of the authorities that sign clients."
    )
    min_version: TlsVersion = Field(default=TlsVersion.TLS12, description="Oldest version that is spoken.")
    max_version: TlsVersion = Field(default=TlsVersion.TLS13, description="Newest version that is spoken.")

    @field_validator("client_ca_file")
    @classmethod
    def _fits(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        asked: ClientAuth | None = info.data.get("client_auth_type")
        if asked is not None and asked.verifies and value is None:
            raise ValueError(f"is missing; {asked} needs it")
        if asked is ClientAuth.NONE and value is not None:
            raise ValueError("is never used; client_auth_type says that no certificate is asked for")
        return value

    @field_validator("max_version")
    @classmethod
    def _ordered(cls, value: TlsVersion, info: ValidationInfo) -> TlsVersion:
        if value < info.data.get("min_version", value):
            raise ValueError("must not be older than min_version")
        return value


class HttpServerConfig(Model):
    """Headers that are added to every answer."""

    http2: bool = Field(default=False, description="Only false: the server speaks HTTP/1.1.")
    headers: dict[Annotated[str, AfterValidator(_header)], str] = Field(
        default_factory=dict, description="Headers by name."
    )

    @field_validator("http2")
    @classmethod
    def _one(cls, value: bool) -> bool:
        if value:
            raise ValueError("must be false; the server speaks HTTP/1.1")
        return value

    @field_validator("headers")
    @classmethod
    def _values(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            allowed = _HEADERS[name]
            if allowed and text not in allowed:
                raise ValueError(f"must have {name} as one of {', '.join(allowed)}")
            if not text.isprintable() or not text.isascii():
                raise ValueError(f"must have {name} as printable ASCII on one line")
        return value


class WebFile(Model):
    """A whole file; without any key it changes nothing."""

    tls_server_config: TlsServerConfig | None = Field(default=None, description="TLS; without it, plain HTTP.")
    http_server_config: HttpServerConfig = Field(default=HttpServerConfig(), description="HTTP.")
    basic_auth_users: dict[str, Annotated[SecretStr, AfterValidator(_hash)]] = Field(
        default_factory=dict,
        description="bcrypt hashes of passwords by user name; without any, everybody may read.",
    )
