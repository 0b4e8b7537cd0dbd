"""The licences of what is in the image: each package is named with its release and the text of its licence."""

from __future__ import annotations

import re
from importlib.metadata import distribution

import pytest

from supply import notices
from supply.requirements import read_lock

TEXT = notices.TARGET.read_text()
SECTIONS = dict(
    re.findall(r"^={80}\n([^\n]+) \([^\n]+\)\n={80}\n\n(.*?)(?=\n={80}\n|\Z)", TEXT, re.MULTILINE | re.DOTALL)
)
PINNED = [each for each in read_lock("image") if each.is_for_here]


@pytest.mark.parametrize("name", [f"{each.name} {each.version}" for each in PINNED])
def test_every_package_of_the_image_has_its_licence(name: str) -> None:
    assert name in SECTIONS, "`make lock` renews the licences"
    assert re.search(r"licen[cs]e|copyright|permission", SECTIONS[name], re.IGNORECASE)
    assert re.search(rf"^  {re.escape(name)}: \S+", TEXT, re.MULTILINE), "it is in the table, with its licence"


def test_nothing_is_named_that_is_not_there() -> None:
    inside = {f"{each.name} {each.version}" for each in notices.vendored()}

    assert SECTIONS.keys() == {f"{each.name} {each.version}" for each in PINNED} | inside


def test_psycopg_comes_with_both_licences_that_the_lgpl_consists_of() -> None:
    (psycopg,) = [text for name, text in SECTIONS.items() if name.startswith("psycopg ")]

    assert "GNU LESSER GENERAL PUBLIC LICENSE" in psycopg
    assert "GNU GENERAL PUBLIC LICENSE\n                       Version 3" in TEXT
    assert "psycopg and psycopg-binary are under the LGPL 3" in " ".join(TEXT.split())


def test_what_a_wheel_brings_of_others_is_named() -> None:
    (binary,) = [text for name, text in SECTIONS.items() if name.startswith("psycopg-binary ")]

    assert "libpq.so" in binary.splitlines()[0]
    assert "libssl.so" in binary.splitlines()[0]


def test_the_file_says_what_the_installed_packages_say() -> None:
    for each in PINNED:
        its = distribution(each.name)
        assert f"  {each.name} {its.version}: {notices.licence(its)}\n" in TEXT


def test_a_package_without_the_text_of_its_licence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "_FILE_NAMES", re.compile("no such file"))

    with pytest.raises(ValueError, match=r"alembic .* brings no text of its licence"):
        notices.notices()
