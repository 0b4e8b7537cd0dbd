"""The Dockerfile, as far as it can be checked without building it; `make image-check` builds and runs it."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def lint(text: str, *but: str) -> str:
    """What hadolint says about a Dockerfile, without some of its rules; nothing when it is fine."""
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [program, "--no-color", *(f"--ignore={rule}" for rule in but), "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode == 0) == (done.stdout + done.stderr == "")
    return done.stdout + done.stderr


def test_the_linter_is_content() -> None:
    assert lint(DOCKERFILE) == ""


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("USER 10001:10001", "USER root", "DL3002"),
        ("--no-install-recommends ", "", "DL3015"),
        ("WORKDIR /src", "WORKDIR src", "DL3000"),
    ],
)
def test_the_linter_would_find_what_is_wrong(before: str, after: str, rule: str) -> None:
    assert before in DOCKERFILE
    assert rule in lint(DOCKERFILE.replace(before, after))


def test_an_image_with_the_library_for_buckets_is_made_as_its_page_says() -> None:
    page = (ROOT / "docs" / "sources" / "bucket.md").read_text()
    (found,) = re.findall(r"^    FROM leverwatch\n(?:    .+\n)+", page, re.MULTILINE)
    text = textwrap.dedent(found)
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["bucket"]

    assert lint(text, "DL3006", "DL3013") == "", "versions are those of who builds it"
    assert lint(text.replace("RUN pip", "RUM pip"), "DL3006", "DL3013") != ""
    assert re.findall(r"\binstall .* (\S+)$", text, re.MULTILINE) == [re.split("[<>=]", one)[0] for one in extra]
    (python,) = re.findall(r"--python (\S+)", text)
    assert f"--python {python} install" in DOCKERFILE
    assert f"\n{text.splitlines()[-1]}\n" in DOCKERFILE, "it runs as nobody again"


def test_everything_that_is_copied_is_let_through_to_the_build() -> None:
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    }
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_through = {line.removeprefix("!") for line in ignored if line.startswith("!")}

    assert "*" in ignored
    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)


def test_the_base_is_one_digest() -> None:
    assert re.search(r"^ARG PYTHON_IMAGE=[a-z0-9.:-]+$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^ARG PYTHON_DIGEST=@sha256:[0-9a-f]{64}$", DOCKERFILE, re.MULTILINE)
    for base in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE):
        assert base == "${PYTHON_IMAGE}${PYTHON_DIGEST}"


def test_every_package_is_from_a_lock_and_the_program_from_the_tree() -> None:
    commands = re.findall(r"/build/bin/pip[^&\n]*? (install|wheel) ([^&\n]*)", DOCKERFILE.replace("\\\n", ""))

    assert len(commands) == 4
    for _, options in commands:
        assert "--no-deps" in options
        assert ("--require-hashes" in options) != ("--no-index" in options)


def test_the_scripts_of_the_checks_are_valid_shell() -> None:
    for script in (ROOT / ".ci").glob("*.sh"):
        subprocess.run(["sh", "-n", script], check=True, timeout=60)
