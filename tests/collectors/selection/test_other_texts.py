"""Front matter and body, and regular expressions."""

from __future__ import annotations

import pytest

from leverwatch.collectors.selection.expressions import check_expression
from leverwatch.collectors.selection.select import select
from leverwatch.collectors.selection.selector import Selector, Unparsable

PAGE = "---\ntitle: Bot\nowner: ops\n---\n\nYou are kind.\n---\nAlways.\n"


def test_the_body_is_what_follows_the_front_matter() -> None:
    assert select(Selector(body=True), PAGE.encode()) == {"body": "You are kind.\n---\nAlways."}
    assert select(Selector(body=True), PAGE.replace("\n", "\r\n").encode()) == select(
        Selector(body=True), PAGE.replace("ops", "sales").encode()
    )


@pytest.mark.parametrize("text", ["You are kind.\n", "---\nnever closed\n", "", "--- a\nb\n---\n"])
def test_a_text_without_front_matter_is_all_body(text: str) -> None:
    assert select(Selector(body=True), text.encode()).get("body", "") == text.strip()


def test_keys_of_the_front_matter_are_apart_from_the_body() -> None:
    assert select(Selector(front_matter=("title",)), PAGE.encode()) == {"title": "Bot"}
    both = Selector(front_matter=("title",), body=True)
    assert select(both, b'+++\ntitle = "x"\n+++\ny\n') == {"title": "x", "body": "y"}
    with pytest.raises(Unparsable, match="not yaml"):
        select(Selector(front_matter=("title",)), b"---\n{{\n---\ny\n")


def test_the_groups_of_a_regular_expression_are_the_text() -> None:
    selector = Selector(regex=r"(?s)prompt: <<(.*?)>>")

    assert select(selector, b"x prompt: <<one>> y\nprompt: <<t\nwo>>") == {"regex": "one\nt\nwo"}
    assert select(selector, b"nothing") == {}


def test_a_regular_expression_takes_no_time_that_explodes() -> None:
    assert select(Selector(regex="((?:a+)+)b"), b"a" * 100_000) == {}


@pytest.mark.parametrize(
    ("expression", "why"),
    [("(", r"missing \)"), ("a+", "has no group"), (r"(a)\1", "invalid escape"), ("", "no group")],
)
def test_a_bad_regular_expression_is_refused_with_the_reason(expression: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_expression(expression)
