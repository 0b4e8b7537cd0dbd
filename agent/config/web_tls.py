"""The TLS context of a web configuration file, from its certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

from leverwatch.agent.config.web_models import ClientAuth, TlsServerConfig, TlsVersion
from leverwatch.collectors.regular import open_regular

_VERSIONS = {TlsVersion.TLS12: ssl.TLSVersion.TLSv1_2, TlsVersion.TLS13: ssl.TLSVersion.TLSv1_3}
_VERIFY = {
    ClientAuth.VERIFY_IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRE_AND_VERIFY: ssl.CERT_REQUIRED,
}
_LARGEST = 4 * 1024 * 1024


class CertificateRefused(ValueError):
    """A file named by `tls_server_config` cannot be used. The message never holds its content."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
        """The setting that names the file."""


def refused_files(config: TlsServerConfig, base_dir: Path) -> list[CertificateRefused]:
    """Return the problem of each file that is missing or invalid; `server_context` checks that they fit
    together."""
    checks = [("cert_file", config.cert_file, _check_certificates), ("key_file", config.key_file, _read)]
    if config.client_auth_type.verifies and config.client_ca_file is not None:
        checks.append(("client_ca_file", config.client_ca_file, _check_certificates))
    found = []
    for key, name, check in checks:
        try:
            check(base_dir / name, key)
        except CertificateRefused as refused:
            found.append(refused)
    return found


def server_context(config: TlsServerConfig, base_dir: Path) -> ssl.SSLContext:
    """Return the TLS context for a configuration.

    With `RequestClientCert` no certificate is requested, as it would be neither required, nor verified, nor used.

    Raises:
        CertificateRefused: a file is missing, is not PEM, or does not fit the others.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[config.min_version]
    context.maximum_version = _VERSIONS[config.max_version]
    context.set_alpn_protocols(["http/1.1"])
    certificate, key = base_dir / config.cert_file, base_dir / config.key_file
    _check_certificates(certificate, "cert_file")
    _read(key, "key_file")
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, OSError, ValueError):
        # Without a cause: what OpenSSL says of a key is of no help, and is not ours to pass on.
        raise CertificateRefused("key_file", "must hold the private key of cert_file, not encrypted") from None
    if config.client_auth_type.verifies and config.client_ca_file is not None:
        authorities = base_dir / config.client_ca_file
        _check_certificates(authorities, "client_ca_file")
        context.load_verify_locations(authorities)
        # An intermediate authority may be the one that is trusted.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.verify_mode = _VERIFY[config.client_auth_type]
    return context


def _check_certificates(path: Path, key: str) -> None:
    content = _read(path, key)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=content.decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise CertificateRefused(key, "must hold PEM certificates") from None


def _read(path: Path, key: str) -> bytes:
    try:
        with open_regular(path) as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise CertificateRefused(key, f"cannot be read: {reason}") from error
    if len(content) > _LARGEST:
        raise CertificateRefused(key, f"is larger than {_LARGEST} bytes")
    return content


def _no_password() -> str:
    # OpenSSL would ask for it on the terminal.
    raise ValueError("the key is encrypted")
