"""The real agent with its shipped defaults, in a network of its own that may lack IPv4 or IPv6.

`python -m tests.e2e.networks LACKING CONFIG` runs inside that network and prints which addresses answered.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

from tests.e2e.agents import start
from tests.e2e.servers import wait_until

_GET_FLAGS, _SET_FLAGS, _SET_ADDRESS = 0x8913, 0x8914, 0x8916
_UP = 1
ADDRESSES = ("127.0.0.1", "::1")


def answering(lacking: str, config: Path, port: int = 9847) -> list[str]:
    """The loopback addresses that the agent answers on, in a network without `lacking`: ipv4, ipv6 or nothing."""
    # Only root may make a network, but anybody may be root of their own.
    ours = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    command = [*ours, sys.executable, "-m", "tests.e2e.networks", lacking, str(config), str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def _loopback_without(lacking: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh22x", b"lo", 0)
        (flags,) = struct.unpack_from("16xh", fcntl.ioctl(any_socket, _GET_FLAGS, request))
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))
        if lacking == "ipv4":
            # The address of nothing takes the present one away.
            fcntl.ioctl(any_socket, _SET_ADDRESS, struct.pack("16sHH4s16x", b"lo", socket.AF_INET, 0, bytes(4)))
    if lacking == "ipv6":
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")


def _answers(address: str, port: int) -> bool:
    # Not `requests`: it decides when it is imported whether there is IPv6, and then there was no network yet.
    connection = http.client.HTTPConnection(address, port, timeout=10)
    try:
        connection.request("GET", "/-/healthy")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _main(lacking: str, config: Path, port: int) -> None:
    _loopback_without(lacking)
    agent = start(config, port)
    try:
        wait_until(
            lambda: not agent.is_alive() or any(_answers(address, port) for address in ADDRESSES), 60, "an answer"
        )
        if not agent.is_alive():
            sys.exit(agent.log.read_text())
        print(json.dumps([address for address in ADDRESSES if _answers(address, port)]))
    finally:
        agent.process.terminate()
        agent.process.wait(30)


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
