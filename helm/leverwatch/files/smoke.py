"""The Helm test: the agent is ready, and serves its metrics. Runs in the agent's image, with Python alone."""

from __future__ import annotations

import http.client
import os
import ssl
import sys
import time
from collections.abc import Callable


def get(connection: http.client.HTTPConnection, path: str) -> tuple[int, str]:
    """Status and body of one request."""
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def check_ready(host: str, port: int) -> str:
    """Why the agent is not ready; empty when it is."""
    status, body = get(http.client.HTTPConnection(host, port, timeout=5), "/-/ready")
    return "" if status == 200 else f"/-/ready says {status}: {body.strip()}"


def check_metrics(host: str, port: int, tls: bool, locked: bool) -> str:
    """Why the metrics are not served; empty when they are. `locked`: a refusal without credentials will do."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    if tls:
        # The certificate is for the names that Prometheus uses; whether it fits them is not what this test asks.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=5, context=context)
    try:
        status, body = get(connection, "/metrics")
    except ssl.SSLError as error:
        if locked and "CERTIFICATE_REQUIRED" in str(error.reason):
            return ""
        raise
    if status == 401 and locked:
        return ""
    if status != 200:
        return f"/metrics says {status}"
    return "" if "\nleverwatch_build_info{" in body else "/metrics has no leverwatch_build_info"


def wait_for(check: Callable[[], str], seconds: float) -> str:
    """The last complaint of a check that is repeated until it has none or the time is up."""
    end = time.monotonic() + seconds
    while True:
        try:
            complaint = check()
        except OSError as error:
            complaint = f"no answer: {error}"
        if not complaint or time.monotonic() > end:
            return complaint
        time.sleep(1)


def main(environ: dict[str, str]) -> str:
    """Run both checks; the result is the complaint, empty when all is well."""
    host, seconds = environ["AGENT_HOST"], float(environ["WAIT_SECONDS"])
    tls, locked = environ["AGENT_TLS"] == "true", environ["AGENT_LOCKED"] == "true"
    return wait_for(lambda: check_ready(host, int(environ["PROBE_PORT"])), seconds) or wait_for(
        lambda: check_metrics(host, int(environ["AGENT_PORT"]), tls, locked), seconds
    )


if __name__ == "__main__":
    # An exit with a text writes it to standard error, and fails; an exit with None succeeds.
    sys.exit(main(dict(os.environ)) or None)
