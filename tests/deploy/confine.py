"""Runs a command under the system calls and the memory that a systemd unit allows, as systemd itself would.

A program: `python confine.py UNIT COMMAND...`. It needs libseccomp, which systemd is linked with, and Linux 6.3.
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
from pathlib import Path

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_PR_SET_MDWE, _REFUSE_EXEC_GAIN = 65, 1


def calls(name: str) -> set[str]:
    """The system calls of a set of systemd's, or the one of this name."""
    if not name.startswith("@"):
        return {name}
    done = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    inside = [line.strip() for line in done.stdout.splitlines()[1:]]
    return set().union(*(calls(one) for one in inside if one and not one.startswith("#")))


def allowed(unit: str) -> set[str]:
    """The system calls that `SystemCallFilter` of a unit leaves, with those that systemd always allows."""
    left = set[str]()
    for line in unit.splitlines():
        name, _, value = line.partition("=")
        if name == "SystemCallFilter":
            named = set().union(*(calls(one) for one in value.removeprefix("~").split()))
            left = left - named if value.startswith("~") else left | named
    return left | calls("@default")


def confine(unit: str) -> None:
    """Let this process and its children make no other system call, and no memory both writable and executable.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if "MemoryDenyWriteExecute=yes" in unit and libc.prctl(_PR_SET_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_MDWE)")
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(_ERRNO | errno.EPERM))
    for name in allowed(unit):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # of this machine
            seccomp.seccomp_rule_add_array(context, _ALLOW, number, 0, None)
    if seccomp.seccomp_load(context):
        raise OSError(ctypes.get_errno(), "seccomp_load")


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text())
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - what the caller wants to run
