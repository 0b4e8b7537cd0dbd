"""The systemd unit, under the real systemd-analyze."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from leverwatch.agent.cli.options import Exit

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "docs/deploy/systemd/leverwatch.service").read_text()
MOST_EXPOSED = 15
"""In tenths; systemd calls anything below 20 well protected."""


def verify(unit: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "leverwatch.service"
    path.write_text(
        unit.replace("/opt/leverwatch/bin/leverwatch", str(Path(sys.executable).with_name("leverwatch")))
    )
    return subprocess.run(
        ["systemd-analyze", "verify", path], capture_output=True, text=True, check=False, timeout=60
    )


def exposure(unit: str, folder: Path) -> tuple[int, float]:
    path = folder / "leverwatch.service"
    path.write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    return done.returncode, float(found[1])


def test_systemd_can_read_the_unit(tmp_path: Path) -> None:
    done = verify(UNIT, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("before", "after"), [("ProtectHome=yes", "ProtectHouse=yes"), ("Type=exec", "Type=nonsense")]
)
def test_systemd_would_find_a_mistake(before: str, after: str, tmp_path: Path) -> None:
    assert verify(UNIT.replace(before, after), tmp_path).stderr != ""


def test_the_service_is_little_exposed(tmp_path: Path) -> None:
    code, score = exposure(UNIT, tmp_path)

    assert code == 0
    assert score * 10 <= MOST_EXPOSED


def test_without_its_hardening_it_would_be_more_exposed(tmp_path: Path) -> None:
    bare = "\n".join(
        line for line in UNIT.splitlines() if not line.startswith(("Protect", "Private", "SystemCall"))
    )

    assert exposure(bare, tmp_path)[0] != 0


def settings() -> dict[str, str]:
    return dict(line.split("=", 1) for line in UNIT.splitlines() if re.match(r"\w+=", line))


def test_a_bad_configuration_ends_it_for_good_and_anything_else_for_five_seconds() -> None:
    said = settings()

    assert int(said["RestartPreventExitStatus"]) == Exit.UNUSABLE
    assert (said["Restart"], said["RestartSec"]) == ("on-failure", "5s")
    # A process that was just started is ended by it, and systemd takes that for a good end.
    assert said["RestartForceExitStatus"] == "SIGHUP"
    # Systemd gives up after five starts in ten seconds, which it then never comes to.
    assert "StartLimitBurst" not in said


def test_what_it_stores_is_for_the_service_alone() -> None:
    said = settings()

    assert {name: said[name] for name in ("StateDirectoryMode", "CacheDirectoryMode", "UMask")} == {
        "StateDirectoryMode": "0700",
        "CacheDirectoryMode": "0700",
        "UMask": "0077",
    }


def test_the_page_states_the_score_there_is(tmp_path: Path) -> None:
    page = (ROOT / "docs/deploy/systemd.md").read_text()

    assert f"exposure {exposure(UNIT, tmp_path)[1]}" in " ".join(page.split())
