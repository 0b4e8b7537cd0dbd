"""The web configuration file: what is refused and why, and that promtool reads the same format."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from leverwatch.agent.config import load_config
from leverwatch.agent.config.web_file import load_web_file
from leverwatch.agent.errors import ConfigError
from tests.agent.web.transport.certificates import authority, pem

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
SECURITY = Path(__file__).parents[3] / "docs/security.md"
NOT_A_HASH = "must be a bcrypt hash, as `htpasswd -nBC 10 NAME` prints it after the colon (got (hidden))"
CANARY = "correct-horse-battery"
PAIR = "cert_file: server.crt, key_file: server.key"

Write = Callable[[str], Path]

ACCEPTED = {
    "nothing": "{}",
    "a certificate": f"tls_server_config: {{{PAIR}}}",
    "versions": f"tls_server_config: {{{PAIR}, min_version: TLS12, max_version: TLS13}}",
    "no certificate of clients": f"tls_server_config: {{{PAIR}, client_auth_type: NoClientCert}}",
    "clients are asked": f"tls_server_config: {{{PAIR}, client_auth_type: RequestClientCert}}",
    "clients may be verified": (
        f"tls_server_config: {{{PAIR}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem}}"
    ),
    "clients are verified": (
        f"tls_server_config: {{{PAIR}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}}"
    ),
    "headers": (
        "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n"
        "    X-Content-Type-Options: nosniff\n    Strict-Transport-Security: max-age=31536000\n"
        "    X-XSS-Protection: 1; mode=block\n    Content-Security-Policy: default-src 'self'"
    ),
    "users": "basic_auth_users:\n"
    + "".join(f"  {kind}: {HASH.replace('2y', kind)}\n" for kind in ("2a", "2b", "2y")),
}

REFUSED_BY_BOTH = {
    "no key": (
        "tls_server_config: {cert_file: server.crt}",
        "1: tls_server_config.key_file: is missing",
    ),
    "a file that is not there": (
        "tls_server_config:\n  cert_file: none.crt\n  key_file: server.key",
        '2: tls_server_config.cert_file: cannot be read: No such file or directory (got "none.crt")',
    ),
    "a key of another certificate": (
        "tls_server_config: {cert_file: server.crt, key_file: other.key}",
        '1: tls_server_config.key_file: must hold the private key of cert_file, not encrypted (got "other.key")',
    ),
    "an encrypted key": (
        "tls_server_config: {cert_file: server.crt, key_file: encrypted.key}",
        (
            "1: tls_server_config.key_file: must hold the private key of cert_file, not encrypted "
            '(got "encrypted.key")'
        ),
    ),
    "a certificate that is none": (
        "tls_server_config: {cert_file: server.key, key_file: server.key}",
        '1: tls_server_config.cert_file: must hold PEM certificates (got "server.key")',
    ),
    "an authority that is none": (
        f"tls_server_config: {{{PAIR}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: none.pem}}",
        '1: tls_server_config.client_ca_file: cannot be read: No such file or directory (got "none.pem")',
    ),
    "an authority that nobody asks": (
        f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem}}",
        (
            "1: tls_server_config.client_ca_file: is never used; client_auth_type says that no certificate is "
            'asked for (got "ca.pem")'
        ),
    ),
    "a kind of client that does not exist": (
        f"tls_server_config: {{{PAIR}, client_auth_type: Sometimes}}",
        (
            "1: tls_server_config.client_auth_type: must be one of NoClientCert, RequestClientCert, "
            'VerifyClientCertIfGiven, RequireAndVerifyClientCert (got "Sometimes")'
        ),
    ),
    "a version that does not exist": (
        f"tls_server_config: {{{PAIR}, min_version: TLS14}}",
        '1: tls_server_config.min_version: must be one of TLS12, TLS13 (got "TLS14")',
    ),
    "a password in place of its hash": (
        f"basic_auth_users: {{alice: {CANARY}}}",
        f"1: basic_auth_users.alice: {NOT_A_HASH}",
    ),
    "a header that cannot be set": (
        "http_server_config: {headers: {Set-Cookie: a=b}}",
        (
            "1: http_server_config.headers.Set-Cookie: the name cannot be set; headers that can: "
            "Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, "
            "X-XSS-Protection"
        ),
    ),
    "a header with a value that it cannot have": (
        "http_server_config: {headers: {X-Frame-Options: allow}}",
        "1: http_server_config.headers: must have X-Frame-Options as one of deny, sameorigin",
    ),
    "a key that does not exist": (
        "basic_auth_user: {}",
        '1: basic_auth_user: unknown key; did you mean "basic_auth_users"?',
    ),
    "a user twice": (
        f"basic_auth_users:\n  alice: {HASH}\n  alice: {HASH}",
        "3: basic_auth_users.alice: the key is already on line 2",
    ),
}

REFUSED_HERE = {
    "an empty file": ("", "1: is empty; write {} for no protection"),
    "certificates that nobody verifies": (
        f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}",
        (
            "1: tls_server_config.client_auth_type: is not available, as a certificate that nobody verifies "
            'proves nothing; use RequireAndVerifyClientCert (got "RequireAnyClientCert")'
        ),
    ),
    "no authority to verify with": (
        f"tls_server_config: {{{PAIR}, client_auth_type: RequireAndVerifyClientCert}}",
        "1: tls_server_config.client_ca_file: is missing; RequireAndVerifyClientCert needs it (got nothing)",
    ),
    "a version that is not safe": (
        f"tls_server_config: {{{PAIR}, min_version: TLS10}}",
        '1: tls_server_config.min_version: must be one of TLS12, TLS13 (got "TLS10")',
    ),
    "versions in the wrong order": (
        f"tls_server_config: {{{PAIR}, min_version: TLS13, max_version: TLS12}}",
        '1: tls_server_config.max_version: must not be older than min_version (got "TLS12")',
    ),
    "a newer protocol": (
        "http_server_config: {http2: true}",
        "1: http_server_config.http2: must be false; the server speaks HTTP/1.1 (got true)",
    ),
    "ciphers": (
        f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_AES_128_GCM_SHA256]}}",
        (
            "1: tls_server_config.cipher_suites: unknown key; known keys: client_auth_type, client_ca_file, "
            "min_version, max_version"
        ),
    ),
    "a header of two lines": (
        'http_server_config: {headers: {Content-Security-Policy: "a\\r\\nSet-Cookie: b"}}',
        "1: http_server_config.headers: must have Content-Security-Policy as printable ASCII on one line",
    ),
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes web.yaml beside a set of certificates."""
    ca = authority(tmp_path)
    ca.server()
    ca.server("other")
    (tmp_path / "encrypted.key").write_bytes(pem(ec.generate_private_key(ec.SECP256R1()), b"secret"))

    def _write(text: str) -> Path:
        path = tmp_path / "web.yaml"
        path.write_text(text)
        return path

    return _write


