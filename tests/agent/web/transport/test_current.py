"""The web configuration file on disk: changes are taken, bad ones are not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from leverwatch.agent.errors import ConfigError
from leverwatch.agent.web.transport.current import CurrentWebFile
from tests.agent.config.test_web_file import NOT_A_HASH
from tests.agent.web.transport.certificates import authority
from tests.agent.web.transport.test_passwords import hashed

REFUSED = "web_config_refused"
TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "web.yaml"
    path.write_text(f"basic_auth_users: {{alice: {hashed(b'one')}}}\n")
    return path


def opens(current: CurrentWebFile, password: bytes) -> bool:
    passwords = current.protection().passwords
    return passwords is not None and passwords.accept("alice", password)


def refusals(logged: list[structlog.typing.EventDict]) -> list[str]:
    return [event["problem"] for event in logged if event["event"] == REFUSED]


def test_a_changed_password_counts_at_once(file: Path) -> None:
    current = CurrentWebFile(file)
    assert opens(current, b"one")

    file.write_text(f"basic_auth_users: {{alice: {hashed(b'two')}}}\n")

    assert opens(current, b"two")
    assert not opens(current, b"one")


def test_an_unchanged_file_is_not_read_again(file: Path) -> None:
    current = CurrentWebFile(file)

    assert current.protection() is current.protection()


def test_a_bad_file_keeps_the_old_protection_and_says_so_once(file: Path) -> None:
    clock = Clock()
    current = CurrentWebFile(file, clock)
    good = file.read_text()
    with structlog.testing.capture_logs() as logged:
        file.write_text("basic_auth_users: {alice: plain}\n")
        for _ in range(3):
            assert opens(current, b"one")
            clock.now += 60

        assert refusals(logged) == [f"{file}:1: basic_auth_users.alice: {NOT_A_HASH}"]
        file.unlink()
        assert opens(current, b"one")
        assert refusals(logged)[1:] == [f"{file}: cannot be read: No such file or directory"]
        file.write_text(good)
        assert opens(current, b"one")
        assert len(refusals(logged)) == 2


def test_a_file_of_no_bytes_does_not_open_the_door(file: Path) -> None:
    current = CurrentWebFile(file)
    file.write_text("")

    assert not opens(current, b"wrong")
    assert current.protection().passwords is not None


def test_a_certificate_that_comes_after_the_file_that_names_it_is_found(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    ca.server()
    file = tmp_path / "web.yaml"
    file.write_text(TLS)
    clock = Clock()
    current = CurrentWebFile(file, clock)
    before = current.context()
    file.write_text(TLS.replace("server.", "next."))
    assert current.context() is before

    ca.server("next")
    clock.now += 60

    assert current.context() is not before


def test_a_key_that_does_not_fit_yet_keeps_the_old_certificate(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    pair = ca.server()
    file = tmp_path / "web.yaml"
    file.write_text(TLS)
    current = CurrentWebFile(file)
    before = current.context()
    renewed = ca.server("renewed")

    pair.certificate.write_bytes(renewed.certificate.read_bytes())
    with structlog.testing.capture_logs() as logged:
        assert current.context() is before
    pair.key.write_bytes(renewed.key.read_bytes())

    assert len(refusals(logged)) == 1
    assert current.context() is not before


def test_a_mounted_secret_whose_link_moves_is_read_again(tmp_path: Path) -> None:
    for version, password in (("v1", b"one"), ("v2", b"two")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "web.yaml").write_text(f"basic_auth_users: {{alice: {hashed(password)}}}\n")
    link = tmp_path / "data"
    link.symlink_to("v1")
    current = CurrentWebFile(link / "web.yaml")
    assert opens(current, b"one")

    (tmp_path / "new").symlink_to("v2")
    (tmp_path / "new").rename(link)

    assert opens(current, b"two")


def test_tls_cannot_come_or_go_while_the_agent_runs(tmp_path: Path) -> None:
    authority(tmp_path).server()
    file = tmp_path / "web.yaml"
    file.write_text(TLS)
    current = CurrentWebFile(file)
    before = current.context()

    with structlog.testing.capture_logs() as logged:
        file.write_text("{}")
        assert current.context() is before

    assert refusals(logged) == [f"{file}: tls_server_config: cannot come or go without a restart"]
    assert [entry["log_level"] for entry in logged] == ["error"], "which is counted, as warnings are"


def test_tls_cannot_be_added_while_the_agent_runs(tmp_path: Path) -> None:
    authority(tmp_path).server()
    file = tmp_path / "web.yaml"
    file.write_text(f"basic_auth_users: {{alice: {hashed(b'one')}}}\n")
    current = CurrentWebFile(file)
    assert opens(current, b"one")

    with structlog.testing.capture_logs() as logged:
        file.write_text(TLS)
        assert opens(current, b"one")
        assert not opens(current, b"two")

    assert refusals(logged) == [f"{file}: tls_server_config: cannot come or go without a restart"]


def test_a_bad_file_at_the_start_is_an_error(file: Path) -> None:
    file.write_text("nonsense: 1")

    with pytest.raises(ConfigError, match="nonsense: unknown key"):
        CurrentWebFile(file)
