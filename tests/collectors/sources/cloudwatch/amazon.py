"""CloudWatch on real sockets: moto's server, and one that answers in Amazon's protocol as each test wants."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import requests
from botocore.config import Config
from botocore.session import Session

from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.cloudwatch.collector import CloudWatchCollector
from leverwatch.collectors.sources.cloudwatch.config import CloudWatchConfig
from tests.collectors.sources.listening import listening

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLEOFTESTS", "AWS_SECRET_ACCESS_KEY": "s3cr3t-k3y-0f-th3-t3sts"}
ALONE = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
}
"""Nothing of this machine is used."""


def source(url: str | None, folder: Path, now: datetime = NOW, **more: Any) -> CloudWatchCollector:
    config = CloudWatchConfig.model_validate(
        {"name": "cloud", "regions": ["us-east-1"], "system": "{ModelId}", "url": url, **more}
    )
    return CloudWatchCollector(config, CollectorContext(folder, folder, lambda: now))


@contextmanager
def moto() -> Iterator[str]:
    """moto's server; its address."""
    from moto.server import ThreadedMotoServer  # it takes a second

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        # What other servers of this process were told is known to each new one.
        requests.post(f"http://{host}:{port}/moto-api/reset", timeout=20).raise_for_status()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def client(url: str, region: str = "us-east-1") -> Any:
    session = Session()
    session.set_credentials(*KEYS.values())
    # The oldest moto does not read what is compressed.
    plain = Config(disable_request_compression=True)
    return session.create_client("cloudwatch", region_name=region, endpoint_url=url, config=plain)


def put(cloudwatch: Any, metric: str, at: datetime, value: float, **dimensions: str) -> None:
    """Write one sample, as Bedrock writes one for each call."""
    named = [{"Name": name, "Value": it} for name, it in dimensions.items()]
    cloudwatch.put_metric_data(
        Namespace="AWS/Bedrock",
        MetricData=[{"MetricName": metric, "Dimensions": named, "Timestamp": at, "Value": value}],
    )


@dataclass
class Scripted:
    """A server that speaks the JSON protocol in which Amazon's library asks CloudWatch."""

    url: str = ""
    answer: Callable[[str, dict[str, Any]], tuple[int, Any]] = lambda _operation, _asked: (200, {})
    """From the operation and the request; bytes are sent as they are."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    now: datetime = NOW
    """The time that it says it is."""

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [asked for name, asked in self.asked if name == operation]


@contextmanager
def scripted() -> Iterator[Scripted]:
    served = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            served.asked.append((operation, asked))
            status, said = served.answer(operation, asked)
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # the client did not wait
                self.wfile.write(body)

        def date_time_string(self, _timestamp: float | None = None) -> str:
            return format_datetime(served.now, usegmt=True)

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as url:
        served.url = url
        yield served


def metric(name: str, **dimensions: str) -> dict[str, Any]:
    """A metric as ListMetrics returns it."""
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    namespace = "AWS/BedrockMantle" if "Model" in dimensions or "Project" in dimensions else "AWS/Bedrock"
    return {"Namespace": namespace, "MetricName": name, "Dimensions": named}


def result(query: Mapping[str, Any], values: Mapping[datetime, float], state: str = "Complete") -> dict[str, Any]:
    """What GetMetricData returns for a query."""
    return {
        "Id": query["Id"],
        "Label": "metric",
        "Timestamps": [at.timestamp() for at in values],
        "Values": list(values.values()),
        "StatusCode": state,
    }


def error(code: str, status: int = 400) -> tuple[int, Any]:
    return status, {"__type": f"com.amazonaws.cloudwatch#{code}", "message": "User: arn:aws:iam::1:user/reader"}
