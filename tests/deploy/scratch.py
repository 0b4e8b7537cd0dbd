"""A root of its own for one installation: this machine's programs, and nothing of its configuration or state."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from tests.deploy import inside
from tests.deploy.inside import Outcome, Spec

ROOT = Path(__file__).parents[2]
INSTALLED = "/opt/leverwatch"
"""Where the unit and the image have the virtual environment."""

_OWN = {"etc", "var", "opt", "tmp", "run", "logs", "lost+found"}
_OF_ETC = ("host.conf", "passwd", "group", "ssl", "ld.so.cache", "ld.so.conf", "localtime", "mime.types")
_HOSTS = "127.0.0.1 localhost db.example.com\n::1 localhost ip6-localhost\n"


def scratch(folder: Path) -> Path:
    """An empty root in this folder, with the links of the machine's own (`/bin` is one on Debian)."""
    root = folder / "root"
    for name in (
        "etc",
        "tmp",
        "var/lib/leverwatch",
        "var/cache/leverwatch",
        "var/log/llm",
        "logs",
        "etc/leverwatch",
    ):
        (root / name).mkdir(parents=True)
    (root / "etc/hosts").write_text(_HOSTS)
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    for name in _OF_ETC:
        source = Path("/etc", name)
        if source.is_dir():
            shutil.copytree(source, root / "etc" / name, symlinks=True, ignore=shutil.ignore_patterns("private"))
        elif source.exists():
            shutil.copy(source, root / "etc" / name)
    for entry in Path("/").iterdir():
        if entry.is_symlink():
            (root / entry.name).symlink_to(entry.readlink())
    return root


def binds() -> dict[str, str]:
    """What of this machine the root has: programs, the repository, and the environment that runs the tests."""
    whole = {
        str(e): str(e) for e in Path("/").iterdir() if e.is_dir() and not e.is_symlink() and e.name not in _OWN
    }
    needed = {str(ROOT), os.path.realpath(sys.base_prefix), sys.base_prefix, sys.prefix}
    parts = {path: path for path in sorted(needed) if f"/{Path(path).parts[1]}" not in whole}
    return {**whole, **parts, INSTALLED: sys.prefix}


def shipped(spec: Spec) -> Outcome:
    """Run a command in namespaces of its own.

    Raises:
        RuntimeError: this machine makes no namespaces; the message says what is needed. A test that were skipped
            there would hide that the defaults are not tested.
    """
    # Without root, a user namespace gives what is needed, where the kernel lets users make one.
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    program = ["unshare", *user, "--net", "--mount", sys.executable, "-I", str(Path(inside.__file__))]
    done = subprocess.run(
        program, input=json.dumps(asdict(spec)), capture_output=True, text=True, check=False, timeout=240
    )
    if done.returncode != 0:
        raise RuntimeError(
            "the shipped defaults are tested in network and mount namespaces, which need root or a kernel that "
            f"lets users make user namespaces:\n{done.stderr}"
        )
    return Outcome(**json.loads(done.stdout))
