"""The protected listener of the real agent: Prometheus over TLS and a password, the probes, reload over HTTP."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import requests
import yaml

from tests.agent.web.transport.certificates import Authority, authority
from tests.e2e.agents import leverwatch, running
from tests.e2e.servers import Server, free_port, prometheus, wait_until

pytestmark = pytest.mark.e2e

PASSWORD = "a-password-for-tests"
FAILURES = "leverwatch_http_auth_failures_total"


def configure(folder: Path, **web: Any) -> Path:
    config = {"store": {"url": "sqlite:///store.db"}, "evaluation": {"interval": "300ms"}, "web": web}
    path = folder / "leverwatch.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def protect(ca: Authority, password: str = PASSWORD) -> None:
    ca.server()
    web = {
        "tls_server_config": {
            "cert_file": "server.crt",
            "key_file": "server.key",
            "client_auth_type": "RequireAndVerifyClientCert",
            "client_ca_file": "ca.pem",
        },
        "basic_auth_users": {"prometheus": bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()},
    }
    (ca.folder / "web.yaml").write_text(yaml.safe_dump(web))


def scrape(job: str, ca: Authority, port: int, password: str, *, certificate: bool = True) -> dict[str, Any]:
    client = ca.client()
    tls = {"ca_file": str(ca.file)}
    if certificate:
        tls |= {"cert_file": str(client.certificate), "key_file": str(client.key)}
    return {
        "job_name": job,
        "scheme": "https",
        "tls_config": tls,
        "basic_auth": {"username": "prometheus", "password": password},
        "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
    }


def health(server: Server) -> dict[str, str]:
    targets = server.get("/api/v1/targets")["data"]["activeTargets"]
    return {target["labels"]["job"]: target["health"] for target in targets}


def test_prometheus_scrapes_over_tls_with_a_certificate_and_a_password(tmp_path: Path) -> None:
    ca, port, probes = authority(tmp_path), free_port(), free_port()
    protect(ca)
    config = configure(
        tmp_path, listen=f"127.0.0.1:{port}", probe_listen=f"127.0.0.1:{probes}", config_file="web.yaml"
    )
    jobs = [
        scrape("right", ca, port, PASSWORD),
        scrape("wrong-password", ca, port, "wrong"),
        scrape("no-certificate", ca, port, PASSWORD, certificate=False),
    ]
    scraping = {"global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"}, "scrape_configs": jobs}
    with running(config, probes) as agent, prometheus(tmp_path / "prometheus", scraping) as server:
        expected = {"right": "up", "wrong-password": "down", "no-certificate": "down"}
        wait_until(lambda: health(server) == expected, 20, "one target is up")

        def counted() -> bool:
            found = server.get("/api/v1/query", query=f'{FAILURES}{{job="right"}} > 0')["data"]["result"]
            return bool(found)

        wait_until(counted, 20, "the refused scrapes are counted")
        assert health(server) == expected
        assert PASSWORD not in agent.log.read_text()


def test_a_renewed_certificate_and_a_new_password_need_no_signal(tmp_path: Path) -> None:
    ca, port, probes = authority(tmp_path), free_port(), free_port()
    protect(ca)
    client = ca.client()
    config = configure(
        tmp_path, listen=f"127.0.0.1:{port}", probe_listen=f"127.0.0.1:{probes}", config_file="web.yaml"
    )

    def status(password: str) -> int:
        return requests.get(
            f"https://127.0.0.1:{port}/metrics",
            verify=str(ca.file),
            cert=(str(client.certificate), str(client.key)),
            auth=("prometheus", password),
            timeout=10,
        ).status_code

    with running(config, probes):
        assert (status(PASSWORD), status("next")) == (200, 401)
        protect(ca, "next")
        assert (status(PASSWORD), status("next")) == (401, 200)


def test_the_probe_listener_answers_only_the_probes(tmp_path: Path) -> None:
    ca, port, probes = authority(tmp_path), free_port(), free_port()
    protect(ca)
    config = configure(
        tmp_path, listen=f"127.0.0.1:{port}", probe_listen=f"127.0.0.1:{probes}", config_file="web.yaml"
    )
    with running(config, probes) as agent:
        answers = {
            path: requests.get(f"http://127.0.0.1:{probes}{path}", timeout=10).status_code
            for path in ("/-/healthy", "/-/ready", "/metrics", "/", "/api/v1/systems", "/-/reload")
        }
        assert requests.post(f"http://127.0.0.1:{probes}/-/ready", timeout=10).status_code == 405
        assert agent.terminate() == 0

    assert answers == {
        "/-/healthy": 200,
        "/-/ready": 200,
        "/metrics": 404,
        "/": 404,
        "/api/v1/systems": 404,
        "/-/reload": 404,
    }


def test_a_taken_probe_address_is_an_error_that_names_it(tmp_path: Path) -> None:
    port = free_port()
    config = configure(tmp_path, listen=f"127.0.0.1:{port}")
    with running(config, port):
        second = tmp_path / "second"
        second.mkdir()
        configure(second, listen=f"127.0.0.1:{free_port()}", probe_listen=f"127.0.0.1:{port}")
        done = leverwatch("run", config=second / "leverwatch.yaml")

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr


def test_reload_over_http_when_it_is_enabled(tmp_path: Path) -> None:
    port = free_port()
    listen = f"127.0.0.1:{port}"
    config = configure(tmp_path, listen=listen, enable_reload=True)
    good = config.read_text()
    url = f"http://{listen}/-/reload"
    with running(config, port) as agent:
        assert requests.get(url, timeout=10).status_code == 405
        assert [request(url, timeout=10).status_code for request in (requests.post, requests.put)] == [200, 200]

        config.write_text(good + 'log: {level: "loud"}\n')
        refused = requests.post(url, timeout=10)
        assert refused.status_code == 500
        assert "log.level: must be one of debug, info, warning, error" in refused.text
        assert agent.value("leverwatch_config_last_reload_successful") == 0

        config.write_text(good + "systems: {bot: {declared_strategy: hybrid}}\n")
        assert requests.post(url, timeout=10).status_code == 200
        declared = 'leverwatch_declared_strategy{strategy="hybrid",system="bot"}'
        wait_until(lambda: agent.value(declared) == 1, 10, "the new declaration")


def test_reload_over_http_is_forbidden_unless_it_is_enabled(tmp_path: Path) -> None:
    port = free_port()
    config = configure(tmp_path, listen=f"127.0.0.1:{port}")
    with running(config, port):
        url = f"http://127.0.0.1:{port}/-/reload"
        assert [request(url, timeout=10).status_code for request in (requests.post, requests.put)] == [403, 403]
        assert requests.get(url, timeout=10).status_code == 405


def test_a_bad_web_file_is_refused_at_the_start_and_by_a_reload(tmp_path: Path) -> None:
    ca, port, probes = authority(tmp_path), free_port(), free_port()
    protect(ca)
    config = configure(
        tmp_path, listen=f"127.0.0.1:{port}", probe_listen=f"127.0.0.1:{probes}", config_file="web.yaml"
    )
    with running(config, probes) as agent:
        (tmp_path / "web.yaml").write_text("basic_auth_users: {prometheus: plain}\n")
        agent.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "config_reload_failed" in agent.log.read_text(), 10, "the refusal")
        assert agent.is_ready()
    done = leverwatch("run", config=config)

    assert done.returncode == 2
    assert "web.yaml:1: basic_auth_users.prometheus: must be a bcrypt hash" in done.stderr
    assert "plain" not in done.stderr
