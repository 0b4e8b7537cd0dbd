from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.config import load_config
from leverwatch.agent.errors import ConfigError

WORDS = (
    "store url web listen sources name type files git path format fields time system systems repo framework "
    "hybrid_from declared_strategy reviewed locked_in_behavior interval evaluation"
)
KEYS = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), KEYS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)


def load(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "leverwatch.yaml"
        path.write_text(text, errors="surrogatepass")
        with contextlib.suppress(ConfigError):
            load_config(path, {})


@given(st.text(max_size=60))
def test_any_text_loads_or_is_refused_in_words(text: str) -> None:
    load(text)


@given(VALUES)
def test_any_value_loads_or_is_refused_in_words(value: object) -> None:
    load(yaml.safe_dump(value))