def promtool_accepts(path: Path) -> bool:
    checked = subprocess.run(
        ["promtool", "check", "web-config", path], capture_output=True, check=False, timeout=60
    )
    return checked.returncode == 0


def problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_web_file(path)
    return tuple(line.removeprefix(f"{path}:") for line in caught.value.problems)


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_good_file_is_good_for_promtool_too(write: Write, text: str) -> None:
    path = write(text)

    assert (load_web_file(path).context is not None) == ("tls_server_config" in text)
    assert promtool_accepts(path)


@pytest.mark.parametrize(("text", "expected"), REFUSED_BY_BOTH.values(), ids=REFUSED_BY_BOTH.keys())
def test_a_bad_file_is_bad_for_promtool_too(write: Write, text: str, expected: str) -> None:
    path = write(text)

    assert problems(path) == (expected,)
    assert not promtool_accepts(path)


@pytest.mark.parametrize(("text", "expected"), REFUSED_HERE.values(), ids=REFUSED_HERE.keys())
def test_what_the_agent_cannot_honour_is_refused(write: Write, text: str, expected: str) -> None:
    assert problems(write(text)) == (expected,)


def test_everything_is_reported_at_once_and_no_secret(write: Write) -> None:
    text = f"""\
tls_server_config: {{cert_file: server.crt, min_version: 12}}
http_server_config: {{http2: true}}
basic_auth_users:
  alice: {CANARY}
  bob: 12345
passwords: [{CANARY}]
"""
    found = problems(write(text))

    assert len(found) == 6
    assert [line.partition(":")[0] for line in found] == ["1", "1", "2", "4", "5", "6"]
    assert CANARY not in "\n".join(found)
    assert "12345" not in "\n".join(found)


def test_every_file_that_cannot_be_read_is_reported_with_its_line(write: Write) -> None:
    text = """\
tls_server_config:
  cert_file: none.crt
  key_file: none.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: server.key
"""
    missing = "cannot be read: No such file or directory"

    assert problems(write(text)) == (
        f'2: tls_server_config.cert_file: {missing} (got "none.crt")',
        f'3: tls_server_config.key_file: {missing} (got "none.key")',
        '5: tls_server_config.client_ca_file: must hold PEM certificates (got "server.key")',
    )


def test_the_hashes_are_not_in_the_representation(write: Write) -> None:
    assert HASH not in repr(load_web_file(write(ACCEPTED["users"])))


def test_the_configuration_reports_the_problems_of_its_web_file_beside_its_own(write: Write) -> None:
    web = write("basic_auth_users: {alice: x}")
    path = web.parent / "leverwatch.yaml"
    path.write_text("web: {config_file: web.yaml}\n")

    with pytest.raises(ConfigError) as caught:
        load_config(path)

    assert caught.value.problems == (f"{web}:1: basic_auth_users.alice: {NOT_A_HASH}",)


def test_the_example_of_the_documentation_is_good(tmp_path: Path) -> None:
    ca = authority(tmp_path, "clients")
    ca.server()
    blocks = re.findall(r"```yaml\n(# \w+\.yaml.*?)```", SECURITY.read_text(), re.DOTALL)
    for block in blocks:
        (tmp_path / block.split()[1].rstrip(";")).write_text(block)

    loaded = load_config(tmp_path / "leverwatch.yaml")

    assert loaded.web_file == tmp_path / "web.yaml"
    assert load_web_file(tmp_path / "web.yaml").context is not None
    assert promtool_accepts(tmp_path / "web.yaml")


def test_a_missing_web_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "leverwatch.yaml"
    path.write_text("web: {config_file: none.yaml}\n")

    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file or directory$"):
        load_config(path)
