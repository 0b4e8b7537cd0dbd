"""`docs/sources/models.md` is checked against the code."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import ModelShutdown
from leverwatch.collectors.sources.models.config import ModelsConfig
from leverwatch.collectors.sources.models.pages import parse_page

PAGE = (Path(__file__).parents[4] / "docs/sources/models.md").read_text()


def test_the_page_names_every_setting_and_reason() -> None:
    own = ModelsConfig.model_fields.keys() - SourceConfig.model_fields.keys()
    wanted = {*own, SourceRefused.reason, SourceUnavailable.reason}

    assert {name for name in wanted if f"`{name}`" not in PAGE} == set()


def test_the_example_of_an_answer_is_one() -> None:
    match = re.search(r'\{"data".*?"has_more": false\}', PAGE, re.DOTALL)
    assert match is not None

    page = parse_page(match[0].encode())

    assert page.models == (ModelShutdown("gpt-4o", date(2027, 1, 14)), ModelShutdown("gpt-6", None))
    assert (page.undated, page.after) == (0, None)
