"""The shipped texts for Slack, PagerDuty and e-mail, as the real Alertmanager sends them."""

from __future__ import annotations

import json
import shutil
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.e2e.servers import alertmanager, wait_until, webhook_receiver
from tests.rules.rulefile import ROOT, run

pytestmark = pytest.mark.e2e

FOLDER = ROOT / "helm/leverwatch/alertmanager"
ALERT = {
    "labels": {"alertname": "LeverwatchStrategyMismatch", "system": "a<b&c", "severity": "warning"},
    "annotations": {
        "summary": "A system's recommended strategy differs from the declared one.",
        "description": "a<b&c declares hybrid. Cost: fine_tuning saves $7,410 a month against hybrid.",
        "dashboard_url": "https://grafana.example.com/d/leverwatch-system?var-system=a%3Cb%26c&var-job=lw",
        "runbook_url": "https://lw.example.com/runbooks/LeverwatchStrategyMismatch.md",
    },
}


@contextmanager
def mail_server() -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes every mail: its address, and the mails."""
    mails: list[bytes] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (part := self.rfile.readline()) not in {b".\r\n", b""}:
                        lines.append(part)
                    mails.append(b"".join(lines))
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", mails
        server.shutdown()
        thread.join()


def test_the_example_is_valid_with_its_templates(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "shipped")

    checked = run("amtool", "check-config", tmp_path / "shipped" / "example.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "1 templates" in checked.stdout


def test_amtool_renders_every_text(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    common = {"commonLabels": ALERT["labels"], "commonAnnotations": ALERT["annotations"]}
    data.write_text(json.dumps({"status": "firing", "alerts": [ALERT], **common}))
    for name in ("title", "slack.text", "pagerduty.description", "pagerduty.severity", "text", "email.html"):
        rendered = run(
            "amtool",
            "template",
            "render",
            f"--template.glob={FOLDER / '*.tmpl'}",
            f"--template.data={data}",
            f'--template.text={{{{ template "leverwatch.{name}" . }}}}',
        )

        assert rendered.returncode == 0, rendered.stdout + rendered.stderr
        assert rendered.stdout.strip(), name


def test_alertmanager_sends_the_money_and_the_links_to_slack_pagerduty_and_by_mail(tmp_path: Path) -> None:
    config: dict[str, Any] = yaml.safe_load((FOLDER / "example.yml").read_text())
    config["templates"] = [str(FOLDER / "leverwatch.tmpl")]
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    (receiver,) = config["receivers"]
    with webhook_receiver() as chat, webhook_receiver() as pager, mail_server() as (smarthost, mails):
        receiver["slack_configs"][0]["api_url"] = chat.url
        receiver["pagerduty_configs"][0]["url"] = pager.url
        receiver["email_configs"][0] |= {"smarthost": smarthost, "require_tls": False}
        with alertmanager(tmp_path, config) as server:
            alert = {**ALERT, "startsAt": datetime.now(UTC).isoformat()}
            requests.post(f"{server.url}/api/v2/alerts", json=[alert], timeout=10).raise_for_status()
            wait_until(lambda: bool(chat.payloads and pager.payloads and mails), 20, "three notifications")

    annotations = ALERT["annotations"]
    (slack,) = chat.payloads[0]["attachments"]
    assert slack["title"] == "[WARNING] LeverwatchStrategyMismatch a<b&c"
    assert slack["title_link"] == annotations["dashboard_url"]
    assert "a&lt;b&amp;c declares hybrid. Cost: fine_tuning saves $7,410 a month" in slack["text"]
    # Slack shows what it is sent once `&amp;` is `&` again.
    assert f"<{annotations['dashboard_url'].replace('&', '&amp;')}|Dashboard>" in slack["text"]
    assert f"<{annotations['runbook_url']}|Runbook>" in slack["text"]
    page = pager.payloads[0]
    assert page["payload"]["severity"] == "warning"
    assert page["payload"]["summary"] == f"[WARNING] LeverwatchStrategyMismatch a<b&c: {annotations['summary']}"
    assert annotations["description"] in page["payload"]["custom_details"]["text"]
    assert page["links"] == [{"href": annotations["runbook_url"], "text": "Runbook"}]
    mail = message_from_bytes(mails[0], policy=default)
    assert mail["Subject"] == "[WARNING] LeverwatchStrategyMismatch a<b&c"
    plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert annotations["description"] in plain.get_content()
    assert "<p>a&lt;b&amp;c declares hybrid. Cost: fine_tuning saves $7,410 a month" in html.get_content()
    assert 'var-system=a%3Cb%26c&amp;var-job=lw">Dashboard</a>' in html.get_content()
