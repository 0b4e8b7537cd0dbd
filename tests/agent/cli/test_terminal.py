"""The commands on a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

import pytest
import yaml

LINE = '{"ts": "2026-03-10T08:00:00Z", "app": "bot", "pad": "%s"}\n' % ("x" * 900)


def on_a_terminal(folder: Path, columns: int, *arguments: str) -> str:
    """Everything that a command writes to a terminal of that width; 0 is a width that nobody knows."""
    command = [sys.executable, "-m", "leverwatch", *arguments]
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.environ.pop("COLUMNS", None)
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        os.execv(sys.executable, command)  # noqa: S606 - the terminal is the point, and pty.fork made it
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if columns else 0, columns, 0, 0))
    written = b""
    try:
        while data := os.read(terminal, 65536):
            written += data
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0, written.decode()
    return written.decode()


@pytest.mark.parametrize("columns", [0, 100])
def test_a_long_backlog_shows_a_bar_with_log_lines_above_it(tmp_path: Path, columns: int) -> None:
    source = {
        "name": "gateway",
        "type": "files",
        "path": "*.jsonl",
        "format": {"type": "jsonl", "fields": {"time": "ts"}},
        "system": "{app}",
    }
    config = {"store": {"url": "sqlite:///leverwatch.db"}, "sources": [source]}
    (tmp_path / "leverwatch.yaml").write_text(yaml.safe_dump(config))
    lines = 40 * 1024 * 1024 // len(LINE)
    (tmp_path / "app.jsonl").write_text("not a record\n" + LINE * lines)

    written = on_a_terminal(tmp_path, columns, "collect")

    assert re.search(r"gateway: +\d+%\|.*B/s\]", written)
    events = re.findall(r"[^\r\n]*event=(?:bad_input|collector_run)[^\r\n]*", written)
    assert len(events) == 2
    assert all(event.startswith("timestamp=") for event in events)
    assert re.search(rf"gateway +{lines:,} ", written)
