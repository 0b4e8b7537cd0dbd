"""One file of the compiled helper serves several Pythons, also one older than the one it was built with."""

from __future__ import annotations

import re
import shutil
import sysconfig
from pathlib import Path

import pytest

from leverwatch.collectors.aggregation import compiled

NATIVE = Path(__file__).parents[3] / "collectors/aggregation/native"


@pytest.mark.parametrize("file", sorted(NATIVE.glob("*.[ch]")), ids=lambda file: file.name)
def test_no_macro_gives_a_reference_away_that_only_newer_pythons_need_not_count(file: Path) -> None:
    # In the headers of Python 3.12 and later these return None, True or False without counting the reference:
    # built there and loaded by 3.11, the helper would take None down to no reference at all.
    assert re.findall(r"Py_RETURN_\w+", file.read_text()) == []


@pytest.mark.parametrize("file", sorted(NATIVE.glob("*.c")), ids=lambda file: file.name)
def test_no_format_has_a_length_that_pythons_take_in_different_ways(file: Path) -> None:
    # Built with the headers of Python 3.13 and loaded by 3.11, "s#" and its kind raise SystemError.
    assert re.findall(r'"\(?[\w()]*[syz]#[\w()#]*"', file.read_text()) == []


def test_where_there_is_a_compiler_the_helper_was_built() -> None:
    # It is an optional part of the package: where its code does not compile, an installation says nothing.
    compiler = str(sysconfig.get_config_var("CC") or "cc").split()[0]
    has_compiler = shutil.which(compiler) or shutil.which("cc")
    assert compiled.IS_COMPILED or not has_compiler, "the helper was not built, or from another table of fields"
