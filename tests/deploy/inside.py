"""Runs one shipped command on its own addresses and paths, in namespaces of its own, and prints what came of it.

A program for `unshare --net --mount`: it reads a `Spec` as JSON, and needs nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fcntl import ioctl
from pathlib import Path

_SIOCSIFFLAGS, _SIOCSIFADDR, _UP = 0x8914, 0x8916, 1
_MS_BIND_REC, _MS_PRIVATE_REC = 0x5000, 0x44000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_SOCKET_CALL = {"x86_64": 41, "aarch64": 198}
_READY_SECONDS, _STOP_SECONDS = 90, 60
_libc = ctypes.CDLL(None, use_errno=True)

DUAL, IPV4, IPV6, NO_IPV6 = "both families", "no IPv6 address", "no IPv4 address", "a kernel without IPv6"
ADDRESSES = {DUAL: ("127.0.0.1", "[::1]"), IPV4: ("127.0.0.1",), IPV6: ("[::1]",), NO_IPV6: ("127.0.0.1",)}


@dataclass(frozen=True)
class Spec:
    """One command as it is shipped, and what to ask it."""

    root: str
    """The scratch root; what the installation has of its own is in it already."""
    binds: dict[str, str]
    """Folders of this machine, by where they are in the root."""
    command: list[str]
    environ: dict[str, str]
    cwd: str
    families: str = DUAL
    umask: int = 0o022
    urls: list[str] = field(default_factory=list)
    """What has to be answered with 200, with `HOST` for each address; the first one says when it is ready."""
    headers: dict[str, str] = field(default_factory=dict)
    authority: str | None = None
    """PEM file, outside of the root; the client's certificate and key likewise."""
    client: list[str] | None = None
    checks: list[list[str]] = field(default_factory=list)
    """Commands that have to succeed while it runs, with the same root and environment."""
    relay: str | None = None
    """Socket of a PostgreSQL server, to be reached at port 5432."""


@dataclass
class Outcome:
    """What came of it."""

    answers: dict[str, list[str | int]]
    """Status and body of each URL, or 0 and an error."""
    checks: list[list[str | int]]
    """Exit code and output of each."""
    code: int
    """Of the command, after SIGTERM."""
    log: str


def run(spec: Spec) -> Outcome:
    """Set the namespaces up, start the command, ask, and end it with SIGTERM."""
    _network(spec.families)
    _mounts(spec)
    # Before the relay: both children have to find the same network.
    relay = None if spec.relay is None else _relay(spec.relay)
    log = Path(spec.root, "tmp/shipped.log")
    try:
        with log.open("wb") as output:
            process = _start(spec, spec.command, output.fileno())
        try:
            answers = {url: _when_ready(process, url, spec) for url in _urls(spec)}
            checks: list[list[str | int]] = [_check(spec, command) for command in spec.checks]
            code = _ended(process)
        finally:
            process.kill()
            process.wait()
    finally:
        if relay is not None:
            os.kill(relay, 9)
            os.waitpid(relay, 0)
    return Outcome(answers, checks, code, log.read_text(errors="replace"))


def _ended(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # The log then has where each thread is.
        process.send_signal(signal.SIGABRT)
        return process.wait()


def _urls(spec: Spec) -> Iterator[str]:
    for address in ADDRESSES[spec.families]:
        for url in spec.urls:
            yield url.replace("HOST", address)


def _network(families: str) -> None:
    for name in ("all", "default", "lo"):
        switch = Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
        if switch.exists():
            switch.write_text("1" if families in {IPV4, NO_IPV6} else "0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _UP))
        if families == IPV6:
            # The address 0.0.0.0 takes 127.0.0.1 away.
            ioctl(control, _SIOCSIFADDR, struct.pack("16sH14x", b"lo", socket.AF_INET))
    if families == NO_IPV6:
        _refuse_ipv6_sockets()


def _refuse_ipv6_sockets() -> None:
    """What `ipv6.disable=1` of the kernel does: socket(AF_INET6) is EAFNOSUPPORT."""

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, answer = 0x20, 0x15, 0x06
    program = b"".join(
        (
            step(load, 0, 0, 0),
            step(equal, 0, 3, _SOCKET_CALL[os.uname().machine]),
            step(load, 0, 0, 16),
            step(equal, 0, 1, socket.AF_INET6),
            step(answer, 0, 0, 0x00050000 | 97),
            step(answer, 0, 0, 0x7FFF0000),
        )
    )
    steps = ctypes.create_string_buffer(program, len(program))
    filter_ = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(steps))
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _libc.prctl(_PR_SET_SECCOMP, _FILTER, filter_, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def _mounts(spec: Spec) -> None:
    _mount(None, "/", _MS_PRIVATE_REC)
    for inside, outside in spec.binds.items():
        target = Path(spec.root, inside.lstrip("/"))
        target.mkdir(parents=True, exist_ok=True)
        _mount(outside, str(target), _MS_BIND_REC)


def _mount(source: str | None, target: str, flags: int) -> None:
    if _libc.mount(source and source.encode(), target.encode(), None, flags, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)


def _start(spec: Spec, command: list[str], output: int) -> subprocess.Popen[bytes]:
    def enter() -> None:  # there is no thread here that could hold a lock
        os.chroot(spec.root)
        os.chdir(spec.cwd)
        os.umask(spec.umask)

    return subprocess.Popen(
        command,
        env={**spec.environ, "PYTHONFAULTHANDLER": "1"},
        stdout=output,
        stderr=output,
        stdin=subprocess.DEVNULL,
        preexec_fn=enter,
    )


def _check(spec: Spec, command: list[str]) -> list[str | int]:
    log = Path(spec.root, "tmp/check.log")
    with log.open("wb") as output:
        code = _start(spec, command, output.fileno()).wait(_STOP_SECONDS)
    return [code, log.read_text()]


def _when_ready(process: subprocess.Popen[bytes], url: str, spec: Spec) -> list[str | int]:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        answer = _ask(url, spec)
        if answer[0] == 200 or process.poll() is not None or time.monotonic() > deadline:
            return answer
        time.sleep(0.05)


def _ask(url: str, spec: Spec) -> list[str | int]:
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if url.startswith("https:"):
        context = ssl.create_default_context(cafile=spec.authority)
        context.check_hostname = False
        if spec.client is not None:
            context.load_cert_chain(*spec.client)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, headers=spec.headers)  # noqa: S310 - the tests' own http and https
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=10) as answer:
            return [answer.status, answer.read(2_000_000).decode()]
    except urllib.error.HTTPError as error:
        return [error.code, error.read(1000).decode(errors="replace")]
    except OSError as error:
        return [0, repr(error)]


def _relay(path: str) -> int:
    """Carry connections to port 5432 to a socket of the file system, in a process of its own; its number."""
    listener = socket.create_server(("127.0.0.1", 5432), backlog=64)
    number = os.fork()
    if number != 0:
        listener.close()
        return number
    import threading

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            target.close()

    while True:
        client, _ = listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(path)
        for pair in ((client, server), (server, client)):
            threading.Thread(target=carry, args=pair, daemon=True).start()


if __name__ == "__main__":
    json.dump(asdict(run(Spec(**json.load(sys.stdin)))), sys.stdout)
