"""`docs/sources/evals.md` is checked against the code."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import MALFORMED, Result
from leverwatch.collectors.records import outline
from leverwatch.collectors.sources.evals import attribute, reading
from leverwatch.collectors.sources.evals.config import FACTS, EvalsConfig
from leverwatch.collectors.sources.evals.formats import inspect_log, interface, own, promptfoo
from leverwatch.collectors.sources.evals.formats.detect import PARSERS
from leverwatch.collectors.sources.evals.formats.interface import RawResult

PAGE = (Path(__file__).parents[4] / "docs/sources/evals.md").read_text()


def test_the_page_names_every_setting_format_and_part_of_a_template() -> None:
    wanted = {*(EvalsConfig.model_fields.keys() - SourceConfig.model_fields.keys()), *PARSERS, "auto"}

    assert {name for name in wanted if f"`{name}`" not in PAGE} == set()
    assert {name for name in FACTS if f"`{{{name}}}`" not in PAGE} == set()


def test_the_page_names_every_field_of_a_line_of_ones_own() -> None:
    assert {
        name for name in own._Line.__struct_fields__ if f"`{name}`" not in PAGE and f'"{name}"' not in PAGE
    } == set()


def test_the_example_of_a_line_is_one() -> None:
    match = re.search(r'\{"ts".*?"n": 200\}', PAGE, re.DOTALL)
    assert match is not None
    ((_, result),) = own.parse(BytesIO(json.dumps(json.loads(match[0])).encode()))

    assert isinstance(result, RawResult)
    assert (result.value, result.n, result.passed) == (0.91, 200, 182)


def test_every_reason_named_exists() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.split("## Bad input")[1]))

    assert named - {"leverwatch_records_total", "n", "own"} <= {*MALFORMED, Result.UNATTRIBUTED}


def test_every_bound_is_named() -> None:
    numbers = (
        reading._MOST_LINES,
        interface.MOST_RESULTS,
        interface.MOST_METRICS,
        promptfoo._MOST_ROWS,
        promptfoo._MOST_GROUPS,
        promptfoo._MOST_SCORES,
        inspect_log._MOST_IDS,
        outline._MOST_KEYS,
    )
    sizes = (reading._LARGEST, reading._LONGEST_LINE, promptfoo._LARGEST_ROW, inspect_log._LARGEST_IDS)
    wanted = [f"{number:,}" for number in numbers] + [f"{size >> 20} MiB" for size in sizes]

    assert [bound for bound in wanted if bound not in PAGE] == []
    assert f"{outline._LARGEST_VALUE >> 10} KiB" in PAGE
    assert f"{attribute._LARGEST_VALUE:g}".replace("+", "") in PAGE
