"""The URL of an SQLite file that is read without SQLAlchemy is what SQLAlchemy would read and write."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from leverwatch.agent.config.store_url import SqlitePath, anchored, parse_store_url, show_store_url

PATHS = st.text(alphabet="abzAZ019_.~/ +-", min_size=1, max_size=20)
ODD = st.text(alphabet="ab/%?#@:é&=[]\\'\"", min_size=1, max_size=12)


@given(PATHS, st.sampled_from(["sqlite", "sqlite+pysqlite"]))
def test_a_plain_path_is_read_as_sqlalchemy_reads_it(path: str, driver: str) -> None:
    text = f"{driver}:///{path}"
    found = parse_store_url(text)

    assert isinstance(found, SqlitePath)
    assert found.full() == make_url(text)
    assert show_store_url(found) == show_store_url(make_url(text))


@given(PATHS, ODD)
def test_a_folder_with_odd_characters_is_shown_as_sqlalchemy_shows_it(path: str, folder: str) -> None:
    text, base = f"sqlite:///{path}", Path("/") / folder
    found = anchored(parse_store_url(text), base)

    assert show_store_url(found) == show_store_url(anchored(make_url(text), base))


@given(ODD.filter(lambda path: not path.isalnum() and "/" not in path and "a" not in path and "b" not in path))
def test_any_other_path_is_left_to_sqlalchemy(path: str) -> None:
    try:
        found = parse_store_url(f"sqlite:///{path}")
    except ValueError:
        return
    assert not isinstance(found, SqlitePath)
